"""Tickets by week: what early warning watches, since a month is long when something goes wrong."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from aftersales.metrics.counting.company import added, cut
from aftersales.metrics.counting.engines import closing, collect, hours_until, known, reduce
from aftersales.metrics.counting.rows import Scope, denominator
from aftersales.metrics.kept_counts import products_at_risk

WEEK_HOURS = 168.0
_BACK = "_back"  # weeks before the end of the last one, 1 for the last


def weekly_tickets(
    store: Any,
    *,
    by: list[str] | tuple[str, ...],
    as_of: pd.Timestamp,
    months: int,
    region: str | None = None,
    level: str | None = None,
) -> pd.DataFrame:
    """Tickets by attributes and week of seven days, the last week ending on `as_of`.

    Attributes that tickets lack are those of their unit or customer; missing values are a group of
    their own. Where only the exposure of some products is known, tickets of others are left out, as
    in rates.

    Parameters
    ----------
    by : attributes; "region" is the ancestor at `level`, or the deepest one known
    months : only tickets of the last so many calendar months, up to the one of `as_of`
    region : only rows in this region or below it; None: all

    Returns
    -------
    DataFrame, one row per group and week with a ticket
        `by`, ``week`` (its first day; the first week may have begun before the months) and
        ``n_tickets``.
    """
    scope = Scope(store, region, pd.Timestamp(as_of), months, level)
    groups, products = list(by), None
    if _by_exposure(store):
        products = products_at_risk(scope)
        groups = list(dict.fromkeys([*groups, "product"]))

    def count(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        end = closing(scope.as_of)
        rows = rows.filter(known("opened_at", as_of=scope.as_of))
        back = (hours_until(rows, "opened_at", end) / WEEK_HOURS).ceil().cast(nw.Int64)
        rows = rows.with_columns(**{_BACK: back})
        return collect(reduce(rows, keys, n_tickets=nw.len()), sort=keys)

    keys = [*groups, _BACK]
    frame = cut(scope, "tickets", key=("weekly",), by=keys, count=count, since="opened_at")
    if frame is None:
        frame = count(scope.rows("tickets", by=groups, since="opened_at"), keys)
    if products is not None:
        frame = frame[frame["product"].isin(products)]
    return _dated(added(frame, by=[*by, _BACK], numbers=["n_tickets"]), scope.as_of, list(by))


def _dated(frame: pd.DataFrame, as_of: pd.Timestamp, by: list[str]) -> pd.DataFrame:
    week = closing(as_of) - pd.to_timedelta(7 * frame[_BACK].astype("int64"), unit="D")
    frame = frame.drop(columns=_BACK).assign(week=week.astype("datetime64[us]"))
    keys = [*by, "week"]
    frame = frame.sort_values(keys, kind="stable", na_position="last", ignore_index=True)
    return frame[[*keys, "n_tickets"]]


def _by_exposure(store: Any) -> bool:
    """Whether rates are divided by the exposure table, which names products."""
    return (
        denominator(store, []) == "exposure"
        and store.has("exposure", "product")
        and store.has("tickets", "product")
    )
