"""Can we trust this period's data: coverage, what cleaning did, keys that join, the last weeks."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from aftersales import plot
from aftersales.analyses import quality_words
from aftersales.analyses.arrivals import lags, main_table, table_ends, usual_weeks, weekly
from aftersales.analyses.scope import Scope, read_scope
from aftersales.data.schema import joins, time_column
from aftersales.data.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.metrics.frames import add_month as with_month
from aftersales.metrics.frames import collect, known
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
    `ends` and `lags` say how old the last row of each table is and how late things become known.
    """

    scope: Scope
    tables: pd.DataFrame
    coverage: pd.DataFrame
    joins: pd.DataFrame
    missing: pd.DataFrame
    weeks: pd.DataFrame
    ends: pd.DataFrame
    lags: pd.DataFrame

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

    def log(self) -> pd.DataFrame:
        """The cleaning log: the steps that changed or counted something."""
        return self.scope.store.cleaning_log(only_counted=True)

    def rejected(self) -> pd.DataFrame:
        """The steps of cleaning that rejected rows: table, reason, number of rows."""
        log = self.scope.store.cleaning_log()
        log = log.assign(n=log["rows_in"] - log["rows_out"])
        lost = log[(log["n"] > 0) & ~log["step"].isin(_NOT_REJECTED)]
        lost = lost.sort_values("n", ascending=False, kind="stable")
        return lost[["table", "reason", "n"]].reset_index(drop=True)


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
    coverage = _coverage(scope, months)
    return Quality(
        scope=scope,
        tables=_tables(scope),
        coverage=coverage,
        joins=_joins(scope),
        missing=_missing(scope),
        weeks=weekly(scope),
        ends=table_ends(scope),
        lags=lags(scope),
    )


def _tables(scope: Scope) -> pd.DataFrame:
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
                **_own(scope, table),
                "first": entry.get("first"),
                "last": entry.get("last"),
            }
        )
    return pd.DataFrame(rows)


def _own(scope: Scope, table: str) -> dict[str, float]:
    store = scope.store
    if not store.has(table):
        return {"rows": 0, "unknown_region": np.nan}
    rows = store.scan(table, region=scope.region.id)
    if not store.has(table, "region"):
        return {
            "rows": collect(rows.select(n=nw.len()), sort=[])["n"].iloc[0],
            "unknown_region": np.nan,
        }
    unknown = (nw.col("region") == "unknown").cast(nw.Int64).sum()
    counts = collect(rows.select(n=nw.len(), u=unknown), sort=[]).fillna(0).iloc[0]
    at_root = scope.parent is None and counts["n"] > 0
    return {"rows": counts["n"], "unknown_region": counts["u"] / counts["n"] if at_root else np.nan}


def _coverage(scope: Scope, months: int) -> pd.DataFrame:
    parts, start = [], scope.months(months)[0]
    for table in scope.store.tables:
        time = time_column(table)
        if not time or not scope.store.has(table, time):
            continue
        rows = scope.store.scan(table, region=scope.region.id)
        rows = rows.filter(known(time, as_of=scope.as_of), nw.col(time) >= start)
        counts = with_month(rows, time).group_by("month").agg(n=nw.len())
        parts.append(collect(counts, sort=["month"]).assign(table=table))
    if not parts or not sum(map(len, parts)):
        return pd.DataFrame(columns=["table", "month", "n"])
    return pd.concat(parts, ignore_index=True)[["table", "month", "n"]]


def _joins(scope: Scope) -> pd.DataFrame:
    """For every key that points to another table: rows with a key, and how many of them meet it."""
    rows, store = [], scope.store
    for table in store.tables:
        for column, (other, key) in joins(table).items():
            if not (store.has(table, column) and store.has(other, key)):
                continue
            keys = store.scan(table, region=scope.region.id).select(key=nw.col(column))
            known_keys = store.scan(other).select(key=nw.col(key), met=nw.lit(1)).unique("key")
            joined = keys.join(known_keys, on="key", how="left")
            have = (~nw.col("key").is_null()).cast(nw.Int64).sum()
            met = nw.col("met").sum()
            counts = collect(joined.select(n=nw.len(), have=have, met=met), sort=[]).fillna(0)
            n, have_n, met_n = counts.iloc[0][["n", "have", "met"]]
            rows.append(
                {
                    "table": table,
                    "column": column,
                    "to": other,
                    "n": n,
                    "filled": have_n / n if n else np.nan,
                    "joined": met_n / have_n if have_n else np.nan,
                }
            )
    return pd.DataFrame(rows, columns=["table", "column", "to", "n", "filled", "joined"])


def _missing(scope: Scope) -> pd.DataFrame:
    parts, store = [], scope.store
    for table in store.tables:
        columns = [c for c in store.columns(table) if c != "region"]
        rows = store.scan(table, region=scope.region.id)
        empty = [nw.col(c).is_null().cast(nw.Int64).sum().alias(c) for c in columns]
        counts = collect(rows.select(nw.len().alias("_n"), *empty), sort=[]).iloc[0]
        if counts["_n"]:
            share = counts[columns].astype(float) / counts["_n"]
            parts.append(
                pd.DataFrame({"table": table, "column": columns, "missing": share.to_numpy()})
            )
    if not parts:
        return pd.DataFrame(columns=["table", "column", "missing"])
    table = pd.concat(parts, ignore_index=True)
    table = table[table["missing"] > 0].sort_values("missing", ascending=False)
    return table.reset_index(drop=True)
