"""Which processes do the tasks of a run: here, processes of this machine.

An executor takes tasks and yields each with its answer: what `run_task` returned, the exception
it raised, or `pool.Killed`. How one task is done is the engine's matter (`execution`), and the
same for every executor.
"""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aftersales.data.store.store import Store
from aftersales.report.fork import safety
from aftersales.report.fork.lane import Ready
from aftersales.report.fork.template import clean_process
from aftersales.report.plan.plan import declared_parameters, read_notebook
from aftersales.report.plan.task import Outcome, Task
from aftersales.report.run.pool import run_tasks

ENGINES = ("fork", "kernel")
LIBRARIES = "aftersales.report.fork.libraries"
_WORTH_PREPARING = 4  # reports of one notebook; fewer are faster without


def default_engine() -> str:
    """`fork` where it is safe; else `kernel`, which works everywhere."""
    return "fork" if safety.supported() else "kernel"


def cores() -> int:
    """Processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def do_tasks(tasks: Sequence[Task], *, store: Store, workers: int) -> Iterator[tuple[Task, Any]]:
    """Do the tasks in processes of this machine, `workers` at a time; 0 is one a core."""
    workers = workers or cores()
    if not tasks:
        return
    if not any(task.engine == "fork" for task in tasks):
        yield from run_tasks(run_task, tasks, workers=workers)
        return
    context = clean_process(LIBRARIES)  # loads them while this process goes on
    modules = modules_of({task.source for task in tasks})
    ready = Ready(dict(os.environ), modules, share(tasks, store=store))
    with closing(
        run_tasks(run_task, tasks, workers=workers, context=context, ready=ready)
    ) as answers:
        yield from answers


def run_task(task: Task) -> Outcome:
    """As `engine.run_task`, which takes seconds to load where nothing is loaded yet."""
    from aftersales.report.run import engine

    return engine.run_task(task)


def share(tasks: Sequence[Task], *, store: Store) -> bytes:
    """What all reports of a run share, packed; b"" where it is not worth its while.

    It is computed in a process whose threads end with it.
    """
    runs = _worth_preparing(tasks)
    if not runs or not isinstance(store, Store):
        return b""
    asked = Preparation(Store(store.profile, store.folder, store.engine), runs)
    ready = Ready(dict(os.environ), modules_of({task.source for task in tasks}))
    context = clean_process(LIBRARIES)
    with closing(
        run_tasks(prepare_shared, [asked], workers=1, context=context, ready=ready)
    ) as answers:
        answer = next(answers)[1]
    return answer if isinstance(answer, bytes) else b""  # each report then computes it by itself


def _worth_preparing(tasks: Sequence[Task]) -> list[tuple[str, Any]]:
    """Notebook and all parameters of the reports that are enough of their kind to share."""
    jobs = [task.job for task in tasks if task.kept is None]
    count = Counter(job.notebook for job in jobs)
    declared = declared_parameters({task.job.notebook: task.source for task in tasks})
    defaults = {n: {p.name: p.default for p in found.values()} for n, found in declared.items()}
    return [
        (job.notebook, defaults[job.notebook] | dict(job.parameters))
        for job in jobs
        if count[job.notebook] >= _WORTH_PREPARING
    ]


@dataclass(frozen=True)
class Preparation:
    """What `prepare` is asked for, in a process of its own."""

    store: Store
    runs: Sequence[tuple[str, Any]]


def prepare_shared(asked: Preparation) -> bytes:
    """What all reports of a run share, packed."""
    from aftersales.questions.prepare import prepare

    return prepare(asked.store, runs=asked.runs)


def modules_of(notebooks: set[Path]) -> list[str]:
    """The modules that the notebooks' cells import, sorted; cells with magics are left out."""
    found: set[str] = set()
    for notebook in notebooks:
        for cell in read_notebook(notebook)["cells"]:
            if cell["cell_type"] == "code":
                with suppress(SyntaxError):
                    found |= _imported(ast.parse(cell["source"]))
    return sorted(found)


def _imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
