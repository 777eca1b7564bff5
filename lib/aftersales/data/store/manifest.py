"""What a cleaning run read, kept and left out: `manifest.json` and `cleaning_log.csv`."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from aftersales.errors import DataError

MANIFEST = "manifest.json"
CLEANING_LOG = "cleaning_log.csv"
LOG_COLUMNS = ["table", "step", "rows_in", "rows_out", "reason"]


@dataclass(frozen=True)
class Input:
    """A raw file or query: its name, the SHA-256 of its bytes, and its rows (broken ones too)."""

    file: str
    sha256: str
    rows: int
    encoding: str = "utf-8"


@dataclass(frozen=True)
class TableCount:
    """One table's account. ``read == kept + duplicates + rejected`` always holds.

    Attributes
    ----------
    read : records of this table found in the raw files, broken ones included
    columns : columns of the Parquet table, `region` included
    first, last : earliest and latest value of the table's time column, ISO 8601, "" if it has none
    files : Parquet file below the table's folder -> SHA-256 of its bytes
    """

    read: int
    kept: int
    duplicates: int
    rejected: int
    columns: list[str] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    first: str = ""
    last: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """The account of a cleaning run, one `TableCount` per table."""

    schema_version: int
    code_version: str
    profile: str
    as_of: str  # the last complete day, YYYY-MM-DD
    tables: Mapping[str, TableCount]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """One row per table: ``table``, ``read``, ``kept``, ``duplicates``, ``rejected``."""
        counts = ["read", "kept", "duplicates", "rejected"]
        rows = [{"table": t, **{c: getattr(n, c) for c in counts}} for t, n in self.tables.items()]
        return pd.DataFrame(rows, columns=["table", *counts])


def write_manifest(manifest: Manifest, *, folder: Path) -> None:
    """Write `manifest.json`, readable by people and stable between equal runs."""
    text = json.dumps(manifest.to_json(), ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path, *, profile: str) -> dict[str, Any]:
    """The parsed `manifest.json`; a missing or damaged one is an error that says what to run."""
    path = folder / MANIFEST
    again = f"Run `aftersales clean --profile {profile}` to make it."
    if not folder.is_dir():
        raise DataError(f"There are no processed tables of profile {profile} in {folder}. {again}")
    if not path.is_file():
        raise DataError(f"{folder} holds no {MANIFEST}, so its tables cannot be trusted. {again}")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        _check(manifest)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(f"{path} is damaged: it is not a manifest of ours. {again}") from None
    return manifest


def _check(manifest: Any) -> None:
    """Raise if a part is missing or of another kind than `write_manifest` writes."""
    datetime.date.fromisoformat(manifest["as_of"])
    for name, entry in manifest["tables"].items():
        TableCount(**{k: v for k, v in entry.items() if k != "inputs"})
        whole = [entry[key] for key in ("read", "kept", "duplicates", "rejected")]
        parts = [(entry["columns"], list), (entry["inputs"], list), (entry["files"], dict)]
        counted = all(isinstance(n, int) for n in whole)
        if not counted or not all(isinstance(part, kind) for part, kind in parts):
            raise TypeError(name)


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
