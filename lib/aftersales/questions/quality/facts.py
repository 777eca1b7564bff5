"""What is known about the tables behind a region's reports."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aftersales.data.store.store import Store
from aftersales.studies.arrivals.account import missing_cells, rejecting_steps, table_accounts
from aftersales.studies.arrivals.days import coverage, day_counts, opened
from aftersales.studies.arrivals.joins import key_joins
from aftersales.studies.arrivals.lateness import (
    UsualWeeks,
    lags,
    late_reports,
    main_table,
    table_ends,
    usual_weeks,
    weekly,
)
from aftersales.studies.scope import Scope, read_scope


@dataclass(frozen=True)
class Facts:
    """Tables as the studies of `studies.arrivals` give them; each says there what a row is."""

    scope: Scope
    tables: pd.DataFrame  # what cleaning did to each table, and its rows in the region
    coverage: pd.DataFrame  # rows by table and month
    joins: pd.DataFrame  # how many keys meet their table
    missing: pd.DataFrame  # share of empty cells by column
    main_table: str  # the table whose weeks are counted; "" without any
    weeks: pd.DataFrame  # its rows by week
    usual: UsualWeeks  # its last four weeks beside usual ones
    ends: pd.DataFrame  # how old the last row of each table is
    lags: pd.DataFrame  # how late things become known
    late: pd.DataFrame  # how complete the last three months are, where that can be told
    log: pd.DataFrame  # the steps of cleaning that changed or counted something
    rejected: pd.DataFrame  # those that rejected rows


def gather(
    store: Store, *, region: str = "", as_of: str | pd.Timestamp = "", months: int = 36
) -> Facts:
    """Count the rows of every table of a region; see `result.quality` for the parameters."""
    scope = read_scope(store, region=region, as_of=as_of)
    tables = opened(scope)
    days = day_counts(tables)
    weeks = weekly(scope, days=days)
    return Facts(
        scope=scope,
        tables=table_accounts(scope, days=days),
        coverage=coverage(scope, days=days, months=months),
        joins=key_joins(tables, days=days),
        missing=missing_cells(days),
        main_table=main_table(scope),
        weeks=weeks,
        usual=usual_weeks(weeks),
        ends=table_ends(scope, days=days),
        lags=lags(scope, tables=tables),
        late=late_reports(scope, tables=tables),
        log=store.cleaning_log(only_counted=True),
        rejected=rejecting_steps(store),
    )
