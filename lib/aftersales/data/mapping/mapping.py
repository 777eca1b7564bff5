"""How a profile's sources become our tables: `tables:` of `sources.yaml`, read strictly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aftersales.data.mapping import schema
from aftersales.data.mapping.fields import ColumnMapping, read_column
from aftersales.data.mapping.rules import ContentKey, Gap, Keep, Keys, Rule, SqlSource
from aftersales.errors import ConfigError
from aftersales.profile.config import Profile, build, check_keys

Format = Literal["csv", "excel", "parquet", "jsonl"]
Duplicate = Literal["keep_first", "reject"]
DELIMITERS = (",", ";", "\t", "|")  # detected; any other single character can be declared
_ONE = r"[^\w\s\"']\Z|[\t|]\Z"


@dataclass(frozen=True)
class TableMapping:
    """Where the rows of one table come from, and how they become records."""

    table: str
    file: str  # where this is written, for messages: "config/<profile>/sources.yaml"
    columns: Mapping[str, ColumnMapping]  # canonical name -> origin; `also:` columns come last
    dropped: tuple[str, ...] = ()  # source columns declared `personal: drop`; never read further
    files: tuple[str, ...] = ()  # patterns relative to the raw folder
    query: str = ""  # DuckDB query over the files, each a view named after it
    sql: SqlSource | None = None
    format: Format | None = None  # None: by the ending of the file's name
    delimiter: str | None = None  # None: detected; the same for the next two
    encoding: str | None = None
    sheet: str | int | None = None  # name or number from 1; None: the first
    skip_rows: int = 0  # physical lines before the header
    missing: tuple[str, ...] = ("",)  # markers of the profile and of the table
    where: str = ""  # DuckDB condition over source columns: which rows are this table's
    content_key: ContentKey | None = None
    keep: Keep | None = None
    on_duplicate_id: Duplicate = "keep_first"
    time_order: tuple[tuple[str, str], ...] = ()
    reject: tuple[Rule, ...] = ()
    flags: tuple[Rule, ...] = ()
    gaps: tuple[Gap, ...] = ()
    html_entities: bool = False

    @property
    def place(self) -> str:
        """For messages: the file and the table's key in it."""
        return f"{self.file}, tables: {self.table}"

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Source columns named outside SQL, which every file must have; in order of mention."""
        named = [c.source for c in self.columns.values() if c.source is not None]
        besides = self.content_key.besides if self.content_key else ()
        loose = [name for name in self._loose_names() if name not in self.columns]
        return tuple(dict.fromkeys([*named, *self.dropped, *loose, *besides]))

    @property
    def expressions(self) -> dict[str, str]:
        """Every SQL expression over source columns, by its place, e.g. ``columns: safety: sql``."""
        named = {f"columns: {c.name}: sql": c.sql for c in self.columns.values() if c.sql}
        where = {"where": self.where} if self.where else {}
        rules = {f"reject, {r.reason}: where": r.where for r in self.reject}
        return named | where | rules | {f"flags, {r.name}: where": r.where for r in self.flags}

    def _loose_names(self) -> Iterable[str]:
        yield from self.content_key.columns if self.content_key else ()
        yield from (self.keep.order,) if self.keep else ()
        for gap in self.gaps:
            yield from gap.columns


@dataclass(frozen=True)
class _Block:
    """The keys of a table as written."""

    columns: Any
    also: Any = field(default_factory=dict)
    files: Any = ()
    query: Any = ""
    sql: Any = None
    format: Any = None
    delimiter: Any = None
    encoding: Any = None
    sheet: Any = None
    skip_rows: Any = 0
    missing: Any = ()
    where: Any = ""
    content_key: Any = None
    keep: Any = None
    on_duplicate_id: Any = "keep_first"
    time_order: Any = None
    reject: Any = ()
    flags: Any = ()
    gaps: Any = ()
    text: Any = field(default_factory=dict)


def read_mapping(profile: Profile) -> dict[str, TableMapping]:
    """The tables of a profile in the order of `sources.yaml`.

    Raises
    ------
    ConfigError
        For an unknown table, column or key, a required column that is not mapped, or a value that
        does not fit; the message names the file, the place and the nearest valid spelling.
    """
    file = f"config/{profile.name}/sources.yaml"
    tables = profile.sources.get("tables")
    if not isinstance(tables, Mapping) or not tables:
        raise ConfigError(f"{file} maps no table; add `tables:` (see docs/tables.md).")
    check_keys(tables, valid=schema.TABLES, where=f"{file}, tables")
    missing = Keys(file).names("missing", profile.sources.get("missing", [""]))
    return {name: _table(name, raw, file=file, missing=missing) for name, raw in tables.items()}


def _table(name: str, raw: Any, *, file: str, missing: tuple[str, ...]) -> TableMapping:
    read = Keys(f"{file}, tables: {name}")
    block = build(_Block, raw, where=read.where)
    columns = _columns(name, block, file=file)
    kept = {n: column for n, column in columns.items() if column.personal != "drop"}
    return TableMapping(
        table=name,
        file=file,
        columns=kept,
        dropped=tuple(c.source for c in columns.values() if c.personal == "drop" and c.source),
        **_origin(block, read),
        missing=tuple(dict.fromkeys([*missing, *read.names("missing", block.missing)])),
        where=read.text("where", block.where),
        content_key=read.content_key(block.content_key),
        keep=read.keep(block.keep, kept),
        on_duplicate_id=read.choice("on_duplicate_id", block.on_duplicate_id, Duplicate),
        time_order=read.time_order(block.time_order, kept, default=schema.time_order(name)),
        reject=read.rules("reject", block.reject, named=False),
        flags=read.rules("flags", block.flags, named=True),
        gaps=read.gaps(block.gaps),
        html_entities=read.html_entities(block.text),
    )


def _columns(table: str, block: _Block, *, file: str) -> dict[str, ColumnMapping]:
    known = schema.TABLES[table].columns
    where = f"{file}, tables: {table}"
    for key in ("columns", "also"):
        if not isinstance(getattr(block, key), Mapping):
            raise ConfigError(f"{where}: `{key}` needs lines `column: source column`.")
    check_keys(block.columns, valid=known, where=f"{where}: columns")
    for name in schema.required(table):
        if name not in block.columns:
            raise ConfigError(f"{where}: the required column `{name}` is not mapped; add it.")
    for name in block.also:
        if name in known or not str(name).isidentifier():
            raise ConfigError(
                f'"{name}" in {where}: also is '
                + ("a column of the schema; move it to `columns`." if name in known else "no name.")
            )
    given = [(n, raw, "columns", known[n]) for n, raw in block.columns.items()]
    given += [(n, raw, "also", None) for n, raw in block.also.items()]
    return {
        n: read_column(raw, name=n, schema=col, file=file, place=f"tables: {table}: {part}: {n}")
        for n, raw, part, col in given
    }


def _origin(block: _Block, read: Keys) -> dict[str, Any]:
    """Where the rows come from: files, a query over files, or a database."""
    if bool(block.files) == bool(block.sql):
        raise ConfigError(f"{read.where}: give either `files` or `sql`, a table has one origin.")
    sql = build(SqlSource, block.sql, where=f"{read.where}: sql") if block.sql else None
    if sql and block.query:
        raise ConfigError(f"{read.where}: `query` belongs into `sql:` for a database; move it.")
    delimiter = block.delimiter
    if delimiter is not None and (not isinstance(delimiter, str) or not re.match(_ONE, delimiter)):
        raise ConfigError(
            f'{read.where}: delimiter {delimiter!r} must be one character, e.g. ";" or "\\t".'
        )
    rows = block.skip_rows
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
        raise ConfigError(f"{read.where}: `skip_rows` must be a whole number, found {rows!r}.")
    return {
        "files": read.names("files", block.files),
        "query": read.text("query", block.query),
        "sql": sql,
        "format": block.format and read.choice("format", block.format, Format),
        "delimiter": delimiter,
        "encoding": block.encoding and read.text("encoding", block.encoding),
        "sheet": block.sheet,
        "skip_rows": rows,
    }
