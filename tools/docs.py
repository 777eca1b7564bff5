"""Writes docs/tables.md, docs/metrics.md and docs/notebooks.md from the schema and the registries.

python tools/docs.py
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import overview

from aftersales.data.mapping import columns, schema
from aftersales.metrics import registry

ROOT = Path(__file__).resolve().parents[1]
PAGES: dict[str, Callable[[], str]] = {
    "docs/tables.md": partial(columns.page, schema.TABLES.values()),
    "docs/metrics.md": registry.docs,
    "docs/notebooks.md": overview.docs,
}

if __name__ == "__main__":
    for page, write in PAGES.items():
        (ROOT / page).write_text(write(), encoding="utf-8")
