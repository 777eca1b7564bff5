"""Processes that do one task after the other; one that is killed takes its own task only."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

T = TypeVar("T")
_SPAWN = multiprocessing.get_context("spawn")
PATIENCE_S = 10  # that a process gets to shut down what it started when the run is interrupted
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Killed:
    """The answer to a task whose process ended before it could answer."""

    exit_code: int | None  # negative: the number of the signal that ended it

    @property
    def signal(self) -> int | None:
        return -self.exit_code if self.exit_code is not None and self.exit_code < 0 else None


def run_tasks(
    work: Callable[[T], Any],
    tasks: Sequence[T],
    *,
    workers: int,
    context: Any = _SPAWN,
    ready: Callable[[], None] | None = None,
) -> Iterator[tuple[T, Any]]:
    """Do `work` on every task in other processes; each task with its answer when it is done.

    `context`, of multiprocessing, says how they are started; each calls `ready` before its first
    task.

    The answer is what `work` returned, the exception it raised, or `Killed`. A process that ends
    in the middle of a task is replaced by a new one. When the caller stops early, closes the
    iterator or is interrupted, the processes are asked to end, and after a while made to.
    """
    waiting = deque(tasks)
    lanes = [_Lane(work, context, ready) for _ in range(min(workers, len(waiting)))]
    try:
        busy = {lane.give(waiting.popleft()): lane for lane in lanes}
        while busy:
            for pipe in wait(list(busy)):
                lane = busy.pop(pipe)
                answer = lane.take()
                if waiting:
                    if isinstance(answer[1], Killed):
                        lanes.append(lane := _Lane(work, context, ready))
                    busy[lane.give(waiting.popleft())] = lane
                yield answer
    finally:
        for lane in lanes:
            lane.dismiss()
        for lane in lanes:
            lane.stop()


class _Lane:
    """A process, and the task it has at the moment."""

    def __init__(self, work: Callable, context: Any, ready: Callable[[], None] | None) -> None:
        self.task: Any = None
        self.idle = True
        self.pipe, theirs = context.Pipe()
        # A daemon may not have children of its own, and to fork some is what the others are for.
        only_works = context is _SPAWN
        self.process = context.Process(target=_serve, args=(work, theirs, ready), daemon=only_works)
        self.process.start()
        theirs.close()

    def give(self, task: Any) -> Connection:
        """Hand over a task; the pipe from which the answer will come."""
        self.task, self.idle = task, False
        with suppress(OSError):  # it died already: `take` finds that out
            self.pipe.send(task)
        return self.pipe

    def take(self) -> tuple[Any, Any]:
        self.idle = True
        try:
            return self.task, self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return self.task, Killed(self.process.exitcode)

    def dismiss(self) -> None:
        """Let an idle process end by itself; ask one at work to clean up and end."""
        self.pipe.close()
        if not self.idle:
            self.process.terminate()

    def stop(self) -> None:
        self.process.join(PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _serve(work: Callable, pipe: Connection, ready: Callable[[], None] | None) -> None:
    """Answer tasks until the other side hangs up."""
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C in a terminal reaches the caller only, who then ends us in order
    for name in _THREADS:
        os.environ.setdefault(name, "1")  # several processes share the cores
    if ready:
        ready()
    with suppress(EOFError, OSError):
        while True:
            task = pipe.recv()
            try:
                answer = work(task)
            except Exception as error:
                answer = error
            pipe.send(answer)
