"""A notebook's process as seen from above: start it, talk to it, end it."""

from __future__ import annotations

import contextvars
import multiprocessing
import os
import signal
import sys
import tempfile
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from jupyter_client.session import Session

from aftersales.data.store import scratch
from aftersales.report.fork import safety
from aftersales.report.fork.shell import Start, serve

_LEAVE_S = 5.0  # that a process gets to leave by itself when its notebook is done
_READER = Session(key=b"-")


class Child:
    """One process, forked for one notebook.

    It is forked from this process if that is safe, and then inherits all that is loaded here;
    otherwise from a process that was started clean (see `template`).
    """

    def __init__(self) -> None:
        own = not safety.why_not_fork()
        self._folder = tempfile.mkdtemp(prefix=scratch.prefix())
        self.files = {name: Path(self._folder, name) for name in ("stdout", "stderr")}
        for file in self.files.values():
            file.touch()
        out, err = map(str, self.files.values())
        start = Start(os.getpid() if own else 0, os.getcwd(), dict(os.environ), (out, err))
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = _context(own=own).Process(
            target=_serve, args=(theirs, self._pipe, start, own)
        )
        _flush()
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def ask(self, cell: str, code: str) -> None:
        """Hand over a cell; messages about it name `cell` in their parent header."""
        with suppress(OSError):  # it has ended: `answer` finds that out
            self._pipe.send((cell, code))

    def answer(self, *, within: float) -> dict[str, Any] | None:
        """The next message; None if none came `within` so many seconds. EOFError: it has ended."""
        try:
            if not self._pipe.poll(within):
                return None
            return _READER.unpack(self._pipe.recv_bytes())
        except OSError:
            raise EOFError from None

    def interrupt(self) -> None:
        """As Ctrl-C would, for the notebook and what it started."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it and what it started, now."""
        self._signal(signal.SIGKILL)
        self._process.join()

    def exit_code(self) -> int | None:
        """How it ended; negative: the number of the signal."""
        self._process.join(_LEAVE_S)
        return self._process.exitcode

    def leave(self) -> None:
        """Let it end by itself: it closes its files and calls what it has registered for that."""
        with suppress(OSError):
            self._pipe.send(None)
        self._process.join(_LEAVE_S)

    def close(self) -> None:
        """End it, whatever it does, with all that it has started, and tidy up."""
        self._pipe.close()
        self.kill()
        for file in self.files.values():
            file.unlink(missing_ok=True)
        os.rmdir(self._folder)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
            return
        with suppress(ProcessLookupError):  # it has not yet made a group of its own
            if self._process.is_alive():
                os.kill(self.pid, number)


def _context(*, own: bool) -> Any:
    if own:
        return multiprocessing.get_context("fork")
    from aftersales.report.fork.template import clean_process

    return clean_process()


def _serve(pipe: Connection, other_end: Connection, start: Start, own: bool) -> None:
    if own:
        other_end.close()  # inherited; as long as it is open we would not see the parent hang up
    contextvars.Context().run(serve, pipe, start)  # nothing set here holds there


def _flush() -> None:
    """What is buffered here must not be written a second time by the forked process."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
