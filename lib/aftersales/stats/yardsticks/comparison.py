"""Each level of a fitted term against the rest of the term, the other terms held equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.stats.counts.more_than_expected import NO_CASE, excess_ratio
from aftersales.stats.counts.poisson import Design, Fit

SMALL_CELL = 1.0  # expected cases below which cells are joined before they are compared


def compare_levels(
    design: Design,
    model: Fit,
    y: np.ndarray,
    size: np.ndarray,
    term: int,
    *,
    reference: int | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """One row per level of the term, in the order of its levels; `rate_model` names columns."""
    cases = design.sums(term, y)
    exposed = design.sums(term, size)
    rest = _against_rest(design, model, size, term, cases, reference)
    noise = {
        "dispersion": scale(model),
        "df": float(model.df) if model.df > 0 else np.inf,
        "level": level,
    }
    frame = pd.DataFrame({"count": cases, "exposure": exposed, "expected": rest.expected})
    frame["excess"] = frame["count"] - frame["expected"]
    names = ["crude_ratio", "crude_low", "crude_high", "crude_p"]
    others = np.maximum(cases.sum() - cases, NO_CASE)
    crude = exposed * others / np.maximum(exposed.sum() - exposed, 1e-300)
    crude[exposed >= exposed.sum()] = 0.0
    frame[names] = np.column_stack(_test(cases, crude, 1 / others, noise))
    frame[["ratio", "low", "high", "p"]] = np.column_stack(
        _test(cases, rest.expected, rest.variance, noise)
    )
    if reference is not None:
        frame.loc[reference, ["ratio", "low", "high", "p"]] = [1.0, 1.0, 1.0, np.nan]
    scattered, over = _heterogeneity(design, model, y, term)
    return frame.assign(
        compared_with=rest.compared_with,
        heterogeneity_p=scattered,
        heterogeneity_by=over,
        aliased=(rest.compared_with == 0) & (len(frame) > 1),
        crude_expected=crude,
    )


def scale(model: Fit) -> float:
    """The dispersion of a model, 1 where it could not be estimated."""
    return model.dispersion if np.isfinite(model.dispersion) else 1.0


def _test(cases: np.ndarray, expected: np.ndarray, variance: np.ndarray, noise: dict) -> list:
    """Ratio, low, high and p; a ratio over a rest without cases is inf, none at all is NaN."""
    usable = np.nan_to_num(expected)
    spread = np.where(usable > 0, noise["dispersion"] * np.nan_to_num(variance), 0.0)
    ratio, low, high, p = (
        np.array(x) for x in excess_ratio(cases, usable, variance=spread, **noise)
    )
    alone = spread >= 0.5 / NO_CASE
    ratio[alone], high[alone] = np.inf, np.inf
    for values in (ratio, low, high, p):
        values[alone & (cases == 0)] = np.nan
    return [ratio, low, high, p]


@dataclass(frozen=True)
class _Rest:
    """What each level would have at the rate of the rest; NaN where there is no rest."""

    expected: np.ndarray
    variance: np.ndarray  # squared relative standard error for dispersion 1
    compared_with: np.ndarray


def _against_rest(
    design: Design,
    model: Fit,
    size: np.ndarray,
    term: int,
    cases: np.ndarray,
    reference: int | None,
) -> _Rest:
    """Delta method for log(own exposure at the others' effects x average rate of the rest)."""
    weight = _without(design, model, size, term)
    own, mix = _sums(design, weight, term)
    _, fitted = _sums(design, model.fitted, term, with_self=True)
    groups = _comparable(own, mix, model.null)
    n = cases.size
    pool = groups[:, None] == groups[None, :] if reference is None else np.zeros((n, n), bool)
    if reference is not None:
        pool[:, reference] = groups == groups[reference]
    pool &= ~np.eye(n, dtype=bool) & (own > 0)
    part = pool.astype(float)
    rest_cases, rest_own = part @ cases, part @ own
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = own * np.maximum(rest_cases, NO_CASE) / rest_own
        gradient = (
            mix / own[:, None]
            + (part @ fitted) / np.maximum(rest_cases, NO_CASE)[:, None]
            - (part @ mix) / rest_own[:, None]
        )
    judged = pool.any(axis=1) & (own > 0)
    gradient[~judged | (rest_cases == 0)] = 0.0
    variance = np.einsum("ij,jk,ik->i", gradient, model.covariance, gradient, optimize=True)
    variance = np.where(rest_cases > 0, np.maximum(variance, 0), 1 / NO_CASE)
    return _Rest(
        np.where(judged, expected, np.nan),
        np.where(judged, variance, np.nan),
        np.where(judged, pool.sum(axis=1), 0),
    )


def _without(design: Design, model: Fit, size: np.ndarray, term: int) -> np.ndarray:
    """Expected cases per cell if the term had no effect; 0 where another term has no case."""
    others = np.delete(design.columns, term, axis=1)
    possible = model.active[others].all(axis=1)
    eta = model.beta[0] + model.beta[others].sum(axis=1)
    return np.where(possible, size * np.exp(np.clip(eta, -300, 300)), 0.0)


def _sums(
    design: Design, weight: np.ndarray, term: int, *, with_self: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Sum of `weight` per level of the term, and per level and parameter."""
    own = design.sums(term, weight)
    mix = np.zeros((own.size, design.width))
    mix[:, 0] = own
    for j, first in enumerate(design.starts):
        if j != term:
            mix[:, first : first + design.sizes[j]] = design.table(term, j, weight)
        elif with_self:
            mix[:, first : first + own.size] = np.diag(own)
    return own, mix


def _comparable(own: np.ndarray, mix: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Group number of each level; only levels of one group differ in an estimable way."""
    with np.errstate(divide="ignore", invalid="ignore"):
        keys = np.where(own[:, None] > 0, (mix / own[:, None]) @ null, 0.0)
    if null.shape[1] == 0:
        return np.zeros(own.size, dtype=int)
    return np.unique(np.round(keys, 6) + 0.0, axis=0, return_inverse=True)[1].reshape(-1)


def _heterogeneity(
    design: Design, model: Fit, y: np.ndarray, term: int
) -> tuple[np.ndarray, np.ndarray]:
    """Smallest p, over the other terms, of "the ratio of this level is the same in each value"."""
    n = design.sizes[term]
    p, over = np.full(n, np.nan), np.full(n, -1)
    tried, noise = np.zeros(n), _noise_elsewhere(design, model, y, term)
    for j in range(len(design.sizes)):
        if j == term or design.sizes[j] < 2:
            continue
        found = _row_p(design.table(term, j, y), design.table(term, j, model.fitted), noise)
        tried += np.isfinite(found)
        better = np.isfinite(found) & ~(p <= found)
        p, over = np.where(better, found, p), np.where(better, j, over)
    return np.minimum(1.0, p * np.maximum(tried, 1)), over


def _noise_elsewhere(design: Design, model: Fit, y: np.ndarray, term: int) -> np.ndarray:
    """Dispersion of the cells of the other levels: a level must not excuse itself."""
    with np.errstate(divide="ignore", invalid="ignore"):
        misfit = np.where(model.used, (y - model.fitted) ** 2 / model.fitted, 0.0)
    own, n = design.sums(term, misfit), design.sums(term, model.used.astype(float))
    df = model.df * (1 - n / max(n.sum(), 1))
    return np.where(df > 0, np.maximum((misfit.sum() - own) / np.maximum(df, 1e-9), 1.0), 1.0)


def _row_p(observed: np.ndarray, expected: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Chi-square p of each row, its small cells joined into one."""
    large = expected >= SMALL_CELL
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(large, (observed - expected) ** 2 / expected, 0.0).sum(axis=1)
        small, hits = (np.where(large, 0.0, x).sum(axis=1) for x in (expected, observed))
        joined = small >= SMALL_CELL
        statistic += np.where(joined, (hits - small) ** 2 / small, 0.0)
    df = large.sum(axis=1) + joined - 1
    return np.where(df > 0, stats.chi2.sf(statistic / dispersion, np.maximum(df, 1)), np.nan)
