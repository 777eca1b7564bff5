"""What earlier reports found, so that a page can say new, still open or gone."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "findings.json"
SCHEMA = 1
URGENT = ("act", "watch")
_PERIOD = re.compile(r"\d{4}-\d{2}\Z")


def read_findings(folder: Path) -> dict[str, Any]:
    """The `findings.json` of a region's folder; empty if there is none or it cannot be read.

    Entries of another version, or changed by hand, are left aside with a warning.
    """
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        return {}
    entries = content.get("notebooks")
    entries = entries if isinstance(entries, dict) else {}
    good = {name: entry for name, entry in entries.items() if _is_entry(entry)}
    if len(good) < len(entries) or entries is not content.get("notebooks"):
        warnings.warn(
            f"{folder / FILE} is not as this version writes it; what cannot be read is left aside.",
            stacklevel=2,
        )
    return content | {"notebooks": good}


def _is_entry(entry: Any) -> bool:
    """Whether a notebook's entry has all that is read of it."""
    if not isinstance(entry, dict) or not isinstance(entry.get("status"), str):
        return False
    findings = entry.get("findings", [] if entry["status"] != "ok" else None)
    return isinstance(findings, list) and all(
        isinstance(f, dict) and all(isinstance(f.get(k), str) for k in ("id", "severity", "text"))
        for f in findings
    )


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
