"""Rows by day of every table of a region: one pass over each table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from aftersales.data.mapping import schema
from aftersales.metrics.families.arrivals import Counted, Link, Tables, counted
from aftersales.studies.scope import Scope

Days = Mapping[str, Counted]  # by table


def opened(scope: Scope) -> Tables:
    """The tables of the report's region, each to be opened once."""
    store = scope.store
    links = {
        table: {
            column: Link(other, key, unique=schema.key(other) == (key,))  # cleaning sees to it
            for column, (other, key) in schema.joins(table).items()
            if store.has(table, column) and store.has(other, key)
        }
        for table in store.tables
    }
    return Tables(store, scope.region.id, scope.as_of, links)


def day_counts(tables: Tables) -> Days:
    """Table -> its rows in the region by day, empty cells and keys that meet."""
    return {t: counted(tables, t, time=schema.time_column(t)) for t in tables.links}


def until(counted: Counted, as_of: pd.Timestamp) -> pd.DataFrame:
    """``day`` and ``n`` up to `as_of`, days with rows only."""
    days = counted.days
    return days[days["day"] <= as_of].reset_index(drop=True)


def coverage(scope: Scope, *, days: Days, months: int) -> pd.DataFrame:
    """Rows of the last `months` months: ``table``, ``month``, ``n``; months with rows only."""
    parts, start = [], scope.months(months)[0]
    for table, rows in days.items():
        rows = until(rows, scope.as_of)
        rows = rows[rows["day"] >= start]
        month = rows["day"].dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
        counts = rows.groupby(month.rename("month"))["n"].sum().reset_index()
        parts.append(counts.assign(table=table))
    parts = [p for p in parts if len(p)]
    if not parts:
        return pd.DataFrame(columns=["table", "month", "n"])
    return pd.concat(parts, ignore_index=True)[["table", "month", "n"]]
