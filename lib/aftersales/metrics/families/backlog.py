"""Cases that are open: how many, for how long, and how the pile grew."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from aftersales.metrics.counting.engines import (
    closing,
    collect,
    first_day,
    hours_until,
    known,
    month_index,
    month_of,
    one,
    reduce,
    scan,
    total,
    with_poisson_interval,
)
from aftersales.metrics.families.durations import grid_cell, quantiles

OLDER_THAN_DAYS = (7, 30, 90)


def open_backlog(
    tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp, closed: str = "closed_at"
) -> pd.DataFrame:
    """Number of tickets open at the end of `as_of`, and how many are old.

    Parameters
    ----------
    tickets : one row per ticket; needs ``opened_at``, `closed` and the columns in `by`
    closed : the column that says when a ticket was done; later than `as_of` is still open

    Returns
    -------
    DataFrame, one row per group
        ``n`` tickets opened so far, ``n_open``, ``rate`` (the number open) with its exact 95 %
        Poisson interval, ``n_over_7``, ``n_over_30``, ``n_over_90`` days old.
    """
    lazy = _with_age(tickets, by=by, as_of=as_of, closed=closed, metric="open_backlog")
    marks = {
        f"n_over_{d}": one(nw.col("_age") > d * 24.0) * nw.col("_open") for d in OLDER_THAN_DAYS
    }
    lazy = lazy.with_columns(**marks)
    totals = {name: total(name) for name in marks}
    counts = collect(reduce(lazy, by, n=nw.len(), n_open=total("_open"), **totals), sort=by)
    return _stock(counts)[[*by, "n", "n_open", "rate", "rate_low", "rate_high", *marks]]


def _stock(counts: pd.DataFrame) -> pd.DataFrame:
    """Add the stock as ``rate`` and its Poisson interval; ``n`` stays."""
    ranged = with_poisson_interval(counts.assign(n=1), count="n_open", per=1.0)
    return ranged.assign(n=counts["n"])


def _with_age(
    tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp, closed: str, metric: str
) -> nw.LazyFrame:
    lazy = scan(tickets, needs=[closed, *by], table="tickets", metric=metric, time="opened_at")
    lazy = lazy.filter(known("opened_at", as_of=as_of))
    age = hours_until(lazy, "opened_at", closing(as_of))
    return lazy.select(*by, _age=age, _open=1 - one(known(closed, as_of=as_of)))


def backlog_age_days(
    tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp, closed: str = "closed_at"
) -> pd.DataFrame:
    """Age of the tickets that are open at the end of `as_of`, days.

    Parameters
    ----------
    tickets : one row per ticket; needs ``opened_at``, `closed` and the columns in `by`

    Returns
    -------
    DataFrame, one row per group with open tickets
        ``n`` and ``n_open`` (tickets open), ``median`` and ``p90`` in days with 95 % intervals.
    """
    lazy = _with_age(tickets, by=by, as_of=as_of, closed=closed, metric="backlog_age_days")
    lazy = lazy.filter(nw.col("_open") == 1).with_columns(_cell=grid_cell(nw.col("_age")))
    keys = [*by, "_cell"]
    cells = collect(reduce(lazy, keys, _n=nw.len()), sort=keys)
    cells = cells.assign(_done=cells["_n"])
    return quantiles(cells, by=by, count="n_open", unit_hours=24.0)


def backlog_by_month(
    tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp, closed: str = "closed_at"
) -> pd.DataFrame:
    """Tickets opened and closed in each month, and open at its end.

    Parameters
    ----------
    tickets : one row per ticket; needs ``opened_at``, `closed` and the columns in `by`

    Returns
    -------
    DataFrame, one row per group and month, from the first ticket to `as_of` without gaps
        `by`, ``month`` (first day), ``n`` and ``n_opened``, ``n_closed``, ``n_open`` (at the
        end of the month, or of `as_of`), ``rate`` (= ``n_open``) with its Poisson interval.
    """
    groups = [column for column in by if column != "month"]
    needs, metric = [closed, *groups], "open_backlog"
    lazy = scan(tickets, needs=needs, table="tickets", metric=metric, time="opened_at")
    lazy = lazy.filter(known("opened_at", as_of=as_of))
    done = nw.when(known(closed, as_of=as_of)).then(month_index(closed))
    lazy = lazy.select(*groups, _in=month_index("opened_at"), _out=done)
    keys = [*groups, "_in", "_out"]
    flows = collect(reduce(lazy, keys, _n=nw.len()), sort=keys)
    return _stock(_cumulate(flows, groups=groups, last=month_of(as_of)))


def _cumulate(flows: pd.DataFrame, *, groups: list[str], last: int) -> pd.DataFrame:
    """Add up what came and went, month by month."""
    names = flows[groups].drop_duplicates() if groups else pd.DataFrame(index=[0])
    first = int(flows["_in"].min()) if len(flows) else last
    months = pd.DataFrame({"_m": np.arange(first, last + 1)})
    grid = names.merge(months, how="cross")
    for side, name in (("_in", "n_opened"), ("_out", "n_closed")):
        moved = flows.dropna(subset=[side]).groupby([*groups, side], dropna=False)["_n"].sum()
        moved = moved.rename(name).reset_index().rename(columns={side: "_m"}).astype({"_m": int})
        grid = grid.merge(moved, on=[*groups, "_m"], how="left")
        grid[name] = grid[name].fillna(0).astype("int64")
    change = grid["n_opened"] - grid["n_closed"]
    keyed = change.groupby([grid[c] for c in groups], dropna=False) if groups else change
    grid = grid.assign(n_open=keyed.cumsum(), n=grid["n_opened"], month=first_day(grid["_m"]))
    ordered = grid.sort_values([*groups, "_m"], na_position="last", ignore_index=True)
    return ordered[[*groups, "month", "n", "n_opened", "n_closed", "n_open"]]
