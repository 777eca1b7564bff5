"""A task that is done on another machine: what is sent there, how it is done, what comes back.

Nothing but the processed tables has to be on the worker: configuration and notebooks travel with
the run, and the files of a report come back to the machine that asked for them.
"""

from __future__ import annotations

import functools
import getpass
import hashlib
import multiprocessing
import shutil
import socket
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aftersales.data.read.remote import bring
from aftersales.data.store import scratch
from aftersales.data.store.manifest import MANIFEST
from aftersales.data.store.store import open_store
from aftersales.errors import RequestError
from aftersales.profile.config import read_profile
from aftersales.report.fork.lane import Ready
from aftersales.report.fork.limits import Limits
from aftersales.report.fork.template import clean_process
from aftersales.report.pages import executed
from aftersales.report.plan.frame import Frame
from aftersales.report.plan.plan import Job, library_digest
from aftersales.report.run.engine import Outcome, Task, run_task
from aftersales.report.run.executor import LIBRARIES, default_engine, modules_of
from aftersales.report.run.pool import run_tasks
from aftersales.report.run.settle import outcome_of

_PLACE = "aftersales-worker"
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Parcel:
    """What all errands of a run need.

    Attributes
    ----------
    tables : URI of the processed tables
    fingerprint : of their content
    files : of the project: path below its root -> content
    library : digest of the package that sends it
    shared : results that all reports share (`metrics.national`)
    """

    profile: str
    tables: str
    fingerprint: str
    files: Mapping[str, bytes]
    library: str
    shared: bytes = b""

    @functools.cached_property
    def name(self) -> str:
        """The same for the same content."""
        told = [self.tables, self.fingerprint, self.library, *map(repr, sorted(self.files.items()))]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Errand:
    """A task without the places of the machine it comes from."""

    job: Job
    notebook: str  # path below the root of the project
    frame: Frame
    engine: str
    limits: Limits


@dataclass(frozen=True)
class Reply:
    """What came of an errand: its outcome, and the files of the report."""

    outcome: Outcome
    files: Mapping[str, bytes] = field(default_factory=dict)


def do_errand(errand: Errand, parcel: Parcel) -> Reply:
    """Do an errand on this machine, in a process of its own.

    Raises
    ------
    RequestError
        The package here is another version than the sender's.
    DataError
        The tables cannot be read here, or are not those of the run.
    """
    if parcel.library != library_digest():
        raise RequestError(
            f"The worker on {socket.gethostname()} has another version of aftersales than the "
            "machine that sends the reports; install the same one on both."
        )
    root, tables = _at_home(parcel)
    with tempfile.TemporaryDirectory(prefix=scratch.prefix()) as folder:
        task = _task(errand, root=root, tables=tables, folder=Path(folder))
        outcome = outcome_of(task, _answer(task, parcel.shared))
        files = {f.name: f.read_bytes() for f in sorted(task.out.iterdir())}
    return Reply(replace(outcome, job=errand.job), files)


def _at_home(parcel: Parcel) -> tuple[Path, Path]:
    """The project and the tables of a run on this machine; made once for all its errands."""
    home = Path(tempfile.gettempdir()) / f"{_PLACE}-{getpass.getuser()}"
    root = home / f"project-{parcel.name}"
    with _one_at_a_time:
        home.mkdir(mode=0o700, exist_ok=True)
        if not root.is_dir():
            _unpack(parcel.files, root)
        tables = bring(parcel.tables, into=home)
        _check_tables(tables, parcel, root)
    return root, tables


def _unpack(files: Mapping[str, bytes], root: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix=f".{root.name}-", dir=root.parent))
    for name, content in files.items():
        (draft / name).parent.mkdir(parents=True, exist_ok=True)
        (draft / name).write_bytes(content)
    try:
        draft.rename(root)
    except OSError:  # another worker on this machine was faster
        shutil.rmtree(draft, ignore_errors=True)
        if not root.is_dir():
            raise


def _check_tables(tables: Path, parcel: Parcel, root: Path) -> None:
    found = _fingerprint(tables, (tables / MANIFEST).stat().st_mtime_ns, parcel.profile, root)
    if found != parcel.fingerprint:
        raise RequestError(
            f"The tables at {parcel.tables}, as {socket.gethostname()} reads them, are not those "
            "of this run. Copy the processed folder there again, or name the right place."
        )


@functools.cache
def _fingerprint(tables: Path, changed: int, profile: str, root: Path) -> str:
    """The fingerprint of tables whose manifest was written at `changed`, once they are checked."""
    return open_store(read_profile(profile, root=root), processed=tables).fingerprint()


def _task(errand: Errand, *, root: Path, tables: Path, folder: Path) -> Task:
    job = errand.job
    place = {"processed": str(tables)} if "processed" in job.parameters else {}
    here = replace(job, parameters={**job.parameters, **place})
    return Task(
        here,
        source=root / errand.notebook,
        out=folder / "out",
        scratch=folder / "run",
        frame=errand.frame,
        places=executed.machine_places(root=root, processed=tables),
        engine=errand.engine if errand.engine == "kernel" else default_engine(),
        limits=errand.limits,
    )


def _answer(task: Task, shared: bytes) -> Any:
    # Dask's nanny starts its worker as a daemon, and Python lets no daemon start processes. The
    # setter refuses once the process runs; DASK_DISTRIBUTED__WORKER__DAEMON=0 would do the same.
    multiprocessing.current_process()._config["daemon"] = False
    if task.engine == "kernel":
        answers = run_tasks(run_task, [task], workers=1)
    else:
        with _one_at_a_time:
            context = clean_process(LIBRARIES)
        ready = Ready({}, modules_of({task.source}), shared)
        answers = run_tasks(run_task, [task], workers=1, context=context, ready=ready)
    with closing(answers):
        return next(answers)[1]


def project_files(root: Path, *, profile: str, notebooks: Sequence[Path]) -> dict[str, bytes]:
    """The files of a project that a worker needs: path below `root` -> content."""
    config = sorted((root / "config" / profile).glob("*.yaml"))
    wanted = [root / "pyproject.toml", *config, *notebooks]
    return {f.relative_to(root).as_posix(): f.read_bytes() for f in wanted}
