"""How a suspect group of units fails by age, beside comparable units, and what is still to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.metrics.counting.engines import first_day, month_of
from aftersales.metrics.families.service_life import Sides, faults_of_sides
from aftersales.stats.life import service_months as ages
from aftersales.stats.life.claims_ahead import ClaimsAhead, expected_claims
from aftersales.stats.life.month_pattern import month_pattern
from aftersales.studies.conditions import condition
from aftersales.studies.life.cohorts import cohort_table, one_group
from aftersales.studies.scope import Scope
from aftersales.studies.strata import lacking_for_faults

MONTHS_AHEAD = 3
RECENT = 12  # months whose faults tell the rates of the next ones
OLDEST = 36  # months in service up to which curves are drawn
LATE_START = 7  # day of the month up to which records may begin for the month to count as whole


@dataclass(frozen=True)
class Life:
    """A group of units beside all others of the same products, by months in service.

    `curves` has one row per side and age: ``inside`` (1 for the group in question), ``age``,
    ``at_risk``, ``claims``, ``rate``, ``mcf``, its variances, ``low``, ``high``. `cohorts` is the
    table of `cohorts.cohort_table`. `ahead` are the faults to come in the group's units that are
    in service now.
    """

    where: Mapping[str, str]
    curves: pd.DataFrame
    cohorts: pd.DataFrame
    ahead: ClaimsAhead


def life(
    scope: Scope, *, where: Mapping[str, str], months_ahead: int = MONTHS_AHEAD
) -> Life | None:
    """The life of the units that match `where`, beside all others of the same products.

    A group that is all there is of its products is compared with all other units. Faults are those
    of the region's fault tickets, by the age of their unit. None where units or their faults are
    not in the data, `where` names something that units do not have, or no unit matches it (or all
    do).

    Parameters
    ----------
    where : attributes of units -> value, e.g. ``{"batch": "B2407"}``; a region stands for all
        below it
    months_ahead : complete months after the last one for which faults are foreseen
    """
    store = scope.store
    if lacking_for_faults(scope) or not where or not store.has("units", *where):
        return None
    group = "batch" if "batch" in where else "quarter"
    first, last = _first_month(scope), month_of(scope.last_day)
    sides = _sides(scope, where, first=first)
    if sides is None:
        return None
    fleet, claims = (_grouped(frame, group) for frame in (sides.units, sides.claims))
    span = {"first": first, "last": last}
    cells = ages.service_months(fleet, claims=claims, by=["inside", "group"], **span)
    curves = [_curve(cells, sides.pairs, inside) for inside in (1, 0)]
    ahead = expected_claims(
        one_group(cells[cells["inside"] == 1]),
        last=last,
        months=months_ahead,
        reference=one_group(cells[cells["inside"] == 0]),
        season=_season(fleet, claims, **span),
        recent=RECENT,
    )
    cohorts = cohort_table(
        cells, by=group, last=last, least=scope.profile.target("faults_per_1000").min_n
    )
    return Life(where, pd.concat(curves, ignore_index=True), cohorts, ahead)


def _sides(scope: Scope, where: Mapping[str, str], *, first: int) -> Sides | None:
    """Units that match and all others of their products, with their faults since month `first`."""
    store, place = scope.store, scope.region.id
    by = ["product"] if store.has("units", "product") else []
    return faults_of_sides(
        store.scan("tickets", region=place),
        units=store.scan("units", region=place),
        conditions=[condition(scope, name, [value]) for name, value in where.items()],
        by=[*by, "batch"] if "batch" in where else by,
        first=first,
        as_of=scope.last_day,
    )


def _first_month(scope: Scope) -> int:
    """Number of the first month that tickets cover, or the next if they start late in it."""
    entry = scope.store.manifest["tables"]["tickets"]
    start = pd.Timestamp(entry.get("first") or pd.Timestamp(1970, 1, 1))
    return month_of(start) + (start.day > LATE_START)


def _grouped(frame: pd.DataFrame, group: str) -> pd.DataFrame:
    """The frame with ``group``: the batch, or the quarter of the start of service."""
    if group == "batch":
        return frame.assign(group=frame["batch"])
    start = pd.DatetimeIndex(first_day(frame["cohort"]))
    return frame.assign(group=[f"{t.year}Q{t.quarter}" for t in start])


def _curve(cells: pd.DataFrame, pairs: pd.DataFrame, inside: int) -> pd.DataFrame:
    own = cells[(cells["inside"] == inside) & (cells["age"] < OLDEST)]
    pairs = pairs[pairs["inside"] == inside]
    return ages.claims_by_age(one_group(own), pairs=pairs).assign(inside=inside)


def _season(fleet: pd.DataFrame, claims: pd.DataFrame, *, first: int, last: int) -> np.ndarray:
    """The season of the group's faults: that of its products, weighed by its faults in each."""
    factors, weights = [], []
    for product, sizes in fleet.groupby(_product(fleet), dropna=False):
        own = claims[_product(claims) == product]
        table = ages.service_months(sizes, claims=own, last=last, first=first)
        factors.append(month_pattern(table, by_month=own, last=last))
        weights.append(own.loc[own["inside"] == 1, "claims"].sum() + 1)
    return np.average(factors, axis=0, weights=weights)


def _product(frame: pd.DataFrame) -> pd.Series:
    return frame["product"] if "product" in frame else pd.Series("", index=frame.index)
