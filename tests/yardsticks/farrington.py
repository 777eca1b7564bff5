"""Upper limits of weekly counts by Farrington's methods, as published: a yardstick for ours."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.counts.poisson import solve_scores
from aftersales.stats.inputs import Numbers

TREND_P = 0.05  # a trend must be this sure
TREND_YEARS = 3  # and come from this many years
RECENT = 4  # periods whose cases are counted before a limit is given
FIRST_HIGH, FLEXIBLE_HIGH = 1.0, 2.58  # residual from which a period of the past counts less

Method = Literal["negative_binomial", "uncertain_mean", "power"]


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
    y = inputs.counts(counts, name="counts").reshape(-1)
    inputs.share(alpha, name="alpha")
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


def farrington_flexible(
    counts: Numbers,
    *,
    years: int = 5,
    window: int = 3,
    blocks: int = 10,
    gap: int = 26,
    season: int = 52,
    alpha: float = 0.005,
    min_count: float = 5,
    method: Method = "negative_binomial",
) -> pd.DataFrame:
    """The improved method of Noufaily et al. 2013, Stat. Med. 32:1206.

    The baseline of a period are all of the `years` before but the last `gap`. A quasi-Poisson
    regression holds a line and a level for each of `blocks` parts of the year: the `window`
    periods on either side of this one, and the rest cut into equal parts. Periods whose
    residual is above 2.58 are down-weighted. The line goes out below three years, and where it
    leads above the whole baseline.

    One row per period: ``expected``; ``dispersion``, at least 1; ``upper``, the quantile
    1 - `alpha` (one-sided) of a new count; ``p`` of so many cases or more. ``upper`` is 0 below
    `min_count` cases in four periods: no alarm is possible. NaN where the history is too short
    or has no case.

    `method`: "negative_binomial" takes the expected count as known, as published;
    "uncertain_mean" takes the quantile 1 - `alpha` of its estimate for it (Salmon et al. 2016,
    J. Stat. Softw. 70:10); "power" is the limit of 1996, see `farrington_limits`.

    >>> farrington_flexible([3, 5, 4, 6] * 80, alpha=0.01)["upper"].iloc[-1]
    np.float64(10.0)
    """
    y = inputs.counts(counts, name="counts").reshape(-1)
    inputs.share(alpha, name="alpha")
    rest = season - 2 * window - 1
    if years < 1 or window < 0 or not 2 <= blocks <= rest + 1 or not 0 <= gap < season * years:
        raise DataError(
            f"`years` must be at least 1, `blocks` 2 to {rest + 1} and `gap` below the length of "
            f"the baseline; found {years}, {blocks} and {gap}."
        )
    parts = np.array_split(np.arange(rest), blocks - 1)
    level = np.repeat(np.arange(blocks), [2 * window + 1, *map(len, parts)])
    rows = np.full((y.size, 4), np.nan)
    for t in range(season * years + window, y.size):
        past = np.arange(t - season * years - window, t - gap)
        groups = level[np.arange(past.size) % season]
        if y[past].sum() > 0:
            mean, noise, variance = _flexible_fit(y[past], past, t, groups, years)
            rows[t] = mean, noise, *_judged(y[t], mean, noise, variance, alpha, method)
        if y[max(t - RECENT + 1, 0) : t + 1].sum() < min_count:
            rows[t, 2] = 0.0
    return pd.DataFrame(rows, columns=["expected", "dispersion", "upper", "p"])


def _flexible_fit(
    y: np.ndarray, past: np.ndarray, t: int, groups: np.ndarray, years: int
) -> tuple[float, float, float]:
    """Expected count, dispersion, and variance of the log of the expected count."""
    levels = groups[:, None] == np.arange(1, groups.max() + 1)
    line = (np.r_[past, t] - past.mean()) / past.std()
    x = np.column_stack([np.ones(y.size), levels, line[:-1]])
    now = np.r_[1.0, np.zeros(levels.shape[1]), line[-1]]
    fit = _reweighted(x, y, FLEXIBLE_HIGH)
    if years < TREND_YEARS or np.exp(now @ fit.beta) > y.max():
        x, now = x[:, :-1], now[:-1]
        fit = _reweighted(x, y, FLEXIBLE_HIGH)
    noise = max(fit.noise, 1.0)
    return float(np.exp(now @ fit.beta)), noise, float(noise * (now @ fit.covariance @ now))


def _judged(
    count: float, mean: float, noise: float, variance: float, alpha: float, method: Method
) -> tuple[float, float]:
    """The limit of a period and the p of its count."""
    z = stats.norm.isf(alpha)
    if method == "power":
        centre, sd = np.cbrt(mean) ** 2, _power_sd(mean, noise, variance)
        return (centre + z * sd) ** 1.5, stats.norm.sf(np.cbrt(count) ** 2, centre, sd)
    if method == "uncertain_mean":
        mean = mean * np.exp(z * np.sqrt(variance))
    known = stats.poisson(mean)
    if noise > 1:
        known = stats.nbinom(mean / (noise - 1), 1 / noise)
    return known.isf(alpha), known.sf(count - 1)


def _power_sd(mean: float, noise: float, variance: float) -> float:
    """Standard deviation of a new count to the power 2/3 about that of its expectation."""
    return float(np.sqrt(4 / 9 * np.cbrt(mean) * (noise + mean * variance)))


def _limit(y: np.ndarray, t: int, past: np.ndarray, years: int, alpha: float) -> float:
    """The limit of one period from the counts of its baseline."""
    known = y[past]
    if known.sum() == 0:
        return np.nan
    line = np.column_stack([np.ones(past.size), (past - past.mean()) / past.std()])
    now = np.array([1.0, (t - past.mean()) / past.std()])
    fit = _reweighted(line, known, FIRST_HIGH)
    mean = np.exp(now @ fit.beta)
    t_value = abs(fit.beta[1]) / np.sqrt(fit.covariance[1, 1] * fit.noise)
    sure = 2 * stats.t.sf(t_value, fit.df) < TREND_P
    if not (years >= TREND_YEARS and sure and mean <= known.max()):
        now = np.ones(1)
        fit = _reweighted(line[:, :1], known, FIRST_HIGH)
        mean = np.exp(fit.beta[0])
    noise = max(fit.noise, 1.0)
    sd = _power_sd(mean, noise, noise * (now @ fit.covariance @ now))
    return float((np.cbrt(mean) ** 2 + stats.norm.isf(alpha / 2) * sd) ** 1.5)


def _reweighted(x: np.ndarray, y: np.ndarray, high: float) -> _Fit:
    """The fit with high values down-weighted by their standardised Anscombe residuals."""
    first = _fit(x, y, np.ones(y.size))
    mu = np.exp(x @ first.beta)
    leverage = mu * np.einsum("ik,kl,il->i", x, first.covariance, x)
    raw = 1.5 * (np.cbrt(y) ** 2 - np.cbrt(mu) ** 2) / mu ** (1 / 6)
    score = raw / np.sqrt(max(first.noise, 1.0) * (1 - leverage))
    weight = np.where(score > high, np.maximum(score, 1.0) ** -2, 1.0)
    return _fit(x, y, weight * y.size / weight.sum())


def _fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> _Fit:
    (beta,), (mu,) = solve_scores(x, y[None], np.ones((1, y.size)), weight[None])
    covariance = np.linalg.inv((x * (weight * mu)[:, None]).T @ x)
    df = y.size - x.shape[1]
    noise = float((weight * (y - mu) ** 2 / mu).sum()) / df
    return _Fit(beta, covariance, df, noise, weight)
