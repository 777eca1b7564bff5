"""Claims by the age of the units: one row per cohort and month in service, seen cells only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.counts.intervals import poisson_exact
from aftersales.stats.inputs import Numbers

Variance = Literal["robust", "independent"]


def service_months(
    cohorts: pd.DataFrame,
    *,
    claims: pd.DataFrame,
    last: int,
    first: int | None = None,
    by: Sequence[str] = (),
    max_age: int | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Claims per 1,000 units by cohort and month in service.

    Parameters
    ----------
    cohorts : ``cohort`` (number of the month in which units went into service), ``units``
    claims : ``cohort``, ``age`` (completed months in service, 0, 1, ...), ``claims``. Claims of
        cohorts that have no units, or of later months than `last`, are an error: they would
        have no denominator. A claim older than its cohort can be (by rounding of days to
        months) counts at the oldest age that the cohort has reached.
    last : number of the last complete month
    first : number of the first month from which claims were recorded; None is from the beginning.
        Cohorts that are older are seen from the age they had then (left truncation).
    by : columns of both tables that split the cohorts further, such as the batch
    max_age : ages from this one on are left out

    Returns
    -------
    DataFrame, one row per cohort and age that has been seen
        `by`, ``cohort``, ``age``, ``units``, ``at_risk`` (unit-months: units go into service in the
        middle of their month, so an age lies half in one month and half in the next; where only
        one of them has been seen, ``whole`` is False), ``claims``, ``per_1000`` (claims
        per 1,000 unit-months) with exact Poisson interval ``low``, ``high``, and ``cumulative``:
        claims per 1,000 units up to the end of that month in service, NaN for cohorts whose first
        months were not recorded. Ages that a cohort has not reached have no row: empty is not
        zero.

    >>> cohorts = pd.DataFrame({"cohort": [0, 1], "units": [100, 200]})
    >>> claims = pd.DataFrame({"cohort": [0], "age": [1], "claims": [2]})
    >>> service_months(cohorts, claims=claims, last=1)[["cohort", "age", "at_risk", "claims"]]
       cohort  age  at_risk  claims
    0       0    0    100.0       0
    1       0    1     50.0       2
    2       1    0    100.0       0
    """
    keys = [*by, "cohort"]
    units = _units(cohorts, keys, last)
    ages = last - units["cohort"].to_numpy() + 1  # ages seen, at least by half
    cells = units.loc[units.index.repeat(ages)].reset_index(drop=True)
    cells["age"] = (np.arange(len(cells)) - np.repeat(ages.cumsum() - ages, ages)).astype("int64")
    share = _share_seen(cells["cohort"] + cells["age"], first, last)
    cells = cells.assign(whole=share == 1, at_risk=cells["units"] * share)
    cells = cells[share > 0].reset_index(drop=True)
    counts = _claims(claims, units, keys, first=first, last=last)
    cells = cells.merge(counts, on=[*keys, "age"], how="left")
    cells["claims"] = cells["claims"].fillna(0).astype("int64")
    if max_age is not None:
        cells = cells[cells["age"] < max_age].reset_index(drop=True)
    cells = with_rates(cells, by=keys, level=level)
    late = cells.groupby(keys, dropna=False)["age"].transform("min") > 0
    cells["cumulative"] = cells["cumulative"].mask(late)
    columns = [*keys, "age", "units", "at_risk", "whole", "claims"]
    return cells[[*columns, "per_1000", "low", "high", "cumulative"]]


def _units(cohorts: pd.DataFrame, keys: list[str], last: int) -> pd.DataFrame:
    inputs.counts(cohorts["units"], name="units")
    units = cohorts.groupby(keys, as_index=False, dropna=False)["units"].sum()
    units = units[(units["units"] > 0) & (units["cohort"] <= last)].reset_index(drop=True)
    return units.astype({"cohort": "int64"})


def _share_seen(month: pd.Series, first: int | None, last: int) -> np.ndarray:
    """Of the two halves of an age, in its month and the next, the share inside the records."""
    least = -np.inf if first is None else first
    halves = [(m >= least) & (m <= last) for m in (month.to_numpy(), month.to_numpy() + 1)]
    return (halves[0].astype(float) + halves[1]) / 2


def _claims(
    claims: pd.DataFrame,
    units: pd.DataFrame,
    keys: list[str],
    *,
    first: int | None,
    last: int,
) -> pd.DataFrame:
    found = claims.merge(units, on=keys, how="left")
    strange = found[found["units"].isna() & (found["claims"] > 0)]
    if len(strange):
        raise DataError(
            f"{len(strange)} rows of `claims` belong to cohorts without units, the first to "
            f"cohort {strange['cohort'].iloc[0]}. A rate needs a denominator: give these units, "
            "or leave their claims out."
        )
    rows = found[found["units"].notna()]
    youngest = 0 if first is None else np.maximum(first - 1 - rows["cohort"], 0)
    age = np.clip(rows["age"], youngest, last - rows["cohort"]).astype("int64")
    sums = rows.assign(age=age).astype({"cohort": "int64"})
    return sums.groupby([*keys, "age"], as_index=False, dropna=False)["claims"].sum()


def with_rates(cells: pd.DataFrame, *, by: Sequence[str], level: float = 0.95) -> pd.DataFrame:
    """Add ``per_1000`` unit-months with its exact Poisson interval, and ``cumulative``.

    ``cumulative`` sums ``per_1000`` over the ages of each group of `by`, in the order of rows.
    """
    low, high = poisson_exact(cells["claims"], exposure=cells["at_risk"], level=level)
    rate = 1000 * cells["claims"] / cells["at_risk"]
    cells = cells.assign(per_1000=rate, low=1000 * np.asarray(low), high=1000 * np.asarray(high))
    return cells.assign(
        cumulative=cells.groupby(list(by), dropna=False)["per_1000"].cumsum()
        if by
        else rate.cumsum()
    )


def by_group(table: pd.DataFrame, *, by: Sequence[str], level: float = 0.95) -> pd.DataFrame:
    """The cohorts of each group of `by` together: one row per group and age seen by any unit.

    `by`, ``age``, ``units`` (of the group), ``at_risk``, ``seen`` (share of the group's unit-months
    at that age that have passed, 0 to 1: the rest of its units are younger), ``claims``,
    ``per_1000``, ``low``, ``high``, ``cumulative``.
    """
    keys = list(by)
    sums = table.groupby([*keys, "age"], as_index=False, dropna=False)[["at_risk", "claims"]].sum()
    cohorts = table.drop_duplicates([*keys, "cohort"])
    sizes = cohorts.groupby(keys, as_index=False, dropna=False)["units"].sum()
    sums = sums.merge(sizes, on=keys, how="left")
    sums = sums.assign(seen=sums["at_risk"] / sums["units"])
    return with_rates(sums, by=keys, level=level)


def age_triangle(table: pd.DataFrame, *, value: str = "cumulative") -> pd.DataFrame:
    """One row per cohort, one column per month in service; NaN where a cohort is too young."""
    return table.pivot(index="cohort", columns="age", values=value)


def claims_by_age(
    table: pd.DataFrame,
    *,
    pairs: pd.DataFrame | None = None,
    variance: Variance = "robust",
    level: float = 0.95,
) -> pd.DataFrame:
    """The mean cumulative function of all cohorts of a `service_months` table, month by month.

    Parameters
    ----------
    pairs : ``age``, ``age_2``, ``n``: ordered pairs of claims of the same unit, each claim with
        itself too, counted by the ages of both. Needed for the robust variance; without it every
        claim is taken to be on a unit of its own and the variance is the independent one.

    Returns
    -------
    DataFrame, one row per month in service
        ``age``, ``at_risk`` (unit-months), ``claims``, ``rate`` per unit-month, ``mcf`` (claims
        per unit up to the end of the month), ``variance_robust`` (NaN without `pairs`),
        ``variance_independent`` (claims / at_risk squared, summed), ``low``, ``high``. The robust
        one is that of Lawless and Nadeau 1995 (Technometrics 37:158), for counts by month.
    """
    sums = table.groupby("age", as_index=False)[["at_risk", "claims"]].sum()
    rate = (sums["claims"] / sums["at_risk"]).to_numpy(float)
    sums = sums.assign(rate=rate)
    independent = np.cumsum(rate / sums["at_risk"].to_numpy(float))
    robust = np.full(len(sums), np.nan) if pairs is None else _robust(table, sums, pairs)
    sums = sums.assign(
        mcf=np.cumsum(rate),
        variance_robust=robust,
        variance_independent=independent,
    )
    chosen = independent if pairs is None or variance == "independent" else robust
    return with_log_interval(sums, spread=np.sqrt(chosen), level=level)


def _robust(table: pd.DataFrame, sums: pd.DataFrame, pairs: pd.DataFrame) -> np.ndarray:
    """Sum over units of (own claims / at risk - expected share) squared, from sums by cohort.

    It needs per age the pairs of claims of the same unit, the claims by cohort, and the cohorts'
    sizes: the three terms of the square.
    """
    ages, at_risk = sums["age"].to_numpy(), sums["at_risk"].to_numpy(float)
    size = int(ages.max()) + 1 if len(ages) else 0
    inverse = np.zeros(size)
    inverse[ages] = 1 / at_risk
    both = np.zeros((size, size))
    kept = pairs[(pairs["age"] < size) & (pairs["age_2"] < size)]
    np.add.at(both, (kept["age"].to_numpy(int), kept["age_2"].to_numpy(int)), kept["n"].to_numpy())
    own = (both * np.outer(inverse, inverse)).cumsum(axis=0).cumsum(axis=1).diagonal()
    claims, seen = (age_triangle(table, value=v) for v in ("claims", "at_risk"))
    units = table.groupby("cohort")["units"].first().to_numpy(float)
    added = (claims.fillna(0).to_numpy() * inverse[ages]).cumsum(axis=1)
    share = seen.fillna(0).to_numpy() / units[:, None]
    expected = (share * sums["rate"].to_numpy() * inverse[ages]).cumsum(axis=1)
    cross, square = (added * expected).sum(axis=0), (units[:, None] * expected**2).sum(axis=0)
    return np.maximum(own[ages] - 2 * cross + square, 0.0)


def with_log_interval(table: pd.DataFrame, *, spread: Numbers, level: float) -> pd.DataFrame:
    """Add ``low``, ``high``: the interval of a positive column ``mcf`` on the log scale."""
    mean = table["mcf"].to_numpy(float)
    z = stats.norm.isf((1 - inputs.share(level, name="level")) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.exp(z * np.asarray(spread, dtype=float) / mean)
    return table.assign(low=mean / factor, high=mean * factor)
