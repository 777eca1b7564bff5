"""Keep what each report found in its region's `findings.json`, and read it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from aftersales.data.files import write_text
from aftersales.data.store import Store
from aftersales.findings import SEVERITIES
from aftersales.report import history
from aftersales.report.engine import Outcome
from aftersales.report.plan import Job


def record(outcome: Outcome, *, folder: Path, store: Store, as_of: pd.Timestamp) -> None:
    """Add an outcome to ``<folder>/<region>/findings.json``, which is replaced in one step."""
    region = outcome.job.region
    period = f"{as_of:%Y-%m}"
    content = history.read_findings(folder / region) or {
        "schema": history.SCHEMA,
        "profile": store.profile.name,
        "region": region,
        "period": period,
        "notebooks": {},
    }
    content["as_of"] = f"{as_of:%Y-%m-%d}"
    before = history.previous_findings(folder.parent, period=period, region=region)
    entry = {
        "status": outcome.status,
        "seconds": outcome.seconds,
        "key": outcome.job.key if outcome.status == "ok" else "",
        "title": outcome.title,
        "findings": _with_age(outcome, before),
    }
    if outcome.error:
        entry["error"] = dict(outcome.error)
    content["notebooks"] = dict(
        sorted((content["notebooks"] | {outcome.job.notebook: entry}).items())
    )
    (folder / region).mkdir(parents=True, exist_ok=True)
    write_text(
        folder / region / history.FILE, json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    )


def _with_age(outcome: Outcome, before: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each finding with `periods`: how long it has been open, counting this period.

    None where there is no earlier report to compare with.
    """
    known = history.open_periods(before, outcome.job.notebook)
    if known is None:
        return [dict(f) | {"periods": None} for f in outcome.findings]
    return [dict(f) | {"periods": known.get(f["id"], 0) + 1} for f in outcome.findings]


def reusable(job: Job, *, folder: Path) -> Outcome | None:
    """The outcome of an earlier run of the same job with the same inputs, if its pages exist."""
    entry = history.read_findings(folder / job.region).get("notebooks", {}).get(job.notebook)
    pages = [folder / job.region / f"{job.notebook}{ending}" for ending in (".html", ".ipynb")]
    if not entry or entry.get("key") != job.key or not all(p.is_file() for p in pages):
        return None
    return Outcome(job, "reused", entry["seconds"], entry.get("title", ""), entry["findings"])


def worst(entry: Mapping[str, Any]) -> tuple[str, int]:
    """The most urgent severity among a report's findings, and how many have it."""
    severities = [f["severity"] for f in entry["findings"]]
    for severity in SEVERITIES:
        if severity in severities and severity != "unknown":
            return severity, severities.count(severity)
    return "unknown", len(severities)


def region_findings(folder: Path, region: str) -> list[dict[str, Any]]:
    """All findings of a region's reports, each with the `notebook` and `region` it is from."""
    content = history.read_findings(folder / region)
    return [
        f | {"notebook": notebook, "region": region}
        for notebook, entry in content.get("notebooks", {}).items()
        for f in entry["findings"]
    ]
