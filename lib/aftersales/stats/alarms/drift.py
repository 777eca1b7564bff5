"""Slow and lasting rises: the likelihood ratio of a raised rate, cumulated over periods."""

from __future__ import annotations

import numpy as np
from scipy import special

from aftersales.stats.alarms.baseline import POISSON

RISE = 1.75  # rate ratio that the sum is most sensitive to; half more to doubled are close
LIMIT = 3.6  # about one quiet series in seven is beyond it at some week of a year (simulated)
ROOM = 1.0  # the sum stops this far beyond the limit, so that an end of the rise is seen soon


def rise_evidence(
    count: np.ndarray, mean: np.ndarray, dispersion: np.ndarray, *, ratio: float = RISE
) -> np.ndarray:
    """Log likelihood ratio of a rate `ratio` times the expected one, against the expected.

    Counts are negative binomial with variance = dispersion x mean under both.

    >>> rise_evidence(np.array([4.0, 7.0]), np.array([4.0, 4.0]), np.array([1.0, 1.0])).round(2)
    array([-0.76,  0.92])
    """
    noise = np.maximum(dispersion, POISSON)
    size = mean / (noise - 1)
    gain = _log_gamma_ratio(ratio * size, count) - _log_gamma_ratio(size, count)
    return gain - (ratio - 1) * size * np.log(noise)


def cumulate(
    evidence: np.ndarray, *, limit: float = LIMIT, room: float = ROOM
) -> tuple[np.ndarray, np.ndarray]:
    """CUSUM of evidence (Page 1954, Biometrika 41:100; for counts Höhle and Paul 2008).

    Returns, per series (rows) and period, the sum, which never falls below 0 nor rises above
    `limit` + `room`, and the period in which it last left 0 (-1 while it is 0): the most likely
    start of the rise. Periods whose evidence is NaN change nothing.

    >>> total, since = cumulate(np.array([[-1.0, 2.0, np.nan, 2.0, -9.0]]))
    >>> total.tolist(), since.tolist()
    ([[0.0, 2.0, 2.0, 4.0, 0.0]], [[-1, 1, 1, 1, -1]])
    """
    total, since = np.zeros(evidence.shape), np.full(evidence.shape, -1)
    now, start = np.zeros(len(evidence)), np.full(len(evidence), -1)
    for j, step in enumerate(np.nan_to_num(evidence.T, nan=0.0)):
        now = np.clip(now + step, 0.0, limit + room)
        start = np.where(now <= 0, -1, np.where(start < 0, j, start))
        total[:, j], since[:, j] = now, start
    return total, since


def _log_gamma_ratio(size: np.ndarray, count: np.ndarray) -> np.ndarray:
    """log(gamma(size + count) / gamma(size)), also where size is so large that both overflow."""
    with np.errstate(invalid="ignore"):
        exact = special.gammaln(size + count) - special.gammaln(size)
        large = count * np.log(size) + count * (count - 1) / (2 * size)
    return np.where(size > 1e5, large, exact)
