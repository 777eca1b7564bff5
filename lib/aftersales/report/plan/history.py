"""What earlier reports found, so that a page can say new, still open or gone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "findings.json"
SCHEMA = 1
URGENT = ("act", "watch")
_PERIOD = re.compile(r"\d{4}-\d{2}\Z")


def read_findings(folder: Path) -> dict[str, Any]:
    """The `findings.json` of a region's folder; empty if there is none or it cannot be read."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) and content.get("schema") == SCHEMA else {}


def earlier_periods(out: Path, *, period: str) -> list[str]:
    """Names of the period folders in `out` that come before `period`, oldest first."""
    names = (p.name for p in out.iterdir() if p.is_dir()) if out.is_dir() else ()
    return sorted(name for name in names if _PERIOD.match(name) and name < period)


def previous_findings(out: Path, *, period: str, region: str) -> dict[str, Any]:
    """For each notebook of a region its last good report of an earlier period.

    ``{"period": the latest of them, "notebooks": {name: entry of findings.json}}``, or empty. A
    report that failed in the last period is looked for in the one before.
    """
    found: dict[str, Any] = {}
    latest = ""
    for name in reversed(earlier_periods(out, period=period)):
        entries = read_findings(out / name / region).get("notebooks", {})
        good = {notebook: e for notebook, e in entries.items() if e["status"] == "ok"}
        found = good | found
        latest = latest or (name if good else "")
        if good and set(entries) <= set(found):
            break
    return {"period": latest, "notebooks": found} if found else {}


def open_periods(content: Mapping[str, Any], notebook: str) -> dict[str, int] | None:
    """Finding id -> periods it had been open by then, for urgent ones; None without a report."""
    entry = content.get("notebooks", {}).get(notebook)
    if entry is None:
        return None
    return {f["id"]: f.get("periods") or 1 for f in entry["findings"] if f["severity"] in URGENT}


def gone(content: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Urgent findings of the earlier report that the present one no longer makes."""
    missing = []
    for notebook, entry in content.get("notebooks", {}).items():
        current = now.get("notebooks", {}).get(notebook)
        if current is None or current["status"] != "ok":
            continue  # not run, so nothing can be said
        still = {f["id"] for f in current["findings"] if f["severity"] in URGENT}
        missing += [
            f | {"notebook": notebook}
            for f in entry["findings"]
            if f["severity"] in URGENT and f["id"] not in still
        ]
    return missing
