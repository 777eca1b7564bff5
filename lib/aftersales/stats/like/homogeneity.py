"""Is one ratio the same in all strata, or must each be quoted by itself?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

Kind = Literal["rate", "odds"]
SMALL_VARIANCE = 2.5  # of a count, as with five cases on either side; below it levels are joined
TINY = 1e-9  # a level whose count cannot vary tells nothing


@dataclass(frozen=True)
class Homogeneity:
    """A test that a common ratio holds in every level.

    Attributes
    ----------
    chi2, df, p : the statistic, corrected as in Tarone 1985, Biometrika 72:91
    uncorrected : the statistic of Breslow and Day
    spread : standard deviation of the log ratio between levels; 0 where chance explains them
    ratios : of each level, NaN where it has too little to tell
    """

    chi2: float
    df: int
    p: float
    uncorrected: float
    spread: float
    ratios: np.ndarray


@dataclass(frozen=True)
class Margins:
    """Per stratum: cases and exposure of the group (`y`, `n`) and of the whole (itself included).

    For odds the exposure is the number of trials.
    """

    y: np.ndarray
    n: np.ndarray
    whole_y: np.ndarray
    whole_n: np.ndarray

    def informative(self) -> np.ndarray:
        """True for the strata with exposure on both sides and with a case."""
        return (self.n > 0) & (self.whole_n - self.n > 1e-9 * self.whole_n) & (self.whole_y > 0)

    def at(self, which: np.ndarray) -> Margins:
        """The margins of some strata."""
        return Margins(self.y[which], self.n[which], self.whole_y[which], self.whole_n[which])

    def cross(self, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
        """Terms of the Mantel-Haenszel ratio, of which it is the quotient of the sums."""
        other_y, other_n = self.whole_y - self.y, self.whole_n - self.n
        if kind == "rate":
            return self.y * other_n / self.whole_n, other_y * self.n / self.whole_n
        return (
            self.y * (other_n - other_y) / self.whole_n,
            other_y * (self.n - self.y) / self.whole_n,
        )

    def expected(self, ratio: float, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
        """Cases of the group, and their variance, if the ratio were the same in all strata."""
        rest = self.whole_n - self.n
        if kind == "rate":
            share = ratio * self.n / (ratio * self.n + rest)
            return self.whole_y * share, self.whole_y * share * (1 - share)
        # The odds ratio fixes the cell: (1 - ratio) a^2 + b a - ratio n Y = 0, in the form whose
        # root keeps its digits when the ratio is near 1.
        b = rest - self.whole_y + ratio * (self.n + self.whole_y)
        root = np.sqrt(b**2 - 4 * (ratio - 1) * ratio * self.n * self.whole_y)
        a = 2 * ratio * self.n * self.whole_y / (b + root)
        parts = (a, self.n - a, self.whole_y - a, rest - self.whole_y + a)
        with np.errstate(divide="ignore"):
            return a, 1 / sum(1 / np.maximum(p, 0.0) for p in parts)


def common_ratio(margins: Margins, *, kind: Kind = "rate") -> float:
    """The Mantel-Haenszel ratio; inf where the others have no case, NaN where none has one.

    Mantel and Haenszel 1959, J. Natl. Cancer Inst. 22:719 (odds); Rothman and Boice 1979 (rates).
    """
    up, down = (float(w.sum()) for w in margins.at(margins.informative()).cross(kind))
    if down == 0:
        return float("inf") if up > 0 else float("nan")
    return up / down


def equal_ratios(
    margins: Margins,
    *,
    kind: Kind = "rate",
    levels: np.ndarray | None = None,
    dispersion: float = 1.0,
    min_variance: float = SMALL_VARIANCE,
) -> Homogeneity:
    """Test that the common ratio holds in each level of a column that the strata are made of.

    Observed against fitted cases given the margins, strata of one level added up, so that fine
    strata with few cases do no harm. Levels whose count would vary by less than `min_variance`
    are joined into one. Where each level is one stratum and none is joined, it is the test of
    Breslow and Day 1980, IARC 32, section 4.4, for odds, and of 1987, IARC 82, section 3.6, for
    rates.

    Parameters
    ----------
    margins : one entry per stratum
    levels : level number of each stratum; None: each stratum is a level
    dispersion : variance over that of independent cases

    >>> doctors = Margins(
    ...     y=np.array([32, 104, 206, 186, 102.0]),
    ...     n=np.array([52407, 43248, 28612, 12663, 5317.0]),
    ...     whole_y=np.array([34, 116, 234, 214, 133.0]),
    ...     whole_n=np.array([71197, 53921, 34322, 15248, 6779.0]))
    >>> found = equal_ratios(doctors)
    >>> round(found.uncorrected, 2), found.df, round(found.p, 4)
    (11.15, 4, 0.0249)
    """
    level = np.arange(margins.y.size) if levels is None else np.asarray(levels)
    size = int(level.max(initial=-1)) + 1
    ratio = common_ratio(margins, kind=kind)
    if not 0 < ratio < np.inf:
        return Homogeneity(np.nan, 0, np.nan, np.nan, np.nan, np.full(size, np.nan))
    meets = margins.informative()
    inner, place = margins.at(meets), level[meets]
    mean, variance = inner.expected(ratio, kind)
    off, wide = (np.bincount(place, weights=w, minlength=size) for w in (inner.y - mean, variance))
    large = wide >= max(min_variance, TINY)
    up, down = (np.bincount(place, weights=w, minlength=size) for w in inner.cross(kind))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(large, up / down, np.nan)
    off, wide = _joined(off, large), _joined(wide, large)
    return _tested(off, wide, ratios, dispersion, max(min_variance, TINY))


def _joined(values: np.ndarray, large: np.ndarray) -> np.ndarray:
    """The large levels, and the small ones as one."""
    return np.append(values[large], values[~large].sum())


def _tested(
    off: np.ndarray, wide: np.ndarray, ratios: np.ndarray, dispersion: float, least: float
) -> Homogeneity:
    sound = wide >= least
    off, wide = off[sound], wide[sound]
    df = len(off) - 1
    if df < 1:
        return Homogeneity(np.nan, 0, np.nan, np.nan, np.nan, ratios)
    plain = float(np.sum(off**2 / wide))
    corrected = max(plain - float(off.sum() ** 2 / wide.sum()), 0.0)
    p = float(stats.chi2.sf(corrected / dispersion, df))
    room = float(wide.sum() - (wide**2).sum() / wide.sum())
    between = max(corrected - dispersion * df, 0.0) / room
    return Homogeneity(corrected, df, p, plain, float(np.sqrt(between)), ratios)


def by_column(
    margins: Margins,
    levels: dict[str, np.ndarray],
    *,
    names: dict[str, Sequence[object]],
    kind: Kind = "rate",
    dispersion: float = 1.0,
) -> dict[str, object]:
    """The column over which a ratio differs most, with the levels where it is lowest and highest.

    Returns ``p`` (times the number of columns that could be tested), ``column``, ``chi2``, ``df``,
    ``spread``, ``lowest``, ``lowest_ratio``, ``highest``, ``highest_ratio``; ``column`` is None and
    the numbers are NaN where no column has two levels that tell anything.
    """
    found = {
        c: equal_ratios(margins, kind=kind, levels=v, dispersion=dispersion)
        for c, v in levels.items()
    }
    tested = {c: h for c, h in found.items() if h.df > 0}
    if not tested:
        nothing = dict.fromkeys(("p", "chi2", "spread", "lowest_ratio", "highest_ratio"), np.nan)
        return {**nothing, "df": 0, "column": None, "lowest": None, "highest": None}
    column = min(tested, key=lambda c: tested[c].p)
    best = tested[column]
    told = np.flatnonzero(np.isfinite(best.ratios))
    low, high = told[best.ratios[told].argmin()], told[best.ratios[told].argmax()]
    return {
        "p": min(1.0, best.p * len(tested)),
        "column": column,
        "chi2": best.chi2,
        "df": best.df,
        "spread": best.spread,
        "lowest": names[column][low],
        "lowest_ratio": float(best.ratios[low]),
        "highest": names[column][high],
        "highest_ratio": float(best.ratios[high]),
    }
