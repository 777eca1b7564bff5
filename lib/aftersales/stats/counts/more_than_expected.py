"""More cases than expected: by how much, and would chance alone give as many?"""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from aftersales.errors import DataError
from aftersales.stats.counts.intervals import RatioTest
from aftersales.stats.inputs import Numbers, counts, numbers, plain, share

NO_CASE = 1e-9  # stands for "no case" where others are compared with a group without any
LARGEST = 10**15  # counts above this are not searched for limits
TINY = 1e-30  # expected cases below which nothing changes any more
HALVINGS = 44  # of the interval that holds a bound: 11 digits
WIDEST = 60.0  # |log ratio| beyond which a bound counts as 0 or inf


def excess_ratio(
    count: Numbers,
    expected: Numbers,
    *,
    variance: Numbers = 0.0,
    dispersion: Numbers = 1.0,
    df: Numbers = np.inf,
    level: float = 0.95,
) -> RatioTest:
    """Observed over expected cases, with interval and two-sided p, for small counts too.

    The count is taken as negative binomial around the expectation: chance gives
    ``dispersion * expected``, and an expectation that was itself estimated adds
    ``variance * expected ** 2``. With dispersion 1 and an expectation from ``m`` earlier
    cases (``variance = 1 / m``) this is the exact conditional comparison of two Poisson
    rates; with variance 0 it is the exact Poisson test. Tails are mid-p. ``df`` are the
    degrees of freedom behind an estimated dispersion: tails are widened from the normal to
    Student's t accordingly. Works element by element.

    Parameters
    ----------
    count, expected : observed and expected number of cases
    variance : squared relative standard error of `expected`
    dispersion : variance of the count over its mean, at least 1

    Returns
    -------
    RatioTest
        ratio (NaN where nothing is expected), low, high, and p: twice the smaller tail. The
        ratio lies within the interval, and p < 1 - level just when the interval excludes 1.

    Notes
    -----
    Mid-p: Berry and Armitage 1995, Statistician 44:417. The negative binomial as predictive
    distribution of a Poisson count: Noufaily et al. 2013, Stat. Med. 32:1206.

    >>> [round(x, 3) for x in excess_ratio(9, 1.4)]
    [6.429, 3.135, 11.797, 0.0]
    """
    y, mu, v, phi, nu = np.broadcast_arrays(
        counts(count),
        counts(expected, name="expected"),
        counts(variance, name="variance"),
        numbers(dispersion, name="dispersion"),
        np.asarray(df, dtype=float),
    )
    if (phi < 1 - 1e-9).any():
        raise DataError(f"`dispersion` must be at least 1; the smallest is {phi.min():g}.")
    known = mu > 0
    mu = np.where(known, mu, 1.0)
    upper, lower = tails(y, mu, v, phi)
    p = np.minimum(1.0, 2 * _as_t(np.minimum(upper, lower), nu))
    tail = _as_normal((1 - share(level, name="level")) / 2, nu)
    low, high = _bounds(y, mu, v, phi, tail)
    with np.errstate(over="ignore"):
        ratio = y / mu
    values = (ratio, np.minimum(low, ratio), np.maximum(high, ratio), p)
    return RatioTest(*(plain(np.where(known, x, np.nan)) for x in values))


def excess_p(
    count: np.ndarray,
    expected: np.ndarray,
    *,
    variance: np.ndarray,
    dispersion: np.ndarray,
    df: np.ndarray,
) -> np.ndarray:
    """The p of `excess_ratio` alone, in a fraction of its time; NaN where nothing is expected.

    >>> round(float(excess_p(*np.array([9, 1.4]), variance=0.0, dispersion=1.0, df=np.inf)), 6)
    1.9e-05
    """
    known = np.asarray(expected) > 0
    upper, lower = tails(count, np.where(known, expected, 1.0), variance, dispersion)
    p = np.minimum(1.0, 2 * _as_t(np.minimum(upper, lower), np.asarray(df, dtype=float)))
    return np.where(known, p, np.nan)


def count_limits(
    expected: float,
    *,
    variance: float = 0.0,
    dispersion: float = 1.0,
    df: float = np.inf,
    level: float = 0.95,
) -> tuple[int, int]:
    """Range of a count that chance alone gives: smallest and largest not called unusual.

    >>> count_limits(10.0)
    (5, 16)
    """
    tail = _as_normal((1 - share(level, name="level")) / 2, np.asarray(df, dtype=float))
    spread = np.sqrt(dispersion * expected + variance * expected**2)
    top = int(np.ceil(expected + 60 * spread + 60))
    low, high = _search(expected, variance, dispersion, float(tail), top)
    while high >= top and top < LARGEST:
        top *= 10
        low, high = _search(expected, variance, dispersion, float(tail), top)
    return low, high


def _search(mu: float, v: float, phi: float, tail: float, top: int) -> tuple[int, int]:
    """Smallest and largest whole number with both tails above `tail`, by bisection."""

    def first(wanted: int, side: int) -> int:
        left, right = 0, wanted
        while left < right:
            middle = (left + right) // 2
            both = tails(np.float64(middle), np.float64(mu), np.float64(v), np.float64(phi))
            past = both[0] <= tail if side else both[1] > tail
            left, right = (left, middle) if past else (middle + 1, right)
        return left

    return first(top, 0), max(first(top + 1, 1) - 1, 0)


def tails(y: np.ndarray, mu: np.ndarray, v: np.ndarray, phi: np.ndarray) -> tuple:
    """Mid-p upper and lower tail of the counts `y`, as `excess_ratio` defines them; sum 1."""
    mu = np.maximum(mu, TINY)
    spread = np.maximum(phi - 1, 0) / mu + v  # 1 / k, k the size of the negative binomial
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        k = 1 / np.maximum(spread, 1e-12)
        x = mu / (mu + k)
        past = v / np.maximum(spread, 1e-12)  # the past is a count too: exact conditional tail
        at_least = special.betainc(np.maximum(y, 1e-300), k + past, x)
        more = special.betainc(y + 1, k, x)
    known = spread <= 1e-12
    at_least = np.where(known, special.gammainc(np.maximum(y, 1e-300), mu), at_least)
    more = np.where(known, special.gammainc(y + 1, mu), more)
    less = special.betaincc(np.maximum(y, 1e-300), k + past, x)
    at_most = special.betaincc(y + 1, k, x)
    less = np.where(known, special.gammaincc(np.maximum(y, 1e-300), mu), less)
    at_most = np.where(known, special.gammaincc(y + 1, mu), at_most)
    some = y > 0
    return (np.where(some, at_least, 1.0) + more) / 2, (np.where(some, less, 0.0) + at_most) / 2


def _as_t(tail: np.ndarray, df: np.ndarray) -> np.ndarray:
    """The tail that Student's t has where the normal has `tail`."""
    z = stats.norm.isf(np.maximum(tail, 1e-300))
    return np.where(np.isinf(df), tail, stats.t.sf(z, np.where(np.isinf(df), 1, df)))


def _as_normal(tail: float, df: np.ndarray) -> np.ndarray:
    t = stats.t.isf(tail, np.where(np.isinf(df), 1, df))
    return np.where(np.isinf(df), tail, stats.norm.sf(t))


def _bounds(
    y: np.ndarray, mu: np.ndarray, v: np.ndarray, phi: np.ndarray, tail: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ratios at which the upper and the lower tail equal `tail`; bisection on the log."""
    left, right = np.full((2, *y.shape), -WIDEST), np.full((2, *y.shape), WIDEST)
    for _ in range(HALVINGS):
        middle = (left + right) / 2
        upper, lower = tails(y, mu * np.exp(middle), v, phi)
        beyond = np.stack([upper[0] > tail, lower[1] < tail])
        left, right = np.where(beyond, left, middle), np.where(beyond, middle, right)
    low, high = np.exp((left + right) / 2)
    low = np.where((y > 0) & (right[0] > 1 - WIDEST), low, 0.0)
    return low, np.where(left[1] > WIDEST - 1, np.inf, high)
