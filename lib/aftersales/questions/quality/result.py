"""Can we trust this period's data: coverage, what cleaning did, keys that join, the last weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales import plot
from aftersales.data.store.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.questions.quality import words as quality_words
from aftersales.studies.arrivals.days import EMPTY, Days, day_counts, until
from aftersales.studies.arrivals.joins import key_joins
from aftersales.studies.arrivals.lateness import (
    lags,
    late_reports,
    main_table,
    table_ends,
    usual_weeks,
    weekly,
)
from aftersales.studies.scope import Scope, read_scope
from aftersales.words import say

RECENT_WEEKS, PAST_WEEKS = 4, 26
# Steps that leave rows out without rejecting them: no records of the table, or copies.
_NOT_REJECTED = ("select", "exact duplicates", "keep", "content key")


@dataclass(frozen=True)
class Quality:
    """What is known about the tables behind a region's reports.

    `tables` has one row per table: ``table``, ``read``, ``kept``, ``duplicates``, ``rejected``,
    shares of the last two (whole profile), ``rows`` of this region, ``unknown_region`` (share of
    rows whose region could not be resolved; the root only), ``first``, ``last``.
    `coverage` counts rows by table and month; `joins` says how many keys meet their table;
    `missing` gives the share of empty cells by column; `weeks` counts the main table by week;
    `ends` and `lags` say how old the last row of each table is and how late things become known,
    `late` how complete the last three months are where that can be told.
    """

    scope: Scope
    tables: pd.DataFrame
    coverage: pd.DataFrame
    joins: pd.DataFrame
    missing: pd.DataFrame
    weeks: pd.DataFrame
    ends: pd.DataFrame
    lags: pd.DataFrame
    late: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row per table."""
        return self.tables

    def findings(self) -> list[Finding]:
        """What limits the other reports; most urgent first."""
        return by_severity(quality_words.findings(self))

    def plot(self, *, ax=None):
        """Rows by table and month, each table against its own busiest month."""
        if self.coverage.empty:
            return plot.nothing(say("No table has rows for this region."), ax=ax)
        most = self.coverage.groupby("table")["n"].transform("max")
        frame = self.coverage.assign(share=self.coverage["n"] / most, period=self.coverage["month"])
        return plot.coverage(frame, row="table", ax=ax)

    def plot_weeks(self, *, ax=None):
        """Rows by week; a low end means that the last weeks are not complete yet."""
        if self.weeks.empty:
            return plot.nothing(say("There are no rows to count by week."), ax=ax)
        frame = self.weeks.tail(52).rename(columns={"week": "period", "n": "count"})
        ylabel = say("Rows of table {table} by week", table=self.main_table)
        return plot.bars(frame, ylabel=ylabel, ax=ax)

    @property
    def main_table(self) -> str:
        """The table whose weeks are counted; "" without any."""
        return main_table(self.scope)

    @property
    def recent_ratio(self) -> float:
        """Rows of the last four weeks over those of a usual four weeks (the median week)."""
        return usual_weeks(self.weeks).ratio

    def late_table(self) -> pd.DataFrame:
        """The last three months of tables that become known late: known, complete, expected."""
        names = {"low": "expected_low", "high": "expected_high"}
        columns = ["table", "month", "known", "complete", "complete_low", "complete_high"]
        table = self.late.rename(columns=names)[[*columns, "expected", *names.values()]]
        table.attrs["nothing"] = say("No table has both the day of an event and of its report.")
        return table

    def log(self) -> pd.DataFrame:
        """The cleaning log: the steps that changed or counted something."""
        return self.scope.store.cleaning_log(only_counted=True)

    def rejected(self) -> pd.DataFrame:
        """The steps of cleaning that rejected rows: table, reason, number of rows."""
        log = self.scope.store.cleaning_log()
        log = log.assign(n=log["rows_in"] - log["rows_out"])
        lost = log[(log["n"] > 0) & ~log["step"].isin(_NOT_REJECTED)]
        lost = lost.sort_values("n", ascending=False, kind="stable")
        lost = lost[["table", "reason", "n"]].reset_index(drop=True)
        lost.attrs["nothing"] = say("No row was rejected.")
        return lost


def quality(
    store: Store, *, region: str = "", as_of: pd.Timestamp | None = None, months: int = 36
) -> Quality:
    """Describe the tables behind a region's reports.

    Parameters
    ----------
    region : id in the profile's tree; "" is the root
    as_of : last complete day; None is that of the data
    months : months of coverage shown, up to `as_of`
    """
    scope = read_scope(store, region=region, as_of=as_of)
    days = day_counts(scope)
    return Quality(
        scope=scope,
        tables=_tables(scope, days),
        coverage=_coverage(scope, days, months),
        joins=key_joins(scope, days=days),
        missing=_missing(days),
        weeks=weekly(scope, days=days),
        ends=table_ends(scope, days=days),
        lags=lags(scope),
        late=late_reports(scope),
    )


def _tables(scope: Scope, days: Days) -> pd.DataFrame:
    rows = []
    for table, entry in scope.store.manifest["tables"].items():
        counts = {k: entry[k] for k in ("read", "kept", "duplicates", "rejected")}
        read = max(entry["read"], 1)
        rows.append(
            {
                "table": table,
                **counts,
                "duplicate_share": entry["duplicates"] / read,
                "rejected_share": entry["rejected"] / read,
                **_own(scope, table, days.get(table)),
                "first": entry.get("first"),
                "last": entry.get("last"),
            }
        )
    return pd.DataFrame(rows)


def _own(scope: Scope, table: str, days: pd.DataFrame | None) -> dict[str, float]:
    """Rows of the region; at the root also the share of rows with an unknown one."""
    rows = 0 if days is None else int(days["n"].sum())
    told = rows > 0 and scope.parent is None and scope.store.has(table, "region")
    return {"rows": rows, "unknown_region": days["unknown"].sum() / rows if told else np.nan}


def _coverage(scope: Scope, days: Days, months: int) -> pd.DataFrame:
    parts, start = [], scope.months(months)[0]
    for table, counted in days.items():
        rows = until(counted, scope.as_of)
        rows = rows[rows["day"] >= start]
        month = rows["day"].dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
        counts = rows.groupby(month.rename("month"))["n"].sum().reset_index()
        parts.append(counts.assign(table=table))
    parts = [p for p in parts if len(p)]
    if not parts:
        return pd.DataFrame(columns=["table", "month", "n"])
    return pd.concat(parts, ignore_index=True)[["table", "month", "n"]]


def _missing(days: Days) -> pd.DataFrame:
    parts = []
    for table, counted in days.items():
        n = counted["n"].sum()
        empty = counted.filter(regex=f"^{EMPTY}").sum()
        if n:
            names = empty.index.str.removeprefix(EMPTY)
            parts.append(
                pd.DataFrame({"table": table, "column": names, "missing": empty.values / n})
            )
    if not parts:
        return pd.DataFrame(columns=["table", "column", "missing"])
    table = pd.concat(parts, ignore_index=True)
    table = table[table["missing"] > 0].sort_values("missing", ascending=False, kind="stable")
    return table.reset_index(drop=True)
