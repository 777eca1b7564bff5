"""A workbook: is it one, which sheets has it, which cells are merged, and its rows one by one."""

from __future__ import annotations

import datetime
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from aftersales.errors import DataError

Row = tuple[int, Sequence[Any]]  # number in the sheet, cells
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]+\d+:[A-Z]+\d+)"')
_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
_PADDED = re.compile(r'(?:"([^"]*)"|([A-Za-z\-]*))(0{2,})')
_DAMAGE = (zipfile.BadZipFile, EOFError, SyntaxError, zlib.error, KeyError, ValueError, TypeError)


@dataclass(frozen=True)
class Merged:
    """A block of merged cells; rows and columns from 1, both ends included."""

    left: int
    top: int
    right: int
    bottom: int


def open_book(path: Path, **how: Any) -> openpyxl.Workbook:
    """A workbook to read from; what is none is an error that says the way round."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if head.startswith(_OLE):
        with path.open("rb") as file:
            locked = _ENCRYPTED in file.read(1 << 24)
        raise DataError(
            f"{path} is protected by a password; open it, remove the password and save it as .xlsx."
            if locked
            else f"{path} is a workbook of the older kind (.xls, .et); open it in Excel or WPS and "
            "save it again as .xlsx, or export it as CSV."
        )
    if head.startswith(b"PK") and _is_binary(path):
        raise DataError(
            f"{path} is a binary workbook (.xlsb); save it again as .xlsx, or export it as CSV."
        )
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True, **how)
    except (*_DAMAGE, InvalidFileException, OSError) as error:
        raise DataError(
            f"{path} cannot be opened as an Excel workbook ({_said(error)}); save it again as "
            ".xlsx without a password, or export it as CSV."
        ) from None


def _is_binary(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.bin" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


def sheet_names(path: Path) -> list[str]:
    """Names of the sheets that hold cells; charts are none."""
    workbook = open_book(path)
    try:
        return [sheet.title for sheet in workbook.worksheets]
    finally:
        workbook.close()


def merged_cells(path: Path, sheet: str) -> list[Merged]:
    """The blocks of merged cells of a sheet, as the file lists them behind its rows."""
    workbook = open_book(path)
    try:
        name = getattr(workbook[sheet], "_worksheet_path", "").lstrip("/")
    finally:
        workbook.close()
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            tail, found = b"", []
            while chunk := file.read(1 << 20):
                text = tail + chunk
                found += [m[1] for m in _MERGED.finditer(text)]
                tail = text[text.rfind(b"<") :] if b"<" in text[-200:] else b""
                if b"mergeCell " in tail and b">" in tail:
                    tail = b""
    except _DAMAGE as error:
        raise _damaged(path, error) from None
    return [Merged(*range_boundaries(ref.decode())) for ref in dict.fromkeys(found)]


def read_rows(
    path: Path, sheet: str, *, first: int = 1, shown: bool = False, formulas: bool = False
) -> Iterator[Row]:
    """Rows that are not empty, from row `first`, without the empty cells at their ends.

    Parameters
    ----------
    shown : numbers that a format fills up with zeros are the text that people see
    formulas : formulas instead of the values that were computed from them
    """
    workbook = open_formulas(path) if formulas else open_book(path)
    try:
        worksheet = workbook[sheet]
        worksheet.reset_dimensions()  # some programs write a wrong size into the file
        for number, row in enumerate(worksheet.iter_rows(values_only=not shown), start=1):
            cells = [shown_value(cell) for cell in row] if shown else row
            last = max((i for i, cell in enumerate(cells) if cell not in (None, "")), default=-1)
            if number >= first and last >= 0:
                yield number, cells[: last + 1]
    except _DAMAGE as error:  # cut or damaged inside
        raise _damaged(path, error) from None
    finally:
        workbook.close()


def open_formulas(path: Path) -> openpyxl.Workbook:
    """A workbook whose cells hold formulas, not what they gave."""
    return openpyxl.load_workbook(path, read_only=True, data_only=False)


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} is damaged ({_said(error)}); save or fetch it again.")


def shown_value(cell: Any) -> Any:
    """The value of a cell; a number padded with zeros by its format as the text on the screen."""
    value = cell.value
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0
    match = _PADDED.fullmatch(str(cell.number_format)) if whole else None
    return f"{match[1] or match[2] or ''}{int(value):0{len(match[3])}d}" if match else value


def is_padded(cell: Any) -> bool:
    """Whether the format of a cell adds characters to the number in it."""
    return cell.value is not None and shown_value(cell) != cell.value


class Filled:
    """Cells merged down, each with the value of the first.

    Parameters
    ----------
    wanted : whether the cells of a column (from 1) are filled; amounts are not, since they would
        count several times
    """

    def __init__(self, merged: Sequence[Merged], *, wanted: Callable[[int], bool]) -> None:
        self._blocks = [m for m in merged if m.bottom > m.top and wanted(m.left)]
        self._values: dict[Merged, Any] = {}

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        for number, cells in rows:
            yield number, self._row(number, cells)

    def _row(self, number: int, cells: Sequence[Any]) -> Sequence[Any]:
        changed: list[Any] | None = None
        for block in self._blocks:
            if not block.top <= number <= block.bottom:
                continue
            here = cells[block.left - 1] if block.left <= len(cells) else None
            if number == block.top:
                self._values[block] = here
            elif here in (None, "") and block in self._values:
                changed = changed or list(cells) + [None] * max(block.left - len(cells), 0)
                changed += [None] * max(block.left - len(changed), 0)
                changed[block.left - 1] = self._values[block]
        return changed or cells


def text_of(value: Any) -> str | None:
    """A cell of a workbook or database as text; whole numbers without a decimal point.

    >>> text_of(17850.0), text_of(True), text_of(datetime.datetime(2024, 1, 31, 8, 30))
    ('17850', 'true', '2024-01-31 08:30:00')
    >>> text_of("#N/A")
    """
    match value:
        case None:
            return None
        case str():
            return None if value in _ERRORS else value
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
