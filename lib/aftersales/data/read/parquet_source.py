"""Records of a Parquet file as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aftersales.data.read.batch import LINE, Batch, broken_table
from aftersales.data.read.text.csv_header import checked_names
from aftersales.data.read.text.textfile import file_digest
from aftersales.data.read.values import query
from aftersales.errors import DataError


@dataclass(frozen=True)
class ParquetSource:
    """A Parquet file whose footer was read; ``__line`` is the number of the record."""

    path: Path
    header: tuple[str, ...]

    @property
    def facts(self) -> dict[str, Any]:
        return {"sha256": file_digest(self.path)}

    def batches(self, *, rows: int) -> Iterator[Batch]:
        """Batches of at most `rows` records."""
        first = 1
        try:
            with pq.ParquetFile(self.path) as file:
                for batch in file.iter_batches(batch_size=rows):
                    records = as_text(pa.Table.from_batches([batch]), header=self.header)
                    lines = pa.array(np.arange(first, first + len(records)))
                    yield Batch(records.append_column(LINE, lines), broken_table())
                    first += len(records)
        except (pa.ArrowInvalid, OSError) as error:
            raise _damaged(self.path, error) from None


def open_parquet(path: Path) -> ParquetSource:
    """A Parquet file; one that is damaged, cut or without records is an error."""
    if not path.stat().st_size:
        raise DataError(f"{path} is empty; export it again, or remove it.")
    try:
        with pq.ParquetFile(path) as file:
            names, n = file.schema_arrow.names, file.metadata.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(path, error) from None
    if not n:
        raise DataError(f"{path} has columns but no records; export it again, or remove it.")
    return ParquetSource(path, checked_names(names, path=path))


def as_text(table: pa.Table, *, header: tuple[str, ...]) -> pa.Table:
    """Every column as text: times in ISO 8601, whole numbers without a decimal point.

    >>> as_text(pa.table({"id": [17850.0, None], "x": [1.5, 2.0]}), header=("id", "x")).to_pylist()
    [{'id': '17850', 'x': '1.5'}, {'id': None, 'x': '2'}]
    """
    names = [f"c{i}" for i in range(len(header))]
    plain = pa.Table.from_arrays([_without_zone(c) for c in table.columns], names=names)
    chosen = [
        f"regexp_replace({name}::varchar, '\\.0$', '') as {name}"
        if pa.types.is_floating(plain.schema.field(name).type)
        else f"{name}::varchar as {name}"
        for name in names
    ]
    text = query(f"select {', '.join(chosen)} from batch", plain).columns
    zoned = [pa.types.is_timestamp(c.type) and c.type.tz is not None for c in table.columns]
    columns = [
        pc.binary_join_element_wise(column, "+00:00", "") if is_zoned else column.cast(pa.string())
        for column, is_zoned in zip(text, zoned, strict=True)
    ]
    return pa.Table.from_arrays(columns, names=list(header))


def _without_zone(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times with a zone in UTC; `as_text` writes their offset behind them."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return column.cast(pa.timestamp(kind.unit))
    return column


def _damaged(path: Path, error: Exception) -> DataError:
    reason = str(error).splitlines()[0].rstrip(".")
    return DataError(f"{path} cannot be read as Parquet ({reason}); export or fetch it again.")
