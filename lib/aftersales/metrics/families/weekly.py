"""Tickets by week: what early warning watches, since a month is long when something goes wrong."""

from __future__ import annotations

from typing import Any

import pandas as pd

from aftersales.metrics.cells import WEEKS_AGO, products_at_risk, ticket_counts
from aftersales.metrics.counting.company import added
from aftersales.metrics.counting.engines import closing
from aftersales.metrics.counting.rows import Rows


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
    asked = Rows(store, region, pd.Timestamp(as_of), months, level)
    groups, products = list(by), products_at_risk(asked)
    if products is not None:
        groups = list(dict.fromkeys([*groups, "product"]))
    frame = ticket_counts(asked, by=[*groups, "month", WEEKS_AGO])
    frame = frame[frame["month"] >= asked.start]
    if products is not None:
        frame = frame[frame["product"].isin(products)]
    frame = added(frame, by=[*by, WEEKS_AGO], numbers=["cases"])
    return _dated(frame.rename(columns={"cases": "n_tickets"}), asked.as_of, list(by))


def _dated(frame: pd.DataFrame, as_of: pd.Timestamp, by: list[str]) -> pd.DataFrame:
    week = closing(as_of) - pd.to_timedelta(7 * frame[WEEKS_AGO].astype("int64"), unit="D")
    frame = frame.drop(columns=WEEKS_AGO).assign(week=week.astype("datetime64[us]"))
    keys = [*by, "week"]
    frame = frame.sort_values(keys, kind="stable", na_position="last", ignore_index=True)
    return frame[[*keys, "n_tickets"]]
