"""How rows arrive: by day, with empty cells and keys that meet their table, and how late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from aftersales.metrics.counting.company import Count, cut
from aftersales.metrics.counting.engines import collect, known, month_index, reduce, total
from aftersales.metrics.counting.rows import Rows

_EMPTY, _MET = "_empty ", "_met "  # before a column: its cells that are empty, keys that meet
UNKNOWN = "unknown"
# No column of a table is called so.
_DAY, _WHAT, _PLACE, _WAIT = "_ day", "_ what", "_ place", "_ wait"
_EVENT, _REPORT = "_ event", "_ report"


class Link(NamedTuple):
    """Where a column points to: a column of a table, and whether that holds each value once."""

    table: str
    key: str
    unique: bool


@dataclass(frozen=True)
class Tables:
    """The tables of a store as one report of a region reads them: each is opened once.

    `links` says by table which of its columns point to another one; both are there.
    """

    store: Any
    region: str
    as_of: pd.Timestamp
    links: Mapping[str, Mapping[str, Link]]
    _opened: dict[str, nw.LazyFrame] = field(default_factory=dict, repr=False, compare=False)

    def own(self, table: str) -> nw.LazyFrame:
        """The rows of the region."""
        read_whole = any(link.table == table for of in self.links.values() for link in of.values())
        if not read_whole or not self.store.has(table, "region"):
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

    def counts(self, table: str, *, key: tuple, by: list[str], count: Count) -> pd.DataFrame:
        """Any counts of the region's rows: added up from what is kept, else made and kept."""
        asked = Rows(self, self.region, self.as_of)
        return cut(asked, table, key=key, by=by, count=count, made=by)

    def scan(self, table: str, *, region: str | None = None) -> nw.LazyFrame:
        """As of the store, but opened once."""
        return self.whole(table) if region is None else self.own(table)

    def __getattr__(self, name: str) -> Any:
        """What the store has: ``has``, ``profile``, ``manifest`` ..."""
        return getattr(self.store, name)


@dataclass(frozen=True)
class Counted:
    """Everything that is asked of all rows of a table.

    `days` has one row per day: ``day`` (NaT for rows without a time, and in tables without one) and
    ``n`` rows; days after the last one are there. `unknown` rows have a region that could not be
    resolved. `empty` counts the empty cells of each column but the region, `met` the rows whose key
    is in the table it points to, wherever that row lies.
    """

    days: pd.DataFrame
    unknown: int
    empty: dict[str, int]
    met: dict[str, int]

    @property
    def n(self) -> int:
        return int(self.days["n"].sum())


def counted(tables: Tables, table: str, *, time: str) -> Counted:
    """The rows of a table by day of `time`, its empty cells and the keys that meet, in one pass.

    A table without `time` has one row, without a day.
    """
    links = tables.links.get(table, {})
    columns = [c for c in tables.store.columns(table) if c != "region"]
    totals = [UNKNOWN, *(_EMPTY + c for c in columns), *(_MET + c for c in links)]

    def count(rows: nw.LazyFrame, groups: list[str]) -> pd.DataFrame:
        for column, link in links.items():
            rows = rows.join(_there(tables.whole(link.table), link, column), on=column, how="left")
        places = [c for c in groups if c not in (_DAY, _WHAT)]
        days = _by_day(_marked(tables.store, table, rows, time), columns, links, [_DAY, *places])
        return _compact(days, totals, places)

    found = tables.counts(table, key=("rows by day",), by=[_DAY, _WHAT], count=count)
    is_day = found[_WHAT] == 0
    days = found[is_day].rename(columns={_DAY: "day"})[["day", "n"]]
    sums = found[~is_day]
    known = dict.fromkeys(totals, 0)
    known |= {totals[what - 1]: int(n) for what, n in zip(sums[_WHAT], sums["n"], strict=True)}
    return Counted(
        days=days.reset_index(drop=True),
        unknown=known[UNKNOWN],
        empty={c: known[_EMPTY + c] for c in columns},
        met={c: known[_MET + c] for c in links},
    )


def _marked(store: Any, table: str, rows: nw.LazyFrame, time: str) -> nw.LazyFrame:
    """The rows with their day, and 1 where their region is unknown."""
    timed = bool(time) and store.has(table, time)
    day = nw.col(time).dt.truncate("1d") if timed else nw.lit(None, dtype=nw.Datetime("us"))
    own = store.has(table, "region")
    place = (nw.col("region") == UNKNOWN).cast(nw.Int64) if own else nw.lit(0)
    return rows.with_columns(day.alias(_DAY), place.alias(_PLACE))


def _by_day(
    rows: nw.LazyFrame, columns: list[str], links: Iterable[str], groups: list[str]
) -> pd.DataFrame:
    """``n`` and all totals by day."""
    filled = {_EMPTY + c: nw.col(c).count() for c in columns}
    met = {_MET + c: nw.col(_MET + c).count() for c in links}
    totals = {"n": nw.len(), UNKNOWN: total(_PLACE), **filled, **met}
    found = collect(reduce(rows, groups, **totals), sort=groups)
    return found.assign(**{name: found["n"] - found[name] for name in filled})


def _compact(found: pd.DataFrame, totals: list[str], places: list[str]) -> pd.DataFrame:
    """``n`` by day (what 0), and each total but zeros as a row without a day (what 1, 2 ...).

    What is kept for every region stays small: totals are not needed by day.
    """
    sums = found.groupby(places)[totals].sum() if places else found[totals].sum().to_frame().T
    values = sums.to_numpy("int64")
    at, what = np.nonzero(values)
    no_day = np.full(len(at), np.datetime64("NaT", "us"))
    columns = {
        _DAY: np.concatenate([found[_DAY].to_numpy("datetime64[us]"), no_day]),
        _WHAT: np.concatenate([np.zeros(len(found), "int16"), what.astype("int16") + 1]),
        **{place: [*found[place], *sums.index[at]] for place in places},
        "n": np.concatenate([found["n"].to_numpy("int64"), values[at, what]]),
    }
    return pd.DataFrame(columns)


def _there(rows: nw.LazyFrame, link: Link, column: str) -> nw.LazyFrame:
    """The values that are there, each once, called `column`, and ``_met <column>``."""
    keys = rows.select(nw.col(link.key).alias(column)).filter(~nw.col(column).is_null())
    return (keys if link.unique else keys.unique()).with_columns(nw.lit(1).alias(_MET + column))


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
