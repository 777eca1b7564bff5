"""One report to make, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from aftersales.report.fork.limits import Limits
from aftersales.report.plan.frame import Frame
from aftersales.report.plan.plan import Job


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
    engine: Literal["fork", "kernel"] = "kernel"
    limits: Limits = field(default_factory=Limits)  # what the notebook may take; with "fork" only
