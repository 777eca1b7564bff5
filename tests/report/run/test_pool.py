"""Processes that do one task after the other, and what happens when one of them ends."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing

import pytest

from aftersales.report.run.pool import Killed, run_tasks

# What the processes do has to be importable by them, so it comes from the standard library.
pytestmark = pytest.mark.skipif(not hasattr(os, "setsid"), reason="signals as on Linux and macOS")


def answers(work, tasks, *, workers: int = 2) -> dict:
    with closing(run_tasks(work, tasks, workers=workers)) as done:
        return dict(done)


def test_every_task_is_answered():
    assert answers(abs, [-3, -2, -1]) == {-3: 3, -2: 2, -1: 1}


def test_no_tasks_start_no_process():
    assert answers(abs, []) == {}


def test_an_error_is_the_answer_of_its_task_only():
    done = answers(int, ["1", "one", "3"], workers=1)

    assert (done["1"], done["3"]) == (1, 3)
    assert isinstance(done["one"], ValueError)


def test_a_killed_process_takes_only_its_own_task_with_it():
    tasks = [
        "1 + 1",
        f"__import__('os').kill(__import__('os').getpid(), {signal.SIGKILL:d})",
        "2 + 2",
    ]

    done = answers(eval, tasks, workers=1)

    assert (done["1 + 1"], done["2 + 2"]) == (2, 4)
    assert done[tasks[1]] == Killed(-signal.SIGKILL)
    assert done[tasks[1]].signal == signal.SIGKILL


def test_a_process_that_leaves_is_told_from_one_that_was_killed():
    done = answers(eval, ["__import__('os')._exit(3)"])

    assert list(done.values()) == [Killed(3)]
    assert Killed(3).signal is None


def test_a_caller_who_stops_early_leaves_no_process_behind():
    running = run_tasks(
        eval, ["__import__('os').getpid()", "__import__('time').sleep(600)"], workers=2
    )
    _, process = next(running)
    started = time.monotonic()

    running.close()

    assert time.monotonic() - started < 8
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
