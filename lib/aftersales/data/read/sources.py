"""Raw records of a table as text, in batches, from any file or database a profile maps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from aftersales.data.mapping.mapping import TableMapping
from aftersales.data.read.batch import Batch, Source, aligned, filled_down
from aftersales.data.read.excel_source import open_excel
from aftersales.data.read.parquet_source import open_parquet
from aftersales.data.read.query_source import QuerySource
from aftersales.data.read.sql_source import open_sql
from aftersales.data.read.text.csv_source import open_csv
from aftersales.data.read.text.jsonl_source import open_jsonl
from aftersales.data.read.text.textfile import read_through
from aftersales.errors import ConfigError, DataError, nearest

ROWS = 200_000
_ENDINGS = {
    "csv": (".csv", ".tsv", ".txt"),
    "excel": (".xlsx", ".xlsm", ".xls", ".xlsb", ".et", ".ett"),
    "parquet": (".parquet", ".pq"),
    "jsonl": (".jsonl", ".ndjson", ".json"),
}
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz")


class SourceReader:
    """The raw records of one table.

    On creation every file that is opened is read through once, so that a file that is missing,
    empty, cut or in another encoding, an unknown column, and SQL that does not run are errors
    before any record is read. Memory does not grow with the files.

    Attributes
    ----------
    header : the columns of all files together, in the order of their first appearance
    headers : the columns of each file, or of the database
    paths : name -> path of each file
    inputs : after `batches` is exhausted, one entry per file: ``file`` (relative to the raw
        folder), ``sha256``, ``rows`` (records, whole and broken); ``encoding`` if not UTF-8

    Raises
    ------
    DataError
        For files and databases that cannot be read as mapped.
    ConfigError
        For SQL expressions of the mapping that do not run on these columns.
    """

    def __init__(
        self,
        mapping: TableMapping,
        *,
        raw: Path,
        rows: int = ROWS,
        known: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Open the sources; files in `known` (name -> columns) are left closed, and not read."""
        self._mapping, self._rows = mapping, rows
        self.inputs: list[dict[str, Any]] = []
        found = [] if mapping.sql else find_files(mapping, raw=raw)
        self.paths = {path.relative_to(raw).as_posix(): path for path in found}
        self.headers = {name: tuple(header) for name, header in (known or {}).items()}
        self._opened: list[tuple[str, Source]] = [
            (name, open_file(path, mapping, raw=raw))
            for name, path in self.paths.items()
            if name not in self.headers
        ]
        if mapping.sql:
            source = open_sql(mapping, raw=raw)
            self._opened.append((source.name, source))
        self.headers |= {name: source.header for name, source in self._opened}
        self._query = self._read_query() if mapping.query else None
        self.header = self._query.header if self._query else self._together()
        _check_columns(mapping, {mapping.place: self.header} if self._query else self.headers)
        check_expressions(mapping, header=self.header)

    def _together(self) -> tuple[str, ...]:
        order = [*self.paths, *(name for name in self.headers if name not in self.paths)]
        return tuple(dict.fromkeys(column for name in order for column in self.headers[name]))

    def batches(self) -> Iterator[Batch]:
        """Batches of at most `rows` records, file after file."""
        for _, batches in self.by_source():
            yield from batches

    def by_source(self) -> Iterator[tuple[str, Iterator[Batch]]]:
        """The batches of each opened file; those of a database or a query in one, named ""."""
        self.inputs = []
        if self._query:
            yield "", self._query_batches(self._query)
            return
        for name, source in self._opened:
            yield name if name in self.paths else "", self._aligned(name, source)

    def _aligned(self, name: str, source: Source) -> Iterator[Batch]:
        for _, batch in self._source_batches(name, source):
            yield aligned(batch, header=self.header, file=name)

    def _source_batches(self, name: str, source: Source) -> Iterator[tuple[str, Batch]]:
        n = 0
        batches = source.batches(rows=self._rows)
        if filled := self._mapping.filled:
            batches = filled_down(batches, filled)
        for batch in batches:
            n += batch.records.num_rows + batch.broken.num_rows
            if batch.records.num_rows or batch.broken.num_rows or batch.notes:
                yield name, batch
        self.inputs.append({"file": name, **source.facts, "rows": n})

    def _read_query(self) -> QuerySource:
        tables = {_table_name(name): source.header for name, source in self._opened}
        if len(tables) < len(self._opened):
            raise ConfigError(f"{self._mapping.place}: two `files` have the same name; rename one.")
        place = f"{self._mapping.place}: query"
        return QuerySource(self._mapping.query, tables=tables, place=place)

    def _query_batches(self, query: QuerySource) -> Iterator[Batch]:
        with query:
            for name, batch in (b for f in self._opened for b in self._source_batches(*f)):
                query.add(batch.records, table=_table_name(name))
                if batch.broken.num_rows:
                    nothing = batch.records.slice(0, 0)
                    yield aligned(Batch(nothing, batch.broken), header=self.header, file=name)
            names = ", ".join(name for name, _ in self._opened)
            for batch in query.batches(rows=self._rows):
                yield aligned(batch, header=self.header, file=names)


def find_files(mapping: TableMapping, *, raw: Path) -> list[Path]:
    """The files a mapping's patterns match, sorted; a pattern without a match is an error."""
    if not raw.is_dir():
        raise DataError(
            f"The raw folder {raw} does not exist; put the files there, or name another folder "
            "with --raw."
        )
    found: list[Path] = []
    for pattern in mapping.files:
        if not pattern.strip():
            raise ConfigError(
                f"{mapping.place}: files: a pattern is empty; name a file, or remove it."
            )
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ConfigError(
                f'{mapping.place}: files "{pattern}" must lie below the raw folder; '
                "write the path relative to it."
            )
        matches = _matching(pattern, raw, mapping)
        if not matches:
            names = sorted(str(p.relative_to(raw)) for p in raw.rglob("*") if p.is_file())
            raise DataError(
                f'No file matches "{pattern}" in {raw}: {nearest(pattern, names)} '
                f"Put it there, name another folder with --raw, or correct {mapping.place}: files."
                if names
                else f'No file matches "{pattern}" in {raw}: the folder is empty. '
                "Put the file there, or name another folder with --raw."
            )
        found += matches
    return list(dict.fromkeys(found))


def _matching(pattern: str, raw: Path, mapping: TableMapping) -> list[Path]:
    """The files of a pattern; 2024-9 comes before 2024-10."""
    try:
        return sorted((path for path in raw.glob(pattern) if path.is_file()), key=_in_order)
    except (ValueError, NotImplementedError, OSError) as error:
        raise ConfigError(
            f'{mapping.place}: files "{pattern}" is no pattern of file names ({error}); write it '
            'like "tickets_*.csv".'
        ) from None


def _in_order(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.as_posix())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def open_file(path: Path, mapping: TableMapping, *, raw: Path) -> Source:
    """A raw file, its columns known, by the declared format or else by its name."""
    match _format(path, mapping):
        case "excel":
            return open_excel(path, mapping)
        case "parquet":
            return open_parquet(path)
        case form:
            name = path.relative_to(raw).as_posix()
            file = read_through(
                path,
                name=name,
                encoding=mapping.encoding,
                place=mapping.place,
                words=mapping.words,
            )
            return (open_csv if form == "csv" else open_jsonl)(file, mapping)


def _format(path: Path, mapping: TableMapping) -> str:
    endings = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    for name, known in _ENDINGS.items():
        if mapping.format == name or (not mapping.format and endings and endings[-1] in known):
            return name
    if endings and endings[-1] in _ARCHIVES:
        raise DataError(
            f"{path} is an archive; unpack it, put the files in it beside it, and name them in "
            f"{mapping.place}: files."
        )
    raise DataError(
        f"{path}: its format cannot be told from the name; write `format:` (csv, excel, parquet or "
        f"jsonl) in {mapping.place}."
    )


def _table_name(file: str) -> str:
    return Path(file).name.split(".")[0]


def _check_columns(mapping: TableMapping, headers: dict[str, tuple[str, ...]]) -> None:
    """Sources of required columns are in every file, the others in at least one."""
    needed = {c.source for c in mapping.columns.values() if c.required and c.source is not None}
    anywhere = {name for header in headers.values() for name in header}
    for file, header in headers.items():
        for name in mapping.source_columns:
            if name not in (header if name in needed else anywhere):
                raise DataError(
                    f'{file} has no column "{name}"; {nearest(name, header)} '
                    f"Correct the name in {mapping.place}, or export the column."
                )


def check_expressions(mapping: TableMapping, *, header: tuple[str, ...]) -> None:
    """Try every SQL expression of a mapping on an empty table with these columns, all text."""
    if not mapping.expressions:
        return
    with duckdb.connect(config={"enable_external_access": False}) as connection:
        columns = ", ".join(f"{quoted(name)} varchar" for name in header)
        connection.execute(f"create table source ({columns})")
        for place, expression in mapping.expressions.items():
            _check_one_row(expression, f"{mapping.place}: {place}")
            try:
                found = connection.execute(f"select ({expression}) from source").fetchall()
            except duckdb.Error as error:
                reason = str(error).splitlines()[0].rstrip(".!")
                unknown = re.search(r'column "(.+?)" not found', reason)
                hint = f"; {nearest(unknown[1], header)}" if unknown else "."
                raise ConfigError(
                    f"{mapping.place}: {place}: `{expression}` does not run: {reason}{hint} "
                    "Correct the expression."
                ) from None
            if found:  # a row of no rows
                raise ConfigError(f"{mapping.place}: {place}: `{expression}` {_ROWS}")


_ROWS = (
    "looks at more than one row, but rows are read in parts. Write it in `query:`; an id that no "
    "column gives is `{made: row}`."
)
_WINDOW = re.compile(r"\bover\s*(\(|\w)", re.IGNORECASE)
_CHANCE = re.compile(
    r"\b(random|uuid|gen_random_uuid|now|current_timestamp|nextval)\b", re.IGNORECASE
)


def _check_one_row(expression: str, place: str) -> None:
    """An expression depends on nothing but the row it is computed for."""
    bare = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", " ", expression)
    if _WINDOW.search(bare):
        raise ConfigError(f"{place}: `{expression}` {_ROWS}")
    if found := _CHANCE.search(bare):
        raise ConfigError(
            f"{place}: `{expression}` gives another value each time ({found[0]}); the same files "
            "must give the same tables. An id that no column gives is `{made: row}`."
        )


def quoted(name: str) -> str:
    """A column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
