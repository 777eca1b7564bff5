"""A steady change of the rate of one series, from year to year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers
from aftersales.stats.series.change import SHORT, Rung, autocorrelation
from aftersales.stats.series.seasonal_rate import fit_seasonal_rate

YEAR = 12  # periods of a monthly series


@dataclass(frozen=True)
class Trend:
    """A steady change: ratio of the rate from one year to the next.

    ``ratio_per_year`` with interval and p of "no trend"; dispersion, rung as in `Change`.
    """

    ratio_per_year: float
    low: float
    high: float
    p: float
    dispersion: float
    rung: Rung


def trend_test(
    count: Numbers, exposure: Numbers, *, season: int = 12, level: float = 0.95
) -> Trend:
    """Is the rate of a monthly series rising or falling steadily?

    Slope of a quasi-Poisson regression with log exposure, beside a season where supported,
    with Student's t. NaN for fewer than 6 periods with exposure or without a case.

    >>> trend_test([10] * 24, [100] * 24).ratio_per_year
    1.0
    """
    y, size = inputs.series(count, exposure)
    periods = int((size > 0).sum())
    if periods < SHORT or y.sum() == 0:
        return Trend(*(np.nan,) * 5, rung="short")
    model = fit_seasonal_rate(y, size, period=season, degree=1)
    rho = autocorrelation(model.residuals)
    per_year = 2 * YEAR / max(y.size - 1, 1)  # the model's time runs from -1 to 1
    slope = float(model.beta[1]) * per_year
    se = float(np.sqrt(model.covariance[1, 1] * (1 + rho) / (1 - rho))) * per_year
    half = stats.t.isf((1 - level) / 2, model.df) * se
    low, high = np.exp(slope - half), np.exp(slope + half)
    p = float(2 * stats.t.sf(abs(slope) / se, model.df))
    ratio = round(float(np.exp(slope)), 12)
    return Trend(
        *(ratio, float(low), float(high), p, model.dispersion),
        rung="season" if model.harmonics else "level",
    )
