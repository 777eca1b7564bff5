"""The process of one notebook: an IPython shell that answers cells as a kernel does.

The shell, its display hooks and the wording of its messages are ipykernel's own; they talk
through a pipe instead of sockets. No profile of IPython is read, so a report does not depend on
who makes it.
"""

from __future__ import annotations

import asyncio
import atexit
import builtins
import getpass
import os
import signal
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from jupyter_client.session import Session
from traitlets.config import Config

from aftersales.report.fork import server
from aftersales.report.fork.safety import be_first_to_go, end_with_parent, release_server
from aftersales.report.fork.streams import CELL, Stream

_NO_HISTORY = Config({"HistoryManager": {"enabled": False}})
_INLINE = "module://matplotlib_inline.backend_inline"


@dataclass(frozen=True)
class Start:
    """What a notebook's process is told when it starts."""

    parent: int  # the process that ends it when it ends; 0: another one forked it
    folder: str  # to work in
    environment: Mapping[str, str]
    files: tuple[str, str]  # for standard output and standard error


class PipeSession(Session):
    """Messages as a kernel sends them, written to a pipe."""

    def send(
        self, stream: Any, msg_or_type: Any, content: Any = None, parent: Any = None, **_: Any
    ):
        message = msg_or_type
        if not isinstance(message, dict):
            message = self.msg(msg_or_type, content=content, parent=parent)
        with suppress(OSError):  # nobody listens any more: we are about to be ended
            stream.send_bytes(self.pack(message))
        return message


def serve(pipe: Connection, start: Start) -> None:
    """Run the cells that arrive until the other side hangs up or sends nothing."""
    _settle(start)
    session = PipeSession(key=b"-")
    parts = zip(("stdout", "stderr"), (1, 2), start.files, strict=True)

    def publish(name: str, text: str, end: int) -> None:
        message = session.msg("stream", {"name": name, "text": text}, shell.get_parent())
        session.send(pipe, message | {"metadata": {"end": end}})

    streams = [Stream(name, fd, path, publish=publish) for name, fd, path in parts]
    for stream in streams:
        stream.neighbours = tuple(streams)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__ = streams
    shell = _shell(session, pipe)
    session.send(pipe, "status", {"execution_state": "starting"}, {})
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(_answer_all(shell, session, pipe, streams))
    _leave(shell)


def _settle(start: Start) -> None:
    """Make the process one of its own, with the state a new kernel has."""
    os.setsid()  # signals reach it and what it starts, and nobody else
    release_server()
    end_with_parent(start.parent or os.getppid())
    be_first_to_go()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.chdir(start.folder)
    os.environ.clear()
    os.environ.update(start.environment)
    os.environ.setdefault("MPLBACKEND", _INLINE)
    if "matplotlib" in sys.modules:  # it looked at the variable when it was loaded
        sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]
    for module in [name for name in sys.modules if name.startswith("matplotlib_inline")]:
        del sys.modules[module]  # it joins the shell that is there when it is loaded: not ours
    sys.path[:] = _search_path()
    sys.argv = [sys.argv[0]]
    for finalizer in list(weakref.finalize._registry):  # of the process we were forked from
        finalizer.atexit = False
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # or all notebooks would draw the same numbers
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)


def _search_path() -> list[str]:
    """Where modules are looked for: the notebook's folder comes after the standard library."""
    script = str(Path(sys.argv[0]).resolve().parent)
    path = [folder for folder in sys.path if folder not in ("", script)]
    packages = [n for n, f in enumerate(path) if Path(f).name in ("site-packages", "dist-packages")]
    path.insert(packages[0] if packages else len(path), "")
    return path


def _leave(shell: ZMQInteractiveShell) -> None:
    """As an interpreter that ends: files are closed, and what was registered for exit is called."""
    shell.user_ns.clear()
    atexit.unregister(server.leave)
    atexit._run_exitfuncs()


def _shell(session: Session, pipe: Connection) -> ZMQInteractiveShell:
    shell = ZMQInteractiveShell.instance(
        config=_NO_HISTORY, user_ns={}, compiler_class=XCachingCompiler
    )
    for publisher in (shell.displayhook, shell.display_pub):
        publisher.session, publisher.pub_socket = session, pipe
    shell.enable_gui = lambda gui=None: None  # there are no windows
    builtins.input = getpass.getpass = _no_input
    return shell


def _no_input(prompt: str = "", *_: Any, **__: Any) -> str:
    raise StdinNotImplementedError(
        "raw_input was called, but this frontend does not support input requests."
    )


async def _answer_all(
    shell: ZMQInteractiveShell, session: Session, pipe: Connection, streams: Sequence[Stream]
) -> None:
    while (request := await _receive(pipe)) is not None:
        cell, code = request
        parent = {"header": {"msg_id": cell}}

        def send(kind: str, content: dict[str, Any], about: dict[str, Any] = parent) -> None:
            session.send(pipe, kind, content, about)

        CELL.set(cell)
        for stream in streams:
            stream.cell = cell
        shell.set_parent(parent)
        send("status", {"execution_state": "busy"})
        send("execute_input", {"code": code, "execution_count": shell.execution_count})
        with _interruptible():
            reply = await _execute(shell, code)
        for stream in streams:
            stream.flush()
            stream.cell = ""
        send("status", {"execution_state": "idle"})
        send("execute_reply", reply)


async def _receive(pipe: Connection) -> tuple[str, str] | None:
    """The next cell, its number and its code; tasks of earlier cells go on while we wait for it."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(pipe.fileno(), ready.set)
    await ready.wait()
    loop.remove_reader(pipe.fileno())
    try:
        return pipe.recv()
    except EOFError:
        return None


async def _execute(shell: ZMQInteractiveShell, code: str) -> dict[str, Any]:
    """Run one cell; the reply's content, as ipykernel's `do_execute` words it."""
    error = None
    try:
        transformed = shell.transform_cell(code)
    except Exception:
        transformed, error = code, sys.exc_info()
    about = {"transformed_cell": transformed, "preprocessing_exc_tuple": error}
    if shell.should_run_async(code, **about):
        result = await _awaited(shell, code, about)
    else:
        result = shell.run_cell(code, store_history=True)
    shell.payload_manager.clear_payload()
    count = {"execution_count": shell.execution_count - 1}
    failed = getattr(shell, "_last_traceback_during_displayhook", False)
    if result.success and not failed:
        return {"status": "ok"} | count
    error = result.error_before_exec or result.error_in_exec
    told = {"ename": type(error).__name__, "evalue": str(error)}
    return {"status": "error", "traceback": shell._last_traceback or []} | told | count


async def _awaited(shell: ZMQInteractiveShell, code: str, about: Mapping[str, Any]) -> Any:
    """Run a cell with a top-level await; an interrupt cancels it."""
    cell = asyncio.ensure_future(shell.run_cell_async(code, store_history=True, **about))
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(cell.cancel))
    result = None
    try:
        result = await cell
    finally:
        signal.signal(signal.SIGINT, before)
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", result)
    return result


@contextmanager
def _interruptible():
    """While a cell runs, an interrupt reaches it; at other times there is nothing to stop."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
