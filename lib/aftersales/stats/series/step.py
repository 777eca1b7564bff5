"""One step between two levels: how large it is, and how surely dated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from aftersales.stats.counts.more_than_expected import excess_ratio
from aftersales.stats.series.pieces import Noise

ENOUGH = 10  # periods on each side from which each side has a variance of its own
CHANCE_Z = 1.645  # autocorrelation beyond this many standard errors is allowed for
WIDEST = 60.0  # of a log ratio: an interval beyond says nothing any more
Pair = tuple[float, float]


@dataclass(frozen=True)
class Step:
    """Two neighbouring levels and the evidence for each.

    ``sums`` and ``sizes``: values and exposure before and after; ``noise``: dispersion, widened
    by the memory of an autocorrelated series; ``spreads``: variance of the level of a single
    period before and after; ``df``: degrees of freedom behind the noise.
    """

    sums: Pair
    sizes: Pair
    noise: float
    spreads: Pair
    counts: bool
    df: int

    @classmethod
    def of(
        cls, y: np.ndarray, size: np.ndarray, at: int, *, cost: str, noise: Noise, periods: int
    ) -> Step:
        """The step at position ``at`` of two segments, in a series of ``periods``."""
        (y0, y1), (size0, size1) = np.split(y, [at]), np.split(size, [at])
        rho = noise.autocorrelation
        memory = (1 + rho) / (1 - rho) if rho > CHANCE_Z / np.sqrt(periods) else 1.0
        wide = noise.dispersion * memory
        sums, sizes = (float(y0.sum()), float(y1.sum())), (float(size0.sum()), float(size1.sum()))
        spreads = (wide, wide)
        if cost == "poisson":
            spreads = tuple(wide * s / e / size.mean() for s, e in zip(sums, sizes, strict=True))
        elif min(y0.size, y1.size) >= ENOUGH:
            spreads = (memory * float(y0.var()), memory * float(y1.var()))
        return cls(sums, sizes, wide, spreads, cost == "poisson", max(periods - 2, 1))

    @property
    def levels(self) -> Pair:
        """Level before and after."""
        return self.sums[0] / self.sizes[0], self.sums[1] / self.sizes[1]

    def date_widths(self, level: float) -> tuple[int, int]:
        """Periods by which the change may be later, and earlier, than its best date.

        Noise before the change makes it look too early, so decides how much later it may be.
        """
        before, after = self.levels
        reach = argmax_quantile((1 + level) / 2) / (after - before) ** 2
        return tuple(max(1, int(np.ceil(reach * spread))) for spread in self.spreads)

    def measures(self, level: float) -> dict[str, float]:
        """Levels, difference and ratio with their intervals, given the date."""
        before, after = self.levels
        t = float(stats.t.isf((1 - level) / 2, self.df))
        errors = [
            self.noise * (rate if self.counts else 1.0) / size
            for rate, size in zip(self.levels, self.sizes, strict=True)
        ]
        half = t * np.sqrt(sum(errors))
        ratio, low, high = self._ratio(level, t, errors)
        difference = after - before
        return {
            "before": before,
            "after": after,
            "difference": difference,
            "difference_low": difference - half,
            "difference_high": difference + half,
            "ratio": ratio,
            "ratio_low": low,
            "ratio_high": high,
        }

    def _ratio(self, level: float, t: float, errors: list[float]) -> tuple[float, float, float]:
        """After over before; NaN where a level is not above 0."""
        before, after = self.levels
        if self.counts and before > 0:
            phi = max(self.noise, 1.0)
            parts = {"variance": phi / self.sums[0], "dispersion": phi, "df": self.df}
            return excess_ratio(self.sums[1], self.sizes[1] * before, **parts, level=level)[:3]
        if self.counts or min(before, after) <= 0:
            return (np.inf if self.counts else np.nan), np.nan, np.nan
        half = min(t * np.sqrt(errors[0] / before**2 + errors[1] / after**2), WIDEST)
        return after / before, after / before * np.exp(-half), after / before * np.exp(half)


def argmax_quantile(q: float) -> float:
    """Quantile, above one half, of where a two-sided Brownian motion with drift is largest.

    The motion is W(s) - abs(s) / 2. Yao 1987, Ann. Stat. 15:1321.

    >>> round(argmax_quantile(0.975), 2)
    11.03
    """

    def beyond(x: float) -> float:
        root = np.sqrt(x)
        bell = root * np.exp(-x / 8) / np.sqrt(2 * np.pi)
        far = 1.5 * np.exp(x + stats.norm.logcdf(-1.5 * root))
        return 1 + bell - (x + 5) / 2 * stats.norm.cdf(-root / 2) + far - q

    return float(optimize.brentq(beyond, 0.0, 1000.0))
