"""Have papermill run one notebook, in a kernel or in a forked process; say how it ended."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from aftersales import words
from aftersales.data.store.files import is_full
from aftersales.report.fork.engine import NAME, ForkEngine
from aftersales.report.pages.html import translate_notebook
from aftersales.words import say, say_n

if TYPE_CHECKING:
    from pathlib import Path

    from aftersales.report.plan.task import Task

CELL_TIMEOUT_S = 1800  # a cell in a kernel that takes longer has hung
AUTOSAVE_S = 5  # how much printed output is lost at most when a kernel's worker is killed
KERNEL = "python3"  # of the environment that runs us, whatever the notebook was last saved with
_MEGABYTE = 2**20

papermill_engines.register(NAME, ForkEngine)  # also where the package is not installed
logging.getLogger("papermill.translators").setLevel(logging.ERROR)  # parameters are checked by us


def execute(task: Task) -> tuple[nbformat.NotebookNode, dict[str, Any]]:
    """The notebook as far as it ran, and the error it ended with, empty if it ran to its end."""
    before = task.scratch / "before.ipynb"
    nbformat.write(translate_notebook(nbformat.read(task.source, as_version=4)), before)
    keep: list[nbformat.NotebookNode] = []
    error: dict[str, Any] = {}
    try:
        if task.engine == "fork":
            keep.append(_in_fork(task, before, keep))
        else:
            _in_kernel(task, before)
    except Exception as failure:  # also a dead kernel: one job's trouble, not the run's
        if is_full(failure):
            raise
        error = described(failure, task)
    return (keep[-1] if keep else left_behind(task)), error


def _in_fork(task: Task, before: Path, keep: list) -> nbformat.NotebookNode:
    return papermill.execute_notebook(
        str(before),
        None,
        engine_name=NAME,
        limits=task.limits,
        keep=keep,
        **_options(task),
    )


def _in_kernel(task: Task, before: Path) -> None:
    papermill.execute_notebook(
        str(before),
        str(task.scratch / "after.ipynb"),
        autosave_cell_every=AUTOSAVE_S,
        execution_timeout=CELL_TIMEOUT_S,
        config=_private_sockets(task.scratch),
        extra_arguments=["--log-level=CRITICAL"],  # what goes wrong is in the notebook
        **_options(task),
    )


def _options(task: Task) -> dict[str, Any]:
    return {
        "parameters": dict(task.job.parameters),
        "kernel_name": KERNEL,
        "language": "python",
        "progress_bar": False,
        "cwd": str(task.source.parent),
    }


def _private_sockets(folder: Path) -> Config:
    """Talk to the kernel through sockets in a folder of ours: no port that others could read."""
    if os.name == "nt":
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": str(folder / "kernel")}})


def left_behind(task: Task) -> nbformat.NotebookNode:
    """The notebook as it was last saved; as it was given if it did not get to run."""
    for name in ("after.ipynb", "before.ipynb"):
        try:
            return nbformat.read(task.scratch / name, as_version=4)
        except (OSError, ValueError):  # not written, or killed while writing it
            continue
    return translate_notebook(nbformat.read(task.source, as_version=4))


def described(error: Exception, task: Task) -> dict[str, Any]:
    """An error as `findings.json` keeps it: cell (None if not known), name and message."""
    from aftersales.report.fork.client import Died, OutOfMemory, OutOfTime

    if isinstance(error, PapermillExecutionError):
        return {"cell": error.exec_count, "name": error.ename, "message": str(error.evalue)}
    if isinstance(error, OutOfTime):
        return {"cell": None, "name": "Timeout", "message": _too_long(task.limits.seconds)}
    if isinstance(error, OutOfMemory):
        return {"cell": None, "name": "Memory", "message": _too_large(task.limits.memory)}
    if isinstance(error, Died):
        code = error.exit_code
        return killed(-code if code is not None and code < 0 else None)
    if isinstance(error, DeadKernelError):
        return killed()
    if isinstance(error, CellTimeoutError):
        limit = say(
            "A cell took longer than {minutes} minutes and was stopped.",
            minutes=words.count(CELL_TIMEOUT_S / 60),
        )
        return {"cell": None, "name": "Timeout", "message": limit}
    return {"cell": None, "name": type(error).__name__, "message": str(error)}


def _too_long(seconds: float) -> str:
    return say_n(
        "The notebook took longer than {n} second and was stopped.",
        "The notebook took longer than {n} seconds and was stopped.",
        round(seconds),
    )


def _too_large(limit: int) -> str:
    return say(
        "The notebook needed more than {megabytes} MB of memory and was stopped.",
        megabytes=words.count(limit // _MEGABYTE),
    )


def killed(signal: int | None = None) -> dict[str, Any]:
    """The error of a job whose process was ended from outside."""
    message = say("Its process was ended from outside, perhaps for lack of memory.")
    if signal is not None:
        message = say(
            "Its process was ended from outside (signal {signal}), perhaps for lack of memory.",
            signal=signal,
        )
    return {"cell": None, "name": "Killed", "message": message}
