"""Units by the month they went into service, and their claims by age: what life curves need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame

from aftersales.metrics.counting.engines import (
    closing,
    collect,
    hours_until,
    known,
    month_index,
    reduce,
    scan,
)
from aftersales.metrics.counting.exposure import DAYS_PER_MONTH, in_service

_METRIC = "service_months"
Condition = tuple[str, Sequence[str], bool]  # an attribute, values, whether these are meant or not


@dataclass(frozen=True)
class Sides:
    """A group of units and comparable ones, told apart by ``inside``: 1 for the group, else 0.

    `units` is the table of `cohorts`, `claims` that of `claims_by_age`, `pairs` that of
    `claim_pairs`.
    """

    units: pd.DataFrame
    claims: pd.DataFrame
    pairs: pd.DataFrame


def matching(conditions: Sequence[Condition]) -> nw.Expr:
    """Whether a unit fulfils all conditions; a missing attribute has none of the values."""
    found = nw.lit(True)
    for attribute, values, meant in conditions:
        one_of = nw.col(attribute).cast(nw.String).is_in(list(values)).fill_null(False)
        found = found & (one_of if meant else ~one_of)
    return found


def faults_of_sides(
    tickets: IntoFrame,
    *,
    units: IntoFrame,
    conditions: Sequence[Condition],
    by: list[str],
    first: int,
    as_of: pd.Timestamp,
) -> Sides | None:
    """The units that fulfil the conditions beside the others of their products, and their faults.

    All other units are compared where the group is the whole of its products; None where it has no
    unit, or all there are.

    Parameters
    ----------
    tickets : one row per ticket; needs ``unit_id``, ``opened_at``, ``ticket_type``
    by : attributes of units by which both sides are counted
    first : month of the first ticket that counts, in months since January 1970
    """
    units = nw.from_native(units).lazy().with_columns(inside=matching(conditions).cast(nw.Int64))
    by = ["inside", *by]
    fleet, units = _comparable(cohorts(units, by=by, as_of=as_of), units)
    if fleet["inside"].nunique() < 2:
        return None
    faults = nw.from_native(tickets).lazy().filter(nw.col("ticket_type") == "fault")
    aged = aged_claims(faults, units=units, by=by, as_of=as_of).filter(nw.col("month") >= first)
    return Sides(fleet, claims_by_age(aged, by=by), claim_pairs(aged, by=["inside"]))


def _comparable(fleet: pd.DataFrame, units: nw.LazyFrame) -> tuple[pd.DataFrame, nw.LazyFrame]:
    """Units of the products that the group has; all units where it is the whole of them."""
    if "product" not in fleet:
        return fleet, units
    products = fleet.loc[fleet["inside"] == 1, "product"].dropna().unique().tolist()
    like = fleet[fleet["product"].isin(products)]
    if like["inside"].nunique() < 2:
        return fleet, units
    return like, units.filter(nw.col("product").is_in(products))


def cohorts(units: IntoFrame, *, by: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Units by attributes and month in which they went into service, up to `as_of`.

    Parameters
    ----------
    units : one row per unit; needs ``in_service_at`` or ``shipped_at`` and the columns in `by`.
        Units without either are left out.

    Returns
    -------
    DataFrame, one row per group and month
        `by`, ``cohort`` (months since January 1970), ``units``.
    """
    lazy = in_service(units, needs=by, metric=_METRIC).filter(known("started_at", as_of=as_of))
    lazy = lazy.select(*by, cohort=month_index("started_at"))
    return collect(reduce(lazy, [*by, "cohort"], units=nw.len()), sort=[*by, "cohort"])


def aged_claims(
    claims: IntoFrame, *, units: IntoFrame, by: list[str], as_of: pd.Timestamp
) -> nw.LazyFrame:
    """Claims with the attributes and the age of their unit, not yet read.

    Parameters
    ----------
    claims : one row per claim (a fault ticket, a repair); needs ``unit_id``, ``opened_at``
    units : one row per unit; needs ``unit_id``, a start of service and the columns in `by`

    Returns
    -------
    lazy frame, one row per claim on a unit in service, up to `as_of`
        ``unit_id``, `by`, ``cohort`` and ``month`` (of the claim; months since January 1970),
        ``age`` in completed months of 30.4 days; a claim before the start of service has age 0.
    """
    started = in_service(units, needs=["unit_id", *by], metric=_METRIC)
    started = started.filter(known("started_at", as_of=as_of), ~nw.col("unit_id").is_null())
    started = started.select("unit_id", "started_at", *by, cohort=month_index("started_at"))
    lazy = scan(claims, needs=["unit_id", "opened_at"], table="claims", metric=_METRIC)
    lazy = lazy.filter(known("opened_at", as_of=as_of)).select("unit_id", "opened_at")
    lazy = lazy.join(started, on="unit_id", how="inner")
    end = closing(as_of)
    hours = hours_until(lazy, "started_at", end) - hours_until(lazy, "opened_at", end)
    age = (hours.clip(lower_bound=0.0) / (24 * DAYS_PER_MONTH)).floor()
    return lazy.select("unit_id", *by, "cohort", month=month_index("opened_at"), age=age)


def claims_by_age(aged: nw.LazyFrame, *, by: list[str]) -> pd.DataFrame:
    """Number of `aged_claims` by `by`, ``cohort``, ``age`` and ``month``: column ``claims``."""
    keys = [*by, "cohort", "age", "month"]
    counts = collect(reduce(aged, keys, claims=nw.len()), sort=keys)
    return counts.astype({"age": "int64"})


def claim_pairs(aged: nw.LazyFrame, *, by: list[str]) -> pd.DataFrame:
    """Ordered pairs of claims of the same unit, each with itself too, by the ages of both.

    One row per `by`, ``age``, ``age_2`` with their number ``n``: how much more often a unit claims
    that has claimed before. At most one row per pair of ages, however many units there are.
    """
    first = aged.select("unit_id", *by, "age")
    second = aged.select("unit_id", age_2=nw.col("age"))
    keys = [*by, "age", "age_2"]
    counts = collect(
        reduce(first.join(second, on="unit_id", how="inner"), keys, n=nw.len()), sort=keys
    )
    return counts.astype({"age": "int64", "age_2": "int64"})
