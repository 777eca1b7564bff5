"""Run one notebook for one region with papermill and write its page."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from aftersales import words
from aftersales.data.files import write_text
from aftersales.report.html import gather_findings, notebook_body, title_of, translate_notebook
from aftersales.report.page import render_page
from aftersales.report.plan import Job
from aftersales.words import say

CELL_TIMEOUT_S = 1800  # a cell that takes longer has hung


@dataclass(frozen=True)
class Frame:
    """What the page around a report says; made by the driver, which knows all regions."""

    language: str
    company: str
    dateline: str
    region_name: str
    crumbs: Sequence[Mapping[str, str]] = ()
    links: Sequence[Mapping[str, str]] = ()
    since: Mapping[str, int] | None = None  # finding id -> periods open before this one


@dataclass(frozen=True)
class Outcome:
    """What came of a job."""

    job: Job
    status: Literal["ok", "failed", "reused"]
    seconds: float = 0.0
    title: str = ""
    findings: Sequence[Mapping[str, Any]] = ()
    error: Mapping[str, Any] = field(default_factory=dict)  # cell, name, message


def run_job(job: Job, *, source: Path, out: Path, frame: Frame) -> Outcome:
    """Execute `source` with the job's parameters; write ``<notebook>.ipynb`` and ``.html`` in `out`.

    A cell that fails ends the notebook; its page then shows the error and what ran before it.
    """
    words.use_language(frame.language)
    started = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    notebook, error = _execute(job, source=source, out=out)
    findings = gather_findings(notebook)
    outcome = Outcome(
        job,
        "failed" if error else "ok",
        round(time.perf_counter() - started, 2),
        title_of(notebook),
        findings,
        error,
    )
    since = _open_periods(findings, frame.since)
    write_text(out / f"{job.notebook}.html", _page(notebook, outcome, frame=frame, since=since))
    return outcome


def _open_periods(findings: Sequence[Mapping], before: Mapping[str, int] | None):
    if before is None:
        return None
    return {f["id"]: before.get(f["id"], 0) + 1 for f in findings}


def _execute(job: Job, *, source: Path, out: Path) -> tuple[nbformat.NotebookNode, dict]:
    with (
        tempfile.TemporaryDirectory(prefix=".run-", dir=out) as scratch,
        tempfile.TemporaryDirectory(prefix="aftersales-") as sockets,
    ):
        before, after = Path(scratch) / "in.ipynb", Path(scratch) / "out.ipynb"
        nbformat.write(translate_notebook(nbformat.read(source, as_version=4)), before)
        error: dict[str, Any] = {}
        try:
            papermill.execute_notebook(
                str(before),
                str(after),
                parameters=dict(job.parameters),
                progress_bar=False,
                cwd=str(source.parent),
                request_save_on_cell_execute=False,
                execution_timeout=CELL_TIMEOUT_S,
                config=_private_sockets(sockets),
            )
        except PapermillExecutionError as failure:
            error = {
                "cell": failure.exec_count,
                "name": failure.ename,
                "message": str(failure.evalue),
            }
        except Exception as failure:  # a dead kernel, a time-out: one job's trouble, not the run's
            error = {"cell": None, "name": type(failure).__name__, "message": str(failure)}
        notebook = nbformat.read(after if after.exists() else before, as_version=4)
        notebook = _without_banner(notebook)
        _strip(notebook)
        nbformat.write(notebook, after)
        os.replace(after, out / f"{job.notebook}.ipynb")
    return notebook, error


def _private_sockets(folder: str) -> Config:
    """Talk to the kernel through sockets in a folder of ours: no port that others could read.

    The folder is a short-lived temporary one, because socket names have to be short.
    """
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})


def _without_banner(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without papermill's own error banner; the page has one in the reader's language."""
    marks = {"papermill-error-cell-tag"}
    notebook.cells = [
        c for c in notebook.cells if not marks & set(c.metadata.get("tags", ()))
    ]
    return notebook


def _strip(notebook: nbformat.NotebookNode) -> None:
    """Drop what names the machine or the moment: papermill's paths, times and ids."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)


def _page(
    notebook: nbformat.NotebookNode, outcome: Outcome, *, frame: Frame, since: Mapping | None
) -> str:
    body = notebook_body(notebook, since=since)
    if outcome.error:
        body = error_box(outcome.error) + body
    return render_page(
        body,
        title=f"{outcome.title} · {frame.region_name}",
        company=frame.company,
        dateline=frame.dateline,
        crumbs=frame.crumbs,
        links=frame.links,
    )


def error_box(error: Mapping[str, Any]) -> str:
    """The note at the top of a report that failed: which cell, which message."""
    from markupsafe import escape

    cell = error.get("cell")
    where = (
        say("This report failed in code cell {cell}.", cell=cell)
        if cell
        else say("This report failed.")
    )
    message = f"{error.get('name', '')}: {error.get('message', '')}"
    return (
        f'<div class="finding act failed" role="alert"><span class="chip">✕ {escape(say("Failed"))}'
        f"</span><p>{escape(where)} <code>{escape(message[:600])}</code></p></div>"
    )
