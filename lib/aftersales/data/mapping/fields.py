"""How one column of a table is made from its source: one entry under `columns:` or `also:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

import pandas as pd
import pandera.pandas as pa

from aftersales.data.mapping.columns import DTYPES
from aftersales.data.mapping.entries import Values
from aftersales.data.read.cells.amounts import Writing, span_of
from aftersales.errors import ConfigError, nearest
from aftersales.profile.reading import build, check_keys

Other = Literal["reject", "missing", "keep"]
Personal = Literal["", "pseudonym", "drop"]
UNDECLARED = ("", "")
DayMonth, Fill = ("swapped",), ("down",)


@dataclass(frozen=True)
class ColumnMapping:
    """A column of a processed table and what it is made of.

    Exactly one of `source`, `sql`, `value` and `made` is set; other keys apply to what it gives.
    """

    name: str  # canonical name
    kind: str  # "str", "int", "float", "bool" or "date"
    required: bool = False
    extra: bool = False  # under `also:`, not a column of the schema
    source: str | None = None  # name of a source column
    sql: str | None = None  # DuckDB expression over the source columns, all VARCHAR
    value: str | None = None  # constant, as a cell would hold it
    made: bool = False  # an id made of the file and the line of the row
    format: tuple[str, ...] = ()  # date formats in the order to try; empty: ISO 8601
    codes: Mapping[str, str] = field(default_factory=dict)  # source spelling -> value
    values: tuple[str, ...] = ()  # the closed list of the schema, if it has one
    other: Other = "keep"  # what happens to a cell that is neither code nor value
    written_in: str = ""  # zone of times without offset; "": the profile's
    swapped: bool = False  # day and month of days up to 12 were exchanged
    fill: bool = False  # an empty cell has the value of the one above it
    writing: Writing = field(default_factory=Writing)  # how numbers are written
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
    made: Any = None
    format: Any = ()
    codes: Any = None
    other: Any = None
    scale: Any = 1
    min: Any = None
    max: Any = None
    personal: Any = ""
    mask: Any = None
    kind: Any = None
    zone: Any = None
    day_month: Any = None
    fill: Any = None
    decimal: Any = None
    thousands: Any = None
    unit: Any = None


_FIELDS = {"from": "source"}  # keys that are reserved words in Python
_KEYS = ("from", *(f.name for f in fields(_Entry) if f.name != "source"))


def read_column(
    raw: Any,
    *,
    name: str,
    schema: pa.Column | None,
    file: str,
    place: str,
    separators: tuple[str, str] = UNDECLARED,
) -> ColumnMapping:
    """An entry of `columns:` (or, where `schema` is None, of `also:`), checked completely.

    Parameters
    ----------
    raw : a source column's name, or the mapping of keys
    schema : the column's schema; None for a column beyond the schema
    separators : what divides the digits of numbers, unless the entry says otherwise
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
    check = Values(kind, values, where)
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
        written_in=check.zone(entry.zone),
        swapped=entry.day_month is not None
        and bool(check.choice("day_month", entry.day_month, DayMonth)),
        fill=entry.fill is not None and bool(check.choice("fill", entry.fill, Fill)),
        writing=_writing(name, entry, check, separators),
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


def _writing(name: str, entry: _Entry, check: Values, separators: tuple[str, str]) -> Writing:
    """How the numbers of the column are written, as declared or as its name says."""
    divided = check.separators(entry.decimal, entry.thousands, separators)
    unit = "" if entry.unit is None else check.text("unit", entry.unit)
    declared = separators != UNDECLARED or entry.decimal is not None or entry.thousands is not None
    return Writing(**divided, unit=unit, span=span_of(name), declared=declared)


def _kind(entry: _Entry, schema: pa.Column | None, *, where: str) -> str:
    kind = (entry.kind or "str") if schema is None else schema.metadata["kind"]
    if kind not in DTYPES:
        raise ConfigError(f'kind "{kind}" in {where}; {nearest(kind, DTYPES)}')
    return kind


def _origin(entry: _Entry, check: Values) -> dict[str, Any]:
    given = [key for key in ("source", "sql", "value", "made") if getattr(entry, key) is not None]
    if len(given) != 1:
        found = " and ".join(f"`{key}`" for key in given).replace("source", "from") or "none"
        raise ConfigError(
            f"{check.where}: a column has one origin, `from`, `sql`, `value` or `made`; found "
            f"{found}."
        )
    if given == ["made"]:
        if check.kind != "str":
            raise ConfigError(f"{check.where}: `made` is for ids; remove it.")
        return {"made": bool(check.choice("made", entry.made, ("row",)))}
    if given == ["value"]:
        return {"value": check.cell("value", entry.value)}
    return {
        given[0]: check.text("from" if given == ["source"] else "sql", getattr(entry, given[0]))
    }


def _check_together(column: ColumnMapping, entry: _Entry, where: str) -> None:
    """Keys that only some kinds of columns can have."""
    number = column.kind in ("int", "float")
    wrong = [
        ("format", entry.format, column.kind == "date", "dates"),
        ("zone", entry.zone, column.kind == "date", "dates"),
        ("day_month", entry.day_month, column.kind == "date", "dates"),
        ("decimal", entry.decimal, number, "numbers"),
        ("thousands", entry.thousands, number, "numbers"),
        ("unit", entry.unit, number, "numbers"),
        ("scale", entry.scale != 1, number, "numbers"),
        ("min", entry.min is not None, number or column.kind == "date", "numbers and dates"),
        ("max", entry.max is not None, number or column.kind == "date", "numbers and dates"),
        ("codes", entry.codes, column.kind != "date", "names, numbers and yes/no"),
        ("mask", entry.mask, column.kind == "str", "text"),
        ("personal", column.personal == "pseudonym", column.kind == "str", "names and ids"),
        ("fill", column.fill, column.source is not None, "columns with `from`"),
    ]
    for key, given, fits, kinds in wrong:
        if given and not fits:
            if key == "fill":
                raise ConfigError(f"{where}: `fill` is for {kinds}; remove it.")
            raise ConfigError(
                f"{where}: `{key}` is for {kinds}, but {column.name} is of kind {column.kind}; "
                f"remove `{key}`."
            )
    if column.personal == "drop" and column.required:
        raise ConfigError(f"{where}: {column.name} is required; use `personal: pseudonym`.")
    if column.mask and column.personal == "pseudonym" and entry.mask:
        raise ConfigError(
            f"{where}: `mask` and `personal: pseudonym` exclude each other; keep one."
        )
    if column.name == "region" and column.personal:
        raise ConfigError(
            f"{where}: a region cannot be personal, since every row needs one; remove `personal`, "
            "or the column."
        )
    if column.min is not None and column.max is not None and column.min > column.max:
        raise ConfigError(f"{where}: min {column.min} is above max {column.max}; exchange them.")
