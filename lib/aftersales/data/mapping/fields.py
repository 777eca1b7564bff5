"""How one column of a table is made from its source: one entry under `columns:` or `also:`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

import pandas as pd
import pandera.pandas as pa

from aftersales.data.mapping.columns import DTYPES
from aftersales.errors import ConfigError, nearest
from aftersales.profile.config import build, check_keys

Other = Literal["reject", "missing", "keep"]
Personal = Literal["", "pseudonym", "drop"]
_DIRECTIVES = frozenset("YymdbBHIpMSfzj-%")
_YEAR = re.compile(r"%[Yy]")


@dataclass(frozen=True)
class ColumnMapping:
    """A column of a processed table and what it is made of.

    Exactly one of `source`, `sql` and `value` is set; all other keys apply to what it gives.
    """

    name: str  # canonical name
    kind: str  # "str", "int", "float", "bool" or "date"
    required: bool = False
    extra: bool = False  # under `also:`, not a column of the schema
    source: str | None = None  # name of a source column
    sql: str | None = None  # DuckDB expression over the source columns, all VARCHAR
    value: str | None = None  # constant, as a cell would hold it
    format: tuple[str, ...] = ()  # date formats in the order to try; empty: ISO 8601
    codes: Mapping[str, str] = field(default_factory=dict)  # source spelling -> value
    values: tuple[str, ...] = ()  # the closed list of the schema, if it has one
    other: Other = "keep"  # what happens to a cell that is neither code nor value
    scale: float = 1.0  # the number is multiplied by it, before the range is checked
    min: float | pd.Timestamp | None = None
    max: float | pd.Timestamp | None = None
    personal: Personal = ""
    mask: bool = False  # free text: personal data in it are masked


@dataclass(frozen=True)
class _Entry:
    """The keys of an entry as written."""

    source: Any = None
    sql: Any = None
    value: Any = None
    format: Any = ()
    codes: Any = field(default_factory=dict)
    other: Any = None
    scale: Any = 1
    min: Any = None
    max: Any = None
    personal: Any = ""
    mask: Any = None
    kind: Any = None


_FIELDS = {"from": "source"}  # keys that are reserved words in Python
_KEYS = ("from", *(f.name for f in fields(_Entry) if f.name != "source"))


def read_column(
    raw: Any, *, name: str, schema: pa.Column | None, file: str, place: str
) -> ColumnMapping:
    """An entry of `columns:` (or, where `schema` is None, of `also:`), checked completely.

    Parameters
    ----------
    raw : a source column's name, or the mapping of keys
    schema : the column's schema; None for a column beyond the schema
    file, place : for messages, e.g. "config/acme/sources.yaml" and "tables: tickets: cost"

    Raises
    ------
    ConfigError
        For an unknown key, a value outside its list, a key that does not fit the column's kind.
    """
    where = f"{file}, {place}"
    entry = _entry(raw, where=where, extra=schema is None)
    kind = _kind(entry, schema, where=where)
    marks = {} if schema is None else schema.metadata
    values = tuple(marks.get("values", ()))
    required = schema is not None and schema.required
    check = _Check(kind, values, where)
    mask = bool(marks.get("free_text")) if entry.mask is None else entry.mask
    default = "keep" if not values else "reject" if required else "missing"
    low, high = marks.get("least"), marks.get("most")
    column = ColumnMapping(
        name=name,
        kind=kind,
        required=required,
        extra=schema is None,
        **_origin(entry, check),
        format=check.formats(entry.format),
        codes=check.codes(entry.codes),
        values=values,
        other=check.choice("other", entry.other or default, get_args(Other)),
        scale=check.scale(entry.scale),
        min=check.bound("min", low if entry.min is None else entry.min),
        max=check.bound("max", high if entry.max is None else entry.max),
        personal=check.choice("personal", entry.personal or "", get_args(Personal)),
        mask=check.yes("mask", mask),
    )
    _check_together(column, entry, where)
    return column


def _entry(raw: Any, *, where: str, extra: bool) -> _Entry:
    if isinstance(raw, str):
        raw = {"from": raw}
    if not isinstance(raw, Mapping):
        raise ConfigError(
            f"{where}: found {raw!r}; write the name of a source column, or keys such as `from:`."
        )
    if "kind" in raw and not extra:
        raise ConfigError(f"{where}: `kind` is set by the schema; remove it (see docs/tables.md).")
    check_keys(raw, valid=_KEYS, where=where)
    return build(_Entry, {_FIELDS.get(key, key): v for key, v in raw.items()}, where=where)


def _kind(entry: _Entry, schema: pa.Column | None, *, where: str) -> str:
    kind = (entry.kind or "str") if schema is None else schema.metadata["kind"]
    if kind not in DTYPES:
        raise ConfigError(f'kind "{kind}" in {where}; {nearest(kind, DTYPES)}')
    return kind


def _origin(entry: _Entry, check: _Check) -> dict[str, str | None]:
    given = [key for key in ("source", "sql", "value") if getattr(entry, key) is not None]
    if len(given) != 1:
        found = " and ".join(f"`{key}`" for key in given).replace("source", "from") or "none"
        raise ConfigError(
            f"{check.where}: a column has one origin, `from`, `sql` or `value`; found {found}."
        )
    if given == ["value"]:
        return {"value": check.cell("value", entry.value)}
    return {
        given[0]: check.text("from" if given == ["source"] else "sql", getattr(entry, given[0]))
    }


def _check_together(column: ColumnMapping, entry: _Entry, where: str) -> None:
    """Keys that only some kinds of columns can have."""
    wrong = [
        ("format", entry.format, column.kind == "date", "dates"),
        ("scale", entry.scale != 1, column.kind in ("int", "float"), "numbers"),
        (
            "min",
            entry.min is not None,
            column.kind in ("int", "float", "date"),
            "numbers and dates",
        ),
        (
            "max",
            entry.max is not None,
            column.kind in ("int", "float", "date"),
            "numbers and dates",
        ),
        ("codes", entry.codes, column.kind != "date", "names, numbers and yes/no"),
        ("mask", entry.mask, column.kind == "str", "text"),
        ("personal", column.personal == "pseudonym", column.kind == "str", "names and ids"),
    ]
    for key, given, fits, kinds in wrong:
        if given and not fits:
            raise ConfigError(
                f"{where}: `{key}` is for {kinds}, but {column.name} is of kind {column.kind}; "
                f"remove `{key}`."
            )
    if column.personal == "drop" and column.required:
        raise ConfigError(f"{where}: {column.name} is required; use `personal: pseudonym`.")
    if column.min is not None and column.max is not None and column.min > column.max:
        raise ConfigError(f"{where}: min {column.min} is above max {column.max}; exchange them.")


@dataclass(frozen=True)
class _Check:
    """Reads the values of keys for a column of some kind."""

    kind: str
    values: tuple[str, ...]
    where: str

    def text(self, key: str, raw: Any) -> str:
        if not isinstance(raw, str) or not raw.strip():
            raise ConfigError(
                f"{self.where}: `{key}` must be text, found {raw!r}; put quotes round it."
            )
        return raw

    def yes(self, key: str, raw: Any) -> bool:
        if not isinstance(raw, bool):
            raise ConfigError(f"{self.where}: `{key}` must be true or false, found {raw!r}.")
        return raw

    def choice(self, key: str, raw: Any, valid: Iterable[str]) -> Any:
        if raw not in (names := tuple(valid)):
            raise ConfigError(f'{key} "{raw}" in {self.where}; {nearest(raw, filter(None, names))}')
        return raw

    def scale(self, raw: Any) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float) or raw == 0:
            raise ConfigError(f"{self.where}: `scale` must be a number but 0, found {raw!r}.")
        return float(raw)

    def bound(self, key: str, raw: Any) -> float | pd.Timestamp | None:
        if raw is None:
            return None
        if self.kind == "date":
            return self.day(key, raw)
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise ConfigError(f"{self.where}: `{key}` must be a number, found {raw!r}.")
        return float(raw)

    def day(self, key: str, raw: Any) -> pd.Timestamp:
        try:
            found = raw if isinstance(raw, datetime.date) else datetime.datetime.fromisoformat(raw)
        except (TypeError, ValueError):
            raise ConfigError(
                f"{self.where}: `{key}` must be a date like 2010-01-01, found {raw!r}."
            ) from None
        return pd.Timestamp(found).tz_localize(None).as_unit("us")

    def formats(self, raw: Any) -> tuple[str, ...]:
        formats = (raw,) if isinstance(raw, str) else tuple(raw or ())
        for form in formats:
            letters = set(re.findall(r"%-?(.)", form)) if isinstance(form, str) else {"?"}
            if not letters or letters - _DIRECTIVES or not _YEAR.search(form):
                raise ConfigError(
                    f'date format "{form}" in {self.where} is not usable; write it with strptime '
                    'signs and a year, e.g. "%Y-%m-%d %H:%M".'
                )
        return formats

    def codes(self, raw: Any) -> dict[str, str]:
        if not isinstance(raw, Mapping):
            raise ConfigError(f"{self.where}: `codes` needs lines `source value: meaning`.")
        return {self.spelling(key): self.cell(f"codes: {key}", value) for key, value in raw.items()}

    def spelling(self, raw: Any) -> str:
        """A spelling found in the source; YAML makes true of an unquoted Yes."""
        if isinstance(raw, bool) or raw is None:
            raise ConfigError(
                f"{self.where}: YAML reads a code without quotes as {raw!r}; "
                'put quotes round yes, no, on, off, true, false and null, e.g. "Yes".'
            )
        return str(raw)

    def cell(self, key: str, raw: Any) -> str:
        """A constant of the column's kind, as text."""
        if self.kind == "bool" and isinstance(raw, bool):
            return "true" if raw else "false"
        if self.kind == "date" and isinstance(raw, datetime.date):
            return str(raw)
        number = isinstance(raw, int | float) and not isinstance(raw, bool)
        if number and (self.kind == "str" or self.kind == "float" or float(raw).is_integer()):
            return str(raw)
        if not isinstance(raw, str) or self.kind in ("int", "float", "bool"):
            raise ConfigError(f"{self.where}: `{key}` gives {raw!r}, which is no {self.kind}.")
        if self.values and raw not in self.values:
            raise ConfigError(f'"{raw}" in {self.where}, {key}; {nearest(raw, self.values)}')
        return raw
