"""Tasks done by the workers of a Dask cluster; what they send back is written here.

A worker that is lost takes nothing with it: Dask gives its task to another one, and a report is
written once, by this process, when its reply has come.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aftersales.data.store.files import write_bytes
from aftersales.data.store.store import Store
from aftersales.errors import RequestError
from aftersales.report.plan.plan import library_digest
from aftersales.report.run.engine import Task, run_task
from aftersales.report.run.errand import Errand, Parcel, Reply, do_errand, project_files
from aftersales.report.run.pool import Killed

SCHEME = "dask://"
PATIENCE_S = 30  # for the scheduler to answer, and for a first worker


def do_tasks_on(
    scheduler: str, tasks: Sequence[Task], *, store: Store, tables: str, root: Path, shared: bytes
) -> Iterator[tuple[Task, Any]]:
    """Each task with its answer, as `executor.do_tasks`, done on the cluster of a scheduler.

    Parameters
    ----------
    scheduler : ``dask://host:port``
    tables : URI under which every worker can read the processed tables; "" is their path here
    root : the project's folder
    shared : what all reports share, see `executor.share`

    Raises
    ------
    RequestError
        The extra is not installed, no scheduler answers, or it has no workers.
    """
    client = _connected(scheduler)
    try:
        yield from _pages(tasks)
        todo = [task for task in tasks if task.kept is None]
        parcel = Parcel(
            profile=store.profile.name,
            tables=tables or Path(store.folder).absolute().as_uri(),
            fingerprint=store.fingerprint(),
            files=project_files(
                root, profile=store.profile.name, notebooks=sorted({t.source for t in todo})
            ),
            library=library_digest(),
            shared=shared,
        )
        yield from _replies(client, todo, parcel, root=root)
    finally:
        client.close(timeout=5)


def _pages(tasks: Sequence[Task]) -> Iterator[tuple[Task, Any]]:
    """Reports that are current and only need a new page: their files are here."""
    for task in tasks:
        if task.kept is not None:
            yield task, run_task(task)


def _connected(scheduler: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise RequestError(
            'The executor "dask" needs the package distributed, which is not installed. '
            'Install the extra with `pip install "aftersales[cluster]"`.'
        ) from None
    address = "tcp://" + scheduler.removeprefix(SCHEME)
    try:
        client = Client(address, timeout=PATIENCE_S)
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except (OSError, ValueError) as error:  # a time that ran out is an OSError too
        raise RequestError(
            f"No Dask scheduler with a worker answers at {address} ({error}). Start them with "
            "`dask scheduler` and `dask worker`, or give another --executor."
        ) from None
    return client


def _replies(
    client: Any, tasks: Sequence[Task], parcel: Parcel, *, root: Path
) -> Iterator[tuple[Task, Any]]:
    from distributed import KilledWorker, as_completed

    sent = client.scatter(parcel, broadcast=True)
    futures = {
        client.submit(do_errand, _errand(task, root), sent, pure=False): task for task in tasks
    }
    try:
        for future in as_completed(list(futures)):
            task = futures.pop(future)
            error = future.exception() if future.status == "error" else None
            if isinstance(error, KilledWorker):  # one worker after the other died of it
                yield task, Killed(None)
            elif error is not None:
                yield task, error
            else:
                yield task, _written(task, future.result())
            future.release()
    finally:
        client.cancel(list(futures))


def _errand(task: Task, root: Path) -> Errand:
    notebook = os.path.relpath(task.source, root)
    return Errand(task.job, Path(notebook).as_posix(), task.frame, task.engine, task.limits)


def _written(task: Task, reply: Reply) -> Any:
    task.out.mkdir(parents=True, exist_ok=True)
    for name, content in reply.files.items():
        write_bytes(task.out / name, content)
    return reply.outcome
