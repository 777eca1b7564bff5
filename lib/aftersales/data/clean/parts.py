"""Staged rows of one raw file, kept beside the tables so that the file is not read again.

A part is a folder of Parquet files with the rows that the steps left, ``rejected.parquet``, and
``part.json``: what the steps noted, and under which conditions all of it was made. It holds as
long as the file, the mapping, the regions, the key of the pseudonyms and the code are the same.
A file counts as the same if its size and time of change are, or else if its bytes are.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from aftersales.data.clean.rows import Plan
from aftersales.data.store.account import Note
from aftersales.data.store.manifest import sha256

PART, REJECTED = "part.json", "rejected.parquet"
LATE = "future dates"  # the step that depends on the last day


@dataclass
class Part:
    """The rows of one file, or of one query or database, after the steps.

    Attributes
    ----------
    header : columns of the file
    together : columns of all files of the table, in which its rows are hashed
    read, rows : records found, broken ones included, and rows that the steps left
    entries : what the manifest says of the file, or of all files of a query
    """

    name: str
    folder: Path
    header: Sequence[str] = ()
    together: Sequence[str] = ()
    read: int = 0
    rows: int = 0
    notes: list[Note] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    combinations: dict[int, set[tuple]] = field(default_factory=dict)

    @property
    def files(self) -> str:
        return str(self.folder / "part-*.parquet")


def place(folder: Path, name: str) -> Path:
    """The folder of the part of a file."""
    return folder / hashlib.sha256(name.encode()).hexdigest()[:16]


def write(part: Part, *, plan: Plan, path: Path) -> None:
    """Note how `part` was made, from the file at `path`."""
    found = path.stat()
    made = {
        "conditions": conditions(plan),
        "as_of": str(plan.as_of or ""),
        "size": found.st_size,
        "changed": found.st_mtime_ns,
        **{k: v for k, v in asdict(part).items() if k not in ("folder", "combinations")},
        "combinations": [[i, sorted(map(list, c))] for i, c in part.combinations.items()],
    }
    text = json.dumps(made, ensure_ascii=False, default=str)
    (part.folder / PART).write_text(text + "\n", encoding="utf-8")


def usable(old: Path, *, plan: Plan, files: dict[str, Path]) -> dict[str, Part]:
    """The parts in `old` that hold for the `files` (name -> path) as they are now."""
    wanted = conditions(plan)
    found = {}
    for folder, made in _written(old):
        path = files.get(made["name"])
        if path is None or made["conditions"] != wanted or not _same_file(made, path):
            continue
        part = _read(folder, made)
        if _holds_on(plan.as_of, made["as_of"], part):
            found[part.name] = part
    return found


def adopt(part: Part, *, folder: Path) -> Part:
    """The same part in `folder`, without copying its rows where the file system can link."""
    folder.mkdir(parents=True)
    for file in sorted(part.folder.iterdir()):
        try:
            os.link(file, folder / file.name)
        except OSError:
            shutil.copy2(file, folder / file.name)
    part.folder = folder
    return part


def conditions(plan: Plan) -> str:
    """A digest of all that decides what becomes of a file's rows, but for the last day."""
    told = [repr(plan.mapping), plan.timezone, *map(repr, sorted(plan.regions.items()))]
    told += [duckdb.__version__, _code(), hmac.digest(plan.key, b"parts", "sha256").hex()]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


@functools.cache
def _code() -> str:
    """A digest of the code that cleans."""
    files = sorted(Path(__file__).parents[1].rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _written(old: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every part in `old` that is complete, with what its `part.json` says."""
    for file in sorted(old.glob(f"*/{PART}")):
        try:
            yield file.parent, json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue


def _read(folder: Path, made: dict[str, Any]) -> Part:
    fields = {k: made[k] for k in ("name", "header", "together", "read", "rows", "entries")}
    notes = [Note(**note) for note in made["notes"]]
    combinations = {i: set(map(tuple, found)) for i, found in made["combinations"]}
    return Part(folder=folder, notes=notes, combinations=combinations, **fields)


def _same_file(made: dict[str, Any], path: Path) -> bool:
    found = path.stat()
    if found.st_size != made["size"]:
        return False
    return found.st_mtime_ns == made["changed"] or sha256(path) == made["entries"][0]["sha256"]


def _holds_on(as_of: pd.Timestamp | None, made_on: str, part: Part) -> bool:
    """Whether another last day would give the same: a later one does if nothing was too late."""
    if str(as_of or "") == made_on:
        return True
    late = any(note.n for note in part.notes if note.step == LATE)
    return bool(as_of and made_on) and as_of > pd.Timestamp(made_on) and not late
