"""Funnel plots: which groups lie outside the range that their size lets expect."""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers


def funnel_limits(expected: Numbers, *, tau2: float = 0.0, level: float = 0.95) -> tuple:
    """Limits of count / expected by size, for drawing; NaN where nothing is expected.

    Without a between-group variance the exact Poisson limits, interpolated between whole
    counts as Spiegelhalter does; with one, those of the square-root scale.

    >>> low, high = funnel_limits([100.0], tau2=0.01)
    >>> low.round(2).item(), high.round(2).item()
    (0.61, 1.49)
    """
    e = np.atleast_1d(inputs.counts(expected, name="expected"))
    tail = (1 - inputs.share(level, name="level")) / 2
    size = np.where(e > 0, e, 1.0)
    if tau2 > 0:
        half = stats.norm.isf(tail) * np.sqrt(1 / (4 * size) + tau2)
        low, high = np.maximum(1 - half, 0) ** 2, (1 + half) ** 2
    else:
        low, high = (_poisson_quantile(q, size) / size for q in (tail, 1 - tail))
    return np.where(e > 0, low, np.nan), np.where(e > 0, high, np.nan)


def _poisson_quantile(q: float, mean: np.ndarray) -> np.ndarray:
    """Count below which the share `q` lies, interpolated between whole numbers."""
    k = stats.poisson.ppf(q, mean)
    above, below = special.pdtr(k, mean), np.where(k > 0, special.pdtr(k - 1, mean), 0.0)
    return np.maximum(k - (above - q) / (above - below), 0.0)
