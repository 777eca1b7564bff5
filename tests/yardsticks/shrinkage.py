"""Empirical Bayes estimates by moments: of all groups, and of each place and its neighbours."""

from __future__ import annotations

import numpy as np

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.counts.shrinkage import FLAT, GammaPoisson, groups, shrunken
from aftersales.stats.inputs import Numbers


def marshall(count: Numbers, expected: Numbers) -> np.ndarray:
    """Global empirical Bayes estimates of count / expected by Marshall's moments.

    Linear shrinkage to the overall ratio; full where the groups vary no more than chance.
    Marshall 1991, J. R. Stat. Soc. C 40:283.

    >>> marshall([0, 20, 5], [5.0, 5.0, 5.0]).round(2).tolist()
    [0.19, 3.73, 1.08]
    """
    y, e = groups(count, expected)
    overall = y.sum() / e.sum()
    ratio = np.divide(y, e, out=np.full(y.size, overall), where=e > 0)
    spread = float((e * (ratio - overall) ** 2).sum() / e.sum())
    between = max(spread - overall / e.mean(), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(e > 0, between / (between + overall / np.where(e > 0, e, 1.0)), 0.0)
    return overall + np.nan_to_num(weight) * (ratio - overall)


def local_marshall(count: Numbers, expected: Numbers, weights: Numbers) -> np.ndarray:
    """Local empirical Bayes estimates: each place shrunk to the ratio of it and its neighbours.

    ``weights`` is a square matrix, above 0 where two places are neighbours (see
    `spatial.neighbour_weights`). As `marshall`, with mean, spread and size over the place and
    its neighbours; the spread is that of each about its own neighbourhood. The mean of the
    neighbourhood where its places vary no more than chance. Marshall 1991, J. R. Stat. Soc. C
    40:283, as read by Bailey and Gatrell 1995, Interactive Spatial Data Analysis, 8.3.

    >>> line = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    >>> local_marshall([0, 20, 5], [5.0, 5.0, 5.0], line).round(2).tolist()
    [0.17, 3.8, 1.19]
    """
    y, e = groups(count, expected)
    w = inputs.counts(weights, name="weights")
    if w.shape != (y.size, y.size):
        raise DataError(f"`weights` must be {y.size} x {y.size}; found the shape {w.shape}.")
    around = (w > 0) | np.eye(y.size, dtype=bool)
    size = around @ e
    mean = np.divide(around @ y, size, out=np.full(y.size, y.sum() / e.sum()), where=size > 0)
    ratio = np.divide(y, e, out=mean.copy(), where=e > 0)
    spread = around @ (e * (ratio - mean) ** 2)
    chance = mean * around.sum(axis=1)
    between = np.maximum(spread - chance, 0.0)  # both, and `own`, times the size around
    own = np.divide(mean * size, e, out=np.zeros(y.size), where=e > 0)
    both = between + own
    return mean + np.divide(between, both, out=np.zeros(y.size), where=both > 0) * (ratio - mean)


def clayton_kaldor(count: Numbers, expected: Numbers, *, level: float = 0.95) -> GammaPoisson:
    """`gamma_poisson` with the prior by moments: Clayton and Kaldor 1987, Biometrics 43:671.

    >>> clayton_kaldor([10, 10], [10, 10]).mean.tolist()
    [1.0, 1.0]
    """
    y, e = groups(count, expected)
    return shrunken(y, e, *_by_moments(y, e), level=level)


def _by_moments(y: np.ndarray, e: np.ndarray) -> tuple[float, float]:
    """Fixed point of Clayton and Kaldor: mean and variance of the posterior means."""
    y, e = y[e > 0], e[e > 0]
    if y.size < 2 or y.sum() == 0:
        return np.inf, np.inf
    theta, rate = y / e, 0.0
    for _ in range(2000):
        mean = theta.mean()
        variance = float(((1 + rate / e) * (theta - mean) ** 2).sum() / (y.size - 1))
        if variance <= 0 or mean / variance > FLAT:
            return np.inf, np.inf
        new = mean / variance
        theta = (y + mean * new) / (e + new)
        if abs(new - rate) <= 1e-12 * new:
            break
        rate = new
    return float(theta.mean() * new), float(new)
