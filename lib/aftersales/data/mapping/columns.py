"""How a table is described in `data.schema`: the kinds of columns, and the page about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import pandera.pandas as pa

DTYPES: dict[str, Any] = {  # kind of a column -> its pandas type in a processed table
    "str": pd.StringDtype(na_value=float("nan")),
    "int": pd.Int64Dtype(),
    "float": "float64",
    "bool": pd.BooleanDtype(),
    "date": "datetime64[us]",
}
DERIVED = "derived"  # what cleaning makes the column of, where no source gives it


def _column(kind: str, meaning: str, *, required: bool = False, **more: Any) -> pa.Column:
    checks = [pa.Check.isin(more["values"])] if "values" in more else []
    if "least" in more:
        checks.append(pa.Check.in_range(more["least"], more["most"]))
    return pa.Column(
        DTYPES[kind],
        checks,
        nullable=not required,
        required=required,
        description=meaning,
        metadata={"kind": kind, **more},
    )


def name(meaning: str, *, to: str = "", **more: Any) -> pa.Column:
    """A name, code or id; `to` is the "table.column" it normally refers to."""
    return _column("str", meaning, **({"joins": tuple(to.split("."))} if to else {}), **more)


def text(meaning: str) -> pa.Column:
    """Free text, in which people write names and numbers: masked at cleaning."""
    return _column("str", meaning, free_text=True)


def time(meaning: str, **more: Any) -> pa.Column:
    """A point in time, naive, in the profile's timezone."""
    return _column("date", meaning, **more)


def yes(meaning: str) -> pa.Column:
    """Whether something is so."""
    return _column("bool", meaning)


def whole(meaning: str, **more: Any) -> pa.Column:
    """A count or a level."""
    return _column("int", meaning, **more)


def number(meaning: str, **more: Any) -> pa.Column:
    """An amount, a duration or another measure; `meaning` names its unit."""
    return _column("float", meaning, **more)


def region(made_of: str = "") -> pa.Column:
    """The region of a row; `made_of` says whose region it takes where the source gives none."""
    meaning = "deepest region of `regions.yaml` that the source value means, or `unknown`"
    return name(meaning, **({DERIVED: made_of} if made_of else {}))


def copied(meaning: str) -> pa.Column:
    """A name that a return takes from its order line."""
    return name(meaning, **{DERIVED: "copied from the order line"})


def table(
    name: str, row: str, *, time: str, key: str, order: str = "", **columns: pa.Column
) -> pa.DataFrameSchema:
    """A table whose rows are each a `row`; `order` lists pairs "a<b" of times in their order."""
    pairs = tuple(tuple(pair.split("<")) for pair in order.split())
    metadata = {"time": time, "key": tuple(key.split()), "order": pairs}
    return pa.DataFrameSchema(columns, name=name, description=row, metadata=metadata)


def having(schema: pa.DataFrameSchema, mark: str) -> dict[str, Any]:
    """The columns of a table that carry a mark -> its value."""
    return {n: col.metadata[mark] for n, col in schema.columns.items() if mark in col.metadata}


_INTRODUCTION = """\
# Tables

This page is the text of `aftersales.data.mapping.schema`; change it there.

Columns marked * are required. Kinds: `str` a name or text, `int` a whole number, `float` a number,
`bool` yes or no, `date` a local timestamp without timezone. Any column may be mapped from a source;
one said to be *made* is computed at cleaning where no source gives it. Tables with a `region`
column are stored in one folder per region. A column that the profile does not map is absent.
"""


def page(tables: Iterable[pa.DataFrameSchema]) -> str:
    """A Markdown page with one section per table."""
    return "\n".join([_INTRODUCTION, *(_section(schema) for schema in tables)])


def _section(schema: pa.DataFrameSchema) -> str:
    facts = [
        f"One row is {schema.description}.",
        f"Key: {', '.join(f'`{part}`' for part in schema.metadata['key'])}.",
        f"Time: `{schema.metadata['time']}`.",
    ]
    if schema.metadata["order"]:
        pairs = ", ".join(f"`{a}` ≤ `{b}`" for a, b in schema.metadata["order"])
        facts.append(f"Order of times: {pairs}.")
    rows = [_row(n, column) for n, column in schema.columns.items()]
    head = ["| column | kind | meaning |", "|---|---|---|"]
    return "\n".join([f"## {schema.name}\n", " ".join(facts), "", *head, *rows, ""])


def _row(name: str, column: pa.Column) -> str:
    marks, meaning = column.metadata, column.description
    if "values" in marks:
        meaning += ": " + ", ".join(f"`{value}`" for value in marks["values"])
    if "joins" in marks:
        meaning += f"; refers to `{'.'.join(marks['joins'])}`"
    if "free_text" in marks:
        meaning += "; masked"
    if DERIVED in marks:
        meaning += f"; made: {marks[DERIVED]}"
    return f"| {name}{'*' if column.required else ''} | {marks['kind']} | {meaning} |"
