"""A batch of raw records as text, with the place each one was read from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.store.account import Note

FILE, LINE = "__file", "__line"


@dataclass(frozen=True)
class Batch:
    """Some records of a table, in the order of the source.

    Attributes
    ----------
    records : one row per record; every source column as text, null where there is no value, and
        ``__file`` (relative to the raw folder) and ``__line``: the physical line on which the
        record begins (Excel: the row; Parquet, SQL: the number of the record, from 1)
    broken : one row per record that cannot be read, with ``__file``, ``__line`` and ``reason``,
        and none of its text, which may be personal
    notes : what the reader has to say of the file
    part : the part of the file they come from, where it has several, e.g. a sheet
    """

    records: pa.Table
    broken: pa.Table
    notes: tuple[Note, ...] = ()
    part: str = ""


class Source(Protocol):
    """One file or query: its column names are known before its records are read."""

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns, each different."""
        ...

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest says of it: ``sha256``, and ``encoding`` if it is not UTF-8."""
        ...

    def batches(self, *, rows: int) -> Iterator[Batch]:
        """Batches of at most `rows` records, without ``__file``."""
        ...


def broken_table(lines: Sequence[int] = (), reasons: Sequence[str] = ()) -> pa.Table:
    """The `broken` part of a batch, without ``__file``."""
    arrays = [pa.array(lines, pa.int64()), pa.array(reasons, pa.string())]
    return pa.Table.from_arrays(arrays, names=[LINE, "reason"])


def text_table(header: Sequence[str], cells: Sequence[Sequence], first_line: int) -> pa.Table:
    """Records as text, one list of cells per column, numbered from `first_line`."""
    n = len(cells[0]) if cells else 0
    arrays = [pa.array(column, pa.string()) for column in cells]
    arrays.append(pa.array(np.arange(first_line, first_line + n)))
    return pa.Table.from_arrays(arrays, names=[*header, LINE])


def aligned(batch: Batch, *, header: Sequence[str], file: str) -> Batch:
    """The same batch with the columns of `header`, null where absent, and ``__file``."""
    file = f"{file} [{batch.part}]" if batch.part else file
    n, have = batch.records.num_rows, set(batch.records.column_names)
    empty = pa.nulls(n, pa.string())
    arrays = [batch.records[name] if name in have else empty for name in header]
    records = pa.Table.from_arrays(
        [*arrays, _repeated(file, n), batch.records[LINE]], names=[*header, FILE, LINE]
    )
    named = batch.broken.add_column(0, FILE, _repeated(file, batch.broken.num_rows))
    return Batch(records, named, batch.notes, batch.part)


def filled_down(batches: Iterator[Batch], names: Sequence[str]) -> Iterator[Batch]:
    """The same batches, empty cells of some columns with the value of the one above them."""
    last: dict[str, Any] = {}
    for batch in batches:
        records = batch.records
        for name in names:
            if name in records.column_names:
                cells = records[name].combine_chunks()
                blank = pc.equal(pc.utf8_trim_whitespace(cells), "")
                cells = pc.if_else(blank, pa.scalar(None, pa.string()), cells)
                cells = pc.fill_null(
                    pc.fill_null_forward(cells), pa.scalar(last.get(name), pa.string())
                )
                last[name] = cells[-1].as_py() if len(cells) else last.get(name)
                place = records.column_names.index(name)
                records = records.set_column(place, name, cells)
        yield replace(batch, records=records)


def _repeated(text: str, n: int) -> pa.Array:
    return pc.cast(pa.repeat(text, n), pa.string())
