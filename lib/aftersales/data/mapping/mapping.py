"""How a profile's sources become our tables: `tables:` of `sources.yaml`, read strictly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aftersales.data.mapping import schema
from aftersales.data.mapping.entries import Values
from aftersales.data.mapping.fields import UNDECLARED, ColumnMapping, read_column
from aftersales.data.mapping.rules import ContentKey, Gap, Keep, Keys, Rule, SqlSource
from aftersales.errors import ConfigError, nearest
from aftersales.profile.config import Profile
from aftersales.profile.reading import build, check_keys

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
    sheets: tuple[str | int, ...] = ()  # names or numbers from 1, "*" for all; none: the first
    skip_rows: int = 0  # physical lines before the header
    header_rows: int = 1  # rows of a sheet that together name the columns
    quotes: bool = True  # whether quotes may enclose delimiters and line breaks
    words: frozenset[str] = field(default=frozenset(), repr=False)  # they tell the encoding
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
    def numeric(self) -> frozenset[str]:
        """Source columns that are read as numbers."""
        kinds = ("int", "float")
        return frozenset(c.source for c in self.columns.values() if c.source and c.kind in kinds)

    @property
    def may_be_excel(self) -> bool:
        """Whether a file is a workbook, by its declared format or its name."""
        named = any(file.lower().endswith((".xlsx", ".xlsm")) for file in self.files)
        return self.format == "excel" or (self.format is None and named)

    @property
    def filled(self) -> tuple[str, ...]:
        """Source columns whose empty cells have the value of the one above."""
        return tuple(c.source for c in self.columns.values() if c.source and c.fill)

    @property
    def expressions(self) -> dict[str, str]:
        """Every SQL expression over source columns, by its place, e.g. ``columns: safety: sql``."""
        named = {f"columns: {c.name}: sql": c.sql for c in self.columns.values() if c.sql}
        where = {"where": self.where} if self.where else {}
        rules = {f"reject, {r.reason}: where": r.where for r in self.reject}
        return named | where | rules | {f"flags, {r.name}: where": r.where for r in self.flags}

    def _loose_names(self) -> Iterable[str]:
        yield from self.content_key.columns if self.content_key else ()
        yield from (self.keep.order,) if self.keep and self.keep.order else ()
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
    header_rows: Any = 1
    quotes: Any = True
    decimal: Any = None
    thousands: Any = None
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
    words = _words(profile.regions.aliases())
    made = {
        name: _table(name, raw, file=file, missing=missing, words=words)
        for name, raw in tables.items()
    }
    _check_playbook(profile, made)
    return made


def _check_playbook(profile: Profile, tables: Mapping[str, TableMapping]) -> None:
    """Steps are for values of columns, of the schema or under `also:`."""
    known = {"default"} | {name for table in schema.TABLES.values() for name in table.columns}
    known |= {name for table in tables.values() for name in table.columns}
    for attribute in profile.playbook:
        if attribute not in known:
            raise ConfigError(
                f'Attribute "{attribute}" in config/{profile.name}/playbook.yaml is no column; '
                f"{nearest(attribute, known)}"
            )


def _words(texts: Iterable[str]) -> frozenset[str]:
    """Those that hold more than one other than ASCII character."""
    return frozenset(text for text in texts if sum(not char.isascii() for char in text) > 1)


def _table(
    name: str, raw: Any, *, file: str, missing: tuple[str, ...], words: frozenset[str]
) -> TableMapping:
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
        **_layout(block, read),
        words=words | _words(_spelt(kept.values())),
        missing=tuple(dict.fromkeys([*missing, *read.names("missing", block.missing)])),
        where=read.text("where", block.where),
        content_key=read.content_key(block.content_key),
        keep=read.keep(block.keep, kept, key=schema.key(name)),
        on_duplicate_id=read.choice("on_duplicate_id", block.on_duplicate_id, Duplicate),
        time_order=read.time_order(block.time_order, kept, default=schema.time_order(name)),
        reject=read.rules("reject", block.reject, named=False),
        flags=read.rules("flags", block.flags, named=True),
        gaps=read.gaps(block.gaps),
        html_entities=read.html_entities(block.text),
    )


def _spelt(columns: Iterable[ColumnMapping]) -> Iterable[str]:
    """What the source writes, as far as the mapping says it."""
    for column in columns:
        yield from (column.source,) if column.source else ()
        yield from column.codes


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
    found = Values("float", (), where).separators(block.decimal, block.thousands, UNDECLARED)
    given_here = block.decimal is not None or block.thousands is not None
    divided = (found["decimal"], found["thousands"]) if given_here else UNDECLARED
    given = [(n, raw, "columns", known[n]) for n, raw in block.columns.items()]
    given += [(n, raw, "also", None) for n, raw in block.also.items()]
    return {
        n: read_column(
            raw,
            name=n,
            schema=col,
            file=file,
            place=f"tables: {table}: {part}: {n}",
            separators=divided,
        )
        for n, raw, part, col in given
    }


def _origin(block: _Block, read: Keys) -> dict[str, Any]:
    """Where the rows come from: files, a query over files, or a database."""
    if bool(block.files) == bool(block.sql):
        raise ConfigError(f"{read.where}: give either `files` or `sql`, a table has one origin.")
    sql = read.sql(block.sql)
    if sql and block.query:
        raise ConfigError(f"{read.where}: `query` belongs into `sql:` for a database; move it.")
    return {
        "files": read.names("files", block.files),
        "query": read.text("query", block.query),
        "sql": sql,
        "format": block.format and read.choice("format", block.format, Format),
    }


def _layout(block: _Block, read: Keys) -> dict[str, Any]:
    """How the files are written."""
    delimiter = block.delimiter
    if delimiter is not None and (not isinstance(delimiter, str) or not re.match(_ONE, delimiter)):
        raise ConfigError(
            f'{read.where}: delimiter {delimiter!r} must be one character, e.g. ";" or "\\t".'
        )
    for key, least in (("skip_rows", 0), ("header_rows", 1)):
        rows = getattr(block, key)
        if isinstance(rows, bool) or not isinstance(rows, int) or not least <= rows < 10_000:
            raise ConfigError(
                f"{read.where}: `{key}` must be a whole number from {least}, found {rows!r}."
            )
    if not isinstance(block.quotes, bool):
        raise ConfigError(f"{read.where}: `quotes` must be true or false, found {block.quotes!r}.")
    return {
        "delimiter": delimiter,
        "encoding": block.encoding and read.text("encoding", block.encoding),
        "sheets": _sheets(block.sheet, read),
        "skip_rows": block.skip_rows,
        "header_rows": block.header_rows,
        "quotes": block.quotes,
    }


def _sheets(raw: Any, read: Keys) -> tuple[str | int, ...]:
    sheets = () if raw is None else tuple(raw) if isinstance(raw, list) else (raw,)
    for sheet in sheets:
        if isinstance(sheet, bool) or not isinstance(sheet, str | int):
            raise ConfigError(
                f"{read.where}: `sheet` must be a name, a number from 1, a list of them, or "
                f'"*" for all, found {raw!r}.'
            )
    return sheets
