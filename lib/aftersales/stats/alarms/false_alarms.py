"""How often the early warning is wrong on quiet series like the reader's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aftersales.stats.alarms.plan import Plan, judge

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
