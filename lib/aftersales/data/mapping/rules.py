"""Rules a profile sets for the rows of a table, and how their keys are read from YAML."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from aftersales.data.mapping.fields import ColumnMapping
from aftersales.errors import ConfigError, nearest
from aftersales.profile.reading import build, check_keys

Take = Literal["last", "first"]


@dataclass(frozen=True)
class SqlSource:
    """A query in a database. `url` may hold ``{raw}`` and ``${NAME}`` of the environment."""

    url: str
    query: str
    seconds: int = 3600  # how long the query may take


@dataclass(frozen=True)
class Rule:
    """Source rows for which a DuckDB condition holds, and what to say about them."""

    where: str
    reason: str
    name: str = ""


@dataclass(frozen=True)
class Gap:
    """Columns, canonical or of the source, whose absent combinations are counted."""

    columns: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Keep:
    """Of several rows about one record, the one to keep."""

    by: tuple[str, ...]  # canonical names
    order: str  # a source column or a canonical name; "": the order of files and rows
    take: Take = "last"


@dataclass(frozen=True)
class ContentKey:
    """What makes two rows the same record under different ids; exactly one is not empty.

    Attributes
    ----------
    columns : canonical or source names that must be equal
    besides : source columns that may differ, while all others must be equal
    """

    columns: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Keys:
    """Reads the values of keys strictly; `where` says whose keys, and begins every message."""

    where: str

    def text(self, key: str, raw: Any) -> str:
        if not isinstance(raw, str):
            raise ConfigError(f"{self.where}: `{key}` must be text, found {raw!r}; add quotes.")
        return raw

    def entries(self, key: str, raw: Any) -> list:
        """A list as written; none is an empty one."""
        if raw is not None and not isinstance(raw, list | tuple):
            raise ConfigError(
                f"{self.where}: `{key}` must be a list, found {raw!r}; write - or []."
            )
        return list(raw or ())

    def names(self, key: str, raw: Any) -> tuple[str, ...]:
        """A list of texts; a single one may stand without brackets."""
        entries = (raw,) if isinstance(raw, str) else () if raw is None else raw
        if not isinstance(entries, list | tuple) or not all(isinstance(e, str) for e in entries):
            raise ConfigError(
                f"{self.where}: `{key}` must be a list of texts, found {raw!r}; "
                "put quotes round numbers, dates, yes, no and null."
            )
        return tuple(entries)

    def choice(self, key: str, raw: Any, valid: Any) -> Any:
        if not isinstance(raw, str) or raw not in get_args(valid):
            raise ConfigError(f'{key} "{raw}" in {self.where}; {nearest(raw, get_args(valid))}')
        return raw

    def mapped(self, key: str, name: Any, columns: Collection[str]) -> str:
        if not isinstance(name, str) or name not in columns:
            raise ConfigError(f'Column "{name}" in {self.where}: {key}; {nearest(name, columns)}')
        return name

    def content_key(self, raw: Any) -> ContentKey | None:
        if raw is None:
            return None
        if isinstance(raw, Mapping):
            check_keys(raw, valid=("except",), where=f"{self.where}: content_key")
            return ContentKey(besides=self.names("content_key: except", raw.get("except")))
        return ContentKey(columns=self.names("content_key", raw))

    def keep(
        self, raw: Any, columns: Mapping[str, ColumnMapping], *, key: Iterable[str]
    ) -> Keep | None:
        """`newest` is the last row of each key of the table, in the order of the files."""
        if raw is None:
            return None
        if raw in ("newest", "oldest"):
            by = tuple(name for name in key if name in columns)
            return Keep(by=by, order="", take="last" if raw == "newest" else "first")
        if isinstance(raw, str):
            raise ConfigError(
                f'keep "{raw}" in {self.where}; write newest, oldest, or '
                "{by: [ticket_id], order: a column, take: last}."
            )
        keep = build(Keep, raw, where=f"{self.where}: keep")
        by = self.names("keep: by", keep.by)
        return Keep(
            by=tuple(self.mapped("keep: by", name, columns) for name in by),
            order=self.text("keep: order", keep.order),
            take=self.choice("keep: take", keep.take, Take),
        )

    def time_order(
        self, raw: Any, columns: Mapping[str, ColumnMapping], *, default: Iterable
    ) -> tuple[tuple[str, str], ...]:
        """Declared pairs, or those of the schema whose columns are mapped."""
        if raw is None:
            return tuple(pair for pair in default if all(name in columns for name in pair))
        dates = [c.name for c in columns.values() if c.kind == "date"]
        pairs = [self.names("time_order", pair) for pair in self.entries("time_order", raw)]
        if any(len(pair) != 2 for pair in pairs):
            raise ConfigError(f"{self.where}: `time_order` needs pairs [earlier, later].")
        return tuple(
            (self.mapped("time_order", a, dates), self.mapped("time_order", b, dates))
            for a, b in pairs
        )

    def rules(self, key: str, raw: Any, *, named: bool) -> tuple[Rule, ...]:
        given = self.entries(key, raw)
        rules = tuple(build(Rule, entry, where=f"{self.where}: {key}") for entry in given)
        for rule in rules:
            for part in ("where", "reason", "name") if named else ("where", "reason"):
                if not self.text(f"{key}: {part}", getattr(rule, part)).strip():
                    raise ConfigError(f"{self.where}: {key}: `{part}` is missing; add it.")
        return rules

    def gaps(self, raw: Any) -> tuple[Gap, ...]:
        given = self.entries("gaps", raw)
        gaps = tuple(build(Gap, entry, where=f"{self.where}: gaps") for entry in given)
        return tuple(
            Gap(self.names("gaps: columns", gap.columns), self.text("gaps: reason", gap.reason))
            for gap in gaps
        )

    def sql(self, raw: Any) -> SqlSource | None:
        if not raw:
            return None
        found = build(SqlSource, raw, where=f"{self.where}: sql")
        limit = found.seconds
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ConfigError(
                f"{self.where}: `sql: seconds` must be a whole number from 1, found {limit!r}."
            )
        texts = {key: self.text(f"sql: {key}", getattr(found, key)) for key in ("url", "query")}
        return SqlSource(**texts, seconds=limit)

    def html_entities(self, raw: Any) -> bool:
        if not isinstance(raw, Mapping):
            raise ConfigError(
                f"{self.where}: `text` needs a line such as html_entities: true, found {raw!r}."
            )
        check_keys(raw, valid=("html_entities",), where=f"{self.where}: text")
        found = raw.get("html_entities", False)
        if not isinstance(found, bool):
            raise ConfigError(f"{self.where}: `html_entities` must be true or false.")
        return found
