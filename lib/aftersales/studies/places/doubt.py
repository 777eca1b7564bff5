"""How wrong the records would have to be for a hotspot to lie within the usual spread."""

from __future__ import annotations

from aftersales.stats.counts.more_than_expected import count_limits


def missed_share(low: float) -> float:
    """Share of the true exposure that the records would have to miss for a ratio to be usual.

    `low` is the lower end of the ratio's interval: with so many times the recorded exposure the
    interval would reach 1. 0 where it reaches 1 already.

    >>> missed_share(2.0), missed_share(0.9)
    (0.5, 0.0)
    """
    return max(0.0, 1 - 1 / low) if low > 0 else 0.0


def misplaced_cases(
    cases: float, *, expected: float, variance: float = 0.0, dispersion: float = 1.0
) -> int:
    """Cases that would have to belong elsewhere for a count to be within the usual range.

    The range is the one that 95 % of counts keep to (`count_limits`).

    >>> misplaced_cases(30, expected=10.0)
    14
    """
    most = count_limits(expected, variance=variance, dispersion=dispersion)[1]
    return max(0, round(cases) - most)
