"""The model of `seasonal_rate` for many series at once: the same numbers, much sooner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from aftersales.stats.counts.dispersion import SPARSE
from aftersales.stats.counts.more_than_expected import tails
from aftersales.stats.series.seasonal_rate import (
    CASES_PER_PARAMETER,
    GATE,
    LARGEST_ORDER,
    OUTLIER,
    PASSES,
    PERIODS_PER_PARAMETER,
    SeasonalRate,
    harmonics,
)

NEWTON = 30
SETTLED = 1e-9
NEAR = 1.5  # sd below which no count can be an outlier
FEW_DF = 3  # below which nothing is called an outlier


@dataclass(frozen=True)
class _Fits:
    """One order of the season fitted to some rows; all arrays have a row for each of them."""

    rows: np.ndarray
    beta: np.ndarray
    mu: np.ndarray
    information: np.ndarray
    dispersion: np.ndarray
    df: np.ndarray
    deviance: np.ndarray


def fit_seasonal_rates(
    count: np.ndarray,
    exposure: np.ndarray,
    *,
    period: int = 12,
    least: np.ndarray,
    gate: float = GATE,
) -> list[SeasonalRate]:
    """`fit_seasonal_rate(..., degree=0, robust=True)` of every row.

    Parameters
    ----------
    count, exposure : a row per series, a column per period; exposure 0 is not observed. Every row
        must hold a case where it has exposure.
    least : of each row, the number of observed periods below which no season is tried

    >>> y = np.array([[4.0, 6.0, 5.0, 5.0], [9.0, 11.0, 10.0, 0.0]])
    >>> size = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0]])
    >>> fits = fit_seasonal_rates(y, size, least=np.array([24, 24]))
    >>> [round(float(np.exp(fit.beta[0])), 6) for fit in fits]
    [5.0, 10.0]
    """
    used = exposure > 0
    y, size = np.where(used, count, 0.0), np.where(used, exposure, 0.0)
    top = _top(y, used, period, np.asarray(least))
    weight = _outlier_weights(y, size, used, period, top)
    fits = {
        k: _fit(y, size, used, weight, np.flatnonzero(top >= k), period, k)
        for k in range(int(top.max(initial=0)) + 1)
    }
    p = _season_p(fits, top, cycles=used.sum(1) / period)
    chosen = _chosen(fits, top, p, used, gate)
    return _models(fits, chosen, p, y, used, period)


def _top(y: np.ndarray, used: np.ndarray, period: int, least: np.ndarray) -> np.ndarray:
    """The largest number of harmonics that each history can carry."""
    usable, cases = used.sum(1), y.sum(1)
    room = np.minimum(usable / PERIODS_PER_PARAMETER, cases / CASES_PER_PARAMETER)
    orders = np.arange(1, min(LARGEST_ORDER, period // 2) + 1)
    size = 1 + 2 * orders - (2 * orders == period)
    fitting = (size[None] <= room[:, None]).sum(1)
    return np.where((usable >= least) & (period >= 2) & (cases > 0), fitting, 0)


def _fit(
    y: np.ndarray,
    size: np.ndarray,
    used: np.ndarray,
    weight: np.ndarray,
    rows: np.ndarray,
    period: int,
    order: int,
) -> _Fits:
    y, size, used, w = (part[rows] for part in (y, size, used, weight))
    times = np.arange(y.shape[1])
    x = np.column_stack([np.ones(times.size), harmonics(times, period, order=order)])
    beta, mu = _solve(x, y, size, w * used)
    df = np.maximum(used.sum(1) - x.shape[1], 0)
    information = ((w * mu) @ (x[:, :, None] * x[:, None, :]).reshape(times.size, -1)).reshape(
        len(rows), x.shape[1], x.shape[1]
    )
    return _Fits(
        rows, beta, mu, information, _dispersion(y, mu, w, used, df), df, _deviance(y, mu, w, used)
    )


def _solve(
    x: np.ndarray, y: np.ndarray, size: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Newton's method, with the faint pull of `seasonal_rate.solve_scores`."""
    k = x.shape[1]
    outer = (x[:, :, None] * x[:, None, :]).reshape(len(x), k * k)
    pull = np.maximum(y.sum(1), 1.0)[:, None] * (1e-9 * (np.arange(k) > 0))
    beta = np.zeros((len(y), k))
    beta[:, 0] = np.log((w * y).sum(1) / (w * size).sum(1))
    mu = size * np.exp(beta @ x.T)
    for _ in range(NEWTON):
        slope = (w * (y - mu)) @ x - pull * beta
        information = ((w * mu) @ outer).reshape(-1, k, k) + pull[:, :, None] * np.eye(k)
        step = np.linalg.solve(information, slope[:, :, None])[:, :, 0]
        step /= np.maximum(1.0, np.abs(step @ x.T).max(axis=1, initial=0) / 2)[:, None]
        beta = beta + step
        mu = np.where(
            size > 0, np.maximum(size * np.exp(np.clip(beta @ x.T, -200, 200)), 1e-200), 0
        )
        if np.abs(step).max(initial=0) < SETTLED:
            break
    return beta, mu


def _dispersion(
    y: np.ndarray, mu: np.ndarray, w: np.ndarray, used: np.ndarray, df: np.ndarray
) -> np.ndarray:
    """As `poisson.dispersion`; where outliers have less weight, their weighted squares."""
    n, safe = np.maximum(used.sum(1), 1), np.where(used, mu, 1.0)
    square, free = np.where(used, (y - mu) ** 2 / safe, 0.0), np.maximum(df, 1)
    plain = square.sum(1) / free
    off = np.where(used, (y - mu) / safe, 0.0).sum(1) / n
    plain = np.where(y.sum(1) / n < SPARSE, plain / np.maximum(1 + off, 0.1), plain)
    softened = ((w < 1) & used).any(1)
    noise = np.where(softened, (w * square).sum(1) / free, plain)
    return np.where(df > 0, np.maximum(noise, 1.0), np.nan)


def _deviance(y: np.ndarray, mu: np.ndarray, w: np.ndarray, used: np.ndarray) -> np.ndarray:
    log = special.xlogy(y, np.where(y > 0, y / np.where(used, mu, 1.0), 1.0))
    return 2 * (w * np.where(used, log - (y - mu), 0.0)).sum(1)


def _outlier_weights(
    y: np.ndarray, size: np.ndarray, used: np.ndarray, period: int, top: np.ndarray
) -> np.ndarray:
    """1 for a usual period, less for one far above what every model of the others expects."""
    weight = np.ones(y.shape)
    for _ in range(PASSES):
        found = np.zeros(y.shape)
        for order, rows in ((0, np.arange(len(y))), (2, np.flatnonzero(top >= 2))):
            if rows.size:
                fit = _fit(y, size, used, weight, rows, period, order)
                alone = _outlier_weight(y[rows], used[rows], fit, weight[rows])
                found[rows] = np.maximum(found[rows], alone)
        weight = found
    return weight


def _outlier_weight(y: np.ndarray, used: np.ndarray, fit: _Fits, w: np.ndarray) -> np.ndarray:
    """Weight 1 / z^2 for a count z > 3 sd above its mean, the sd judged from the others."""
    df = fit.df[:, None]
    mu = np.where(used, fit.mu, 1.0)
    square = np.where(used, w * (y - mu) ** 2 / mu, 0.0)
    noise = np.maximum((square.sum(1, keepdims=True) - square) / np.maximum(df - 1, 1), 1.0)
    mean = np.where(used, fit.mu, 0.0).sum(1, keepdims=True) / used.sum(1, keepdims=True)
    high = used & (df >= FEW_DF) & (y - mu > NEAR * np.sqrt(mu * noise))
    result = np.ones(y.shape)
    if high.any():
        noise, at = noise[high], np.broadcast_to(df, y.shape)[high]
        mean = np.broadcast_to(mean, y.shape)[high]
        upper, _ = tails(y[high], mu[high], np.zeros(noise.size), noise)
        z = stats.norm.isf(np.clip(upper, 1e-300, 1))
        kurtosis = 6 * (noise - 1) / mean + 1 / (noise * mean)
        tail = stats.t.sf(z, np.maximum(2 * at / (2 + kurtosis), 2.0))
        z = stats.norm.isf(np.clip(tail, 1e-300, 1))
        result[high] = np.where(z > OUTLIER, 1 / np.maximum(z, 1) ** 2, 1.0)
    return result


def _season_p(fits: dict[int, _Fits], top: np.ndarray, *, cycles: np.ndarray) -> np.ndarray:
    """p of "no season" of each row; NaN where none is tried."""
    tried = np.full((len(fits), len(top)), np.nan)
    for k in range(1, len(fits)):
        rows = fits[k].rows
        wanted = (k == np.minimum(top[rows], 2)) | ((k == top[rows]) & (cycles[rows] >= 2.5))
        p = _f_test(fits[0], fits[k], rows)
        tried[k, rows[wanted]] = p[wanted]
    with np.errstate(invalid="ignore"):
        return np.minimum(np.nanmin(tried, axis=0, initial=np.inf) * np.isfinite(tried).sum(0), 1.0)


def _f_test(small: _Fits, large: _Fits, rows: np.ndarray) -> np.ndarray:
    """`rows` are those of `large`; `small` has all of them."""
    df = small.df[rows] - large.df
    fine = (df >= 1) & (large.df >= 1)
    gain = np.maximum(small.deviance[rows] - large.deviance, 0.0)
    f = gain / np.maximum(df, 1) / np.where(fine, large.dispersion, 1.0)
    return np.where(fine, stats.f.sf(f, np.maximum(df, 1), np.maximum(large.df, 1)), np.nan)


def _chosen(
    fits: dict[int, _Fits], top: np.ndarray, p: np.ndarray, used: np.ndarray, gate: float
) -> np.ndarray:
    """The number of harmonics with the smallest quasi-AICc; 0 where no season is found."""
    noise = np.ones(len(top))
    for k, fit in fits.items():
        full = top[fit.rows] == k
        noise[fit.rows[full]] = fit.dispersion[full]
    score = np.full((len(fits), len(top)), np.inf)
    for k in range(1, len(fits)):
        fit, n = fits[k], used[fits[k].rows].sum(1)
        size = n - fit.df + 1
        correction = 2 * size * (size + 1) / np.maximum(n - size - 1, 1)
        score[k, fit.rows] = fit.deviance / noise[fit.rows] + 2 * size + correction
    return np.where((top > 0) & (p < gate), score.argmin(axis=0), 0)


def _models(
    fits: dict[int, _Fits],
    chosen: np.ndarray,
    p: np.ndarray,
    y: np.ndarray,
    used: np.ndarray,
    period: int,
) -> list[SeasonalRate]:
    """The chosen fit of each row."""
    found: list[SeasonalRate | None] = [None] * len(y)
    for k, fit in fits.items():
        own = np.flatnonzero(chosen[fit.rows] == k)
        if not own.size:
            continue
        scale = np.where(np.isfinite(fit.dispersion[own]), fit.dispersion[own], 1.0)
        inverse = np.linalg.pinv(fit.information[own], hermitian=True)
        rows = fit.rows[own]
        means = np.where(used[rows], fit.mu[own], np.nan)
        residuals = (y[rows] - means) / np.sqrt(means)
        for i, row in enumerate(rows):
            at = own[i]
            found[row] = SeasonalRate(
                *(fit.beta[at], inverse[i] * scale[i], y.shape[1], period, 0, k),
                *(float(p[row]), float(scale[i]), int(fit.df[at]), float(fit.deviance[at])),
                *(residuals[i], means[i]),
            )
    return [model for model in found if model is not None]
