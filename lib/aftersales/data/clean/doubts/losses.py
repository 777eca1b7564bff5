"""What cleaning lost of the columns that a profile maps, the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aftersales import words
from aftersales.data.store.account import Note
from aftersales.data.store.reasons import sentence
from aftersales.words import say

_DOUBTS = ("swapped", "short_months", "outside_scale", "scientific", "sheets_left")
_LOST = ("region_unknown", "order", "impossible_age")
_SMALL = 0.1  # share of keys without a row in the other table that is usual
_OWN = {"select", "reject rules", "flags", "gaps"}  # the profile asked for them


def lost(notes: Iterable[Note], *, rows: int) -> list[tuple[float, str]]:
    """Share of the rows and sentence of each loss and doubt; rejected rows before cells."""
    told = []
    for note in notes:
        if not note.n or note.step in _OWN or not note.message:
            continue
        share = min(note.n / rows, 1.0) if rows else 0.0
        if note.message in _DOUBTS:
            told.append((0, share, note))
        elif note.out and note.message not in ("copies", "superseded", "same_content"):
            told.append((1, share, note))
        elif _loses_cells(note):
            told.append((2, share, note))
    told.sort(key=lambda entry: (entry[0], -entry[1]))
    return [(share, _said(note)) for _, share, note in told]


def _loses_cells(note: Note) -> bool:
    if note.message == "unjoined":
        return note.n > _SMALL * float(note.values.get("total") or 0)
    missing = note.message.endswith("_missing") and note.message != "region_missing"
    return missing or note.message in _LOST


def _said(note: Note) -> str:
    return sentence(note.message, n=note.n, values={**note.values, **note.seen})


def rejected_share(notes: Iterable[Note], *, rows: int) -> float:
    """Share of the rows that are rejected for a reason the profile did not ask for."""
    if not rows:
        return 0.0
    out = sum(n.out for n in notes if n.step not in _OWN and n.message not in ("copies",))
    return out / rows


def lines(told: Iterable[tuple[float, str]]) -> list[str]:
    """One line per loss, with its share of the rows."""
    return [
        say("  {share}: {sentence}", share=words.percent(share), sentence=text)
        for share, text in told
    ]


def from_log(entries: Iterable[dict[str, Any]]) -> list[Note]:
    """The notes of a written cleaning log."""
    return [
        Note(e["step"], e["message"], int(e["n"]), e["values"], {}, e["rows_in"] - e["rows_out"])
        for e in entries
    ]
