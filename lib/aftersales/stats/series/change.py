"""Has the rate of one series changed: lately, in the last period, or steadily?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.counts.more_than_expected import NO_CASE, count_limits, excess_ratio
from aftersales.stats.inputs import Numbers
from aftersales.stats.series.seasonal_rate import SeasonalRate, fit_seasonal_rate

SHORT = 6  # earlier periods below which the past does not show how much the rate varies
YEAR = 12  # periods of a monthly series
NO_SPREAD = 1e-9  # sum of squared residuals that is only rounding: an exactly constant past
Rung = Literal["season", "level", "short"]


@dataclass(frozen=True)
class Change:
    """Recent periods against what the earlier ones let expect.

    Attributes
    ----------
    ratio, low, high, p : count over expected, its interval, and p of "nothing changed"
    count, expected : cases in the recent periods, and those expected from the past
    limit_low, limit_high : range of the recent count that chance alone gives
    rate, past_rate : cases per exposure, recent and expected for the same periods
    dispersion : variance over mean around the past's own fit, at least 1
    autocorrelation : of neighbouring periods around that fit; 0 where it is not significant
    rung : what the past was described by - "season" (level and season), "level", or "short"
        (fewer than 6 earlier periods: no p, because their variation is not known)
    periods : earlier periods with exposure
    season_p : of "no season"; NaN where not judged
    """

    ratio: float
    low: float
    high: float
    p: float
    count: float
    expected: float
    limit_low: float
    limit_high: float
    rate: float
    past_rate: float
    dispersion: float
    autocorrelation: float
    rung: Rung
    periods: int
    season_p: float


def step_change(
    count: Numbers,
    exposure: Numbers,
    *,
    recent: int,
    season: int = 12,
    level: float = 0.95,
) -> Change:
    """Compare the last `recent` periods with all earlier ones of a regular series.

    A quasi-Poisson model with log exposure is fitted to the earlier periods: a level, and a season
    where an F test supports one and two cycles are there. Its prediction for the recent periods,
    with its own error, is compared with the count as negative binomial (`excess_ratio`). Past
    outliers weigh less; positive correlation between neighbouring periods widens the limits.
    Farrington et al. 1996, J. R. Stat. Soc. A 159:547; Noufaily et al. 2013, Stat. Med. 32:1206.

    Parameters
    ----------
    count, exposure : one value per period, oldest first, no period left out
    season : periods in a cycle (12 for months); 0 or 1 for none

    >>> change = step_change([10] * 12 + [30, 30], [100] * 14, recent=2)
    >>> round(change.ratio, 3), change.p < 0.001, change.rung
    (3.0, True, 'level')
    """
    y, size = inputs.series(count, exposure)
    if not 1 <= recent < y.size:
        raise DataError(
            f"`recent` must leave earlier periods to compare with; found {recent} of {y.size}."
        )
    past, now = slice(0, y.size - recent), slice(y.size - recent, y.size)
    observed, exposed = float(y[now].sum()), float(size[now].sum())
    periods = int((size[past] > 0).sum())
    if exposed == 0 or periods == 0:
        return _unknown(observed, periods)
    if y[past].sum() == 0:
        return _from_nothing(observed, exposed, float(size[past].sum()), periods, level)
    model = _past_model(y[past], size[past], season=season, total=y.size)
    return compare(model, y, size, recent=recent, level=level)


def compare(
    model: SeasonalRate, y: np.ndarray, size: np.ndarray, *, recent: int, level: float = 0.95
) -> Change:
    """The last `recent` periods of a series against a model of the earlier ones.

    `y` and `size` are counts and exposures of all periods that the model counts from 0; the
    recent ones must have exposure. `step_change` for one series, `windows` for many.
    """
    now = slice(y.size - recent, y.size)
    observed, exposed = float(y[now].sum()), float(size[now].sum())
    periods = int((size[: y.size - recent] > 0).sum())
    expected, noise = expectation(model, size, recent=recent)
    ratio, low, high, p = excess_ratio(observed, expected, level=level, **noise)
    short = is_short(model, periods)
    return Change(
        *(ratio, low, high, np.nan if short else p, observed, expected),
        *count_limits(expected, level=level, **noise),
        *(observed / exposed, expected / exposed, model.dispersion),
        autocorrelation(model.residuals),
        rung="short" if short else "season" if model.harmonics else "level",
        periods=periods,
        season_p=model.season_p,
    )


def expectation(
    model: SeasonalRate, size: np.ndarray, *, recent: int
) -> tuple[float, dict[str, float]]:
    """Cases expected in the last periods together, and how they vary: as `excess_ratio` asks."""
    now = np.arange(size.size)[size.size - recent :]
    expected, variance = model.predict(now, size[now])
    rho = autocorrelation(model.residuals)
    window = 1 + 2 * sum((1 - k / recent) * rho**k for k in range(1, recent))
    return expected, {
        "variance": variance * (1 + rho) / (1 - rho),
        "dispersion": model.dispersion * window,
        "df": model.noise_df,
    }


def is_short(model: SeasonalRate, periods: int) -> bool:
    """Whether so few earlier periods do not show how much the rate varies."""
    return periods < SHORT or model.df < 2


def spike(
    count: Numbers,
    exposure: Numbers,
    *,
    season: int = 12,
    level: float = 0.95,
) -> Change:
    """Compare the last period alone with all earlier ones; `step_change` with one recent period.

    >>> spike([5] * 12 + [9], [100] * 13).limit_high
    10
    """
    return step_change(count, exposure, recent=1, season=season, level=level)


def least_for_season(total: int, season: int) -> int:
    """Observed periods that a past needs for a season: 1.5 cycles, if the whole series has two."""
    return int(np.ceil(1.5 * season)) if total >= 2 * season else total + 1


def _past_model(y: np.ndarray, size: np.ndarray, *, season: int, total: int) -> SeasonalRate:
    """The past, with a season where the whole series spans two cycles and the past 1.5."""
    least = least_for_season(total, season)
    return fit_seasonal_rate(y, size, period=season, least=least, robust=True)


def autocorrelation(residuals: np.ndarray) -> float:
    """Lag-one correlation of the residuals where it is significantly positive, else 0."""
    r = residuals - np.nanmean(residuals)
    pairs = np.isfinite(r[:-1]) & np.isfinite(r[1:])
    spread = np.nansum(r**2)
    if pairs.sum() < SHORT or spread <= NO_SPREAD:
        return 0.0
    rho = float((r[:-1] * r[1:])[pairs].sum() / spread)
    n = int(pairs.sum())
    return min(rho + (1 + 3 * rho) / n, 0.8) if rho > 1.645 / np.sqrt(n) - 1 / n else 0.0


def _unknown(observed: float, periods: int) -> Change:
    return Change(
        *(np.nan,) * 4,
        observed,
        *(np.nan,) * 6,
        0.0,
        rung="short",
        periods=periods,
        season_p=np.nan,
    )


def _from_nothing(
    observed: float, exposed: float, past: float, periods: int, level: float
) -> Change:
    """No case in the past: the exact conditional test; the ratio has no upper bound."""
    expected = NO_CASE * exposed / past
    _, low, _, p = excess_ratio(observed, expected, variance=1 / NO_CASE, level=level)
    ratio = np.inf if observed else np.nan
    high = np.inf if observed else np.nan
    p = p if periods >= SHORT else np.nan
    rung: Rung = "level" if periods >= SHORT else "short"
    return Change(
        *(ratio, low if observed else np.nan, high, p if observed else 1.0, observed, 0.0),
        *(np.nan, np.nan, observed / exposed, 0.0, 1.0, 0.0, rung, periods, np.nan),
    )
