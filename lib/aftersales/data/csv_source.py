"""Records of a CSV file, in batches, each with the line it begins on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from aftersales.data.batch import LINE, Batch, broken_table
from aftersales.data.csv_header import Header, read_header
from aftersales.data.lines import blank_lines, breaks_within, cell_sizes, count_breaks, holds
from aftersales.data.mapping import TableMapping
from aftersales.data.textfile import UNREADABLE, TextFile
from aftersales.errors import DataError

BLOCK = 16 << 20  # bytes of text parsed at a time; no record can be longer
_END = "\ufdd1"  # cell of a record put after the last one; Unicode reserves it for no text


@dataclass(frozen=True)
class CsvSource:
    """A CSV file whose header was read."""

    file: TextFile
    head: Header
    block: int = BLOCK

    @property
    def header(self) -> tuple[str, ...]:
        return self.head.names

    @property
    def facts(self) -> dict[str, Any]:
        return self.file.facts

    def batches(self, *, rows: int) -> Iterator[Batch]:
        """Batches of at most `rows` records; records that do not fit the header are broken."""
        feed = _Feed(self.file.chunks(), self.head)
        record = _Records(self.head, self.file, feed)
        try:
            with _parser(feed, self.head, self.block, refused=record.refused) as blocks:
                for block in blocks:
                    yield from _sliced(record.batch(block), rows)
        except pa.ArrowInvalid as error:
            raise self._unreadable(record.line, error) from None
        yield record.rest()

    def _unreadable(self, line: int, error: Exception) -> DataError:
        if "straddling" not in str(error):
            return DataError(f"{self.file.path}: cannot be read near line {line:,} ({error}).")
        return DataError(
            f"{self.file.path}: a record at or after line {line:,} is longer than "
            f"{self.block >> 20} MB; probably a quote is opened in it and not closed. Close it."
        )


def open_csv(file: TextFile, mapping: TableMapping) -> CsvSource:
    """A CSV file, its header read; errors as in `read_header`."""
    return CsvSource(file, read_header(file, mapping))


class _Feed:
    """What is parsed: the text behind the header, and a record of ours at its end.

    If a quote is still open at the end of the file, our record becomes part of its cell.
    """

    def __init__(self, chunks: Iterator[bytes], head: Header) -> None:
        self._chunks = self._with_end(self._behind(chunks, head.size), head)
        self._ready = bytearray()
        self._line = head.lines + 1
        self.blanks: list[np.ndarray] = []  # physical lines that are empty
        self.closed = False

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._ready) < size:
            if (chunk := next(self._chunks, None)) is None:
                break
            self._ready += chunk
        size = len(self._ready) if size < 0 else size
        part = bytes(self._ready[:size])
        del self._ready[:size]
        return part

    @staticmethod
    def _behind(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
        for chunk in chunks:
            if size < len(chunk):
                yield chunk[size:]
            size = max(size - len(chunk), 0)

    def _with_end(self, chunks: Iterator[bytes], head: Header) -> Iterator[bytes]:
        rest, last = b"", b"\n"
        for chunk in chunks:
            chunk = rest + chunk
            cut = max(chunk.rfind(b"\n"), chunk.rfind(b"\r", 0, -1)) + 1  # blank lines stay whole
            if cut:
                self._note(chunk[:cut])
                yield chunk[:cut]
                last = chunk[cut - 1 : cut]
            rest = chunk[cut:]
            if len(rest) > BLOCK:  # a line too long to be one; the parser will say so
                yield rest
                rest = b""
        if rest:
            self._note(rest)
            yield rest
            last = rest[-1:]
        end = head.delimiter.join([_END] * len(head.names)).encode()
        yield (end if last in b"\r\n" else b"\n" + end) + b"\n"

    def _note(self, chunk: bytes) -> None:
        blanks, breaks = blank_lines(chunk)
        if len(blanks):
            self.blanks.append(blanks + self._line)
        self._line += breaks


def _parser(
    feed: _Feed, head: Header, block: int, *, refused: Callable[[pcsv.InvalidRow], str]
) -> pcsv.CSVStreamingReader:
    names = [str(i) for i in range(len(head.names))]
    return pcsv.open_csv(
        pa.PythonFile(feed, mode="r"),
        read_options=pcsv.ReadOptions(use_threads=False, block_size=block, column_names=names),
        parse_options=pcsv.ParseOptions(
            delimiter=head.delimiter,
            quote_char='"' if head.quotes else False,
            newlines_in_values=head.quotes,
            ignore_empty_lines=False,
            invalid_row_handler=refused,
        ),
        convert_options=pcsv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            strings_can_be_null=False,
            check_utf8=False,  # the whole file was decoded before
        ),
    )


class _Records:
    """Numbers the records of a file, whole and broken, and finds the line each begins on."""

    def __init__(self, head: Header, file: TextFile, feed: _Feed) -> None:
        self._head, self._file, self._feed = head, file, feed
        self._next, self.line = 1, head.lines + 1  # of the first record not yet numbered
        self._refused: list[tuple[int, int, str]] = []  # number, line breaks, reason

    def refused(self, row: pcsv.InvalidRow) -> str:
        """Called by the parser for a record with too few or too many fields."""
        n, width = row.actual_columns, row.expected_columns
        reason = (
            _not_closed()
            if _END in row.text
            else f"record is incomplete: {n} of {width} fields"
            if n < width
            else f"record has {n} fields instead of {width}"
        )
        self._refused.append((row.number, count_breaks(row.text), reason))
        return "skip"

    def batch(self, block: pa.RecordBatch) -> Batch:
        """The whole records of a block, and the broken ones up to the last of them."""
        breaks = sum((breaks_within(column) for column in block.columns), np.zeros(len(block), int))
        lines, broken_lines, reasons = self._place(breaks)
        broken = broken_table(broken_lines, reasons)
        records = pa.Table.from_arrays(
            [*block.columns, pa.array(lines)], names=[*self._head.names, LINE]
        )
        return _without(self._marks(block, lines), records, broken)

    def rest(self) -> Batch:
        """The broken records behind the last whole one."""
        empty = [pa.array([], pa.string())] * len(self._head.names)
        return self.batch(pa.RecordBatch.from_arrays(empty, names=list(self._head.names)))

    def _place(self, breaks: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Lines of the next whole records, and lines and reasons of the broken ones among them."""
        waiting = np.array([number for number, _, _ in self._refused], int)
        numbers = np.arange(self._next, self._next + len(breaks) + len(waiting))
        numbers = numbers[~np.isin(numbers, waiting)][: len(breaks)]
        last = numbers[-1] if len(numbers) else self._next - 1
        among = int(np.searchsorted(waiting, last))
        among += int((waiting[among:] - np.arange(len(waiting) - among) == last + 1).sum())
        taken, self._refused = self._refused[:among], self._refused[among:]
        spans = np.ones(len(numbers) + among, int)
        whole, broken = numbers - self._next, waiting[:among] - self._next
        spans[whole] += breaks
        spans[broken] += np.array([within for _, within, _ in taken], int)
        lines = self.line + np.cumsum(spans) - spans
        self.line, self._next = int(self.line + spans.sum()), self._next + len(spans)
        return lines[whole], lines[broken], [reason for _, _, reason in taken]

    def _marks(self, block: pa.RecordBatch, lines: np.ndarray) -> list[tuple[np.ndarray, str]]:
        """Which rows of a block are not whole records, and why; no reason: nothing was lost."""
        marks = []
        if len(block) and any(holds(column[-1:], _END) for column in block.columns):
            ours = all(column[-1].as_py() == _END for column in block.columns)
            last = np.arange(len(block)) == len(block) - 1
            marks.append((last, "" if ours else _not_closed()))
        if not self._file.intact:
            damaged = np.zeros(len(block), bool)
            for column in block.columns:
                if holds(column, UNREADABLE):
                    damaged |= np.asarray(pc.match_substring(column, UNREADABLE))
            marks.append((damaged, f"record holds bytes that are not {self._file.encoding}"))
        if self._feed.blanks:
            sizes = sum(cell_sizes(column) for column in block.columns)
            blank = (sizes == 0) & np.isin(lines, np.concatenate(self._feed.blanks))
            marks.append((blank, ""))
        return marks


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


def _not_closed() -> str:
    return "record is incomplete: a quote in it is not closed before the end of the file"
