"""How long things take, counting those that are still open for as long as they have lasted.

Every duration is counted on one grid, so that millions of rows become a small table and every
engine gives the same answer: steps of 5 minutes in the first 12 hours, 1 hour to 7 days, 6 hours
to 60 days, and whole days from there. A quantile is therefore exact to half a step; durations
recorded in whole days are exact.
"""

from __future__ import annotations

from itertools import pairwise

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from scipy import stats

from aftersales.metrics.counting.engines import (
    closing,
    collect,
    hours_until,
    known,
    one,
    reduce,
    scan,
    total,
)

# (from hours, step in hours), each part as long as a whole number of steps
_GRID = ((0.0, 1 / 12), (12.0, 1.0), (168.0, 6.0), (1440.0, 24.0))
_EQUAL = 1e-12  # survival is a product of fractions, so equality needs a little room
_QUANTILES = {"median": 0.5, "p90": 0.9}


def _first_cells() -> list[int]:
    """The number of the first cell of each part of the grid."""
    firsts = [0]
    for (start, step), (end, _) in pairwise(_GRID):
        firsts.append(firsts[-1] + round((end - start) / step))
    return firsts


def grid_cell(hours: nw.Expr) -> nw.Expr:
    """The number of the grid cell nearest to a duration in hours."""
    (start, step), *parts = zip(_GRID, _first_cells(), strict=True)
    (start, step), first = start, step
    cell = _cell(hours, start, step, first)
    for (start, step), first in parts:
        cell = nw.when(hours >= start).then(_cell(hours, start, step, first)).otherwise(cell)
    return cell


def _cell(hours: nw.Expr, start: float, step: float, first: int) -> nw.Expr:
    return ((hours - start) / step + 0.5).floor() + float(first)


def cell_hours(cells: np.ndarray) -> np.ndarray:
    """The durations, in hours, that cell numbers stand for.

    >>> cell_hours(np.array([0, 1, 144, 145, 300, 512, 513])).round(3).tolist()
    [0.0, 0.083, 12.0, 13.0, 168.0, 1440.0, 1464.0]
    """
    cells, firsts = np.asarray(cells), np.array(_first_cells())
    part = np.clip(np.searchsorted(firsts, cells, side="right") - 1, 0, None)
    starts, steps = np.array(_GRID).T
    return starts[part] + (cells - firsts[part]) * steps[part]


def response_hours(tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Hours from opening to the first answer: median and 90th percentile.

    Tickets that nobody had answered by the end of `as_of` count as "longer than their age"
    (Kaplan and Meier 1958, J. Am. Stat. Assoc. 53:457), so a growing queue cannot look fast.

    Parameters
    ----------
    tickets : one row per ticket; needs ``opened_at``, ``response_hours`` and the columns in
        `by`; "month" in `by` is the month of ``opened_at``

    Returns
    -------
    DataFrame, one row per group
        ``n`` tickets, ``n_responded``, ``median``, ``median_low``, ``median_high``, ``p90``,
        ``p90_low``, ``p90_high`` in hours, exact to the grid of this module; 95 % intervals.
        Missing where the quantile, or an end of its interval, is not reached yet.
    """
    lazy = scan(
        tickets,
        needs=["response_hours", *by],
        table="tickets",
        metric="response_hours",
        time="opened_at",
    )
    return _waited(lazy, nw.col("response_hours"), by=by, as_of=as_of, count="n_responded")


def resolution_hours(tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Hours from opening to the solution; as `response_hours`, with ``n_resolved``.

    Parameters
    ----------
    tickets : one row per ticket; needs ``opened_at``, ``resolution_hours`` and `by`
    """
    lazy = scan(
        tickets,
        needs=["resolution_hours", *by],
        table="tickets",
        metric="resolution_hours",
        time="opened_at",
    )
    return _waited(lazy, nw.col("resolution_hours"), by=by, as_of=as_of, count="n_resolved")


def turnaround_days(repairs: IntoFrame, *, by: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Days from receiving a unit to giving it back; as `response_hours`, with ``n_closed``.

    Parameters
    ----------
    repairs : one row per repair; needs ``opened_at``, ``turnaround_days`` and `by`

    Returns
    -------
    DataFrame, one row per group
        ``n`` repairs, ``n_closed``, and median and 90th percentile with intervals in days.
    """
    lazy = scan(
        repairs,
        needs=["turnaround_days", *by],
        table="repairs",
        metric="turnaround_days",
        time="opened_at",
    )
    hours = nw.col("turnaround_days") * 24.0
    return _waited(lazy, hours, by=by, as_of=as_of, count="n_closed", unit_hours=24.0)


def _waited(
    lazy: nw.LazyFrame,
    hours: nw.Expr,
    *,
    by: list[str],
    as_of: pd.Timestamp,
    count: str,
    unit_hours: float = 1.0,
) -> pd.DataFrame:
    """Quantiles of `hours`, censored at the age that a case has at the end of `as_of`."""
    age = hours_until(lazy, "opened_at", closing(as_of))
    lazy = lazy.filter(known("opened_at", as_of=as_of)).select(*by, _age=age, _hours=hours)
    done = nw.col("_hours") <= nw.col("_age")
    lasted = nw.when(done).then(nw.col("_hours")).otherwise(nw.col("_age"))
    lazy = lazy.select(*by, _done=one(done), _lasted=lasted)
    lazy = lazy.with_columns(_cell=grid_cell(nw.col("_lasted")))
    keys = [*by, "_cell"]
    cells = collect(reduce(lazy, keys, _n=nw.len(), _done=total("_done")), sort=keys)
    return quantiles(cells, by=by, count=count, unit_hours=unit_hours)


def quantiles(
    cells: pd.DataFrame, *, by: list[str], count: str, unit_hours: float = 1.0
) -> pd.DataFrame:
    """Kaplan-Meier quantiles of every group at once, from counts on the grid.

    The same numbers as `stats.survival.km_quantile` gives for the rows of one group.

    Parameters
    ----------
    cells : `by`, ``_cell``, ``_n`` cases that ended or were last seen there, ``_done`` of them
        ended; sorted by `by` and ``_cell``
    count : name of the column for the number of cases that ended
    unit_hours : hours in the unit of the result

    Returns
    -------
    DataFrame, one row per group
        ``n``, `count`, and each quantile with its interval: the times at which the pointwise
        log-log interval of the survival curve crosses it (Brookmeyer and Crowley 1982,
        Biometrics 38:29).
    """
    cells = cells.assign(_group=cells.groupby(by, dropna=False).ngroup() if by else 0)
    groups = cells.groupby("_group")
    result = cells.drop_duplicates("_group").set_index("_group")[by].sort_index()
    result = result.assign(n=groups["_n"].sum(), **{count: groups["_done"].sum()})
    curve = _survival(cells)
    for name, q in _QUANTILES.items():
        for column, end in (("survival", ""), ("low", "_low"), ("high", "_high")):
            hours = _crossing(curve, column, 1 - q)
            result[name + end] = hours.reindex(result.index) / unit_hours
    if not by:
        return result.reset_index(drop=True)
    return result.sort_values(by, na_position="last", ignore_index=True)


def _survival(cells: pd.DataFrame) -> pd.DataFrame:
    """``survival`` with log-log interval ``low``, ``high`` where cases of a group ended."""
    groups = cells.groupby("_group")
    at_risk = groups["_n"].transform("sum") - groups["_n"].cumsum() + cells["_n"]
    ended = cells["_done"] > 0
    done, at_risk, group = cells.loc[ended, "_done"], at_risk[ended], cells.loc[ended, "_group"]
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = (1 - done / at_risk).groupby(group).cumprod()
        variance = (done / (at_risk * (at_risk - done))).groupby(group).cumsum()
        half = stats.norm.isf(0.025) * np.sqrt(variance) / np.abs(np.log(survival))
        low, high = survival ** np.exp(half), survival ** np.exp(-half)
    curve = pd.DataFrame({"_group": group, "hours": cell_hours(cells.loc[ended, "_cell"])})
    none_left = survival <= 0
    return curve.assign(
        survival=survival, low=low.mask(none_left, 0.0), high=high.mask(none_left, 0.0)
    )


def _crossing(curve: pd.DataFrame, column: str, left: float) -> pd.Series:
    """Per group the first hours at which `column` is at most `left`; where it is exactly that,
    the middle of the flat stretch."""
    after = curve.groupby("_group")["hours"].shift(-1)
    flat = (curve[column] - left).abs() <= _EQUAL
    middle = ((curve["hours"] + after) / 2).where(flat & after.notna(), curve["hours"])
    reached = curve.assign(hours=middle)[curve[column] <= left + _EQUAL]
    return reached.drop_duplicates("_group").set_index("_group")["hours"]
