"""Seasons: split a series into trend, season and remainder, and test before calling it one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.tsa.seasonal import STL

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers
from aftersales.stats.series.seasonal_rate import fit_seasonal_rate, harmonics

SUPPORTED = 0.01  # p below which a series is called seasonal


@dataclass(frozen=True)
class Season:
    """A series as trend + seasonal + remainder; parts are NaN where it is too short.

    Attributes
    ----------
    seasonal_strength, trend_strength : 0 to 1, share of variation not left to the remainder
    p : of "no season"; supported : p below 0.01
    """

    values: pd.Series
    trend: pd.Series
    seasonal: pd.Series
    remainder: pd.Series
    seasonal_strength: float
    trend_strength: float
    p: float
    supported: bool
    periods: int

    def to_frame(self) -> pd.DataFrame:
        """One row per period: ``period``, ``value``, ``trend``, ``seasonal``, ``remainder``."""
        parts = {"value": self.values, "trend": self.trend, "seasonal": self.seasonal}
        frame = pd.DataFrame({**parts, "remainder": self.remainder})
        return frame.rename_axis("period").reset_index()


def decompose_season(
    values: pd.Series, *, period: int = 12, robust: bool = False, periodic: bool = False
) -> Season:
    """Seasonal-trend decomposition by loess of a regular series, one value per period.

    STL as in Cleveland et al. 1990, J. Off. Stat. 6:3, through statsmodels with its default
    spans (seasonal 7) and the loops of the paper. Strengths: Wang, Smith and Hyndman 2006,
    Data Min. Knowl. Discov. 13:335. `periodic`: the season is the same in every cycle (a mean
    instead of a loess, with the steps of R's stl). A series shorter than two cycles, or that
    does not vary, has no parts, p NaN and is not called seasonal.

    >>> flat = pd.Series([5.0] * 24)
    >>> decompose_season(flat).supported
    False
    """
    index = values.index if isinstance(values, pd.Series) else None
    data = pd.Series(inputs.numbers(values, name="values").reshape(-1), index=index, dtype=float)
    if len(data) < 2 * period or np.ptp(data) == 0:
        empty = pd.Series(np.nan, index=data.index)
        return Season(data, *(empty,) * 3, *(np.nan,) * 3, False, period)
    found = _parts(data.to_numpy(), period, robust=robust, periodic=periodic)
    trend, season, rest = (pd.Series(x, index=data.index) for x in found)
    p = _harmonic_p(data.to_numpy(), period)
    strengths = _strength(season, rest), _strength(trend, rest)
    return Season(data, trend, season, rest, *strengths, p, bool(p < SUPPORTED), period)


def deseasonalise(count: Numbers, exposure: Numbers, *, period: int = 12) -> pd.DataFrame:
    """Rates with the season taken out, where there is one.

    One row per period: ``rate`` (count / exposure), ``factor`` (seasonal factor, geometric
    mean 1 over a cycle; 1 throughout where no season is supported), ``adjusted_rate``
    (rate / factor). ``attrs`` hold ``p`` and ``supported``.

    >>> deseasonalise([2, 4], [10, 10])["adjusted_rate"].tolist()
    [0.2, 0.4]
    """
    y, size = inputs.series(count, exposure)
    p, factor = np.nan, np.ones(y.size)
    if y.sum() > 0:
        model = fit_seasonal_rate(y, size, period=period, degree=2)
        p = model.season_p
        factor = model.factor(np.arange(y.size)) if p < SUPPORTED else factor
    rate = np.divide(y, size, out=np.full(y.size, np.nan), where=size > 0)
    index = count.index if isinstance(count, pd.Series) else None
    columns = {"rate": rate, "factor": factor, "adjusted_rate": rate / factor}
    frame = pd.DataFrame(columns, index=index)
    frame.attrs.update(p=p, supported=bool(p < SUPPORTED))
    return frame


def _parts(
    values: np.ndarray, period: int, *, robust: bool, periodic: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Trend, season and remainder; a periodic season is averaged over the cycles."""
    loops = {"inner_iter": 1, "outer_iter": 15} if robust else {"inner_iter": 2, "outer_iter": 0}
    spans = _periodic_spans(values.size, period) if periodic else {}
    parts = STL(values, period=period, robust=robust, **spans).fit(**loops)
    season = parts.seasonal
    if periodic:
        place = np.arange(values.size) % period
        season = (np.bincount(place, weights=season) / np.bincount(place))[place]
    return parts.trend, season, values - parts.trend - season


def _periodic_spans(size: int, period: int) -> dict[str, int]:
    """A span so long that the loess of a season is its mean; a tenth of a span as step."""
    seasonal = 10 * size + 1
    trend = int(np.ceil(1.5 * period / (1 - 1.5 / seasonal))) // 2 * 2 + 1
    low_pass = period // 2 * 2 + 1
    return {
        **{"seasonal": seasonal, "trend": trend, "low_pass": low_pass, "seasonal_deg": 0},
        **{"seasonal_jump": -(-seasonal // 10), "trend_jump": -(-trend // 10)},
        "low_pass_jump": -(-low_pass // 10),
    }


def _strength(part: pd.Series, rest: pd.Series) -> float:
    both = float((part + rest).var())
    return max(0.0, 1 - float(rest.var()) / both) if both > 0 else 0.0


def _harmonic_p(values: np.ndarray, period: int) -> float:
    """F test of harmonics beside a quadratic trend, after taking autocorrelation out.

    A plain F test mistakes autocorrelation for a season, so both sides are first filtered by the
    lag-one correlation of the residuals (Prais and Winsten 1954, Cowles Commission 383).
    """
    if period < 2:
        raise DataError(f"`period` must be at least 2; found {period}.")
    t = np.arange(values.size)
    scaled = 2 * t / max(values.size - 1, 1) - 1
    trend = np.column_stack([np.ones(t.size), scaled, scaled**2])
    full = np.column_stack([trend, harmonics(t, period, order=min(2, period // 2))])
    rho = _correlation(full, values)
    (rss, rank), (rest, larger) = (
        _residual(_filtered(x, rho), _filtered(values, rho)) for x in (trend, full)
    )
    df, df_rest = larger - rank, t.size - larger
    if df < 1 or df_rest < 1 or rss <= 0:
        return np.nan
    f = (rss - rest) / df / max(rest / df_rest, 1e-300)
    return float(stats.f.sf(f, df, df_rest))


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Lag-one correlation of the errors, 0 to 0.95.

    Residuals look less correlated than the errors they stand for; the value returned is the
    one whose residuals would on average show the correlation found.
    """
    away = np.eye(y.size) - x @ np.linalg.pinv(x)
    residual = away @ y
    spread = float(residual @ residual)
    if spread <= 0:
        return 0.0
    found = float(residual[:-1] @ residual[1:]) / spread
    lags = np.abs(np.subtract.outer(np.arange(y.size), np.arange(y.size)))
    grid = np.linspace(0, 0.95, 20)
    shown = []
    for rho in grid:
        covariance = away @ rho**lags @ away
        shown.append(np.trace(covariance, offset=1) / np.trace(covariance))
    return float(np.interp(found, np.maximum.accumulate(shown), grid))


def _filtered(values: np.ndarray, rho: float) -> np.ndarray:
    return np.concatenate([np.sqrt(1 - rho**2) * values[:1], values[1:] - rho * values[:-1]])


def _residual(x: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    beta, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
    return float(((y - x @ beta) ** 2).sum()), int(rank)
