"""Means of skewed values (costs, durations), with whole customers or units resampled."""

from __future__ import annotations

import numpy as np
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats.inputs import Numbers, numbers, share

DRAWS_AT_ONCE = 4_000_000  # cells of one block of draws; keeps memory near 32 MB
LARGE = 20_000  # clusters above which the mean is normal enough to need no resampling


def bootstrap_mean(
    values: Numbers,
    *,
    clusters: object = None,
    seed: int = 0,
    n: int = 2000,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Mean of all values and its bias-corrected accelerated bootstrap interval.

    ``clusters`` names the customer (or unit, outlet ...) of each value; whole clusters are
    drawn, because the values of one customer are alike. NaN for no values; the interval is
    NaN for a single cluster. Above 20,000 clusters the linearised normal interval is used.
    Efron 1987, J. Am. Stat. Assoc. 82:171; clusters: Davison and Hinkley 1997, section 3.8.

    >>> bootstrap_mean([2.0, 2.0, 2.0])
    (2.0, 2.0, 2.0)
    """
    sums, sizes = _by_cluster(values, clusters)
    if sizes.size == 0:
        return np.nan, np.nan, np.nan
    mean = float(sums.sum() / sizes.sum())
    if sizes.size == 1:
        return mean, np.nan, np.nan
    share(level, name="level")
    influence = (sums - mean * sizes) / sizes.sum()
    if not np.any(np.abs(influence) > 1e-12 * max(abs(mean), 1e-300)):
        return mean, mean, mean
    if sizes.size > LARGE:
        half = stats.norm.isf((1 - level) / 2) * np.sqrt((influence**2).sum())
        return mean, mean - half, mean + half
    draws = _draws(sums, sizes, n=n, generator=np.random.default_rng(seed))
    low, high = _bca(draws, mean, influence, level=level)
    return mean, low, high


def _by_cluster(values: Numbers, clusters: object) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the values of each cluster; without clusters each value is one."""
    data = numbers(values, name="values").reshape(-1)
    if clusters is None:
        return data, np.ones_like(data)
    names = np.asarray(clusters).reshape(-1)
    if names.size != data.size:
        raise DataError(
            f"`clusters` must name the cluster of each value; found {names.size} names for "
            f"{data.size} values."
        )
    _, codes = np.unique(names.astype(str), return_inverse=True)
    return np.bincount(codes, weights=data), np.bincount(codes).astype(float)


def _draws(
    sums: np.ndarray, sizes: np.ndarray, *, n: int, generator: np.random.Generator
) -> np.ndarray:
    """Means of `n` resamples of clusters."""
    k = sizes.size
    block = max(1, DRAWS_AT_ONCE // k)
    means = []
    for start in range(0, n, block):
        rows = generator.integers(0, k, size=(min(block, n - start), k))
        means.append(sums[rows].sum(axis=1) / sizes[rows].sum(axis=1))
    return np.concatenate(means)


def _bca(
    draws: np.ndarray, estimate: float, influence: np.ndarray, *, level: float
) -> tuple[float, float]:
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    below = np.mean(draws < estimate) + 0.5 * np.mean(draws == estimate)
    bias = stats.norm.ppf(np.clip(below, 1 / draws.size, 1 - 1 / draws.size))
    scale = (influence**2).sum() ** 1.5
    acceleration = (influence**3).sum() / (6 * scale) if scale > 0 else 0.0
    z = bias + stats.norm.ppf(tails)
    adjusted = stats.norm.cdf(bias + z / (1 - acceleration * z))
    low, high = np.quantile(draws, adjusted)
    return float(min(low, estimate)), float(max(high, estimate))
