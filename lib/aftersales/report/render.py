"""Plan the jobs, run those that are stale, gather findings, write region pages and index."""

from __future__ import annotations

import datetime
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from aftersales import words
from aftersales.data.store import scratch
from aftersales.data.store.files import write_text
from aftersales.data.store.store import Store
from aftersales.errors import RequestError
from aftersales.profile.config import Profile
from aftersales.report.fork.limits import NOTEBOOK_S, Limits, fair_memory
from aftersales.report.pages import executed, gather
from aftersales.report.pages.index_page import index_page
from aftersales.report.pages.region_page import region_page
from aftersales.report.plan import history
from aftersales.report.plan.frame import job_frame
from aftersales.report.plan.plan import (
    Job,
    choose_notebooks,
    choose_regions,
    plan_jobs,
    profile_digest,
    regions_held,
)
from aftersales.report.plan.task import Outcome, Task
from aftersales.report.run.executor import cores, default_engine, do_tasks, share
from aftersales.report.run.settle import outcome_of


@dataclass(frozen=True)
class Request:
    """What `aftersales render` was asked for; the language is the one in use."""

    root: Path
    out: Path  # the profile's report folder; periods are folders in it
    processed: Path
    as_of: str = ""
    regions: Sequence[str] = ()
    level: str | None = None
    notebooks: Sequence[str] = ()
    workers: int = 0  # 0: one per core
    executor: str = ""  # "dask://host:port"; "" is this machine
    tables: str = ""  # URI under which the workers of a cluster read the processed tables
    engine: str = ""  # "fork" or "kernel"; "" is the best one for this system
    time_limit: float = NOTEBOOK_S  # seconds a notebook may take
    memory_limit: int = 0  # bytes a notebook may take; 0 is an equal part of the machine's
    force: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """What a run did."""

    index: Path
    outcomes: list[Outcome]
    seconds: float

    @property
    def failed(self) -> list[Outcome]:
        return [o for o in self.outcomes if o.status == "failed"]


def render(
    store: Store, request: Request, *, on_done: Callable[[Outcome, int], None] | None = None
) -> Run:
    """Render the asked reports; `on_done` is called with each outcome and the number of jobs.

    The request is checked before anything is written. Jobs whose inputs have not changed since
    their last good run are reused. A failed job leaves an error page and does not stop the others.
    An interrupted run has kept what was done; the next one goes on from there.
    """
    started = time.perf_counter()
    as_of = _as_of(store, request.as_of)
    sources = choose_notebooks(request.root, request.notebooks)
    jobs = _plan(store.profile, request, sources=sources, as_of=f"{as_of:%Y-%m-%d}", store=store)
    folder = _make_folder(request.out, period=f"{as_of:%Y-%m}")
    outcomes = []
    with tempfile.TemporaryDirectory(prefix=scratch.prefix()) as temporary:
        tasks = _tasks(
            jobs, sources, store, request, folder=folder, scratch=Path(temporary), as_of=as_of
        )
        with closing(_run(tasks, store, request, folder=folder)) as done:
            for task, outcome, is_new in done:
                if is_new:
                    gather.record(outcome, task, store=store, as_of=as_of)
                outcomes.append(outcome)
                if on_done:
                    on_done(outcome, len(jobs))
    index = write_pages(folder, store=store)
    return Run(index, outcomes, time.perf_counter() - started)


def _as_of(store: Store, asked: str) -> pd.Timestamp:
    if not asked:
        return store.as_of
    try:
        as_of = pd.Timestamp(datetime.date.fromisoformat(asked))
        if f"{as_of:%Y-%m-%d}" != asked:
            raise ValueError(asked)
    except ValueError:
        raise RequestError(
            f'--as-of "{asked}" is not a day; write it as YYYY-MM-DD, e.g. {store.as_of:%Y-%m-%d}.'
        ) from None
    if as_of > store.as_of:
        raise RequestError(
            f"--as-of {asked} is after the last complete day of the data, "
            f"{store.as_of:%Y-%m-%d}; choose that day or an earlier one."
        )
    first = min((t["first"] for t in store.manifest["tables"].values() if t["first"]), default="")
    if first and as_of < pd.Timestamp(first).normalize():
        raise RequestError(
            f"--as-of {asked} is before the first day of the data, {first[:10]}; "
            "choose a later day."
        )
    return as_of


def check_request(profile: Profile, request: Request) -> None:
    """Raise if a region, level, notebook or parameter of the request does not exist."""
    _plan(profile, request, sources=choose_notebooks(request.root, request.notebooks))


def _plan(
    profile: Profile,
    request: Request,
    *,
    sources: Mapping[str, Path],
    as_of: str = "",
    store: Store | None = None,
) -> list[Job]:
    settings = profile_digest(profile)
    held = regions_held(store.manifest) if store else None
    return plan_jobs(
        choose_regions(profile, asked=request.regions, level=request.level, held=held),
        sources,
        common={
            "profile": profile.name,
            "as_of": as_of,
            "language": words.language(),
            "processed": _processed(profile, request),
        },
        given=request.parameters,
        data=lambda region: (store.fingerprint(region) if store else "") + settings,
    )


def _processed(profile: Profile, request: Request) -> str:
    """The folder of tables as a notebook finds it: "" is the usual one."""
    folder = request.processed.absolute()
    if folder == request.root / "data" / "processed" / profile.name:
        return ""
    if folder.is_relative_to(request.root):
        return os.path.relpath(folder, request.root / "notebooks")
    return str(folder)


def _make_folder(out: Path, *, period: str) -> Path:
    folder = out.absolute() / period
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise RequestError(f"{out} is, or lies in, a file; give a folder with --out.") from None
    return folder


def _tasks(
    jobs: Sequence[Job],
    sources: Mapping[str, Path],
    store: Store,
    request: Request,
    *,
    folder: Path,
    scratch: Path,
    as_of: pd.Timestamp,
) -> list[Task]:
    pages = {r: set(c["notebooks"]) for r, c in gather.regions_done(folder, store=store).items()}
    for job in jobs:
        pages.setdefault(job.region, set()).add(job.notebook)
    before = {
        region: history.previous_findings(request.out, period=folder.name, region=region)
        for region in {job.region for job in jobs}
    }
    engine = request.engine or default_engine()
    limits = Limits(
        request.time_limit, memory=request.memory_limit or fair_memory(request.workers or cores())
    )
    place = {"pages": pages, "store": store, "as_of": f"{as_of:%Y-%m-%d}"}
    paths = executed.machine_places(root=request.root, processed=request.processed.absolute())
    return [
        Task(
            job,
            source=sources[job.notebook],
            out=folder / job.region,
            scratch=scratch / str(number),
            frame=job_frame(job, before=before[job.region], **place),
            places=paths,
            kept=None if request.force else gather.reusable(job, folder=folder),
            engine=engine,
            limits=limits,
        )
        for number, job in enumerate(jobs)
    ]


def _run(
    tasks: Sequence[Task], store: Store, request: Request, *, folder: Path
) -> Iterator[tuple[Task, Outcome, bool]]:
    """Each task with its outcome, and whether it was done now; those left as they are first."""
    todo = []
    for task in tasks:
        if task.kept and gather.page_key(task.job, folder=folder) == task.frame.key:
            yield task, task.kept, False
        else:
            todo.append(task)
    with closing(_answers(todo, store, request)) as answers:
        for task, answer in answers:
            yield task, outcome_of(task, answer), True


def _answers(tasks: Sequence[Task], store: Store, request: Request) -> Iterator[tuple[Task, Any]]:
    if not request.executor:
        return do_tasks(tasks, store=store, workers=request.workers)
    from aftersales.report.run.cluster import do_tasks_on

    return do_tasks_on(
        request.executor,
        tasks,
        store=store,
        tables=request.tables,
        root=request.root,
        shared=share(tasks, store=store),
    )


def write_pages(folder: Path, *, store: Store) -> Path:
    """Write the page of every region that has findings in `folder`, and the index over them.

    A page that would be the same is left as it is.
    """
    contents = gather.regions_done(folder, store=store)
    pages = {
        folder / region / "index.html": region_page(
            region, contents=contents, folder=folder, store=store
        )
        for region in contents
    }
    pages[folder / "index.html"] = index_page(contents, folder=folder, store=store)
    for file, page in pages.items():
        if not file.is_file() or file.read_text(encoding="utf-8") != page:
            write_text(file, page)
    return folder / "index.html"
