"""How often the early warning is wrong on quiet series like the reader's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.stats import inputs
from aftersales.stats.alarms.baseline import fit_baseline, terms
from aftersales.stats.alarms.drift import LIMIT
from aftersales.stats.alarms.plan import Plan, judge
from aftersales.stats.alarms.surveillance import ALPHA, HISTORY, plan_of
from aftersales.stats.inputs import Numbers

SIMULATIONS = 200


@dataclass(frozen=True)
class FalseAlarms:
    """What the detector did on simulated series in which nothing happens.

    Attributes
    ----------
    nominal : alpha, the promised share of quiet periods that are spikes
    rate, low, high : the measured share, and its 95 % interval
    drift_rate : share of quiet periods in a drift
    ever : share of series with any alarm in the periods judged
    series, periods : how many series were simulated, and periods of each judged
    """

    nominal: float
    rate: float
    low: float
    high: float
    drift_rate: float
    ever: float
    series: int
    periods: int


def measured_false_alarms(
    counts: pd.Series | Numbers,
    *,
    exposure: Numbers | None = None,
    season: int = 52,
    start: object,
    alpha: float = ALPHA,
    gap: int | None = None,
    history: int = HISTORY,
    drift_limit: float = LIMIT,
    simulations: int = SIMULATIONS,
    seed: int,
) -> FalseAlarms:
    """Run `monitor` on quiet series of the same length, exposure, level, season and dispersion.

    The series are negative binomial around a fit to all of `counts` (a season where there are
    two cycles), without its outliers. Parametric bootstrap (Efron and Tibshirani 1993, ch. 6);
    the interval is from the spread between the simulated series. Arguments as in `monitor`.

    >>> found = measured_false_alarms([5, 4, 6, 5] * 60, start=200, simulations=50, seed=1)
    >>> found.nominal, found.low < 0.01 < found.ever, found.series, found.periods
    (0.005, True, 50, 40)
    """
    y, size = inputs.series(counts, 1.0 if exposure is None else exposure)
    labels = counts.index if isinstance(counts, pd.Series) else pd.RangeIndex(y.size)
    mean, noise = _quiet_truth(y, size, season)
    return quiet_run(
        mean,
        exposure=size,
        dispersion=noise,
        plan=plan_of(labels, season, start, alpha, gap, history, drift_limit, 0),
        simulations=simulations,
        seed=seed,
    )


def quiet_run(
    mean: np.ndarray,
    *,
    exposure: np.ndarray,
    dispersion: float,
    plan: Plan,
    simulations: int = SIMULATIONS,
    seed: int,
) -> FalseAlarms:
    """Run the detector on series of which the truth is known: one mean per period, no alarm due.

    Counts are negative binomial with variance = `dispersion` x mean, Poisson at 1.

    >>> from aftersales.stats.alarms.plan import Plan
    >>> plan = Plan(season=0, start=60, alpha=0.01, gap=4, history=8, drift_limit=4)
    >>> five = np.full(100, 5.0)
    >>> found = quiet_run(
    ...     five, exposure=np.ones(100), dispersion=1.0, plan=plan, simulations=100, seed=1
    ... )
    >>> found.series, found.periods, found.rate < 0.02
    (100, 40, True)
    """
    rng = np.random.default_rng(seed)
    means = np.broadcast_to(mean, (simulations, mean.size))
    excess = max(dispersion - 1, 1e-9)
    drawn = rng.poisson(rng.gamma(means / excess) * excess if dispersion > 1 else means)
    drawn, sizes = drawn.astype(float), np.broadcast_to(exposure, means.shape)
    judged = judge(drawn, sizes, np.zeros(drawn.shape, dtype=bool), plan=plan, limits=False)
    share = judged["spike"].mean(axis=1)
    half = 1.96 * share.std(ddof=1) / np.sqrt(simulations)
    return FalseAlarms(
        nominal=plan.alpha,
        rate=float(share.mean()),
        low=float(max(share.mean() - half, 0)),
        high=float(share.mean() + half),
        drift_rate=float(judged["drift"].mean()),
        ever=float((judged["spike"] | judged["drift"]).any(axis=1).mean()),
        series=simulations,
        periods=judged["spike"].shape[1],
    )


def _quiet_truth(y: np.ndarray, size: np.ndarray, season: int) -> tuple[np.ndarray, float]:
    """Mean of every period and dispersion of a series with nothing in it."""
    used = size > 0
    x, prior = terms(y.size, season=season if used.sum() >= 2 * season else 0)
    fit = fit_baseline(y[None], size[None], used[None], past=x, prior=prior, ahead=x)
    return fit.rate[0] * size, float(fit.dispersion[0])
