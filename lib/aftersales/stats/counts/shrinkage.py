"""Rates of small groups pulled towards the rate of all, by how little they tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize, special, stats

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers

FLAT = 1e6  # prior shape from which the groups count as having one and the same rate


@dataclass(frozen=True)
class GammaPoisson:
    """Relative risks of groups under a gamma prior estimated from all of them.

    Attributes
    ----------
    shape, rate : of the gamma prior; its mean is shape / rate. Both inf where the groups vary
        no more than chance (all shrink fully)
    mean, low, high : posterior mean of each group and its equal-tailed interval
    """

    shape: float
    rate: float
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def gamma_poisson(
    count: Numbers,
    expected: Numbers,
    *,
    method: Literal["likelihood", "moments"] = "likelihood",
    level: float = 0.95,
) -> GammaPoisson:
    """Empirical Bayes estimates of count / expected for each group.

    The count of a group is Poisson with mean relative risk x expected, the relative risk
    gamma distributed over the groups. The prior is found by maximum likelihood (negative
    binomial) or by the moments of Clayton and Kaldor 1987, Biometrics 43:671. A group's
    posterior mean is (count + shape) / (expected + rate), so a group with no expectation gets
    the mean of all. The interval is for its own relative risk, given the prior.

    >>> result = gamma_poisson([0, 20, 5], [5.0, 5.0, 5.0])
    >>> result.mean.round(1).tolist()
    [0.1, 3.9, 1.0]
    """
    y, e = _groups(count, expected)
    shape, rate = (_by_likelihood if method == "likelihood" else _by_moments)(y, e)
    tail = (1 - inputs.share(level, name="level")) / 2
    if not np.isfinite(shape):
        mean = np.full(y.size, y.sum() / e.sum())
        return GammaPoisson(np.inf, np.inf, mean, mean.copy(), mean.copy())
    bounds = [stats.gamma.ppf(q, y + shape) / (e + rate) for q in (tail, 1 - tail)]
    return GammaPoisson(shape, rate, (y + shape) / (e + rate), *bounds)


def marshall(count: Numbers, expected: Numbers) -> np.ndarray:
    """Global empirical Bayes estimates of count / expected by Marshall's moments.

    Linear shrinkage to the overall ratio; full where the groups vary no more than chance.
    Marshall 1991, J. R. Stat. Soc. C 40:283.

    >>> marshall([0, 20, 5], [5.0, 5.0, 5.0]).round(2).tolist()
    [0.19, 3.73, 1.08]
    """
    y, e = _groups(count, expected)
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
    y, e = _groups(count, expected)
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


def _groups(count: Numbers, expected: Numbers) -> tuple[np.ndarray, np.ndarray]:
    y, e = inputs.series(count, expected)
    if e.sum() == 0:
        raise DataError("No group has expected cases; at least one is needed to compare with.")
    return y, e


def _by_likelihood(y: np.ndarray, e: np.ndarray) -> tuple[float, float]:
    """Negative binomial maximum likelihood over log shape and log mean."""
    if y.sum() == 0:
        return np.inf, np.inf

    def loss(theta: np.ndarray) -> float:
        shape, mean = np.exp(theta)
        x = e * mean / shape
        terms = special.gammaln(y + shape) - special.gammaln(shape) - shape * np.log1p(x)
        return -float((terms + special.xlogy(y, x) - special.xlogy(y, 1 + x)).sum())

    centre = np.log(y.sum() / e.sum())
    starts = [np.array([s, centre]) for s in (-1.0, 1.0, 4.0)]
    bounds = [(-7.0, np.log(FLAT)), (centre - 5, centre + 5)]
    fits = [optimize.minimize(loss, s, method="L-BFGS-B", bounds=bounds) for s in starts]
    best = min(fits, key=lambda f: f.fun).x
    polished = optimize.minimize(loss, best, method="Nelder-Mead", options=_FINE).x
    shape, mean = np.exp(polished)
    return (np.inf, np.inf) if shape > FLAT / 10 else (float(shape), float(shape / mean))


_FINE = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}


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
