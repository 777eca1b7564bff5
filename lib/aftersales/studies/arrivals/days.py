"""Rows by day and empty cells of every table of a region: one pass over each table."""

from __future__ import annotations

from collections.abc import Mapping

import narwhals as nw
import pandas as pd

from aftersales.data.mapping.schema import time_column
from aftersales.metrics.counting.engines import collect, reduce, total
from aftersales.studies.scope import Scope

EMPTY = "_empty "  # before the name of a column: its empty cells
UNKNOWN = "unknown"
_DAY, _PLACE = "_ day", "_ place"  # no column of a table is called so
Days = Mapping[str, pd.DataFrame]


def day_counts(scope: Scope) -> Days:
    """Table -> its rows in the region by day.

    One row per day: ``day`` (NaT for rows without a time, and in tables without one), ``n`` rows,
    ``unknown`` of them with a region that could not be resolved, and for each column but the
    region the number of empty cells, in columns ``_empty <name>``. Days after `as_of` are there.
    """
    return {table: _days(scope, table) for table in scope.store.tables}


def _days(scope: Scope, table: str) -> pd.DataFrame:
    store, time = scope.store, time_column(table)
    rows = store.scan(table, region=scope.region.id)
    timed = bool(time) and store.has(table, time)
    day = nw.col(time).dt.truncate("1d") if timed else nw.lit(None, dtype=nw.Datetime("us"))
    columns = [c for c in store.columns(table) if c != "region"]
    own = store.has(table, "region")
    place = (nw.col("region") == UNKNOWN).cast(nw.Int64) if own else nw.lit(0)
    rows = rows.with_columns(day.alias(_DAY), place.alias(_PLACE))
    filled = {EMPTY + c: nw.col(c).count() for c in columns}
    counts = reduce(rows, [_DAY], n=nw.len(), **filled, **{UNKNOWN: total(_PLACE)})
    found = collect(counts, sort=[_DAY]).rename(columns={_DAY: "day"})
    return found.assign(**{name: found["n"] - found[name] for name in filled})


def until(days: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """``day`` and ``n`` up to `as_of`, days with rows only."""
    return days.loc[days["day"] <= as_of, ["day", "n"]].reset_index(drop=True)
