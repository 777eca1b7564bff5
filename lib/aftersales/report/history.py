"""What earlier reports found, so that a page can say new, still open or gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "findings.json"
SCHEMA = 1
URGENT = ("act", "watch")


def read_findings(folder: Path) -> dict[str, Any]:
    """The `findings.json` of a region's folder; empty if there is none or it cannot be read."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if content.get("schema") == SCHEMA else {}


def previous_findings(out: Path, *, period: str, region: str) -> dict[str, Any]:
    """The region's findings of the latest period before `period` that has any."""
    earlier = sorted(
        (p.name for p in out.iterdir() if p.is_dir() and p.name < period) if out.is_dir() else ()
    )
    for name in reversed(earlier):
        if found := read_findings(out / name / region):
            return found
    return {}


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
