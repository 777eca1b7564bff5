"""How often products fail: faults, complaints and claims per 1,000 units at risk."""

from __future__ import annotations

from datetime import timedelta

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame

from aftersales.metrics.counting.engines import (
    closing,
    collect,
    hours_until,
    known,
    matured,
    merge_groups,
    reduce,
    scan,
    total,
    with_poisson_interval,
)
from aftersales.metrics.counting.exposure import DAYS_PER_MONTH, in_service, units_at_risk


def faults(
    tickets: IntoFrame,
    *,
    by: list[str],
    as_of: pd.Timestamp,
    units: IntoFrame | None = None,
    ticket_type: str = "fault",
) -> pd.DataFrame:
    """Number of fault tickets by attributes of the ticket or, with `units`, of its unit.

    Parameters
    ----------
    tickets : one row per ticket; needs ``ticket_type``, ``opened_at``, and ``unit_id`` with
        `units`, else the columns in `by`
    by : attributes; "month" is the month of ``opened_at``
    units : one row per unit; those of `by` that it has are taken from it. Faults of units that
        are not in it have no denominator: they are left out and counted in
        ``result.attrs["without_unit"]``.
    ticket_type : the type counted, "fault" or "complaint"

    Returns
    -------
    DataFrame, one row per group
        `by` and ``n_faults`` (``n_complaints`` for complaints).
    """
    counts = events(tickets, by=by, as_of=as_of, units=units, ticket_type=ticket_type)
    counts = counts.rename(columns={"cases": f"n_{ticket_type}s"})
    return counts if units is None else with_unit(counts, count=f"n_{ticket_type}s")


def events(
    tickets: IntoFrame,
    *,
    by: list[str],
    as_of: pd.Timestamp,
    units: IntoFrame | None = None,
    ticket_type: str | None = "fault",
    priced: bool = False,
) -> pd.DataFrame:
    """As `faults`, in ``cases``; with `units` also column ``_known``, missing where the unit is
    not in it. With `ticket_type` None tickets of all types are counted; `priced` adds
    ``n_priced``, those with a cost, and their ``cost``."""
    needs = [*by, *(["cost"] if priced else [])]
    lazy = _of_type(tickets, by=needs, as_of=as_of, units=units, ticket_type=ticket_type)
    keys = [*by, *([] if units is None else ["_known"])]
    totals = {"cases": nw.len()}
    if priced:
        totals |= {"n_priced": nw.col("cost").count(), "cost": total("cost")}
    return collect(reduce(lazy, keys, **totals), sort=keys).astype({"cases": "int64"})


def with_unit(counts: pd.DataFrame, *, count: str) -> pd.DataFrame:
    """The rows of `events` with a known unit; ``attrs["without_unit"]`` counts the others."""
    found = counts["_known"].notna()
    result = counts[found].drop(columns="_known").reset_index(drop=True)
    result.attrs["without_unit"] = int(counts.loc[~found, count].sum())
    return result


def _of_type(
    tickets: IntoFrame,
    *,
    by: list[str],
    as_of: pd.Timestamp,
    units: IntoFrame | None,
    ticket_type: str | None,
) -> nw.LazyFrame:
    metric = f"{ticket_type or 'fault'}s_per_1000"
    side = None if units is None else nw.from_native(units).lazy()
    have = [] if side is None else side.collect_schema().names()
    theirs = [column for column in by if column in have and column != "month"]
    own = [column for column in by if column not in theirs]
    needs = [*own, *([] if ticket_type is None else ["ticket_type"])]
    needs += [] if side is None else ["unit_id"]
    lazy = scan(tickets, needs=needs, table="tickets", metric=metric, time="opened_at")
    lazy = lazy.filter(known("opened_at", as_of=as_of))
    if ticket_type is not None:
        lazy = lazy.filter(nw.col("ticket_type") == ticket_type)
    if side is None:
        return lazy.select("opened_at", *by)
    side = scan(side, needs=["unit_id"], table="units", metric=metric)
    side = side.filter(~nw.col("unit_id").is_null())
    side = side.select("unit_id", *theirs, _known=nw.lit(1))
    return lazy.select("unit_id", *own).join(side, on="unit_id", how="left")


def faults_per_1000(
    tickets: IntoFrame,
    *,
    exposure: IntoFrame,
    by: list[str],
    as_of: pd.Timestamp,
    units: IntoFrame | None = None,
) -> pd.DataFrame:
    """Fault tickets per 1,000 at risk (unit-months, unless `exposure` counts something else).

    Parameters
    ----------
    tickets : one row per ticket; needs ``ticket_type``, ``opened_at`` and the columns in `by`
        (or ``unit_id``, see `faults`)
    exposure : columns in `by` and ``at_risk``, e.g. from `units_at_risk`; summed by group. If
        it has ``month``, only tickets opened in its span of months count.
    units : takes attributes in `by` from the unit of a ticket

    Returns
    -------
    DataFrame, one row per group
        ``n`` at risk, ``n_faults``, ``rate`` per 1,000 and its exact 95 % Poisson interval
        ``rate_low``, ``rate_high``. A group that has faults but no exposure keeps its count,
        with ``n`` 0 and no rate.

    Examples
    --------
    >>> tickets = pd.DataFrame({"product": ["tv", "tv"], "ticket_type": ["fault", "enquiry"],
    ...     "opened_at": pd.to_datetime(["2024-01-20", "2024-02-10"])})
    >>> exposure = pd.DataFrame({"product": ["tv"], "at_risk": [100.0]})
    >>> faults_per_1000(
    ...     tickets, exposure=exposure, by=["product"], as_of=pd.Timestamp("2024-03-31")
    ... ).round(2)
      product      n  n_faults  rate  rate_low  rate_high
    0      tv  100.0         1  10.0      0.25      55.72
    """
    return _per_1000(tickets, exposure, by=by, as_of=as_of, units=units, ticket_type="fault")


def complaints_per_1000(
    tickets: IntoFrame,
    *,
    exposure: IntoFrame,
    by: list[str],
    as_of: pd.Timestamp,
    units: IntoFrame | None = None,
) -> pd.DataFrame:
    """Complaints per 1,000 at risk; as `faults_per_1000`, with ``n_complaints``."""
    return _per_1000(tickets, exposure, by=by, as_of=as_of, units=units, ticket_type="complaint")


def _per_1000(
    tickets: IntoFrame,
    exposure: IntoFrame,
    *,
    by: list[str],
    as_of: pd.Timestamp,
    units: IntoFrame | None,
    ticket_type: str,
) -> pd.DataFrame:
    count = f"n_{ticket_type}s"
    needs = ["at_risk", *by]
    lazy = scan(exposure, needs=needs, table="exposure", metric=f"{ticket_type}s_per_1000")
    if "month" in lazy.collect_schema().names():
        tickets = _within(tickets, lazy)
    counts = faults(tickets, by=by, as_of=as_of, units=units, ticket_type=ticket_type)
    at_risk = collect(reduce(lazy, by, at_risk=total("at_risk")), sort=by)
    return rated(counts, at_risk, by=by, count=count)


def rated(
    counts: pd.DataFrame, exposure: pd.DataFrame, *, by: list[str], count: str
) -> pd.DataFrame:
    """The result of `faults_per_1000` from small tables: `counts` as of `faults`, and `exposure`
    with `by` and ``at_risk``, summed by group."""
    if by:
        sums = exposure.groupby(by, dropna=False)["at_risk"].sum().rename("n").reset_index()
    else:
        sums = pd.DataFrame({"n": [exposure["at_risk"].sum()]})
    merged = merge_groups(sums.astype({"n": "float64"}), counts, by=by)
    result = with_poisson_interval(merged, count=count)
    result.attrs.update(counts.attrs)
    return result


def _within(tickets: IntoFrame, exposure: nw.LazyFrame) -> nw.LazyFrame:
    """Tickets opened in the months that the exposure covers."""
    span = exposure.select(first=nw.col("month").min(), last=nw.col("month").max())
    first, last = collect(span, sort=[]).loc[0, ["first", "last"]]
    lazy = scan(tickets, needs=["opened_at"], table="tickets", metric="faults_per_1000")
    if pd.isna(first):
        return lazy
    after = pd.Timestamp(last) + pd.offsets.MonthBegin(1)
    return lazy.filter(nw.col("opened_at") >= first, nw.col("opened_at") < after)


def claims_per_1000(
    claims: IntoFrame,
    *,
    units: IntoFrame,
    by: list[str],
    as_of: pd.Timestamp,
    last_month: int = 24,
) -> pd.DataFrame:
    """Claims per 1,000 unit-months by months in service: does the product fail early or late?

    Parameters
    ----------
    claims : one row per claim (a repair, or a fault ticket); needs ``unit_id``, ``opened_at``
    units : one row per unit; needs ``unit_id``, a start of service and the columns in `by`
    last_month : months in service shown; claims on older units are left out

    Returns
    -------
    DataFrame, one row per group and completed month in service
        `by`, ``months_in_service`` (0, 1 ...), ``n`` unit-months at that age, ``n_claims``,
        ``rate`` per 1,000 with exact 95 % Poisson interval, and ``cumulative``: claims per
        1,000 units up to the end of that month (mean cumulative function, Nelson 2003).
        A claim before the start of service counts in month 0.
    """
    started = in_service(units, needs=["unit_id", *by], metric="claims_per_1000")
    started = started.filter(known("started_at", as_of=as_of))
    started = started.select("unit_id", "started_at", *by)
    lazy = scan(claims, needs=["unit_id", "opened_at"], table="claims", metric="claims_per_1000")
    lazy = lazy.filter(known("opened_at", as_of=as_of), ~nw.col("unit_id").is_null())
    lazy = lazy.select("unit_id", "opened_at")
    lazy = lazy.join(started, on="unit_id", how="inner")
    end = closing(as_of)
    hours = hours_until(lazy, "started_at", end) - hours_until(lazy, "opened_at", end)
    month = (hours.clip(lower_bound=0.0) / (24 * DAYS_PER_MONTH)).floor()
    lazy = lazy.with_columns(months_in_service=month)
    lazy = lazy.filter(nw.col("months_in_service") < last_month)
    keys = [*by, "months_in_service"]
    counts = collect(reduce(lazy, keys, n_claims=nw.len()), sort=keys)
    ages = list(range(last_month + 1))
    exposed = units_at_risk(units, by=by, as_of=as_of, age_bands=ages)
    exposed = exposed[exposed["age"] < last_month].rename(columns={"age": "months_in_service"})
    sums = exposed.groupby(keys, dropna=False, as_index=False)["at_risk"].sum()
    counts["months_in_service"] = counts["months_in_service"].astype("int64")
    merged = merge_groups(sums.rename(columns={"at_risk": "n"}), counts, by=keys)
    result = with_poisson_interval(merged, count="n_claims")
    rates = result.groupby(by, dropna=False)["rate"] if by else result["rate"]
    return result.assign(cumulative=rates.cumsum())


def dead_on_arrival_rate(
    units: IntoFrame,
    *,
    tickets: IntoFrame,
    by: list[str],
    as_of: pd.Timestamp,
    window_days: int = 30,
) -> pd.DataFrame:
    """Share of units with a fault within `window_days` of going into service.

    Units whose window is still open at `as_of`, or without a start of service, are left out.

    Parameters
    ----------
    units : one row per unit; needs ``unit_id``, ``in_service_at`` or ``shipped_at`` and `by`;
        "month" in `by` is the month of that start
    tickets : one row per ticket; needs ``unit_id``, ``opened_at``, ``ticket_type``

    Returns
    -------
    DataFrame, one row per group
        ``n`` units judged, ``n_dead``, ``rate`` with 95 % Wilson interval, and ``mature``, the
        share of units in service that are old enough to judge.
    """
    metric, window = "dead_on_arrival_rate", timedelta(days=window_days)
    groups = [column for column in by if column != "month"]
    started = in_service(units, needs=["unit_id", *groups], metric=metric)
    started = scan(started, needs=by, time="started_at").filter(known("started_at", as_of=as_of))
    needs = ["unit_id", "opened_at", "ticket_type"]
    failed = scan(tickets, needs=needs, table="tickets", metric=metric)
    failed = failed.filter(known("opened_at", as_of=as_of), nw.col("ticket_type") == "fault")
    failed = (
        failed.filter(~nw.col("unit_id").is_null())
        .group_by("unit_id")
        .agg(failed_at=nw.col("opened_at").min())
    )
    both = started.select("unit_id", "started_at", *by).join(failed, on="unit_id", how="left")
    mature = nw.col("started_at") <= pd.Timestamp(as_of) - window
    dead = nw.col("failed_at") <= nw.col("started_at") + window
    return matured(both, by=by, mature=mature, hit=dead, count="n_dead")
