"""The cleaning log of a table while it grows: counts per step, summed over batches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from aftersales.data.store.manifest import LOG_COLUMNS
from aftersales.data.store.reasons import sentence

STEPS: Mapping[str, str] = {  # step -> message when it changed nothing; in the order they run
    "read": "",
    "select": "",
    "incomplete": "no_incomplete",
    "doubts": "",
    "text": "no_text",
    "missing markers": "no_marker",
    "html entities": "",
    "reject rules": "",
    "flags": "",
    "gaps": "",
    "codes": "no_codes",
    "dates": "no_dates",
    "future dates": "no_future",
    "impossible dates": "no_past",
    "numbers": "no_numbers",
    "time order": "no_order",
    "required": "no_required",
    "exact duplicates": "copies",
    "keep": "",
    "duplicate ids": "",
    "content key": "",
    "regions": "no_region",
    "joins": "no_joins",
    "ages": "",
    "privacy": "no_privacy",
    "kept": "",
    "note": "",
}
_ALWAYS = {  # steps whose notes are said for 0 rows too: the profile asked for them
    *("read", "select", "reject rules", "flags", "gaps"),
    *("exact duplicates", "keep", "duplicate ids", "content key", "joins", "kept"),
}
_PARTS = ["table", "step", "rows_in", "rows_out", "message", "n", "values"]


@dataclass(frozen=True)
class Note:
    """What one step did to one batch, or to a table.

    Attributes
    ----------
    step, message : a key of `STEPS` and of `messages.MESSAGES`
    n : cells or rows it is about; 0 is counted, so that sums agree, but not said
    values : what fills the message and tells notes of a step apart, e.g. the column
    seen : ``low``, ``high`` and ``example``, which differ between batches
    out : rows it took out
    """

    step: str
    message: str
    n: int
    values: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)
    out: int = 0


class Account:
    """Sums the notes of a table, in the order of `STEPS`."""

    def __init__(self, table: str) -> None:
        self.table = table
        self._notes: dict[tuple, Note] = {}

    def add(self, notes: Iterable[Note]) -> None:
        for note in notes:
            key = (note.step, note.message, *sorted((k, str(v)) for k, v in note.values.items()))
            self._notes[key] = _sum(self._notes[key], note) if key in self._notes else note

    def total(self, step: str) -> int:
        """The sum of `n` over the notes of a step."""
        return sum(note.n for note in self.notes(step))

    def notes(self, step: str) -> list[Note]:
        return [note for note in self._notes.values() if note.step == step]

    def all(self) -> list[Note]:
        return list(self._notes.values())

    def said(self, note: Note) -> str:
        """The sentence of a note; "" for one that only counts."""
        if not note.message:
            return ""
        return sentence(note.message, n=note.n, values={**note.values, **note.seen})

    def rows(self) -> pd.DataFrame:
        """One row per step and message: ``table``, ``step``, ``rows_in``, ``rows_out``,
        ``message``, ``n``, ``values``."""
        rows, now = [], sum(note.n for note in self.notes("read"))
        for step, nothing in STEPS.items():
            said = [x for x in self.notes(step) if x.message and (x.n or step in _ALWAYS)]
            if not said and nothing and self.notes("read"):
                said = [Note(step, nothing, 0)]
            for note in said:
                values = {**note.values, **note.seen}
                rows.append([self.table, step, now, now - note.out, note.message, note.n, values])
                now -= note.out
        return pd.DataFrame(rows, columns=_PARTS)


def _sum(one: Note, other: Note) -> Note:
    """Two notes of the same kind, from two batches."""
    seen = {**other.seen, **one.seen}
    for name, pick in (("low", min), ("high", max)):
        found = [note.seen[name] for note in (one, other) if note.seen.get(name) is not None]
        if found:
            seen[name] = pick(found)
    return Note(one.step, one.message, one.n + other.n, one.values, seen, one.out + other.out)


def with_reasons(rows: pd.DataFrame) -> pd.DataFrame:
    """The log as readers see it, in their language: the columns of `cleaning_log.csv`."""
    reasons = [
        sentence(message, n=int(n), values=values)
        for message, n, values in zip(rows["message"], rows["n"], rows["values"], strict=True)
    ]
    return rows.assign(reason=reasons)[LOG_COLUMNS]


def write_parts(rows: pd.DataFrame, *, path: Path) -> None:
    """The log with its sentences still in parts, so that it can be said in another language."""
    text = json.dumps(rows.to_dict("records"), ensure_ascii=False, indent=0, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def read_parts(path: Path) -> pd.DataFrame:
    return pd.DataFrame(json.loads(path.read_text(encoding="utf-8")), columns=_PARTS)
