"""Records of the sheets of a workbook, row by row, so that a large one does not fill the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from aftersales.data.mapping.mapping import TableMapping
from aftersales.data.read.batch import LINE, Batch, broken_table
from aftersales.data.read.excel_book import (
    Filled,
    Merged,
    Row,
    is_padded,
    merged_cells,
    open_book,
    read_rows,
    sheet_names,
    text_of,
)
from aftersales.data.read.excel_header import Found, header_of
from aftersales.data.read.text.textfile import file_digest
from aftersales.data.store.account import Note
from aftersales.errors import DataError, nearest

_PROBED = 200  # rows looked at to learn what a sheet holds
ALL = "*"


@dataclass(frozen=True)
class Sheet:
    """A sheet whose header was read; `first` is the row of its first record."""

    name: str
    header: tuple[str, ...]
    first: int
    merged: tuple[Merged, ...]
    amounts: frozenset[int]  # columns, from 1, that are not filled down
    shown: bool = False  # whether formats add to what ids are


@dataclass(frozen=True)
class ExcelSource:
    """Sheets whose headers were read; ``__line`` is the row number that Excel shows."""

    path: Path
    sheets: tuple[Sheet, ...]
    left: tuple[str, ...] = ()  # names of sheets that are not read

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for sheet in self.sheets for name in sheet.header))

    @property
    def facts(self) -> dict[str, Any]:
        return {"sha256": file_digest(self.path)}

    def batches(self, *, rows: int) -> Iterator[Batch]:
        """Batches of at most `rows` records; empty rows are no records."""
        notes = self._notes()
        for sheet in self.sheets:
            found = read_rows(self.path, sheet.name, first=1, shown=sheet.shown)
            filled = Filled(sheet.merged, wanted=lambda i, s=sheet: i not in s.amounts)(found)
            records = (row for row in filled if row[0] >= sheet.first)
            while part := list(islice(records, rows)):
                where = sheet.name if len(self.sheets) > 1 else ""
                yield _batch(part, sheet.header, where=where, notes=notes)
                notes = ()

    def _notes(self) -> tuple[Note, ...]:
        if not self.left:
            return ()
        said = {"file": self.path.name, "sheets": ", ".join(self.left)}
        return (Note("doubts", "sheets_left", len(self.left), said),)


def _batch(part: list[Row], header: Sequence[str], *, where: str, notes: tuple[Note, ...]) -> Batch:
    width = len(header)
    fits = [(n, cells) for n, cells in part if len(cells) <= width]
    broken = [(n, len(cells)) for n, cells in part if len(cells) > width]
    columns = [
        pa.array([text_of(c[i]) if i < len(c) else None for _, c in fits], pa.string())
        for i in range(width)
    ]
    lines = pa.array([n for n, _ in fits], pa.int64())
    return Batch(
        pa.Table.from_arrays([*columns, lines], names=[*header, LINE]),
        broken_table(
            [n for n, _ in broken],
            [f"record has {found} fields instead of {width}" for _, found in broken],
        ),
        notes=notes,
        part=where,
    )


def open_excel(path: Path, mapping: TableMapping) -> ExcelSource:
    """The sheets of a workbook that the mapping names, or its first, their headers read.

    Raises
    ------
    DataError
        For a file that is no workbook, a sheet that does not exist or has no records, formulas
        that were never calculated.
    """
    if not path.stat().st_size:
        raise DataError(f"{path} is empty; export it again, or remove it.")
    names = sheet_names(path)
    wanted = [
        found for sheet in mapping.sheets or (1,) for found in _named(sheet, names, path, mapping)
    ]
    every = ALL in mapping.sheets
    sheets = [_sheet(path, name, mapping, lenient=every and len(names) > 1) for name in wanted]
    read = tuple(sheet for sheet in sheets if sheet)
    if not read:
        raise DataError(
            f"{path}: no sheet has the columns of {mapping.place} and a record below them; correct "
            "`sheet:`, `skip_rows:` or the names of the columns there."
        )
    done = {sheet.name for sheet in read}
    left = tuple(n for n in names if n not in done and next(read_rows(path, n), None))
    return ExcelSource(path, read, left)


def _named(wanted: str | int, names: list[str], path: Path, mapping: TableMapping) -> list[str]:
    if wanted == ALL and ALL not in names:
        return names
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        return [names[wanted - 1]]
    if str(wanted) in names:
        return [str(wanted)]
    raise DataError(
        f'{path} has no sheet "{wanted}"; {nearest(wanted, names)} '
        f"Correct `sheet:` in {mapping.place}."
    )


def _sheet(path: Path, name: str, mapping: TableMapping, *, lenient: bool) -> Sheet | None:
    """A sheet, its header read; None for one that is `lenient`ly left out."""
    merged = tuple(merged_cells(path, name))
    rows = list(islice(read_rows(path, name), mapping.skip_rows + mapping.header_rows + _PROBED))
    found = header_of(rows, merged, mapping, where=f'{path}: sheet "{name}"', lenient=lenient)
    if found is None:
        return None
    places = {column: i for i, column in enumerate(found.names, start=1)}
    _check_formulas(path, name, mapping, found, places)
    amounts = frozenset(places[c] for c in mapping.numeric if c in places)
    shown = _padded(path, name, mapping, found, places)
    return Sheet(name, found.names, found.first, merged, amounts, shown)


def _check_formulas(
    path: Path, name: str, mapping: TableMapping, found: Found, places: dict[str, int]
) -> None:
    """A formula whose value was never stored reads as an empty cell."""
    used = [places[c] - 1 for c in mapping.source_columns if c in places]
    empty = {
        (number, i)
        for number, cells in found.records
        for i in used
        if i >= len(cells) or cells[i] is None
    }
    if not empty:
        return
    rows = read_rows(path, name, formulas=True)
    for number, cells in islice(rows, _PROBED + found.first):
        for i, cell in enumerate(cells):
            formula = isinstance(cell, str) and cell.startswith("=")
            if (formula or hasattr(cell, "ref")) and (number, i) in empty:
                raise DataError(
                    f'{path}: sheet "{name}", column "{found.names[i]}" holds formulas that were '
                    "never calculated; open the workbook in Excel or WPS, save it, and try again."
                )


def _padded(
    path: Path, name: str, mapping: TableMapping, found: Found, places: dict[str, int]
) -> bool:
    """Whether a format writes zeros or letters before numbers that are ids or names."""
    texts = {c.source for c in mapping.columns.values() if c.kind == "str"}
    used = [places[c] - 1 for c in texts if c in places]
    workbook = open_book(path)
    try:
        rows = workbook[name].iter_rows(min_row=found.first, max_row=found.first + _PROBED)
        return any(is_padded(row[i]) for row in rows for i in used if i < len(row))
    finally:
        workbook.close()
