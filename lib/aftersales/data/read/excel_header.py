"""The header of a sheet: in one row or several, merged or not, below titles or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aftersales.data.mapping.mapping import TableMapping
from aftersales.data.read.excel_book import Merged, Row, text_of
from aftersales.data.read.text.csv_header import checked_names, header_hint
from aftersales.errors import DataError

_TITLES = 20  # rows among which a header is looked for


@dataclass(frozen=True)
class Found:
    """Names of the columns, the row of the first record, and the first records."""

    names: tuple[str, ...]
    first: int
    records: list[Row]


def header_of(
    rows: list[Row],
    merged: Sequence[Merged],
    mapping: TableMapping,
    *,
    where: str,
    lenient: bool = False,
) -> Found | None:
    """The header that begins in the first row that is not empty behind `skip_rows`.

    Names written over several rows (`header_rows`) are the lowest of a column, or all of them
    with blanks between where the lowest is not its own. A column without a name is `column_` and
    its number.

    Parameters
    ----------
    lenient : a sheet that lacks the header or its records gives None instead of an error
    """
    below = [row for row in rows if row[0] > mapping.skip_rows]
    top = below[0][0] if below else 0
    head = [row for row in below if row[0] < top + mapping.header_rows]
    records = below[len(head) :]
    if not head:
        return _none(lenient, f"{where} is empty; correct `sheet:` in {mapping.place}.")
    wanted = set(mapping.source_columns)
    names = _names(head, records, merged, wanted, last=top + mapping.header_rows - 1)
    needed = {c.source for c in mapping.columns.values() if c.required and c.source}
    if lacking := needed - set(names):
        if lenient and lacking == needed:
            return None
        if hint := header_hint(_texts(rows[:_TITLES]), wanted, chosen=len(wanted & set(names))):
            raise DataError(f"{where}: {hint[0]}: write `skip_rows: {hint[1]}` in {mapping.place}.")
    if not records:
        return _none(
            lenient, f"{where} has a header but no records; export it again, or remove it."
        )
    checked = checked_names(names, path=where, wanted=wanted)
    return Found(checked, top + mapping.header_rows, records)


def _none(lenient: bool, said: str) -> None:
    if not lenient:
        raise DataError(said)


def _texts(rows: list[Row]) -> list[tuple[int, list[str]]]:
    return [(number, [(text_of(c) or "").strip() for c in cells]) for number, cells in rows]


def _names(
    head: list[Row], records: list[Row], merged: Sequence[Merged], wanted: set[str], *, last: int
) -> list[str]:
    """The names of the columns; "" where there is none."""
    used = Counter(len(cells) for _, cells in records)
    usual = max((n for n in used if used[n] * 2 >= len(records)), default=0)
    covered = [m.right for m in merged if m.top <= last <= m.bottom]
    width = max([len(cells) for _, cells in head] + covered + [usual])
    columns = [_column(i, head, merged, last) for i in range(width)]
    lowest = Counter(parts[-1] for parts in columns if parts)
    names = []
    for i, parts in enumerate(columns, start=1):
        ways = [parts[-1], " ".join(parts)] if parts else []
        asked = [way for way in (*ways, f"column_{i}") if way in wanted]
        own = ways[0] if ways and lowest[ways[0]] == 1 else " ".join(parts)
        names.append(asked[0] if asked and lowest[asked[0]] <= 1 else own)
    return names


def _column(i: int, head: list[Row], merged: Sequence[Merged], last: int) -> list[str]:
    """What stands over a column, from the top, each once."""
    parts: list[str] = []
    for number, cells in head:
        text = _cell(cells, i)
        if not text:
            text = _merged_text(number, i, head, merged)
        if text and text not in parts:
            parts.append(text)
    return parts


def _merged_text(number: int, i: int, head: list[Row], merged: Sequence[Merged]) -> str:
    """The text of the block of merged cells that a cell of the header lies in."""
    rows = dict(head)
    for m in merged:
        if m.top <= number <= m.bottom and m.left <= i + 1 <= m.right and m.top in rows:
            return _cell(rows[m.top], m.left - 1)
    return ""


def _cell(cells: Sequence[Any], i: int) -> str:
    return (text_of(cells[i]) or "").strip() if i < len(cells) else ""
