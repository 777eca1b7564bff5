"""What comes next, if nothing changes: a forecast of counts with a prediction interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special, stats

from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers
from aftersales.stats.series.seasonal_rate import SeasonalRate, fit_seasonal_rate, harmonics

CYCLES = 2  # of history, below which the season is not known and nothing is forecast
CASES = 30.0  # in the history, below which nothing is forecast
MEMORY = np.array([0.5, 0.6, 0.7, 0.8, 0.87, 0.92, 0.96, 0.98, 1.0])  # kept per period; 1: all
NOISE = np.array([1.0, 1.2, 1.5, 2.0, 3.0, 4.5, 7.0, 11.0, 20.0])  # variance over mean
BURN = 3  # periods before the filter is judged by its forecasts
VAGUE = 0.5  # cases that the level is worth before any is seen (Jeffreys)
Rung = Literal["season", "level", "short"]


@dataclass(frozen=True)
class Forecast:
    """Counts of the periods to come.

    Attributes
    ----------
    table : one row per period ahead: ``ahead`` (1, 2 ...), ``exposure``, ``expected`` cases and
        the ends ``low``, ``high`` of the prediction interval; NaN where nothing is forecast
    memory : share of its past that the level keeps from one period to the next; 1: no drift
    dispersion : variance over mean of a period's count around its level
    rung : "season" or "level" (no season found), or "short": too short or too few to forecast
    """

    table: pd.DataFrame
    memory: float
    dispersion: float
    rung: Rung


def forecast(
    count: Numbers, exposure: Numbers, *, ahead: Numbers, season: int = 12, level: float = 0.95
) -> Forecast:
    """Forecast the counts of the next periods, given their exposures `ahead`.

    The season is that of a quasi-Poisson regression with log exposure (`fit_seasonal_rate`). The
    level moves: a gamma-Poisson filter forgets its past at a constant rate (Harvey and Fernandes
    1989, J. Bus. Econ. Stat. 7:407). How fast it forgets and how much more than chance the counts
    vary are not chosen but averaged over, each pair weighted by how well it foretold every month
    of the past from the months before; so the interval holds the noise of the count, the error
    and the drift of the level, the error of the season and the uncertainty of the noise.

    Parameters
    ----------
    count, exposure : one value per period, oldest first, no period left out
    ahead : exposure of each period to come
    season : periods in a cycle; a history of fewer than two, or of fewer than 30 cases, is "short"
    level : of the prediction interval, which a new count lies in with that chance

    >>> found = forecast([40, 38, 41, 39, 43, 37] * 6, [100] * 36, ahead=[100, 200])
    >>> found.table[["ahead", "expected", "low", "high"]].round(0).values.tolist()
    [[1.0, 40.0, 27.0, 53.0], [2.0, 79.0, 61.0, 99.0]]
    """
    y, size = inputs.series(count, exposure)
    coming = inputs.counts(ahead, name="ahead").reshape(-1)
    tail = (1 - inputs.share(level, name="level")) / 2
    if (size > 0).sum() < CYCLES * season or y.sum() < CASES:
        return Forecast(
            _table(coming, *(np.full(coming.size, np.nan),) * 3), np.nan, np.nan, "short"
        )
    model = fit_seasonal_rate(y, size, period=season, degree=2)
    times = np.arange(y.size + coming.size)
    factor = model.factor(times)
    memory, noise = (part.ravel() for part in np.meshgrid(MEMORY, NOISE))
    cases, units, weight = _filter(y, size * factor[: y.size], memory, noise)
    wide = noise * max(model.df + model.harmonics * 2, 1) / max(model.df, 1)
    unsure = _season_error(model, times[y.size :])
    rows = []
    for h, (at_risk, wave, error) in enumerate(
        zip(coming, factor[y.size :], unsure, strict=True), start=1
    ):
        mean = at_risk * wave * cases / units
        variance = wide * mean + mean**2 * (1 / (cases * memory**h) + error)
        rows.append(_summary(mean, variance, weight, tail))
    return Forecast(
        _table(coming, *np.array(rows).T),
        float(weight @ memory),
        float(weight @ noise),
        "season" if model.harmonics else "level",
    )


def _table(
    coming: np.ndarray, expected: np.ndarray, low: np.ndarray, high: np.ndarray
) -> pd.DataFrame:
    columns = {"exposure": coming, "expected": expected, "low": low, "high": high}
    return pd.DataFrame({"ahead": np.arange(1, coming.size + 1), **columns})


def _filter(
    y: np.ndarray, size: np.ndarray, memory: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cases and exposure the level stands on at the end, and the weight of each pair."""
    cases, units = np.full(memory.shape, VAGUE), np.zeros(memory.shape)
    log = np.zeros(memory.shape)
    seen = 0
    for count, at_risk in zip(y, size, strict=True):
        cases, units = cases * memory, units * memory
        if at_risk <= 0:
            continue
        if seen >= BURN:
            mean = at_risk * cases / units
            log += _log_chance(count, mean, noise * mean + mean**2 / cases)
        cases, units = cases + count / noise, units + at_risk / noise
        seen += 1
    weight = np.exp(log - log.max())
    return cases, units, weight / weight.sum()


def _size(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Size of the negative binomial with these moments."""
    return mean**2 / np.maximum(variance - mean, 1e-9 * mean)


def _log_chance(count: float, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    k = _size(mean, variance)
    return (
        special.gammaln(count + k)
        - special.gammaln(k)
        + k * np.log(k / (k + mean))
        + count * np.log(mean / (k + mean))
    )


def _season_error(model: SeasonalRate, times: np.ndarray) -> np.ndarray:
    """Squared relative error of the seasonal factor at these times."""
    wave = harmonics(times, model.period, order=model.harmonics)
    part = slice(1 + model.degree, None)
    return np.einsum("ti,ij,tj->t", wave, model.covariance[part, part], wave)


def _summary(
    mean: np.ndarray, variance: np.ndarray, weight: np.ndarray, tail: float
) -> tuple[float, float, float]:
    """Mean and interval of the mixture of negative binomials."""
    k = _size(mean, variance)

    def below(count: float) -> float:
        return float(weight @ stats.nbinom.cdf(count, k, k / (k + mean)))

    top = int(np.ceil((mean + 40 * np.sqrt(variance) + 40).max()))
    low, high = (_first(below, wanted, top) for wanted in (tail, 1 - tail))
    return float(weight @ mean), float(low), float(high)


def _first(below: object, wanted: float, top: int) -> int:
    """Smallest count whose distribution function reaches `wanted`."""
    left, right = 0, top
    while left < right:
        middle = (left + right) // 2
        left, right = (left, middle) if below(middle) >= wanted else (middle + 1, right)
    return left
