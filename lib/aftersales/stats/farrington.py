"""Upper limits of weekly counts by the method of Farrington, as published: a yardstick for ours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats import checks
from aftersales.stats.checks import Numbers
from aftersales.stats.seasonal_rate import solve_scores

TREND_P = 0.05  # a trend must be this sure
TREND_YEARS = 3  # and come from this many years
RECENT = 4  # periods whose cases are counted before a limit is given


class _Fit(NamedTuple):
    """Coefficients and their covariance without dispersion; df, raw dispersion, weights."""

    beta: np.ndarray
    covariance: np.ndarray
    df: int
    noise: float
    weight: np.ndarray


def farrington_limits(
    counts: Numbers,
    *,
    years: int = 4,
    window: int = 3,
    season: int = 52,
    alpha: float = 0.01,
    min_count: float = 5,
) -> np.ndarray:
    """Upper limit of every period by Farrington et al. 1996, J. R. Stat. Soc. A 159:547.

    The baseline of a period are those within `window` of the same one in the `years` before. A
    quasi-Poisson line through them, high periods of the past down-weighted, gives the expected
    count; the trend counts if it is sure (p < 0.05), three years long and does not lead above
    the baseline. The limit is symmetric on the scale of count to the power 2/3; `alpha` is
    two-sided, as published. 0 below `min_count` cases in four periods: no alarm is possible. NaN
    where the history is too short. Many more than alpha / 2 of quiet periods are beyond it in
    trending and over-dispersed series: see docs/surveillance.md.

    >>> farrington_limits([3, 5, 4, 6] * 60)[[100, 239]].round(2)
    array([  nan, 10.73])
    """
    y = checks.counts(counts, name="counts").reshape(-1)
    checks.share(alpha, name="alpha")
    if years < 1 or window < 0 or season <= 2 * window:
        raise DataError(
            f"`years` must be at least 1 and `window` at most half a season of {season}; found "
            f"{years} and {window}."
        )
    limits = np.full(y.size, np.nan)
    back = season * np.arange(years, 0, -1)[:, None] - np.arange(-window, window + 1)[::-1]
    for t in range(season * years + window, y.size):
        enough = y[max(t - RECENT + 1, 0) : t + 1].sum() >= min_count
        limits[t] = _limit(y, t, t - back.ravel(), years, alpha) if enough else 0.0
    return limits


def _limit(y: np.ndarray, t: int, past: np.ndarray, years: int, alpha: float) -> float:
    """The limit of one period from the counts of its baseline."""
    known = y[past]
    if known.sum() == 0:
        return np.nan
    line = np.column_stack([np.ones(past.size), (past - past.mean()) / past.std()])
    now = np.array([1.0, (t - past.mean()) / past.std()])
    fit = _reweighted(line, known)
    mean = np.exp(now @ fit.beta)
    t_value = abs(fit.beta[1]) / np.sqrt(fit.covariance[1, 1] * fit.noise)
    sure = 2 * stats.t.sf(t_value, fit.df) < TREND_P
    if not (years >= TREND_YEARS and sure and mean <= known.max()):
        now = np.ones(1)
        fit = _reweighted(line[:, :1], known)
        mean = np.exp(fit.beta[0])
    noise = max(fit.noise, 1.0)
    spread = noise + mean * noise * (now @ fit.covariance @ now)
    sd = np.sqrt(4 / 9 * np.cbrt(mean) * spread)
    return float((np.cbrt(mean) ** 2 + stats.norm.isf(alpha / 2) * sd) ** 1.5)


def _reweighted(x: np.ndarray, y: np.ndarray) -> _Fit:
    """The fit with high values down-weighted by their standardised Anscombe residuals."""
    first = _fit(x, y, np.ones(y.size))
    mu = np.exp(x @ first.beta)
    leverage = mu * np.einsum("ik,kl,il->i", x, first.covariance, x)
    raw = 1.5 * (np.cbrt(y) ** 2 - np.cbrt(mu) ** 2) / mu ** (1 / 6)
    score = raw / np.sqrt(max(first.noise, 1.0) * (1 - leverage))
    weight = np.maximum(score, 1.0) ** -2
    return _fit(x, y, weight * y.size / weight.sum())


def _fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> _Fit:
    beta, mu = solve_scores(x, y, np.ones(y.size), weight)
    covariance = np.linalg.inv((x * (weight * mu)[:, None]).T @ x)
    df = y.size - x.shape[1]
    noise = float((weight * (y - mu) ** 2 / mu).sum()) / df
    return _Fit(beta, covariance, df, noise, weight)
