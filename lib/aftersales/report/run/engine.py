"""Run one notebook for one region and write its page."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat

from aftersales import words
from aftersales.data.store.files import is_full, write_text
from aftersales.report.pages import executed
from aftersales.report.pages.html import gather_findings, notebook_body, title_of
from aftersales.report.pages.page import failure_note, render_page
from aftersales.report.plan.task import Outcome, Task
from aftersales.report.run import execution


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
        failure = execution.described(error, task)
        write_text(_page_file(task), _framed(failure_note(failure), task, title=task.job.notebook))
        return Outcome(task.job, "failed", error=failure)


def _run(task: Task) -> Outcome:
    started = time.perf_counter()
    task.scratch.mkdir(parents=True)
    notebook, error = execution.execute(task)
    outcome = finish(task, notebook, error=error)
    return replace(outcome, seconds=round(time.perf_counter() - started, 2))


def finish(task: Task, left: nbformat.NotebookNode, *, error: Mapping[str, Any]) -> Outcome:
    """Store the notebook that a run left, all of it or not, and write the page."""
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
