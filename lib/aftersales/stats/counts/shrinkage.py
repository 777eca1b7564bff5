"""Rates of small groups pulled towards the rate of all, by how little they tell."""

from __future__ import annotations

from dataclasses import dataclass

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
    level: float = 0.95,
) -> GammaPoisson:
    """Empirical Bayes estimates of count / expected for each group.

    The count of a group is Poisson with mean relative risk x expected, the relative risk
    gamma distributed over the groups. The prior is found by maximum likelihood (negative
    binomial; Clayton and Kaldor 1987, Biometrics 43:671). A group's posterior mean is
    (count + shape) / (expected + rate), so a group with no expectation gets the mean of all. The
    interval is for its own relative risk, given the prior.

    >>> result = gamma_poisson([0, 20, 5], [5.0, 5.0, 5.0])
    >>> result.mean.round(1).tolist()
    [0.1, 3.9, 1.0]
    """
    y, e = groups(count, expected)
    return shrunken(y, e, *_by_likelihood(y, e), level=level)


def shrunken(
    y: np.ndarray, e: np.ndarray, shape: float, rate: float, *, level: float
) -> GammaPoisson:
    """Counts and expected counts of groups under a known prior."""
    tail = (1 - inputs.share(level, name="level")) / 2
    if not np.isfinite(shape):
        mean = np.full(y.size, y.sum() / e.sum())
        return GammaPoisson(np.inf, np.inf, mean, mean.copy(), mean.copy())
    bounds = [stats.gamma.ppf(q, y + shape) / (e + rate) for q in (tail, 1 - tail)]
    return GammaPoisson(shape, rate, (y + shape) / (e + rate), *bounds)


def groups(count: Numbers, expected: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Counts and expected counts, checked: at least one group must expect a case."""
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
