"""How much contact there is, and of what kind."""

from __future__ import annotations

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame

from aftersales.metrics.counting.engines import (
    collect,
    known,
    reduce,
    scan,
    with_poisson_interval,
    with_wilson_interval,
)


def ticket_volume(tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Number of tickets opened, the fallback where nothing is known to divide by.

    Parameters
    ----------
    tickets : one row per ticket; needs ``opened_at`` and the columns in `by`; "month" in `by`
        is the month of ``opened_at``

    Returns
    -------
    DataFrame, one row per group
        ``n`` and ``n_tickets`` (both the number of tickets), ``rate`` (the same number) and its
        exact 95 % Poisson interval: the range of counts that the same circumstances give.
    """
    lazy = scan(tickets, needs=by, table="tickets", metric="ticket_volume", time="opened_at")
    lazy = lazy.filter(known("opened_at", as_of=as_of))
    return counted(collect(reduce(lazy, by, n_tickets=nw.len()), sort=by))


def counted(frame: pd.DataFrame) -> pd.DataFrame:
    """Add ``n``, ``rate`` and the Poisson interval to a table with ``n_tickets``."""
    place = frame.columns.get_loc("n_tickets")
    once = frame.assign(n=1).pipe(with_poisson_interval, count="n_tickets", per=1.0)
    result = once.drop(columns="n")
    result.insert(place, "n", frame["n_tickets"])
    return result


def every_month(
    frame: pd.DataFrame, *, by: list[str], start: pd.Timestamp | None, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Monthly ticket counts with the months that had none, from `start` (None: the first month
    of any group) to the month of `as_of`."""
    groups = [column for column in by if column != "month"]
    first = start if start is not None else frame["month"].min()
    if pd.isna(first) or frame.empty:
        return frame
    months = pd.date_range(first, as_of, freq="MS", unit="us").to_frame(index=False, name="month")
    names = frame[groups].drop_duplicates() if groups else pd.DataFrame(index=[0])
    grid = names.merge(months, how="cross").merge(frame[[*by, "n_tickets"]], on=by, how="left")
    grid["n_tickets"] = grid["n_tickets"].fillna(0).astype("int64")
    return counted(grid[[*by, "n_tickets"]].sort_values(by, na_position="last", ignore_index=True))


def ticket_mix(
    tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp, of: str = "ticket_type"
) -> pd.DataFrame:
    """Share of each value of `of` among the tickets of a group.

    Parameters
    ----------
    tickets : one row per ticket; needs ``opened_at``, the column `of` and those in `by`
    of : the attribute whose mix is wanted; missing values are a kind of their own

    Returns
    -------
    DataFrame, one row per group and value of `of`
        `by`, `of`, ``n`` tickets of the group, ``n_tickets`` of this kind, ``rate`` (their
        share) and its 95 % Wilson interval. Shares of a group sum to 1.
    """
    keys = [*[column for column in by if column != of], of]
    lazy = scan(tickets, needs=keys, table="tickets", metric="ticket_mix", time="opened_at")
    lazy = lazy.filter(known("opened_at", as_of=as_of))
    counts = collect(reduce(lazy, keys, n_tickets=nw.len()), sort=keys)
    groups = counts.groupby(keys[:-1], dropna=False) if keys[:-1] else None
    n = groups["n_tickets"].transform("sum") if groups else counts["n_tickets"].sum()
    counts.insert(len(keys), "n", n)
    return with_wilson_interval(counts, hits="n_tickets")


def tickets_by_month(
    tickets: IntoFrame, *, by: list[str], start: pd.Timestamp, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Tickets opened from `start` to `as_of` by `by` and ``month``: column ``n``."""
    keys = [*by, "month"]
    lazy = scan(tickets, needs=keys, table="tickets", metric="ticket_volume", time="opened_at")
    lazy = lazy.filter(nw.col("opened_at") >= start, known("opened_at", as_of=as_of))
    return collect(reduce(lazy, keys, n=nw.len()), sort=keys)
