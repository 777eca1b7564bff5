"""Intervals for one proportion, one rate, one score, and tests between two groups."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from aftersales.stats.inputs import Numbers, counts, plain, share, within

Z95 = 1.959963984540054  # two-sided 95 % point of the normal distribution
SMALL_CELL = 5  # expected cases below which a chi-square approximation gives way to Fisher's test


class RatioTest(NamedTuple):
    """A ratio, its interval, and the two-sided p-value of "the ratio is 1"."""

    ratio: float
    low: float
    high: float
    p: float


class DifferenceTest(NamedTuple):
    """A difference, its interval, and the two-sided p-value of "the difference is 0"."""

    difference: float
    low: float
    high: float
    p: float


def wilson(hits: Numbers, n: Numbers, *, level: float = 0.95) -> tuple:
    """Score interval of a proportion, element by element; NaN where ``n`` is 0.

    Wilson 1927, J. Am. Stat. Assoc. 22:209.

    >>> [round(x, 4) for x in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    k, n = within(hits, n, names=("hits", "n"))
    z = stats.norm.isf((1 - share(level, name="level")) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = k / n
        centre = p + z**2 / (2 * n)
        half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    low = np.where(k == 0, np.where(n > 0, 0.0, np.nan), low)  # exact, not a rounding away
    high = np.where(k == n, np.where(n > 0, 1.0, np.nan), high)
    return plain(low), plain(high)


def poisson_exact(count: Numbers, *, exposure: Numbers = 1.0, level: float = 0.95) -> tuple:
    """Exact interval of a Poisson rate, ``count / exposure``; NaN where exposure is 0.

    Garwood 1936, Biometrika 28:437.

    >>> [round(x, 3) for x in poisson_exact(10)]
    [4.795, 18.39]
    """
    k, size = counts(count), counts(exposure, name="exposure")
    tail = (1 - share(level, name="level")) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        low = np.where(k > 0, stats.gamma.ppf(tail, np.maximum(k, 1e-300)), 0.0) / size
        high = stats.gamma.isf(tail, k + 1) / size
    return plain(np.where(size > 0, low, np.nan)), plain(np.where(size > 0, high, np.nan))


def rate_ratio(
    count: Numbers,
    exposure: Numbers,
    other_count: Numbers,
    other_exposure: Numbers,
    *,
    level: float = 0.95,
    mid_p: bool = False,
) -> RatioTest:
    """Ratio of two Poisson rates with its exact conditional interval and p-value.

    Given the sum of both counts, the first one is binomial; the interval is Clopper and
    Pearson's on that share and ``p`` is twice the smaller tail, at most 1. ``mid_p`` counts
    half of the observed outcome: closer to the nominal level, less conservative. Ratio is
    inf when only the other count is 0, NaN (and p NaN) when an exposure is 0; without any
    case the interval is 0 to inf and p is 1.
    Przyborowski and Wilenski 1940, Biometrika 31:313.

    >>> [round(x, 4) for x in rate_ratio(41, 28010, 15, 19017)]
    [1.8558, 1.0057, 3.6093, 0.0477]
    """
    a, ea, b, eb = np.broadcast_arrays(
        counts(count),
        counts(exposure, name="exposure"),
        counts(other_count, name="other_count"),
        counts(other_exposure, name="other_exposure"),
    )
    tail = (1 - share(level, name="level")) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        odds = eb / ea
        low = _odds(_share_bound(a, b, tail, mid_p=mid_p)) * odds
        high = _odds(1 - _share_bound(b, a, tail, mid_p=mid_p)) * odds
        ratio = a / b * odds
        p = _conditional_p(a, b, ea / (ea + eb), mid_p=mid_p)
    usable = (ea > 0) & (eb > 0)
    return RatioTest(*(plain(np.where(usable, x, np.nan)) for x in (ratio, low, high, p)))


def _conditional_p(a: np.ndarray, b: np.ndarray, share_a: np.ndarray, *, mid_p: bool) -> np.ndarray:
    half = 0.5 * stats.binom.pmf(a, a + b, share_a) if mid_p else 0.0
    upper = stats.binom.sf(a - 1, a + b, share_a) - half
    lower = stats.binom.cdf(a, a + b, share_a) - half
    return np.minimum(1.0, 2 * np.minimum(upper, lower))


def _share_bound(a: np.ndarray, b: np.ndarray, tail: float, *, mid_p: bool) -> np.ndarray:
    """Lower confidence bound of the first count's share of both."""
    exact = np.where(a > 0, stats.beta.ppf(tail, np.maximum(a, 1e-300), b + 1), 0.0)
    if not mid_p:
        return exact
    low, high = exact.astype(float), np.ones_like(exact, dtype=float)
    for _ in range(60):  # bisection: the mid-p tail grows with the share
        middle = (low + high) / 2
        above = stats.binom.sf(a, a + b, middle) + 0.5 * stats.binom.pmf(a, a + b, middle) > tail
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(a > 0, low, 0.0)


def _odds(p: np.ndarray) -> np.ndarray:
    return p / (1 - p)


def proportion_difference(
    hits: Numbers, n: Numbers, other_hits: Numbers, other_n: Numbers, *, level: float = 0.95
) -> DifferenceTest:
    """Difference of two independent proportions, first minus other.

    Interval: Newcombe's hybrid of two Wilson intervals (method 10; Newcombe 1998, Stat. Med.
    17:873). p: score test with pooled variance, or Fisher's exact test where an expected cell is
    below 5. NaN where a group is empty.

    >>> [round(x, 4) for x in proportion_difference(56, 70, 48, 80)]
    [0.2, 0.0524, 0.3339, 0.008]
    """
    a, n1 = within(hits, n, names=("hits", "n"))
    b, n2 = within(other_hits, other_n, names=("other_hits", "other_n"))
    a, n1, b, n2 = np.broadcast_arrays(a, n1, b, n2)
    (l1, u1), (l2, u2) = wilson(a, n1, level=level), wilson(b, n2, level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p2 = a / n1, b / n2
        low = p1 - p2 - np.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2)
        high = p1 - p2 + np.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)
    p = _difference_p(a, n1, b, n2)
    return DifferenceTest(plain(p1 - p2), plain(low), plain(high), plain(p))


def _difference_p(a: np.ndarray, n1: np.ndarray, b: np.ndarray, n2: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (a + b) / (n1 + n2)
        spread = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
        p = np.array(2 * stats.norm.sf(np.abs(a / n1 - b / n2) / spread))
        smallest = np.minimum(pooled, 1 - pooled) * np.minimum(n1, n2)
    for i in np.argwhere((smallest < SMALL_CELL) & (n1 > 0) & (n2 > 0)):
        x, m, y, k = (round(float(v[tuple(i)])) for v in (a, n1, b, n2))
        p[tuple(i)] = stats.fisher_exact([[x, m - x], [y, k - y]]).pvalue
    return p


def nps(
    promoters: Numbers, passives: Numbers, detractors: Numbers, *, level: float = 0.95
) -> tuple:
    """Net promoter score, -100 to 100, with its score interval; NaN without answers.

    Share of promoters minus share of detractors, times 100. The interval inverts the score
    test of that difference, the two shares being parts of one multinomial (Tango 1998,
    Stat. Med. 17:891); it stays inside -100 to 100 and is sensible for a handful of answers.

    >>> [round(x, 1) for x in nps(12, 36, 2)]
    [20.0, 6.1, 34.5]
    """
    parts = (promoters, passives, detractors)
    names = ("promoters", "passives", "detractors")
    up, same, down = np.broadcast_arrays(
        *(counts(x, name=k) for x, k in zip(parts, names, strict=True))
    )
    n = up + same + down
    z = stats.norm.isf((1 - share(level, name="level")) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (up - down) / n
        high = _tango_bound(up, down, n, z)
        low = -_tango_bound(down, up, n, z)
    return tuple(plain(np.where(n > 0, 100 * x, np.nan)) for x in (score, low, high))


def _tango_bound(up: np.ndarray, down: np.ndarray, n: np.ndarray, z: float) -> np.ndarray:
    """Upper bound: the largest difference that the score test does not reject."""
    inside, outside = (up - down) / n, np.ones_like(n, dtype=float)
    for _ in range(60):
        d = (inside + outside) / 2
        half = (2 * n - up + down) * d - up - down
        rare = (np.sqrt(half**2 + 8 * n * down * d * (1 - d)) - half) / (4 * n)
        spread = np.sqrt(np.maximum(n * (2 * rare + d * (1 - d)), 0))
        kept = np.abs(up - down - n * d) <= z * spread
        inside, outside = np.where(kept, d, inside), np.where(kept, outside, d)
    return inside
