"""Limits for series too young to model: the mean and spread of the few periods before."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import stats

from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers

PERIODS = 7  # of the moving baseline
LAG = {"C1": 0, "C2": 2, "C3": 2}  # periods left out between the baseline and the one judged
FEWEST_CASES = 0.5  # expected, below which seven periods say nothing about the spread


def ears_limits(
    counts: Numbers,
    *,
    method: Literal["C1", "C2", "C3"] = "C1",
    periods: int = PERIODS,
    alpha: float = 0.001,
) -> np.ndarray:
    """Upper limits of the Early Aberration Reporting System, as published.

    Mean plus normal quantile times standard deviation of the `periods` counts before; C2 leaves
    out the two just before. C3 adds up how far this period and the two before are more than one
    standard deviation above their C2 means; its limit is the count at which that sum reaches
    the normal quantile (usually `alpha` 0.025), -inf where the two before reach it alone. NaN
    where the history is too short. Far more than `alpha` of quiet periods are beyond these
    limits (`ears_p` corrects that). Hutwagner et al. 2003, J. Urban Health 80:i89; Fricker et
    al. 2008, Stat. Med. 27:3407.

    >>> ears_limits([1, 2, 3, 4, 5, 6, 7, 20]).round(2)[-1]
    np.float64(10.68)
    """
    y = inputs.counts(counts, name="counts").reshape(1, -1)
    mean, sd, _ = _moving(y, np.ones_like(y), np.ones(y.shape, dtype=bool), LAG[method], periods)
    left = stats.norm.isf(alpha)
    if method == "C3":
        before = _beyond_before(y, mean, sd)
        left = np.where(before >= left, -np.inf, 1 + left - before)
    with np.errstate(invalid="ignore"):
        return np.where(np.isneginf(left), left, mean + left * sd)[0]


def _beyond_before(y: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """How far the two periods before were more than one sd above their means, added up."""
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = np.where(y == mean, 0.0, np.maximum((y - mean) / sd - 1, 0.0))
    before = np.full(y.shape, np.nan)
    before[:, 2:] = beyond[:, 1:-1] + beyond[:, :-2]
    return before


def ears_p(
    counts: np.ndarray, exposure: np.ndarray, used: np.ndarray, *, alpha: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Expected counts, upper limits, p and rung (2, 1 or 0 for C2, C1, neither) of each period.

    C2 where nine earlier periods are there, else C1. The limits allow for a mean and a spread
    known from seven periods only (Student's t), and for a spread of at least Poisson's.
    """
    shape = counts.shape
    expected, sd = np.full(shape, np.nan), np.full(shape, np.nan)
    rung = np.zeros(shape, dtype=int)
    for step, lag in ((1, LAG["C1"]), (2, LAG["C2"])):
        mean, spread, enough = _moving(counts, exposure, used, lag, PERIODS)
        expected, sd = np.where(enough, mean, expected), np.where(enough, spread, sd)
        rung[enough] = step
    sd = np.sqrt(np.maximum(sd**2, np.maximum(expected, FEWEST_CASES)) * (1 + 1 / PERIODS))
    upper = np.floor(expected + stats.t.isf(alpha, PERIODS - 1) * sd)
    p = stats.t.sf((counts - expected) / sd, PERIODS - 1)
    return expected, upper, p, rung


def _moving(
    counts: np.ndarray, exposure: np.ndarray, used: np.ndarray, lag: int, periods: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, standard deviation (at each period's own exposure) and whether they are known."""
    mean, sd = np.full(counts.shape, np.nan), np.full(counts.shape, np.nan)
    width = counts.shape[1] - lag - periods
    if width > 0:
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(used, counts / exposure, np.nan)
        blocks = np.lib.stride_tricks.sliding_window_view(rate, periods, axis=1)[:, :width]
        mean[:, lag + periods :] = blocks.mean(2) * exposure[:, lag + periods :]
        sd[:, lag + periods :] = blocks.std(2, ddof=1) * exposure[:, lag + periods :]
    return mean, sd, np.isfinite(mean)
