"""Records of a CSV file, in batches, each with the line it begins on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from aftersales.data.mapping.mapping import TableMapping
from aftersales.data.read.batch import LINE, Batch, broken_table
from aftersales.data.read.text.csv_header import Header, read_header
from aftersales.data.read.text.lines import (
    break_positions,
    breaks_within,
    cell_sizes,
    count_breaks,
    holds,
)
from aftersales.data.read.text.textfile import UNREADABLE, TextFile
from aftersales.errors import DataError

BLOCK = 16 << 20  # bytes of text parsed at a time
_LONGEST = 2 << 20  # bytes a single record may have
_END = "\ufdd1"  # cell of a record put after the last one; Unicode reserves it for no text
_WIDE = 5  # columns from which on a single line with as many delimiters is a record
_NOT_CLOSED = "record is incomplete: a quote in it is not closed before the end of the file"


@dataclass(frozen=True)
class CsvSource:
    """A CSV file whose header was read.

    Each block is parsed as a whole, from the beginning of a record; its last record, which may be
    cut, is carried over to the next block. (Arrow's own reader of blocks loses its place where a
    block ends within quotes.)
    """

    file: TextFile
    head: Header
    block: int = BLOCK
    longest: int = _LONGEST

    @property
    def header(self) -> tuple[str, ...]:
        return self.head.names

    @property
    def facts(self) -> dict[str, Any]:
        return self.file.facts

    def batches(self, *, rows: int) -> Iterator[Batch]:
        """Batches of at most `rows` records; records that do not fit the header are broken."""
        line, rest = self.head.lines + 1, b""
        for text in self._texts():
            rest += text
            if end := max(rest.rfind(b"\n"), rest.rfind(b"\r")) + 1:  # never within a character
                block = _Block(rest[:end], self.head, line=line)
                cut, line = block.last_begins(), block.last_line
                rest = rest[cut:]
                if cut:
                    yield from _sliced(block.batch(self.file, whole=False), rows)
            self._check_length(rest, line)
        ours = self.head.delimiter.join([_END] * len(self.header)).encode()
        end = ours if rest[-1:] in b"\r\n" else b"\n" + ours
        block = _Block(rest + end + b"\n", self.head, line=line)
        yield from _sliced(block.batch(self.file, whole=True), rows)

    def _texts(self) -> Iterator[bytes]:
        """The text behind the header, in parts of the size of a block."""
        skip, ready = self.head.size, bytearray()
        for chunk in self.file.chunks():
            ready += chunk[skip:]
            skip = max(skip - len(chunk), 0)
            while len(ready) >= self.block:
                yield bytes(ready[: self.block])
                del ready[: self.block]
        if ready:
            yield bytes(ready)

    def _check_length(self, rest: bytes, line: int) -> None:
        if len(rest) > self.longest:
            raise DataError(
                f"{self.file.path}: the record that begins on line {line:,} is longer than "
                f"{self.longest:,} bytes; probably a quote is opened in it and not closed. "
                "Close it."
            )


def open_csv(file: TextFile, mapping: TableMapping) -> CsvSource:
    """A CSV file, its header read; errors as in `read_header`."""
    return CsvSource(file, read_header(file, mapping))


@dataclass
class _Block:
    """Text that begins with a record, and the records in it, numbered from 0."""

    text: bytes
    head: Header
    line: int  # physical line its first record begins on
    refused: list[tuple[int, int, str]] = field(default_factory=list)  # number, breaks, reason

    def __post_init__(self) -> None:
        columns = self._parse().columns
        self.columns = [column.combine_chunks() for column in columns]
        self.broken = np.array([number for number, _, _ in self.refused], int)
        n = len(self.columns[0])
        numbers = np.arange(n + len(self.broken))
        self.whole = np.delete(numbers, self.broken)
        self.spans = np.ones(len(numbers), int)  # physical lines of each record
        self.spans[self.whole] += sum(breaks_within(column) for column in self.columns)
        self.spans[self.broken] += np.array([breaks for _, breaks, _ in self.refused], int)
        self.lines = self.line + np.cumsum(self.spans) - self.spans

    @property
    def last_line(self) -> int:
        return int(self.lines[-1])

    def last_begins(self) -> int:
        """The position in the text at which the last record begins."""
        before = int(self.spans[:-1].sum())
        return int(break_positions(self.text)[before - 1]) + 1 if before else 0

    def batch(self, file: TextFile, *, whole: bool) -> Batch:
        """Its records; without the last one unless the text is `whole`, ended by our record."""
        self.check_quotes(file)
        arrays = [*self.columns, pa.array(self.lines[self.whole])]
        records = pa.Table.from_arrays(arrays, names=[*self.head.names, LINE])
        broken = broken_table(self.lines[self.broken], [reason for _, _, reason in self.refused])
        marks = [*self._end(whole), *self._damaged(file), *self._blank()]
        last = len(self.spans) - 1
        if not whole and last in self.broken:
            broken = broken.slice(0, broken.num_rows - 1)
        return _without(marks, records, broken)

    def _parse(self) -> pa.Table:
        names = [str(i) for i in range(len(self.head.names))]
        return pcsv.read_csv(
            pa.py_buffer(self.text),
            read_options=pcsv.ReadOptions(
                use_threads=False, block_size=len(self.text) + 1, column_names=names
            ),
            parse_options=pcsv.ParseOptions(
                delimiter=self.head.delimiter,
                quote_char='"' if self.head.quotes else False,
                newlines_in_values=self.head.quotes,
                ignore_empty_lines=False,
                invalid_row_handler=self._refuse,
            ),
            convert_options=pcsv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                strings_can_be_null=False,
                check_utf8=False,  # the whole file was decoded before
            ),
        )

    def _refuse(self, row: pcsv.InvalidRow) -> str:
        """Called by the parser for a record with too few or too many fields."""
        n, width = row.actual_columns, row.expected_columns
        reason = (
            _NOT_CLOSED
            if _END in row.text
            else f"record is incomplete: {n} of {width} fields"
            if n < width
            else f"record has {n} fields instead of {width}"
        )
        self.refused.append((row.number - 1, count_breaks(row.text), reason))
        return "skip"

    def _end(self, whole: bool) -> Iterator[tuple[np.ndarray, str]]:
        """The last row: carried over, ours, or a record whose open quote swallowed ours."""
        if not len(self.whole) or self.whole[-1] < len(self.spans) - 1:
            return
        last = np.arange(len(self.whole)) == len(self.whole) - 1
        if not whole or all(column[-1].as_py() == _END for column in self.columns):
            yield last, ""
        elif any(holds(column[-1:], _END) for column in self.columns):
            yield last, _NOT_CLOSED

    def _damaged(self, file: TextFile) -> Iterator[tuple[np.ndarray, str]]:
        if file.intact:
            return
        damaged = np.zeros(len(self.whole), bool)
        for column in self.columns:
            if holds(column, UNREADABLE):
                damaged |= np.asarray(pc.match_substring(column, UNREADABLE))
        yield damaged, f"record holds bytes that are not {file.encoding}"

    def check_quotes(self, file: TextFile) -> None:
        """A quote that is not closed swallows whole records: a cell with their delimiters."""
        width = len(self.columns)
        for column in self.columns if width > 2 and self.head.quotes else ():
            breaks = breaks_within(column)
            if isinstance(breaks, int) or not breaks.any():
                continue
            places = np.flatnonzero(breaks)
            cells = column.take(pa.array(places))
            marks = np.asarray(pc.count_substring(cells, self.head.delimiter))
            lost = (marks == breaks[places] * (width - 1)) & (
                (breaks[places] > 1) | (width >= _WIDE)
            )
            if lost.any():
                first = places[np.flatnonzero(lost)[0]]
                raise DataError(
                    f"{file.path}: a quote in the record that begins on line "
                    f"{self.lines[self.whole][first]:,} is closed {breaks[first]:,} lines later, "
                    "and what lies between looks like records; mend the quote there, or write "
                    "`quotes: false` in sources.yaml if quotes mean nothing in this file."
                )

    def _blank(self) -> Iterator[tuple[np.ndarray, str]]:
        """Lines without any character are no records; a line of delimiters alone is one."""
        empty = sum(cell_sizes(column) for column in self.columns) == 0
        if not empty.any():
            return
        breaks = break_positions(self.text)
        data = np.frombuffer(self.text, np.uint8)
        ends = np.append(breaks, len(data))[self.lines[self.whole] - self.line]
        starts = np.concatenate([[0], breaks + 1])[self.lines[self.whole] - self.line]
        returns = (ends > starts) & (data[np.maximum(ends, 1) - 1] == ord("\r"))
        yield empty & (ends - returns == starts), ""


def _without(marks: list[tuple[np.ndarray, str]], records: pa.Table, broken: pa.Table) -> Batch:
    """Marked rows taken out of the records; those with a reason become broken ones."""
    found, reasons = np.zeros(records.num_rows, bool), np.full(records.num_rows, "", object)
    for rows, reason in marks:
        reasons[rows & ~found] = reason
        found |= rows
    if not found.any():
        return Batch(records, broken)
    lost = np.flatnonzero(reasons.astype(bool))
    more = broken_table(np.asarray(records[LINE])[lost], reasons[lost])
    broken = pa.concat_tables([broken, more]).sort_by(LINE)
    return Batch(records.filter(pa.array(~found)), broken)


def _sliced(batch: Batch, rows: int) -> Iterator[Batch]:
    """The same records in batches of at most `rows`; broken ones come with the first."""
    yield Batch(batch.records.slice(0, rows), batch.broken)
    for start in range(rows, batch.records.num_rows, rows):
        yield Batch(batch.records.slice(start, rows), broken_table())
