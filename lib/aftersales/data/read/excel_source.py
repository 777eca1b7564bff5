"""Records of an Excel sheet, row by row, so that a large workbook does not fill the memory."""

from __future__ import annotations

import datetime
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
from openpyxl.utils.exceptions import InvalidFileException

from aftersales.data.mapping.mapping import TableMapping
from aftersales.data.read.batch import LINE, Batch, broken_table
from aftersales.data.read.text.csv_header import checked_names
from aftersales.data.read.text.textfile import file_digest
from aftersales.errors import DataError, nearest

Row = tuple[int, Sequence[Any]]  # number in the sheet, cells


@dataclass(frozen=True)
class ExcelSource:
    """A sheet whose header was read; ``__line`` is the row number that Excel shows."""

    path: Path
    sheet: str
    header: tuple[str, ...]
    first: int  # row number of the first record

    @property
    def facts(self) -> dict[str, Any]:
        return {"sha256": file_digest(self.path)}

    def batches(self, *, rows: int) -> Iterator[Batch]:
        """Batches of at most `rows` records; empty rows are no records."""
        sheet_rows = _rows(self.path, self.sheet, first=self.first)
        while part := list(islice(sheet_rows, rows)):
            yield self._batch(part)

    def _batch(self, part: list[Row]) -> Batch:
        width = len(self.header)
        fits = [(n, cells) for n, cells in part if len(cells) <= width]
        broken = [(n, len(cells)) for n, cells in part if len(cells) > width]
        columns = [
            pa.array([text_of(c[i]) if i < len(c) else None for _, c in fits], pa.string())
            for i in range(width)
        ]
        lines = pa.array([n for n, _ in fits], pa.int64())
        return Batch(
            pa.Table.from_arrays([*columns, lines], names=[*self.header, LINE]),
            broken_table(
                [n for n, _ in broken],
                [f"record has {found} fields instead of {width}" for _, found in broken],
            ),
        )


def open_excel(path: Path, mapping: TableMapping) -> ExcelSource:
    """A sheet of a workbook, its header read.

    Raises
    ------
    DataError
        For a file that is no workbook, a sheet that does not exist or has no records.
    """
    if not path.stat().st_size:
        raise DataError(f"{path} is empty; export it again, or remove it.")
    sheet = _sheet(path, mapping)
    head = list(islice(_rows(path, sheet, first=mapping.skip_rows + 1), 2))
    if not head:
        raise DataError(f'{path}: sheet "{sheet}" is empty; correct `sheet:` in {mapping.place}.')
    if len(head) < 2:
        raise DataError(
            f'{path}: sheet "{sheet}" has a header but no records; export it again, or remove it.'
        )
    number, cells = head[0]
    names = checked_names([text_of(cell) or "" for cell in cells], path=f"{path}, sheet {sheet}")
    return ExcelSource(path, sheet, names, number + 1)


def _sheet(path: Path, mapping: TableMapping) -> str:
    workbook = _workbook(path)
    names, wanted = workbook.sheetnames, mapping.sheet
    workbook.close()
    if wanted is None:
        return names[0]
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        return names[wanted - 1]
    if str(wanted) in names:
        return str(wanted)
    raise DataError(
        f'{path} has no sheet "{wanted}"; {nearest(wanted, names)} '
        f"Correct `sheet:` in {mapping.place}."
    )


def _workbook(path: Path) -> openpyxl.Workbook:
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise DataError(
            f"{path} cannot be opened as an Excel workbook ({error}); save it again as .xlsx "
            "without a password, or export it as CSV."
        ) from None


def _rows(path: Path, sheet: str, *, first: int) -> Iterator[Row]:
    """Rows that are not empty, from row `first`, without the empty cells at their ends."""
    workbook = _workbook(path)
    try:
        worksheet = workbook[sheet]
        worksheet.reset_dimensions()  # some programs write a wrong size into the file
        for number, cells in enumerate(worksheet.iter_rows(values_only=True), start=1):
            last = max((i for i, cell in enumerate(cells) if cell not in (None, "")), default=-1)
            if number >= first and last >= 0:
                yield number, cells[: last + 1]
    except (zipfile.BadZipFile, EOFError, SyntaxError) as error:  # cut or damaged inside
        raise DataError(f"{path} is damaged ({error}); save or fetch it again.") from None
    finally:
        workbook.close()


def text_of(value: Any) -> str | None:
    """A cell of a workbook or database as text; whole numbers without a decimal point.

    >>> text_of(17850.0), text_of(True), text_of(datetime.datetime(2024, 1, 31, 8, 30))
    ('17850', 'true', '2024-01-31 08:30:00')
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value != value:
            return None
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case datetime.datetime():
            return value.isoformat(sep=" ")
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
        case bytes() | memoryview():
            return bytes(value).hex()
    return str(value)
