"""How well the service works: repairs that hold, promises kept, tickets that come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame

from aftersales.metrics.counting.engines import (
    closing,
    collect,
    flag,
    known,
    matured,
    one,
    proportion,
    reduce,
    scan,
    total,
    with_wilson_interval,
)


def first_time_fix_rate(
    repairs: IntoFrame, *, by: list[str], as_of: pd.Timestamp, window_days: int = 30
) -> pd.DataFrame:
    """Share of repairs after which the unit stayed out of the workshop.

    A repair held when its unit has no further repair opened within ``window_days`` of
    ``closed_at``. Repairs closed later than ``window_days`` before ``as_of``, open ones and
    those without a unit are left out: it is too early, or impossible, to judge them.

    Parameters
    ----------
    repairs : any table narwhals reads, one row per repair
        Needs ``unit_id``, ``opened_at``, ``closed_at`` and the columns in ``by``; "month" in
        ``by`` is the month of ``opened_at``.
    as_of : Timestamp
        Last day on which the data are complete.

    Returns
    -------
    DataFrame, one row per group
        ``n`` repairs judged, ``n_held``, ``rate`` (0 to 1), and its 95 % Wilson score
        interval ``rate_low``, ``rate_high`` (Wilson 1927, J. Am. Stat. Assoc. 22:209);
        ``mature`` is the share of the repairs with a unit that could be judged.

    Examples
    --------
    >>> repairs = pd.DataFrame({
    ...     "outlet": ["A", "A", "A"], "unit_id": [1, 1, 2],
    ...     "opened_at": pd.to_datetime(["2024-01-01", "2024-01-10", "2024-01-05"]),
    ...     "closed_at": pd.to_datetime(["2024-01-02", "2024-01-11", "2024-01-06"]),
    ... })
    >>> first_time_fix_rate(repairs, by=["outlet"], as_of=pd.Timestamp("2024-03-31")).round(2)
      outlet  n  n_held  rate  rate_low  rate_high  mature
    0      A  3       2  0.67      0.21       0.94     1.0
    """
    lazy, mature, came_back = _followed(
        repairs,
        same=["unit_id"],
        by=by,
        as_of=as_of,
        window_days=window_days,
        metric="first_time_fix",
    )
    return matured(lazy, by=by, mature=mature, hit=~came_back, count="n_held")


def repeat_repair_rate(
    repairs: IntoFrame,
    *,
    by: list[str],
    as_of: pd.Timestamp,
    window_days: int = 30,
    fault: str | None = "fault_code",
) -> pd.DataFrame:
    """Share of repairs whose unit came back with the same fault.

    A repair is repeated when the same unit has another repair with the same value of `fault`
    opened within ``window_days`` of ``closed_at``. Repairs closed later than ``window_days``
    before ``as_of``, open ones, and those without a unit or a fault code are left out.

    Parameters
    ----------
    repairs : one row per repair; needs ``unit_id``, ``opened_at``, ``closed_at``, `fault`
    fault : column that groups faults; None: any repair of the same unit is a repeat

    Returns
    -------
    DataFrame, one row per group
        ``n`` repairs judged, ``n_repeated``, ``rate``, 95 % Wilson interval, ``mature``.
    """
    same = ["unit_id", *([fault] if fault else [])]
    lazy, mature, came_back = _followed(
        repairs, same=same, by=by, as_of=as_of, window_days=window_days, metric="repeat_repair"
    )
    return matured(lazy, by=by, mature=mature, hit=came_back, count="n_repeated")


def _followed(
    repairs: IntoFrame,
    *,
    same: list[str],
    by: list[str],
    as_of: pd.Timestamp,
    window_days: int,
    metric: str,
) -> tuple[nw.LazyFrame, nw.Expr, nw.Expr]:
    """Repairs with the next one of the `same` thing; whether to judge them; whether it came."""
    window, needs = timedelta(days=window_days), [*same, "closed_at", *by]
    lazy = scan(repairs, needs=needs, table="repairs", metric=f"{metric}_rate", time="opened_at")
    keyed = [~nw.col(column).is_null() for column in same]
    lazy = lazy.filter(known("opened_at", as_of=as_of), *keyed)
    later = nw.col("opened_at").shift(-1).over(*same, order_by=["opened_at", "closed_at"])
    lazy = lazy.with_columns(_next_at=later)
    came_back = (nw.col("_next_at") <= nw.col("closed_at") + window).fill_null(False)
    return lazy, nw.col("closed_at") <= pd.Timestamp(as_of) - window, came_back


def no_fault_found_rate(
    repairs: IntoFrame,
    *,
    by: list[str],
    as_of: pd.Timestamp,
    outcomes: tuple[str, ...] = ("no_fault_found",),
) -> pd.DataFrame:
    """Share of closed repairs in which no fault could be confirmed.

    Parameters
    ----------
    repairs : one row per repair; needs ``opened_at``, ``closed_at``, ``outcome`` and `by`.
        Open repairs and those without an outcome are left out.
    outcomes : values of ``outcome`` that mean "no fault found"

    Returns
    -------
    DataFrame, one row per group
        ``n`` closed repairs, ``n_no_fault``, ``rate`` and 95 % Wilson interval.
    """
    needs, metric = ["closed_at", "outcome", *by], "no_fault_found_rate"
    lazy = scan(repairs, needs=needs, table="repairs", metric=metric, time="opened_at")
    lazy = lazy.filter(known("closed_at", as_of=as_of), ~nw.col("outcome").is_null())
    hit = nw.col("outcome").is_in(list(outcomes))
    return proportion(lazy, by=by, hit=hit, count="n_no_fault")


def sla_attainment_rate(
    tickets: IntoFrame,
    *,
    by: list[str],
    as_of: pd.Timestamp,
    sla_hours: float | Mapping[str, float] = 72.0,
    clock: str = "resolution_hours",
) -> pd.DataFrame:
    """Share of due tickets that were done within the agreed time.

    A ticket is due once the agreed time since ``opened_at`` has passed at the end of `as_of`;
    one that is still open then is missed. Tickets not yet due are left out, done or not.

    Parameters
    ----------
    tickets : one row per ticket; needs ``opened_at``, the column `clock` and those in `by`
    sla_hours : agreed hours, or priority -> hours (needs ``priority``; a ticket with another
        or no priority has no agreed time and is left out)
    clock : ``resolution_hours``, ``response_hours`` or ``close_hours``

    Returns
    -------
    DataFrame, one row per group
        ``n`` tickets due, ``n_met``, ``rate``, 95 % Wilson interval, and ``mature``, the share
        of tickets with an agreed time that are due.
    """
    by_priority = isinstance(sla_hours, Mapping)
    needs = [clock, *(["priority"] if by_priority else []), *by]
    metric = "sla_attainment_rate"
    lazy = scan(tickets, needs=needs, table="tickets", metric=metric, time="opened_at")
    lazy = lazy.filter(known("opened_at", as_of=as_of))
    if not by_priority:
        due = nw.col("opened_at") <= _latest(sla_hours, as_of)
        met = nw.col(clock) <= float(sla_hours)
        return matured(lazy, by=by, mature=due, hit=met, count="n_met")
    lazy = lazy.filter(nw.col("priority").is_in(list(sla_hours)))
    due, met = nw.lit(False), nw.lit(False)
    for priority, hours in sla_hours.items():
        chosen = nw.col("priority") == priority
        due = due | (chosen & (nw.col("opened_at") <= _latest(hours, as_of)))
        met = met | (chosen & (nw.col(clock) <= float(hours)))
    return matured(lazy, by=by, mature=due, hit=met, count="n_met")


def _latest(hours: float, as_of: pd.Timestamp) -> pd.Timestamp:
    """The last opening time at which a ticket is due by the end of `as_of`."""
    return closing(as_of) - pd.Timedelta(hours=float(hours))


def first_contact_resolution_rate(
    tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp, closed: str = "closed_at"
) -> pd.DataFrame:
    """Share of closed tickets that one contact settled.

    Parameters
    ----------
    tickets : one row per ticket; needs `closed`, ``contacts`` and the columns in `by`. Open
        tickets and those whose number of contacts is unknown are left out.
    closed : the column that says when a ticket was done

    Returns
    -------
    DataFrame, one row per group
        ``n`` closed tickets, ``n_first_contact``, ``rate`` and 95 % Wilson interval.
    """
    lazy = _closed(
        tickets,
        closed,
        needs=["contacts", *by],
        as_of=as_of,
        metric="first_contact_resolution_rate",
    )
    lazy = lazy.filter(~nw.col("contacts").is_null())
    return proportion(lazy, by=by, hit=nw.col("contacts") <= 1, count="n_first_contact")


def reopen_rate(
    tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp, closed: str = "closed_at"
) -> pd.DataFrame:
    """Share of closed tickets that were opened again.

    Parameters
    ----------
    tickets : one row per ticket; needs `closed`, ``reopened`` (missing counts as no) and `by`
    closed : the column that says when a ticket was done

    Returns
    -------
    DataFrame, one row per group
        ``n`` closed tickets, ``n_reopened``, ``rate`` and 95 % Wilson interval.
    """
    counts = closed_tickets(
        tickets, by=by, as_of=as_of, closed=closed, flags=["reopened"], metric="reopen_rate"
    )
    return with_wilson_interval(counts, hits="n_reopened")


def escalation_rate(
    tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp, closed: str = "closed_at"
) -> pd.DataFrame:
    """Share of closed tickets that were handed to a higher level.

    Parameters
    ----------
    tickets : one row per ticket; needs `closed`, ``escalated`` (missing counts as no) and `by`
    closed : the column that says when a ticket was done

    Returns
    -------
    DataFrame, one row per group
        ``n`` closed tickets, ``n_escalated``, ``rate`` and 95 % Wilson interval.
    """
    counts = closed_tickets(
        tickets, by=by, as_of=as_of, closed=closed, flags=["escalated"], metric="escalation_rate"
    )
    return with_wilson_interval(counts, hits="n_escalated")


def closed_tickets(
    tickets: IntoFrame,
    *,
    by: list[str],
    as_of: pd.Timestamp,
    flags: Sequence[str],
    closed: str = "closed_at",
    metric: str = "",
) -> pd.DataFrame:
    """Closed tickets by group: ``n``, and how many of them have each flag, ``n_<flag>``."""
    lazy = _closed(tickets, closed, needs=[*flags, *by], as_of=as_of, metric=metric)
    lazy = lazy.select(*by, **{f"n_{name}": one(flag(name) == 1) for name in flags})
    totals = {f"n_{name}": total(f"n_{name}") for name in flags}
    return collect(reduce(lazy, by, n=nw.len(), **totals), sort=by)


def _closed(
    tickets: IntoFrame, closed: str, *, needs: list[str], as_of: pd.Timestamp, metric: str
) -> nw.LazyFrame:
    needs = [closed, *needs]
    lazy = scan(tickets, needs=needs, table="tickets", metric=metric, time="opened_at")
    return lazy.filter(known(closed, as_of=as_of))
