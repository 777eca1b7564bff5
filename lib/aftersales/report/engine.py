"""Run one notebook for one region with papermill and write its page."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from aftersales import words
from aftersales.data.files import is_full, write_text
from aftersales.report import executed
from aftersales.report.frame import Frame
from aftersales.report.html import gather_findings, notebook_body, title_of, translate_notebook
from aftersales.report.page import failure_note, render_page
from aftersales.report.plan import Job
from aftersales.words import say

CELL_TIMEOUT_S = 1800  # a cell that takes longer has hung
AUTOSAVE_S = 5  # how much printed output is lost at most when the process is killed
KERNEL = "python3"  # of the environment that runs us, whatever the notebook was last saved with


@dataclass(frozen=True)
class Outcome:
    """What came of a job."""

    job: Job
    status: Literal["ok", "failed", "reused"]
    seconds: float = 0.0
    title: str = ""
    findings: Sequence[Mapping[str, Any]] = ()
    error: Mapping[str, Any] = field(default_factory=dict)  # cell, name, message


@dataclass(frozen=True)
class Task:
    """A job with everything a process needs to do it."""

    job: Job
    source: Path  # the notebook
    out: Path  # the region's folder
    scratch: Path  # an empty folder to work in, whose name is short
    frame: Frame
    places: Mapping[str, str] = field(default_factory=dict)  # see executed.machine_places
    kept: Outcome | None = None  # the report is current and only its page has to be made again


def run_task(task: Task) -> Outcome:
    """Execute the notebook and write ``<notebook>.ipynb`` and ``<notebook>.html``.

    A cell that fails ends the notebook; its page then shows the error and what ran before it. A
    disk that is full is an error (OSError), because no further job could be done either.
    """
    words.use_language(task.frame.language)
    task.out.mkdir(parents=True, exist_ok=True)
    try:
        if task.kept is None:
            return _run(task)
        _write_page(nbformat.read(_stored(task), as_version=4), task, error={})
        return task.kept
    except Exception as error:
        if is_full(error):
            raise
        failure = _described(error)
        write_text(_page_file(task), _framed(failure_note(failure), task, title=task.job.notebook))
        return Outcome(task.job, "failed", error=failure)


def _run(task: Task) -> Outcome:
    started = time.perf_counter()
    task.scratch.mkdir(parents=True)
    outcome = finish(task, error=_execute(task))
    return replace(outcome, seconds=round(time.perf_counter() - started, 2))


def finish(task: Task, *, error: Mapping[str, Any]) -> Outcome:
    """Store what the run left in `scratch`, all of it or not, and write the page."""
    left = _left(task)
    if error:
        message = executed.without_places(str(error["message"]), task.places)
        cell = error["cell"] or executed.reached(left) or None
        error = {**error, "message": message, "cell": cell}
    notebook = executed.keep(left, places=task.places)
    task.out.mkdir(parents=True, exist_ok=True)
    write_text(_stored(task), nbformat.writes(notebook) + "\n")
    _write_page(notebook, task, error=error)
    status = "failed" if error else "ok"
    findings = gather_findings(notebook)
    return Outcome(task.job, status, title=title_of(notebook), findings=findings, error=error)


def _stored(task: Task) -> Path:
    return task.out / f"{task.job.notebook}.ipynb"


def _left(task: Task) -> nbformat.NotebookNode:
    """The notebook as far as it ran; as it was given if it did not get to run."""
    for name in ("after.ipynb", "before.ipynb"):
        try:
            return nbformat.read(task.scratch / name, as_version=4)
        except (OSError, ValueError):  # not written, or killed while writing it
            continue
    return translate_notebook(nbformat.read(task.source, as_version=4))


def _execute(task: Task) -> dict[str, Any]:
    """Run the notebook in `scratch`; the error it ended with, empty if it did not."""
    before, after = task.scratch / "before.ipynb", task.scratch / "after.ipynb"
    nbformat.write(translate_notebook(nbformat.read(task.source, as_version=4)), before)
    try:
        papermill.execute_notebook(
            str(before),
            str(after),
            parameters=dict(task.job.parameters),
            kernel_name=KERNEL,
            language="python",
            progress_bar=False,
            autosave_cell_every=AUTOSAVE_S,
            cwd=str(task.source.parent),
            execution_timeout=CELL_TIMEOUT_S,
            config=_private_sockets(task.scratch),
            extra_arguments=["--log-level=CRITICAL"],  # what goes wrong is in the notebook
        )
    except Exception as error:  # also a dead kernel: one job's trouble, not the run's
        if is_full(error):
            raise
        return _described(error)
    return {}


def _private_sockets(folder: Path) -> Config:
    """Talk to the kernel through sockets in a folder of ours: no port that others could read."""
    if os.name == "nt":
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": str(folder / "kernel")}})


def _described(error: Exception) -> dict[str, Any]:
    """An error as `findings.json` keeps it: cell (None if not known), name and message."""
    if isinstance(error, PapermillExecutionError):
        return {"cell": error.exec_count, "name": error.ename, "message": str(error.evalue)}
    if isinstance(error, DeadKernelError):
        return killed()
    if isinstance(error, CellTimeoutError):
        limit = say(
            "A cell took longer than {minutes} minutes and was stopped.",
            minutes=words.count(CELL_TIMEOUT_S / 60),
        )
        return {"cell": None, "name": "Timeout", "message": limit}
    return {"cell": None, "name": type(error).__name__, "message": str(error)}


def killed(signal: int | None = None) -> dict[str, Any]:
    """The error of a job whose process was ended from outside."""
    message = say("Its process was ended from outside, perhaps for lack of memory.")
    if signal is not None:
        message = say(
            "Its process was ended from outside (signal {signal}), perhaps for lack of memory.",
            signal=signal,
        )
    return {"cell": None, "name": "Killed", "message": message}


def _write_page(notebook: nbformat.NotebookNode, task: Task, *, error: Mapping[str, Any]) -> None:
    shown = executed.until_failure(notebook) if error else notebook
    body = notebook_body(shown, since=_open_periods(notebook, task.frame.since))
    note = failure_note(error) if error else ""
    write_text(_page_file(task), _framed(note + body, task, title=title_of(notebook)))


def _page_file(task: Task) -> Path:
    return task.out / f"{task.job.notebook}.html"


def _framed(body: str, task: Task, *, title: str) -> str:
    frame = task.frame
    return render_page(
        body,
        title=f"{title} · {frame.region_name}",
        company=frame.company,
        dateline=frame.dateline,
        crumbs=frame.crumbs,
        links=frame.links,
        reports=frame.reports,
    )


def _open_periods(
    notebook: nbformat.NotebookNode, before: Mapping[str, int] | None
) -> dict[str, int] | None:
    """Finding id -> periods it has been open, counting this one; None: nothing to compare with."""
    if before is None:
        return None
    return {f["id"]: before.get(f["id"], 0) + 1 for f in gather_findings(notebook)}
