"""Columns of the source that the profile does not name, and what they seem to hold."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.clean.rows import Plan, combined
from aftersales.data.clean.text_steps import used_columns
from aftersales.data.privacy.privacy import mask_text
from aftersales.data.read import values
from aftersales.data.read.batch import FILE, LINE
from aftersales.words import say

_LOOKED_AT = 2_000  # cells of a column
_MOST = 0.8  # share of the cells that must be dates, or hold personal data
_DISTINCT = 0.98  # share of the cells of an id that are its own
_DATE = r"^\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
_ID = r"^[A-Za-z0-9#_\-]{3,40}$"
_PERSONAL = 0.2


def guesses(source: pa.Table, plan: Plan) -> list[str]:
    """Sentences: which columns nobody mapped look like dates, ids or personal data."""
    used = set(used_columns(plan, source.column_names)) | set(plan.mapping.dropped)
    names = [n for n in source.column_names if n not in (FILE, LINE) and n not in used]
    found: dict[str, list[str]] = {"dates": [], "ids": [], "personal": []}
    for name in names:
        if kind := _kind(_cells(source, name)):
            found[kind].append(name)
    shared = _undeclared(source, plan)
    return [
        text.format(columns=", ".join(columns))
        for text, columns in (
            (say("  not mapped, and like dates: {columns}", columns="{columns}"), found["dates"]),
            (say("  not mapped, and like ids: {columns}", columns="{columns}"), found["ids"]),
            (
                say("  not mapped, and like personal data: {columns}", columns="{columns}"),
                found["personal"],
            ),
            (
                say(
                    "  mapped, and like personal data: {columns}; declare `personal:` or `mask:`",
                    columns="{columns}",
                ),
                shared,
            ),
        )
        if columns
    ]


def _undeclared(source: pa.Table, plan: Plan) -> list[str]:
    """Source columns of names and ids that hold personal data, though nobody said so."""
    open_ = [c.source for c in plan.columns("str") if c.source and not (c.personal or c.mask)]
    return [n for n in dict.fromkeys(open_) if _personal(_cells(source, n))]


def _cells(source: pa.Table, name: str) -> pa.Array:
    cells = values.regular(combined(source[name].slice(0, _LOOKED_AT)))
    return cells.filter(pc.and_(pc.is_valid(cells), pc.not_equal(cells, "")))


def _kind(cells: pa.Array) -> str:
    n = len(cells)
    if not n:
        return ""
    if _personal(cells):
        return "personal"
    if _share(cells, _DATE) >= _MOST:
        return "dates"
    own = pc.count_distinct(cells).as_py() >= _DISTINCT * n
    return "ids" if n >= 20 and own and _share(cells, _ID) >= _MOST else ""


def _share(cells: pa.Array, like: str) -> float:
    return values.n_true(pc.match_substring_regex(cells, like)) / len(cells)


def _personal(cells: pa.Array) -> bool:
    if not len(cells):
        return False
    some = cells.slice(0, 300)
    hidden, _ = mask_text(values.to_series(some))
    changed = values.n_true(pc.not_equal(pa.Array.from_pandas(hidden, type=pa.string()), some))
    return changed >= _PERSONAL * len(some)
