"""Whether this process can be forked, and what a process forked from it owes its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_TASKS = Path("/proc/self/task")
_OOM_SCORE = 500  # of 1000: when memory runs out, the system ends this process before others
# Each process has a core of its own; and a library that starts threads when it is loaded would
# keep us from forking. Arrow's allocator keeps a thread unless it is told not to.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "AFTERSALES_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


def supported() -> bool:
    """Whether this system can fork safely: Linux only; libraries of macOS do not allow it."""
    return sys.platform.startswith("linux") and hasattr(os, "fork")


def why_not_fork() -> str:
    """Why this process must not be forked now; "" if it may.

    A thread does not exist in the forked process, but the locks it held do, so the fork of a
    process with threads can hang. Threads of libraries count as well as Python's own.
    """
    if not supported():
        return f"processes cannot be forked safely on {sys.platform}"
    others = [task.name for task in _TASKS.iterdir() if task.name != str(os.getpid())]
    if others:
        names = ", ".join(sorted({_name(task) for task in others}))
        return f"{len(others)} other threads are alive ({names})"
    return ""


def _name(task: str) -> str:
    try:
        return (_TASKS / task / "comm").read_text().strip()
    except OSError:  # it has just ended
        return "ended"


def end_with_parent(parent: int, *, by: signal.Signals = signal.SIGKILL) -> None:
    """Have the system end this process when process `parent`, which made it, ends in any way."""
    if not supported():
        return
    ctypes.CDLL(None, use_errno=True).prctl(_SET_DEATH_SIGNAL, int(by))
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), by)


def release_server() -> None:
    """Let the process we were forked from end with the command that started it.

    Python's fork server lives as long as one of its descendants holds this end of a pipe.
    """
    from multiprocessing import forkserver

    held = forkserver._forkserver._forkserver_alive_fd
    if held is not None:
        os.close(held)
        forkserver._forkserver._forkserver_alive_fd = None


def be_first_to_go() -> None:
    """Have the system choose this process when memory runs out, not the one that supervises it."""
    with suppress(OSError):  # a container may forbid it
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
