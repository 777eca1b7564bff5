"""A series divided into levels: the best division, its noise, and what chance would gain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import signal, special

SIMULATIONS = 999  # for each degree of autocorrelation
GRID = np.linspace(0, 0.9, 10)  # autocorrelations of the simulated series
BANDWIDTH = 0.5  # in standard errors: correlations within it count as the same
EXACT = 1e-10  # noise below this share of the variance is rounding
Array = np.ndarray


class Noise(NamedTuple):
    """Variance of the noise over the expected one, and its correlation with the next period."""

    dispersion: float
    autocorrelation: float


@dataclass(frozen=True)
class Segmentation:
    """Positions at which a new level starts, and twice the negative log likelihood."""

    breaks: tuple[int, ...]
    cost: float

    @classmethod
    def at(cls, breaks: tuple[int, ...], values: Array, size: Array, cost: str) -> Segmentation:
        """The division at given positions."""
        ends = [0, *breaks, values.size]
        price = [-_likelihood(values[a:b].sum(), size[a:b].sum(), cost) for a, b in pairwise(ends)]
        return cls(tuple(breaks), float(sum(price)))

    def levels(self, values: Array, size: Array) -> Array:
        """The level in each period: sum of the values over sum of the sizes of its segment."""
        ends = [0, *self.breaks, values.size]
        each = [_rate(values[a:b].sum(), size[a:b].sum()) for a, b in pairwise(ends)]
        return np.repeat(each, np.diff(ends))

    def noise(self, values: Array, size: Array, cost: str) -> Noise:
        """Dispersion (at least 1 for counts) and autocorrelation around the levels."""
        fitted = self.levels(values, size) * size
        chance = fitted if cost == "poisson" else size
        scale = np.sqrt(np.where(chance > 0, chance, 1.0))
        residual = np.where(chance > 0, (values - fitted) / scale, 0.0)
        square = float(residual @ residual)
        dispersion = square / max(values.size - len(self.breaks) - 1, 1)
        linked = np.ones(values.size - 1, dtype=bool)
        linked[[b - 1 for b in self.breaks]] = False
        pairs = float((residual[:-1] * residual[1:])[linked].sum())
        found = pairs / square if square > 0 else 0.0
        least = 1.0 if cost == "poisson" else EXACT * float(values.var())
        return Noise(max(dispersion, least), found)


def segmentations(
    values: Array, size: Array, cost: str, *, min_length: int, most: int
) -> list[Segmentation]:
    """The best division of a series with 0, 1, 2, ... changes, as many as fit, at most `most`."""
    n = values.size
    price = _segment_costs(values, size, cost, min_length)
    best, origins = price[0].copy(), []
    found = [Segmentation((), float(best[n]))]
    for _ in range(min(most, n // min_length - 1)):
        total = best[:, None] + price  # up to i, then one segment from i to j
        origins.append(total.argmin(axis=0))
        best = total.min(axis=0)
        breaks, end = [], n
        for origin in reversed(origins):
            end = int(origin[end])
            breaks.append(end)
        found.append(Segmentation(tuple(reversed(breaks)), float(best[n])))
    return found


class Chance(NamedTuple):
    """What the best change gains in series without one; ``weights`` of the simulations."""

    gains: Array
    weights: Array

    @classmethod
    def like(cls, noise: Noise, n: int, *, min_length: int, seed: int) -> Chance:
        """From simulated series in which about the same correlation is found.

        Weighting by what is *found* allows for not knowing the true correlation, which in a short
        series could be much larger.
        """
        gains, found = _simulated(n, min_length, seed)
        here = np.clip(noise.autocorrelation, *np.quantile(found, [0.01, 0.99]))
        return cls(gains, np.exp(-0.5 * ((found - here) * np.sqrt(n) / BANDWIDTH) ** 2))

    def needed(self, alpha: float) -> float:
        """The gain that chance exceeds with probability ``alpha``."""
        order = np.argsort(self.gains)
        share = np.cumsum(self.weights[order]) / self.weights.sum()
        return float(self.gains[order][min(np.searchsorted(share, 1 - alpha), share.size - 1)])

    def p(self, gain: float) -> float:
        """Probability that chance gains as much."""
        beyond = self.weights[self.gains >= gain].sum()
        return float((1 + beyond) / (1 + self.weights.sum()))


@lru_cache(maxsize=64)
def _simulated(n: int, min_length: int, seed: int) -> tuple[Array, Array]:
    """Gain of the best single change in series without any, and the correlation found there.

    Normal series, autocorrelated to every degree of `GRID`; gains in units of the noise left.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for rho in GRID:
        white = rng.standard_normal((SIMULATIONS, n))
        white[:, 0] /= np.sqrt(1 - rho**2)
        parts.append(_best_single(signal.lfilter([1], [1, -rho], white), min_length))
    gains, found = zip(*parts, strict=True)
    return np.concatenate(gains), np.concatenate(found)


def _best_single(x: Array, min_length: int) -> tuple[Array, Array]:
    """Gain of the best change of each row over the variance left, and the correlation left."""
    n = x.shape[1]
    x = x - x.mean(axis=1, keepdims=True)
    k = np.arange(min_length, n - min_length + 1)
    gain = np.cumsum(x, axis=1)[:, k - 1] ** 2 * n / (k * (n - k))
    best = gain.argmax(axis=1)
    rows, at = np.arange(len(x)), k[best]
    total = np.cumsum(x, axis=1)[rows, at - 1]
    before = np.arange(n) < at[:, None]
    rest = x - np.where(before, (total / at)[:, None], (-total / (n - at))[:, None])
    square = (rest**2).sum(axis=1)
    linked = np.arange(1, n) != at[:, None]
    left = (rest[:, :-1] * rest[:, 1:] * linked).sum(axis=1) / square
    return gain[rows, best] * (n - 2) / square, left


def _segment_costs(values: Array, size: Array, cost: str, min_length: int) -> Array:
    """Cost of a segment from i (row) up to, not including, j (column); inf where too short."""
    sums, sizes = (np.concatenate([[0.0], np.cumsum(x)]) for x in (values, size))
    price = -_likelihood(sums - sums[:, None], sizes - sizes[:, None], cost)
    place = np.arange(values.size + 1)
    return np.where(place - place[:, None] >= min_length, price, np.inf)


def _likelihood(total: Array, size: Array, cost: str) -> Array:
    """Twice the log likelihood at the segment's own level, but for what all levels share."""
    rate = _rate(total, size)
    if cost == "poisson":
        return 2 * special.xlogy(np.maximum(total, 0), np.maximum(rate, 0) + (rate <= 0))
    return total * rate


def _rate(total: Array, size: Array) -> Array:
    total, size = np.asarray(total, float), np.asarray(size, float)
    return np.divide(total, size, out=np.zeros_like(total * size), where=size > 0)
