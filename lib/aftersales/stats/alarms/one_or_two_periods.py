"""Is this period high, alone or together with the one before? One p for both questions."""

from __future__ import annotations

import numpy as np
from scipy import stats

from aftersales.stats.alarms.baseline import POISSON, tail

PAIR = 2.0  # two periods may use twice the p of one: what lasts is what one wants to find
NOW = 0.3  # the pair counts only while the newer period is itself in its upper 30 %
SMALLEST = 1e-280


def surge_p(
    count: np.ndarray,
    before: np.ndarray,
    mean: np.ndarray,
    mean_before: np.ndarray,
    dispersion: np.ndarray,
) -> np.ndarray:
    """Chance of a period at least this conspicuous when nothing has changed.

    Conspicuous is the smaller of two upper tails: of the period alone, and of it together with
    the period before (at half its p, and only while the newer one is itself high). Counts are
    negative binomial with one dispersion, so that their sum is too, and the chance of either is
    summed exactly over the newer count: it is the p of a scan of windows of one and two periods
    (Kulldorff 2001, J. R. Stat. Soc. A 164:61), without simulation. Arrays of one shape;
    where `mean_before` is NaN, the period is judged alone.

    >>> alone = surge_p(*np.array([[9.0], [4.0], [4.0], [np.nan], [1.0]]))
    >>> pair = surge_p(*np.array([[9.0], [9.0], [4.0], [4.0], [1.0]]))
    >>> alone.round(4).tolist(), pair.round(4).tolist()
    ([0.0214], [0.0017])
    """
    noise = np.maximum(dispersion, POISSON)
    both = mean + mean_before
    alone = tail(count, mean, noise)
    with np.errstate(invalid="ignore"):
        together = tail(count + before, both, noise) / PAIR
    score = np.where(alone <= NOW, np.fmin(alone, together), alone)
    p = np.maximum(score, SMALLEST)
    on = np.isfinite(both) & (score <= NOW)
    p[on] = _chance(p[on], mean[on], mean_before[on], noise[on])
    return p


def surge_limit(
    before: np.ndarray,
    mean: np.ndarray,
    mean_before: np.ndarray,
    dispersion: np.ndarray,
    *,
    alpha: float,
) -> np.ndarray:
    """Largest count whose `surge_p` is above `alpha`, given the period before."""
    noise = np.maximum(dispersion, POISSON)
    # p is at least the score and, by adding the chances of both windows, at most 1 + PAIR times it
    low = _first_at(alpha, before, mean, mean_before, noise) - 1
    high = _first_at(alpha / (1 + PAIR), before, mean, mean_before, noise)
    while (wide := np.flatnonzero(high - low > 1)).size:
        middle = np.floor((low[wide] + high[wide]) / 2)
        given = (part[wide] for part in (before, mean, mean_before, noise))
        quiet = surge_p(middle, *given) > alpha
        low[wide] = np.where(quiet, middle, low[wide])
        high[wide] = np.where(quiet, high[wide], middle)
    return low


def quantile(p: np.ndarray | float, mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """Smallest count that is reached with chance `p` or less."""
    noise = np.maximum(dispersion, POISSON)
    count = stats.nbinom.isf(p, mean / (noise - 1), 1 / noise) + 1
    for _ in range(2):  # the last digit of the inverse
        count = np.where(tail(count, mean, noise) > p, count + 1, count)
        count = np.where((count > 0) & (tail(count - 1, mean, noise) <= p), count - 1, count)
    return count


def _first_at(
    score: float, before: np.ndarray, mean: np.ndarray, mean_before: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Smallest count that is as conspicuous as `score`, alone or with the period before."""
    alone = quantile(score, mean, noise)
    pair = quantile(min(PAIR * score, 1.0), mean + mean_before, noise) - before
    return np.fmin(alone, np.maximum(pair, quantile(NOW, mean, noise)))


def _chance(
    score: np.ndarray, mean: np.ndarray, before: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """P(the period alone, or with the one before, is at least as conspicuous as `score`)."""
    alike = score * (1 + 1e-9)
    top = quantile(alike, mean, noise)
    both = quantile(np.minimum(alike * PAIR, 1.0), mean + before, noise)
    count = quantile(NOW, mean, noise)
    chance = tail(top, mean, noise)
    while (open_ := np.flatnonzero(count < top)).size:
        now, m, b, f = count[open_], mean[open_], before[open_], noise[open_]
        here = tail(now, m, f) - tail(now + 1, m, f)
        chance[open_] += here * tail(both[open_] - now, b, f)
        count[open_] += 1
    return np.minimum(chance, 1.0)
