"""Records that a DuckDB query makes of several raw files: joins and summaries before mapping."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

import duckdb
import numpy as np
import pyarrow as pa

from aftersales.data.read.batch import LINE, Batch, broken_table
from aftersales.data.read.parquet_source import as_text
from aftersales.data.read.text.csv_header import checked_names
from aftersales.data.store import scratch
from aftersales.errors import ConfigError, DataError

_MEMORY = "512MB"  # what does not fit goes to a temporary folder on disk


class QuerySource:
    """A query over files; each is a table named by its file name up to the first dot.

    All columns of the tables are text, empty cells null. ``__line`` is the number of the record
    in the result. Use as a context: it keeps the tables in a temporary folder.

    Parameters
    ----------
    tables : name -> columns of each file
    place : where the query is written, for messages
    """

    def __init__(self, query: str, *, tables: Mapping[str, Iterable[str]], place: str) -> None:
        self._query, self._place = query.strip().rstrip(";"), place
        self._tables = {name: list(columns) for name, columns in tables.items()}
        with duckdb.connect(config={"enable_external_access": False}) as empty:
            self._make_tables(empty)
            names = self._run(empty).columns
            self.header = checked_names(names, path=place, wanted=names)

    def __enter__(self) -> QuerySource:
        self._folder = tempfile.TemporaryDirectory(prefix=scratch.prefix())
        file = Path(self._folder.name) / "files.duckdb"
        self._filled = duckdb.connect(str(file), config={"memory_limit": _MEMORY})
        self._make_tables(self._filled)
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._filled.close()
        self._folder.cleanup()

    def add(self, records: pa.Table, *, table: str) -> None:
        """Put records of a file into its table."""
        columns = self._tables[table]
        cells = ", ".join(f"nullif({_quoted(name)}, '')" for name in columns)
        self._filled.register("batch", records.select(columns))
        self._filled.execute(f"insert into {_quoted(table)} select {cells} from batch")
        self._filled.unregister("batch")

    def batches(self, *, rows: int) -> Iterator[Batch]:
        """The records of the result, in batches of at most `rows`."""
        first = 1
        for part in self._run(self._filled).to_arrow_reader(rows):
            records = as_text(pa.Table.from_batches([part]), header=self.header)
            lines = pa.array(np.arange(first, first + len(records)))
            yield Batch(records.append_column(LINE, lines), broken_table())
            first += len(records)
        if first == 1:
            raise DataError(f"{self._place}: the query finds no records; correct it.")

    def _make_tables(self, connection: duckdb.DuckDBPyConnection) -> None:
        for name, columns in self._tables.items():
            kinds = ", ".join(f"{_quoted(column)} varchar" for column in columns)
            connection.execute(f"create table {_quoted(name)} ({kinds})")

    def _run(self, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        try:
            return connection.sql(self._query)
        except duckdb.Error as error:
            raise ConfigError(
                f"{self._place}: the query does not run: {str(error).splitlines()[0]} "
                f"Its tables are: {', '.join(self._tables)}. Correct the query."
            ) from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
