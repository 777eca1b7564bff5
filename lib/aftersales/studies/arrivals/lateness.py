"""Are the last weeks complete: rows by week, how old the last rows are, how late things come."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from aftersales.data.mapping.schema import time_column
from aftersales.metrics.counting.engines import first_day, month_of
from aftersales.metrics.families.arrivals import Tables, delays, waits
from aftersales.stats.life.completeness import completeness, delay_triangle
from aftersales.studies.arrivals.days import Days, until
from aftersales.studies.scope import Scope

RECENT_WEEKS, PAST_WEEKS, YEAR_WEEKS = 4, 26, 52
OLD_DAYS = 14  # age of the last row below which no table is called stale
OLD_GAPS = 5  # usual gaps between days with rows, above which it is
SETTLED_DAYS = 180  # by then nearly all that comes has come
RECENT_MONTHS, PAST_MONTHS, LONGEST = 3, 24, 12  # months told, learned from, and longest delay
_STREAMS = (  # tables that keep growing; units, customers or outlets may stand still
    *("tickets", "ticket_steps", "repairs", "orders", "returns", "surveys", "usage", "exposure"),
)
_LAGS = {  # derived column -> (table, start of the wait, length of its unit in days)
    "days_to_return": ("returns", "delivered_at", 1.0),
    "turnaround_days": ("repairs", "opened_at", 1.0),
    "resolution_hours": ("tickets", "opened_at", 1 / 24),
}


class UsualWeeks(NamedTuple):
    """The last four weeks over a usual four weeks, and the range of that in the year before."""

    ratio: float
    low: float
    high: float


def main_table(scope: Scope) -> str:
    """The table whose weeks tell whether data are complete: the first of tickets, orders, surveys
    that is there; "" without any."""
    names = ("tickets", "orders", "surveys")
    return next((t for t in names if scope.store.has(t, time_column(t))), "")


def weekly(scope: Scope, *, days: Days) -> pd.DataFrame:
    """Rows of the main table by week of seven days, the last one ending on `as_of`.

    ``week`` (its first day) and ``n``; empty weeks count zero.
    """
    table = main_table(scope)
    counted = until(days[table], scope.as_of) if table else pd.DataFrame()
    if counted.empty:
        return pd.DataFrame(columns=["week", "n"])
    back = (scope.as_of.normalize() - counted["day"]).dt.days // 7
    counts = counted.groupby(back.to_numpy())["n"].sum()
    counts = counts.reindex(range(int(back.max()) + 1)).fillna(0)
    start = scope.as_of.normalize() - pd.to_timedelta(counts.index * 7 + 6, unit="D")
    weeks = pd.DataFrame({"week": start, "n": counts.to_numpy()})
    return weeks.sort_values("week").reset_index(drop=True)


def usual_weeks(weeks: pd.DataFrame) -> UsualWeeks:
    """The last four weeks beside the median week of the 26 before, and its range in a year.

    The first and oldest week may be a part of one, so it is not used. NaN with fewer than 26
    earlier weeks.
    """
    n = weeks["n"].to_numpy(float)[1:]
    if len(n) < RECENT_WEEKS + PAST_WEEKS:
        return UsualWeeks(np.nan, np.nan, np.nan)
    usual = np.median(n[-RECENT_WEEKS - PAST_WEEKS : -RECENT_WEEKS])
    if usual == 0:
        return UsualWeeks(np.nan, np.nan, np.nan)
    rolling = np.convolve(n, np.ones(RECENT_WEEKS) / RECENT_WEEKS, mode="valid") / usual
    past = rolling[-YEAR_WEEKS - RECENT_WEEKS : -RECENT_WEEKS]
    return UsualWeeks(float(rolling[-1]), float(past.min()), float(past.max()))


def table_ends(scope: Scope, *, days: Days) -> pd.DataFrame:
    """How old the last row of each table of events is, in the region.

    One row per table: ``table``, ``last`` day with rows, ``age`` of it in days,
    ``usual`` days between days with rows, ``stale`` (older than 14 days and 5 usual gaps).
    """
    rows = []
    for table in _STREAMS:
        if not scope.store.has(table, time_column(table)):
            continue
        when = until(days[table], scope.as_of)["day"]
        if len(when) < 2:
            continue
        age = (scope.as_of.normalize() - when.iloc[-1]).days
        usual = (when.iloc[-1] - when.iloc[0]).days / (len(when) - 1)
        stale = age > max(OLD_DAYS, OLD_GAPS * usual)
        rows.append((table, when.iloc[-1], age, usual, stale))
    return pd.DataFrame(rows, columns=["table", "last", "age", "usual", "stale"])


def late_reports(scope: Scope, *, tables: Tables) -> pd.DataFrame:
    """How complete the last three months are, where cases become known after they happen.

    Looked at are returns by month of delivery, and rows of any table that say when they were
    reported (column ``reported_at`` beside its own time) or when what they report happened
    (``happened_at``). Delays up to a year, from the months of the last two years.

    One row per table and month: ``table``, ``event``, ``report`` (the two columns), ``month``,
    ``known`` cases, ``complete`` (share of those to come within a year that are known), its 95 %
    interval ``complete_low``, ``complete_high``, ``expected`` final number with its prediction
    interval ``low``, ``high``. Tables with fewer than 20 cases are left out; method:
    `stats.completeness`.
    """
    parts = []
    for table, event, report in _two_dates(scope):
        cases = delays(tables, table, event=event, report=report, as_of=scope.last_day)
        triangle = delay_triangle(cases, last=month_of(scope.last_day), max_delay=LONGEST)
        found = completeness(triangle.tail(PAST_MONTHS + LONGEST))
        if not found.few:
            months = found.months.tail(RECENT_MONTHS)
            named = months.assign(table=table, event=event, report=report)
            parts.append(named.assign(month=first_day(named["origin"])))
    columns = ["table", "event", "report", "month", "known", "complete", "complete_low"]
    columns += ["complete_high", "expected", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _two_dates(scope: Scope) -> list[tuple[str, str, str]]:
    """Table, column with the time of the event, column with the time of its report."""
    found = []
    for table in _STREAMS:
        time = time_column(table)
        pairs = [(time, "reported_at"), ("happened_at", time)]
        pairs += [("delivered_at", time)] if table == "returns" else []
        found += [(table, *pair) for pair in pairs if scope.store.has(table, *pair)]
    return found


def lags(scope: Scope, *, tables: Tables) -> pd.DataFrame:
    """How long after its start an event becomes known, of starts at least half a year back.

    One row per kind that the tables tell: ``table``, ``column``, ``n``, ``median`` and ``p90`` in
    days, rounded up to whole days. Events that have not come by `as_of` are not counted.
    """
    rows = []
    until = scope.as_of - pd.Timedelta(days=SETTLED_DAYS)
    for column, (table, start, unit) in _LAGS.items():
        if not scope.store.has(table, column, start):
            continue
        counts = waits(tables, table, column, start=start, until=until, unit=unit)
        total = int(counts["n"].sum())
        if total >= scope.profile.target("ticket_volume").min_n:
            share = counts["n"].cumsum() / total
            at = [float(counts.loc[share >= q, "days"].iloc[0]) for q in (0.5, 0.9)]
            rows.append((table, column, total, *at))
    return pd.DataFrame(rows, columns=["table", "column", "n", "median", "p90"])
