"""How rows arrive: by day, with empty cells and keys that meet their table, and how late."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import pandas as pd

from aftersales.data.mapping import schema
from aftersales.metrics.counting.company import Count, cut
from aftersales.metrics.counting.engines import collect, known, month_index, reduce, total
from aftersales.metrics.counting.rows import Scope

EMPTY, MET = "_empty ", "_met "  # before a column: its empty cells, its keys that meet their table
UNKNOWN = "unknown"
_DAY, _PLACE, _WAIT = "_ day", "_ place", "_ wait"  # no column of a table is called so
_EVENT, _REPORT = "_ event", "_ report"


@dataclass(frozen=True)
class Tables:
    """The tables of a store as one report of a region reads them: each is opened once."""

    store: Any
    region: str
    as_of: pd.Timestamp
    _opened: dict[str, nw.LazyFrame] = field(default_factory=dict, repr=False, compare=False)

    def keys(self, table: str) -> dict[str, tuple[str, str]]:
        """Columns of the table that point to a column that is there: its table, its name."""
        has, pointing = self.store.has, schema.joins(table).items()
        return {c: to for c, to in pointing if has(table, c) and has(*to)}

    def own(self, table: str) -> nw.LazyFrame:
        """The rows of the region."""
        if table not in self._pointed_to() or not self.store.has(table, "region"):
            return self._open(table, region=self.region)
        members = self.store.profile.regions.members(self.region)
        return self.whole(table).filter(nw.col("region").is_in(members))

    def whole(self, table: str) -> nw.LazyFrame:
        """The rows of the company."""
        return self._open(table, region=None)

    def _open(self, table: str, *, region: str | None) -> nw.LazyFrame:
        if table not in self._opened:
            self._opened[table] = self.store.scan(table, region=region)
        return self._opened[table]

    def _pointed_to(self) -> set[str]:
        return {other for table in self.store.tables for other, _ in self.keys(table).values()}

    def counts(self, table: str, *, key: tuple, by: list[str], count: Count) -> pd.DataFrame:
        """Any counts of the region's rows: added up from the company's where kept, else made."""
        scope = Scope(self.store, self.region, self.as_of)
        found = cut(scope, table, key=key, by=by, count=count)
        return count(self.own(table), by) if found is None else found


def rows_by_day(tables: Tables, table: str) -> pd.DataFrame:
    """Rows of a table by day: everything that is asked of all its rows, in one pass.

    Returns
    -------
    DataFrame, one row per day
        ``day`` (NaT for rows without a time, and in tables without one), ``n`` rows, ``unknown``
        of them with a region that could not be resolved; for each column but the region its empty
        cells, ``_empty <name>``; for each key the rows whose key is in the table it points to,
        wherever that row lies, ``_met <name>``. Days after the last one are there.
    """
    store, time, keys = tables.store, schema.time_column(table), tables.keys(table)
    timed = bool(time) and store.has(table, time)
    day = nw.col(time).dt.truncate("1d") if timed else nw.lit(None, dtype=nw.Datetime("us"))
    own = store.has(table, "region")
    place = (nw.col("region") == UNKNOWN).cast(nw.Int64) if own else nw.lit(0)
    columns = [c for c in store.columns(table) if c != "region"]
    filled = {EMPTY + c: nw.col(c).count() for c in columns}
    met = {MET + c: nw.col(MET + c).count() for c in keys}

    def count(rows: nw.LazyFrame, groups: list[str]) -> pd.DataFrame:
        rows = rows.with_columns(day.alias(_DAY), place.alias(_PLACE))
        for column, (other, key) in keys.items():
            there = _there(tables.whole(other), other, key, column)
            rows = rows.join(there, on=column, how="left")
        totals = {"n": nw.len(), UNKNOWN: total(_PLACE)}
        found = collect(reduce(rows, groups, **totals, **filled, **met), sort=groups)
        return found.assign(**{name: found["n"] - found[name] for name in filled})

    found = tables.counts(table, key=("rows by day",), by=[_DAY], count=count)
    return found.rename(columns={_DAY: "day"})


def _there(rows: nw.LazyFrame, table: str, key: str, column: str) -> nw.LazyFrame:
    """The keys of a table, each once, called `column`, and ``_met <column>``."""
    keys = rows.select(nw.col(key).alias(column)).filter(~nw.col(column).is_null())
    if (key,) != schema.key(table):  # cleaning keeps one row of each
        keys = keys.unique()
    return keys.with_columns(nw.lit(1).alias(MET + column))


def waits(
    tables: Tables, table: str, column: str, *, start: str, until: pd.Timestamp, unit: float
) -> pd.DataFrame:
    """How long cases waited that began (`start`) by the day `until`.

    One row per wait: ``days``, rounded up, and ``n`` cases; `unit` is the length of one of
    `column` in days.
    """

    def count(rows: nw.LazyFrame, groups: list[str]) -> pd.DataFrame:
        rows = rows.filter(known(start, as_of=until), ~nw.col(column).is_null())
        rows = rows.with_columns((nw.col(column) * unit).ceil().alias(_WAIT))
        return collect(reduce(rows, groups, n=nw.len()), sort=groups)

    found = tables.counts(table, key=("waits", column, start, until), by=[_WAIT], count=count)
    return found.rename(columns={_WAIT: "days"})


def delays(
    tables: Tables, table: str, *, event: str, report: str, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Cases reported by `as_of`: ``origin`` (month of the event), ``delay`` in months, ``n``.

    Months are counted since January 1970. Reports before their event are left out.
    """

    def count(rows: nw.LazyFrame, groups: list[str]) -> pd.DataFrame:
        rows = rows.filter(known(report, as_of=as_of), ~nw.col(event).is_null())
        months = {_EVENT: month_index(event), _REPORT: month_index(report)}
        rows = rows.with_columns(**months)
        return collect(reduce(rows, groups, n=nw.len()), sort=groups)

    key, by = ("delays", event, report, as_of), [_EVENT, _REPORT]
    found = tables.counts(table, key=key, by=by, count=count)
    found = found.assign(origin=found[_EVENT], delay=found[_REPORT] - found[_EVENT])
    return found.loc[found["delay"] >= 0, ["origin", "delay", "n"]]
