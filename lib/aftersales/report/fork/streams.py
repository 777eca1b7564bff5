"""Standard output and error of a notebook's process, whoever writes to them."""

from __future__ import annotations

import codecs
import io
import os
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

TOGETHER_S = 0.2  # what is written within this time is one message, as in a kernel
CELL: ContextVar[str] = ContextVar("cell")  # that a task belongs to; threads have none


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr`, and the file descriptor below it.

    Everything goes to one file: what Python writes, and what subprocesses and libraries in C write
    to the descriptor, in the order in which it was written. `flush` publishes what is new there.
    The process above knows the file too, so nothing is lost when this one is killed. As with a
    kernel, what Python writes between cells, or in a task of an earlier cell, belongs to no cell
    and is dropped.
    """

    encoding = "UTF-8"
    errors = "replace"

    def __init__(self, name: str, fd: int, path: str, *, publish: Callable[..., Any]) -> None:
        self.name = name
        self._fd, self._publish, self._process = fd, publish, os.getpid()
        self._file = os.open(path, os.O_RDWR | os.O_APPEND)
        os.dup2(self._file, fd)
        self._read = 0
        self.cell = ""  # that runs now; "" between cells
        self._since: float | None = None  # when the first unpublished text was written
        self._lock = threading.RLock()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.neighbours: tuple[Stream, ...] = (self,)  # both streams, the first to publish first

    def fileno(self) -> int:
        return self._fd

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if not self.cell or CELL.get(self.cell) != self.cell:
            return len(text)
        now = time.monotonic()
        for stream in self.neighbours:
            if stream._since is not None and now - stream._since > TOGETHER_S:
                stream.flush()
        if self._since is None:
            self._since = now
        data = text.encode("utf-8", "replace")
        while data:
            data = data[os.write(self._fd, data) :]
        return len(text)

    def flush(self) -> None:
        """Publish what was written since the last time; nothing in a process forked from ours."""
        if os.getpid() != self._process:
            return
        with self._lock:
            self._since = None
            data = b"".join(iter(self._next, b""))
            if text := self._decoder.decode(data):
                self._publish(self.name, text, self._read)

    def _next(self) -> bytes:
        data = os.pread(self._file, 1 << 20, self._read)
        self._read += len(data)
        return data
