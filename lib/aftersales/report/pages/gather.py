"""Keep what each report found in its region's `findings.json`, and read it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from aftersales.data.store.files import write_text
from aftersales.data.store.store import Store
from aftersales.findings import SEVERITIES
from aftersales.report.plan import history
from aftersales.report.plan.plan import Job
from aftersales.report.plan.task import Outcome, Task


def record(outcome: Outcome, task: Task, *, store: Store, as_of: pd.Timestamp) -> None:
    """Add an outcome to the region's `findings.json`, which is replaced in one step."""
    content = history.read_findings(task.out)
    content = {
        "schema": history.SCHEMA,
        "profile": store.profile.name,
        "region": outcome.job.region,
        "period": f"{as_of:%Y-%m}",
        "as_of": f"{as_of:%Y-%m-%d}",
        "notebooks": content.get("notebooks", {}) | {outcome.job.notebook: _entry(outcome, task)},
    }
    content["notebooks"] = dict(sorted(content["notebooks"].items()))
    task.out.mkdir(parents=True, exist_ok=True)
    write_text(task.out / history.FILE, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _entry(outcome: Outcome, task: Task) -> dict[str, Any]:
    """A report in `findings.json`; `key` and `page` say what it and its page were made from."""
    failed = outcome.status == "failed"
    entry = {
        "status": "failed" if failed else "ok",
        "seconds": outcome.seconds,
        "key": "" if failed else outcome.job.key,
        "page": "" if failed else task.frame.key,
        "title": outcome.title,
        "findings": _with_age(outcome, task.frame.since),
    }
    return entry | ({"error": dict(outcome.error)} if failed else {})


def _with_age(outcome: Outcome, before: Mapping[str, int] | None) -> list[dict[str, Any]]:
    """Each finding with `periods`: how long it has been open, counting this period.

    None where there is no earlier report to compare with.
    """
    return [
        dict(f) | {"periods": None if before is None else before.get(f["id"], 0) + 1}
        for f in outcome.findings
    ]


def reusable(job: Job, *, folder: Path) -> Outcome | None:
    """The outcome of an earlier run of the same job with the same inputs, if its files exist."""
    entry = _stored(job, folder)
    files = [folder / job.region / f"{job.notebook}{ending}" for ending in (".html", ".ipynb")]
    if not entry or entry.get("key") != job.key or not all(f.is_file() for f in files):
        return None
    return Outcome(job, "reused", entry["seconds"], entry["title"], entry["findings"])


def page_key(job: Job, *, folder: Path) -> str:
    """The key of the frame that the page of a job was made with; "" if there is no page."""
    return _stored(job, folder).get("page", "")


def _stored(job: Job, folder: Path) -> Mapping[str, Any]:
    return history.read_findings(folder / job.region).get("notebooks", {}).get(job.notebook, {})


def regions_done(folder: Path, *, store: Store) -> dict[str, dict[str, Any]]:
    """Region -> its `findings.json`, in tree order, for the regions that have one in `folder`."""
    found = {r.id: history.read_findings(folder / r.id) for r in store.profile.regions}
    return {region: content for region, content in found.items() if content}


def worst(entry: Mapping[str, Any]) -> tuple[str, int]:
    """The most urgent severity among a report's findings, and how many have it."""
    severities = [f["severity"] for f in entry["findings"]]
    for severity in SEVERITIES:
        if severity in severities and severity != "unknown":
            return severity, severities.count(severity)
    return "unknown", len(severities)


def region_findings(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All findings of a region's `findings.json`, each with its `notebook` and `region`."""
    return [
        f | {"notebook": notebook, "region": content["region"]}
        for notebook, entry in content.get("notebooks", {}).items()
        for f in entry["findings"]
    ]
