"""Rows of one table on their way through the cleaning steps, and what the steps need to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.mapping.fields import ColumnMapping
from aftersales.data.mapping.mapping import TableMapping
from aftersales.data.read import values
from aftersales.data.read.batch import FILE, LINE
from aftersales.data.store.account import Note
from aftersales.errors import ConfigError
from aftersales.profile.config import Profile

REASON = "__reason"


@dataclass(frozen=True)
class Plan:
    """What is known of a table before its first row.

    Attributes
    ----------
    as_of : last complete day, None if neither the profile nor the caller says it
    regions : folded spelling -> region id
    key : the secret of the pseudonyms and of the marks by which rows are told apart
    """

    mapping: TableMapping
    timezone: str
    regions: Mapping[str, str]
    regions_file: str
    as_of: pd.Timestamp | None
    key: bytes

    @property
    def table(self) -> str:
        return self.mapping.table

    def columns(self, *kinds: str) -> list[ColumnMapping]:
        return [c for c in self.mapping.columns.values() if not kinds or c.kind in kinds]


def plan(
    mapping: TableMapping, *, profile: Profile, as_of: pd.Timestamp | None, key: bytes
) -> Plan:
    """The plan of a table of `profile`."""
    tree = profile.regions
    return Plan(mapping, profile.timezone, tree.aliases(), tree.file, as_of, key)


@dataclass(frozen=True)
class Rows:
    """Some rows of a table.

    Attributes
    ----------
    source : the rows as received, all text, with `FILE` and `LINE`
    cells : the source columns that are used, made regular
    columns : canonical columns, as far as the steps have come
    notes : what the steps did
    rejected : source rows taken out, with `REASON`
    """

    source: pa.Table
    cells: Mapping[str, pa.Array] = field(default_factory=dict)
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    rejected: tuple[pa.Table, ...] = ()

    def noted(self, *notes: Note) -> Rows:
        return replace(self, notes=(*self.notes, *notes))

    def with_cells(self, cells: Mapping[str, pa.Array]) -> Rows:
        return replace(self, cells={**self.cells, **cells})

    def with_columns(self, columns: Mapping[str, pa.Array]) -> Rows:
        return replace(self, columns={**self.columns, **columns})

    def only(self, mask: pa.Array) -> Rows:
        """The rows for which `mask` is true."""
        return replace(
            self,
            source=self.source.filter(mask),
            cells={n: pc.filter(a, mask) for n, a in self.cells.items()},
            columns={n: pc.filter(a, mask) for n, a in self.columns.items()},
        )

    def without(self, mask: pa.Array, *, reason: str, note: Note) -> Rows:
        """The rows that are left when those for which `mask` is true are rejected for `reason`."""
        mask = pc.fill_null(mask, False)
        if not (n := values.n_true(mask)):
            return self.noted(replace(note, n=0))
        gone = self.source.filter(mask)
        gone = gone.append_column(REASON, pa.array([reason] * n, pa.string()))
        rest = self.only(pc.invert(mask)).noted(replace(note, n=n, out=n))
        return replace(rest, rejected=(*rest.rejected, gone))

    def evaluate(self, sql: str, *, mapping: TableMapping, place: str, cleaned: bool) -> pa.Array:
        """A DuckDB expression over the source columns: as received, or `cleaned` ones."""
        source = self.source.drop_columns([FILE, LINE])
        if cleaned:
            for name, cells in self.cells.items():
                source = source.set_column(source.schema.get_field_index(name), name, cells)
        try:
            found = values.query(f"select ({sql}\n) as value from batch", source)
        except duckdb.Error as error:
            reason = str(error).split("\n\n")[0].replace("\n", " ")
            raise ConfigError(f"{mapping.place}, {place}: {reason}. Mend the SQL there.") from None
        return combined(found["value"])


def combined(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column in one piece."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
