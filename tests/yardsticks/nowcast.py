"""How many cases are still to be reported: run-off triangles, and how complete each month is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats import inputs


@dataclass(frozen=True)
class ChainLadder:
    """Ultimate counts of a triangle, with Mack's standard error.

    `origins` has one row per origin: ``origin``, ``age`` (columns seen), ``latest`` (known now),
    ``ultimate``, ``ibnr`` (still to come), ``mack_se``, ``low``, ``high`` (log-normal interval of
    the ultimate; the latest itself where nothing is to come). `factors` has one row per age but
    the last: ``age``, ``factor``, ``sigma2``, ``n`` (origins it rests on). `ibnr` and `mack_se`
    are of the total. `problem` is "" where Mack's error can be given, else why not; the error is
    then NaN, and `completeness` answers for counts that small.
    """

    origins: pd.DataFrame
    factors: pd.DataFrame
    ibnr: float
    mack_se: float
    problem: str


def chain_ladder(triangle: pd.DataFrame, *, level: float = 0.95) -> ChainLadder:
    """Run off a triangle of cumulative amounts by the chain ladder, with Mack's error.

    Parameters
    ----------
    triangle : one row per origin (index, oldest first), one column per age (youngest first);
        cumulative, NaN where not yet seen. Every origin is seen from the first age on without a
        gap, and no origin longer than an older one.

    No development after the last age is foreseen. The variance of the last factor is
    min(s[-2]^4 / s[-3]^2, s[-3]^2, s[-2]^2). Mack 1993, ASTIN Bull. 23:213, with that estimate;
    log-normal interval as in Mack 1994, Casualty Actuarial Society Forum.

    >>> paid = pd.DataFrame([[10.0, 20, 22], [12, 24, np.nan], [11, np.nan, np.nan]])
    >>> chain_ladder(paid).origins["ultimate"].round(6).tolist()
    [22.0, 26.4, 24.2]
    """
    cells = _triangle(triangle)
    seen = np.isfinite(cells).sum(axis=1)
    factor, sigma2, n, problem = _factors(cells)
    problem = problem or _empty(cells)
    full = _filled(cells, factor)
    latest, ultimate = full[np.arange(len(full)), seen - 1], full[:, -1]
    variance, total = np.full(len(full), np.nan), np.nan
    if not problem:
        variance, total = _mack(full, cells, seen, factor, sigma2)
    origins = pd.DataFrame(
        {
            "origin": triangle.index,
            "age": seen,
            "latest": latest,
            "ultimate": ultimate,
            "ibnr": ultimate - latest,
            "mack_se": np.sqrt(variance),
        }
    )
    ages = pd.DataFrame({"age": triangle.columns[:-1], "factor": factor, "sigma2": sigma2, "n": n})
    ibnr = float(origins["ibnr"].sum())
    return ChainLadder(_with_interval(origins, level), ages, ibnr, float(np.sqrt(total)), problem)


def _triangle(triangle: pd.DataFrame) -> np.ndarray:
    cells = triangle.to_numpy(dtype=float)
    known = np.isfinite(cells)
    seen = known.sum(axis=1)
    gaps = (known != (np.arange(cells.shape[1]) < seen[:, None])).any()
    if cells.size == 0 or gaps or (seen == 0).any() or (np.diff(seen) > 0).any():
        raise DataError(
            "`triangle` must hold one row per origin, oldest first, each known from the first age "
            f"on without a gap and no longer than the row above; found {seen.tolist()} known "
            f"cells per row{' with gaps' if gaps else ''}."
        )
    if seen[0] < cells.shape[1]:
        raise DataError(
            f"The oldest origin is known up to age {seen[0]} of {cells.shape[1]}; leave out the "
            "ages that no origin has reached."
        )
    return cells


def _factors(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Factors from each age to the next, their variances, and why there are none."""
    steps = cells.shape[1] - 1
    factor, sigma2, n = np.ones(steps), np.full(steps, np.nan), np.zeros(steps, dtype=int)
    problem = ""
    for k in range(steps):
        both = np.isfinite(cells[:, k + 1])
        before, after = cells[both, k], cells[both, k + 1]
        n[k] = both.sum()
        if before.sum() > 0:
            factor[k] = after.sum() / before.sum()
        elif after.sum() > 0:
            problem = "no origin has a case at an age after which cases came"
        usable = before > 0
        if (~usable & (after > 0)).any():
            problem = problem or "an origin without a case at an age has some later"
        if n[k] > 1:
            spread = before[usable] * (after[usable] / before[usable] - factor[k]) ** 2
            sigma2[k] = spread.sum() / (n[k] - 1)
    for k in np.flatnonzero(np.isnan(sigma2)):  # ages with one origin, the last one above all
        if k == 0:
            problem = problem or "too few origins to measure how much factors vary"
            sigma2[k] = 0.0
            continue
        older, old = sigma2[max(k - 2, 0)], sigma2[k - 1]
        sigma2[k] = min(old**2 / older if older > 0 else 0.0, older, old)
    return factor, sigma2, n, problem


def _empty(cells: np.ndarray) -> str:
    """Why an origin of which nothing is known yet has no error of its own."""
    nothing = np.nansum(cells, axis=1) == 0
    return "an origin has no case yet" if (nothing & np.isnan(cells[:, -1])).any() else ""


def _filled(cells: np.ndarray, factor: np.ndarray) -> np.ndarray:
    full = cells.copy()
    for k in range(1, full.shape[1]):
        full[:, k] = np.where(np.isfinite(full[:, k]), full[:, k], full[:, k - 1] * factor[k - 1])
    return full


def _mack(
    full: np.ndarray, cells: np.ndarray, seen: np.ndarray, factor: np.ndarray, sigma2: np.ndarray
) -> tuple[np.ndarray, float]:
    """Squared prediction error of each origin's ultimate and of their sum."""
    rests_on = np.array([full[np.isfinite(cells[:, k + 1]), k].sum() for k in range(factor.size)])
    relative = sigma2 / factor**2
    with np.errstate(divide="ignore", invalid="ignore"):
        shared = np.where(sigma2 > 0, relative / rests_on, 0.0)
        own = np.where(sigma2 > 0, relative / full[:, :-1], 0.0)
    open_ = np.arange(factor.size) >= seen[:, None] - 1
    ultimate = full[:, -1]
    tail = (open_ * shared).sum(axis=1)
    variance = ultimate**2 * ((open_ * np.where(open_, own, 0.0)).sum(axis=1) + tail)
    later = ultimate[::-1].cumsum()[::-1] - ultimate
    total = variance.sum() + (2 * ultimate * later * tail).sum()
    return variance, float(total)


def _with_interval(origins: pd.DataFrame, level: float) -> pd.DataFrame:
    z = stats.norm.isf((1 - inputs.share(level, name="level")) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.log1p((origins["mack_se"] / origins["ultimate"]) ** 2))
        middle = origins["ultimate"] * np.exp(-(spread**2) / 2)
        low, high = middle * np.exp(-z * spread), middle * np.exp(z * spread)
    known = origins["latest"]
    return origins.assign(low=np.maximum(low, known), high=np.maximum(high, known))
