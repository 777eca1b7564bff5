"""Plan the jobs, run those that are stale, gather findings, write the region pages and the index."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from aftersales.data.files import write_text
from aftersales.data.store import Store
from aftersales.errors import RequestError
from aftersales.regions import Region
from aftersales.report import gather, history
from aftersales.report.engine import Frame, Outcome, run_job
from aftersales.report.frame import job_frame
from aftersales.report.index_page import write_index
from aftersales.report.plan import Job, choose_notebooks, choose_regions, plan_jobs
from aftersales.report.region_page import write_region_page

ENGINES = ("kernel",)


@dataclass(frozen=True)
class Request:
    """What `aftersales render` was asked for."""

    root: Path
    out: Path  # the profile's report folder; periods are folders in it
    processed: Path
    language: str
    as_of: str = ""
    regions: Sequence[str] = ()
    level: str | None = None
    notebooks: Sequence[str] = ()
    workers: int = 0  # 0: one per core
    engine: str = "kernel"
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

    Jobs whose inputs have not changed since their last good run are reused. A failed job leaves
    an error page and does not stop the others.
    """
    started = time.perf_counter()
    as_of = _as_of(store, request.as_of)
    folder = request.out / f"{as_of:%Y-%m}"
    regions = choose_regions(store.profile, asked=request.regions, level=request.level)
    sources = choose_notebooks(request.root, request.notebooks)
    jobs = plan_jobs(
        regions,
        sources,
        common=_common(store, request, as_of),
        given=request.parameters,
        data=store.fingerprint(),
    )
    outcomes = []
    for outcome in _run_all(jobs, sources, store, request, folder, as_of):
        outcomes.append(outcome)
        if outcome.status != "reused":
            gather.record(outcome, folder=folder, store=store, as_of=as_of)
        if on_done:
            on_done(outcome, len(jobs))
    _write_pages(regions, folder=folder, store=store, as_of=as_of)
    index = write_index(folder, store=store, as_of=as_of)
    return Run(index, outcomes, time.perf_counter() - started)


def _as_of(store: Store, asked: str) -> pd.Timestamp:
    if not asked:
        return store.as_of
    try:
        as_of = pd.Timestamp(pd.to_datetime(asked, format="%Y-%m-%d"))
    except ValueError:
        raise RequestError(
            f'--as-of "{asked}" is not a day; write it as YYYY-MM-DD, e.g. {store.as_of:%Y-%m-%d}.'
        ) from None
    if as_of > store.as_of:
        raise RequestError(
            f"--as-of {asked} is after the last complete day of the data, "
            f"{store.as_of:%Y-%m-%d}; choose that day or an earlier one."
        )
    return as_of


def _common(store: Store, request: Request, as_of: pd.Timestamp) -> dict[str, Any]:
    return {
        "profile": store.profile.name,
        "as_of": f"{as_of:%Y-%m-%d}",
        "language": request.language,
        "processed": os.path.relpath(request.processed.resolve(), request.root / "notebooks"),
    }


def _run_all(
    jobs: Sequence[Job],
    sources: Mapping[str, Path],
    store: Store,
    request: Request,
    folder: Path,
    as_of: pd.Timestamp,
) -> Iterator[Outcome]:
    todo = []
    for job in jobs:
        kept = None if request.force else gather.reusable(job, folder=folder)
        if kept is not None:
            yield kept
        else:
            todo.append(job)
    if todo:
        place = {"store": store, "out": request.out, "as_of": as_of}
        frames = [
            job_frame(job, jobs=jobs, language=request.language, **place) for job in todo
        ]
        yield from _run_pool(todo, frames, sources, folder, workers=request.workers)


def _run_pool(
    jobs: Sequence[Job],
    frames: Sequence[Frame],
    sources: Mapping[str, Path],
    folder: Path,
    *,
    workers: int,
) -> Iterator[Outcome]:
    """Run the jobs in spawned processes; a process that dies fails its job, not the run."""
    size = min(workers or os.cpu_count() or 1, len(jobs))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(size, mp_context=context, initializer=_quiet_threads) as pool:
        futures: dict[Future[Outcome], Job] = {
            pool.submit(
                run_job, job, source=sources[job.notebook], out=folder / job.region, frame=frame
            ): job
            for job, frame in zip(jobs, frames, strict=True)
        }
        try:
            for future in as_completed(futures):
                yield _outcome(future, futures[future])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _outcome(future: Future[Outcome], job: Job) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        message = "the worker process was killed, perhaps for lack of memory"
        return Outcome(job, "failed", error={"cell": None, "name": "Killed", "message": message})
    except OSError as error:
        return Outcome(
            job, "failed", error={"cell": None, "name": "OSError", "message": str(error)}
        )


def _quiet_threads() -> None:
    """One numeric thread a kernel: several kernels share the cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")


def _write_pages(
    regions: Sequence[Region], *, folder: Path, store: Store, as_of: pd.Timestamp
) -> None:
    for region in regions:
        write_text(
            folder / region.id / "index.html",
            write_region_page(region, folder=folder, store=store, as_of=as_of),
        )
