"""Rejected rows: what stood in the source, without personal data, and why the row is no record.

A rejected row has the source columns that the profile maps, as text: personal ones as pseudonyms,
all others masked; unmapped columns are left out, since nobody said what they hold. Beside them
``file``, ``line`` and ``reason``; a source column of one of these names becomes
``source_<name>``. Broken records have only the three.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from aftersales.data.clean.rows import REASON, Plan, combined
from aftersales.data.privacy.privacy import mask_text, pseudonym
from aftersales.data.read import values
from aftersales.data.read.batch import FILE, LINE

_OURS = ("file", "line", "reason")


class Writer:
    """Writes rejected rows of a table to one Parquet file, as they come."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self.path = path
        self.plan = plan
        self.columns = source_columns(plan)
        names = [pa.field(n, pa.string()) for n in _named(self.columns)]
        ours = [pa.field("file", pa.string()), pa.field("line", pa.int64())]
        self.schema = pa.schema([*names, *ours, pa.field("reason", pa.string())])

    def __enter__(self) -> Writer:
        self._parquet = pq.ParquetWriter(self.path, self.schema, compression="zstd")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._parquet.close()

    def write_broken(self, broken: pa.Table) -> None:
        """Rows of the source that are no complete records: only file, line and reason."""
        self._append({}, broken[FILE], broken[LINE], broken["reason"])

    def write(self, source: pa.Table) -> None:
        """Rejected source rows with `FILE`, `LINE` and `REASON`."""
        hidden = {
            n: self._hidden(combined(source[n]), n)
            for n in self.columns
            if n in source.column_names
        }
        self._append(hidden, source[FILE], source[LINE], source[REASON])

    def write_cleaned(self, rows: pa.Table) -> None:
        """Rows rejected after the steps: their cleaned values, personal ones hidden already."""
        cells: dict[str, pa.Array] = {}
        for column in self.plan.columns():
            if column.source in self.columns:
                text = combined(rows[column.name]).cast(pa.string())
                cells[column.source] = text if column.personal else _masked(text)
        self._append(cells, rows[FILE], rows[LINE], rows[REASON])

    def write_file(self, path: Path) -> None:
        """Rows that another writer of this table wrote."""
        with pq.ParquetFile(path) as parquet:
            for rows in parquet.iter_batches():
                self._parquet.write_batch(rows)

    def _hidden(self, cells: pa.Array, name: str) -> pa.Array:
        """Source cells without personal data."""
        if not self.columns[name]:
            return _masked(cells)
        text = pseudonym(values.to_series(values.regular(cells)), key=self.plan.key)
        return pa.Array.from_pandas(text, type=pa.string())

    def _append(self, cells: dict, files: pa.Array, lines: pa.Array, reasons: pa.Array) -> None:
        if not len(files):
            return
        empty = pa.nulls(len(files), pa.string())
        columns = [cells.get(name, empty) for name in self.columns]
        columns += [files.cast(pa.string()), lines.cast(pa.int64()), reasons.cast(pa.string())]
        self._parquet.write_table(pa.table(columns, schema=self.schema))


def source_columns(plan: Plan) -> dict[str, bool]:
    """Source columns that are mapped -> whether one of their uses is personal."""
    found: dict[str, bool] = {}
    for column in plan.columns():
        if column.source is not None and column.source not in plan.mapping.dropped:
            found[column.source] = found.get(column.source, False) or column.personal == "pseudonym"
    return found


def _named(columns: dict[str, bool]) -> list[str]:
    return [f"source_{name}" if name in _OURS else name for name in columns]


def _masked(cells: pa.Array) -> pa.Array:
    text, _ = mask_text(values.to_series(cells))
    return pa.Array.from_pandas(text, type=pa.string())
