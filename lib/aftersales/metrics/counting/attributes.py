"""Attributes that a table lacks, taken from the table its keys refer to; regions of one level."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import narwhals as nw

from aftersales.metrics.counting.engines import collect
from aftersales.profile.regions import RegionTree

# table -> (key, table whose row the key names), in the order in which they are asked
LINKS: dict[str, tuple[tuple[str, str], ...]] = {
    "tickets": (("unit_id", "units"), ("customer_id", "customers")),
    "repairs": (("unit_id", "units"), ("ticket_id", "tickets")),
    "surveys": (("ticket_id", "tickets"), ("customer_id", "customers")),
    "units": (("customer_id", "customers"),),
    "orders": (("customer_id", "customers"),),
}
QUARTER = "built_quarter"
MADE = {("units", QUARTER): "built_at"}  # attributes made from a column, where that is there
_STEPS = 2  # how far to follow keys: a repair's unit, and the unit's customer


def lacking(store: Any, table: str, columns: Iterable[str], *, steps: int = _STEPS) -> list[str]:
    """Those of `columns` that neither the table nor what its keys refer to can give."""
    missing = [column for column in columns if not _has(store, table, column)]
    for key, other in LINKS.get(table, ()) if steps else ():
        if store.has(table, key) and store.has(other, key):
            missing = lacking(store, other, missing, steps=steps - 1)
    return missing


def with_attributes(
    store: Any, table: str, lazy: nw.LazyFrame, columns: Iterable[str], *, steps: int = _STEPS
) -> nw.LazyFrame:
    """The rows of `table` with `columns`, looked up by key where the table lacks them.

    A row whose key is missing or refers to nothing gets a missing value; no row is lost.
    """
    lazy = _with_made(store, table, lazy, columns)
    wanted = [column for column in columns if not _has(store, table, column)]
    for key, other in LINKS.get(table, ()) if steps else ():
        if not (wanted and store.has(table, key) and store.has(other, key)):
            continue
        missing = lacking(store, other, wanted, steps=steps - 1)
        gives = [column for column in wanted if column not in missing]
        if gives:
            side = with_attributes(store, other, store.scan(other), gives, steps=steps - 1)
            side = side.filter(~nw.col(key).is_null()).select(key, *gives)
            lazy = lazy.join(side, on=key, how="left")
            wanted = missing
    return lazy


def short_texts(store: Any, table: str, columns: Iterable[str], *, most: int) -> list[str]:
    """Those of `columns` that hold text of at most so many different values."""
    rows = store.scan(table)
    kinds = rows.collect_schema()
    texts = [column for column in columns if kinds[column] == nw.String]
    if not texts:
        return []
    sizes = collect(rows.select(*[nw.col(column).n_unique() for column in texts]), sort=[])
    return [column for column in texts if sizes[column].iloc[0] <= most]


def _has(store: Any, table: str, column: str) -> bool:
    source = MADE.get((table, column))
    return store.has(table, column) or (source is not None and store.has(table, source))


def _with_made(store: Any, table: str, lazy: nw.LazyFrame, columns: Iterable[str]) -> nw.LazyFrame:
    """The rows with the quarter a unit was built in, such as 2014-Q3, where it is asked for."""
    source = MADE.get((table, QUARTER))
    asked = QUARTER in columns and not store.has(table, QUARTER)
    if not asked or source is None or not store.has(table, source):
        return lazy
    built = nw.col(source).dt
    year = built.year().cast(nw.String)
    quarter = ((built.month() + 2) // 3).cast(nw.Int64).cast(nw.String)
    return lazy.with_columns(nw.concat_str([year, quarter], separator="-Q").alias(QUARTER))


def at_level(lazy: nw.LazyFrame, tree: RegionTree, *, level: str) -> nw.LazyFrame:
    """Column ``region`` holds the ancestor at `level`; regions above that level stay."""
    region = nw.col("region")
    for place in tree.at_level(level):
        below = tree.members(place.id)
        if below != [place.id]:
            region = nw.when(nw.col("region").is_in(below)).then(nw.lit(place.id)).otherwise(region)
    return lazy.with_columns(region=region)
