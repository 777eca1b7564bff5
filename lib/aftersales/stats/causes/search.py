"""The cells of a search for causes: who has which value, and what the causes so far explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.stats.like.mantel_haenszel import (
    Z95,
    Comparison,
    ratios_of_pairs,
    spread_between,
    with_interval,
)

LARGEST_RATIO = 1000.0  # stands for an infinite ratio: the others have no case at all
Key = tuple[str, str]  # attribute, value


@dataclass(frozen=True)
class Where:
    """The part of a cause in which it acts: some values of another attribute, or all but some.

    `elsewhere` is the ratio to comparable cases in the rest of the cause, `p` the chance of so
    uneven a spread, after allowing for all the parts that were looked at.
    """

    attribute: str
    values: tuple[str, ...]
    inside: bool  # True: only there; False: everywhere but there
    elsewhere: float
    p: float


@dataclass
class Search:
    """Cells laid out for all attributes, the dispersion of each, and the parts of causes."""

    y: np.ndarray
    n: np.ndarray
    comparisons: Mapping[str, Comparison]
    dispersion: dict[str, float] = field(default_factory=dict)
    parts: dict[Key, tuple[Where, ...]] = field(default_factory=dict)
    _codes: dict[str, np.ndarray] = field(default_factory=dict)

    def codes(self, attribute: str) -> np.ndarray:
        """Place of each cell's value among the attribute's values; -1 where it is missing."""
        if attribute not in self._codes:
            layout = self.comparisons[attribute]
            code = np.full(self.n.size, -1, dtype=np.int64)
            code[layout.cells] = layout.value[layout.pair]
            self._codes[attribute] = code
        return self._codes[attribute]

    def names(self, attribute: str) -> np.ndarray:
        return self.comparisons[attribute].values.astype(str).to_numpy()

    def has(self, attribute: str, values: Sequence[str]) -> np.ndarray:
        """The cells that have one of these values."""
        places = np.flatnonzero(np.isin(self.names(attribute), list(values)))
        return np.isin(self.codes(attribute), places)

    def part(self, key: Key) -> np.ndarray:
        """The cells, of any value, in which a cause was found to act."""
        inside = np.ones(self.n.size, dtype=bool)
        for where in self.parts.get(key, ()):
            inside &= self.has(where.attribute, where.values) == where.inside
        return inside

    def mask(self, key: Key) -> np.ndarray:
        """The cells of a cause, where it acts."""
        return self.has(key[0], [key[1]]) & self.part(key)

    def explained(self, effects: Mapping[Key, float]) -> np.ndarray:
        """Exposure multiplied by the effects of the causes that apply to each cell."""
        total = self.n.copy()
        for key, ratio in effects.items():
            total[self.mask(key)] *= ratio
            if wheres := self.parts.get(key):
                rest = self.has(key[0], [key[1]]) & ~self.part(key)
                total[rest] *= wheres[0].elsewhere
        return total

    def ratios(
        self, effects: Mapping[Key, float], *, cells: np.ndarray | None = None
    ) -> pd.DataFrame:
        """Every value of every attribute, given the effects; in all cells or in some only.

        The columns of `stats.adjust.stratified_ratios` and ``attribute``.
        """
        size = self.explained(effects)
        y = self.y
        if cells is not None:
            y, size = y * cells, size * cells
        sums, start = [], 0
        for layout in self.comparisons.values():
            sums.append((layout.value + start, *_of_pairs(layout, y, size)))
            start += len(layout.values)
        table = ratios_of_pairs(*(np.concatenate(x) for x in zip(*sums, strict=True)), size=start)
        places = list(self.comparisons.items())
        table["value"] = np.concatenate([layout.values.astype(str) for _, layout in places])
        table["attribute"] = np.repeat([a for a, _ in places], [len(x.values) for _, x in places])
        self._estimate_dispersion(table)
        spread = table["attribute"].map(self.dispersion).to_numpy(float)
        return with_interval(table, dispersion=spread)

    def _estimate_dispersion(self, table: pd.DataFrame) -> None:
        """Dispersion of each attribute, from the first table that is made."""
        for attribute in self.comparisons:
            if attribute not in self.dispersion:
                self.dispersion[attribute] = spread_between(table[table["attribute"] == attribute])

    def alone(self, key: Key, effects: Mapping[Key, float]) -> pd.Series:
        """One value where it acts, given the effects of all others."""
        size = self.explained({k: v for k, v in effects.items() if k != key})
        return self.within(key, size, self.part(key))

    def within(self, key: Key, size: np.ndarray, cells: np.ndarray) -> pd.Series:
        """One value against the others in some cells only."""
        layout = self.comparisons[key[0]]
        y, n = (self.y, size) if cells.all() else (self.y * cells, size * cells)
        mine = layout.value == np.flatnonzero(self.names(key[0]) == key[1])[0]
        sums = [part[mine] for part in _of_pairs(layout, y, n)]
        table = ratios_of_pairs(np.zeros(mine.sum(), dtype=np.int64), *sums, size=1)
        return with_interval(table, dispersion=self.dispersion[key[0]]).iloc[0]

    def raw(self, size: np.ndarray | None = None) -> pd.DataFrame:
        """Rate of each value over that of all other known ones, with nothing held equal.

        One row per value in the order of `ratios`: ``raw_ratio``, ``raw_low``, ``raw_high`` (95 %,
        log scale) and ``raw_p`` (score test, Poisson).
        """
        weights = self.n if size is None else size
        parts = []
        for attribute, layout in self.comparisons.items():
            code, n = self.codes(attribute)[layout.cells], len(layout.values)
            y = np.bincount(code, self.y[layout.cells], n)
            parts.append(raw_ratios(y, np.bincount(code, weights[layout.cells], n)))
        return pd.concat(parts, ignore_index=True)


def _of_pairs(layout: Comparison, y: np.ndarray, n: np.ndarray) -> list[np.ndarray]:
    """Cases and exposure of each (value, stratum) pair, and of its whole stratum."""
    own = [
        np.bincount(layout.pair, weights=w[layout.cells], minlength=layout.value.size)
        for w in (y, n)
    ]
    whole = [np.bincount(layout.stratum, weights=w)[layout.stratum] for w in own]
    return [*own, *whole]


def raw_ratios(count: np.ndarray, size: np.ndarray) -> pd.DataFrame:
    """Each group against all others together: ``raw_ratio`` with interval and p; NaN if alone."""
    others, rest = count.sum() - count, size.sum() - size
    known = (size > 0) & (rest > 1e-9 * size.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(known, (count / size) / (others / rest), np.nan)
        spread = np.exp(Z95 * np.sqrt(1 / count + 1 / others))
        mean = (count + others) * size / (size + rest)
        z = (count - mean) / np.sqrt(mean * rest / (size + rest))
        found = {"raw_ratio": ratio, "raw_low": ratio / spread, "raw_high": ratio * spread}
    return pd.DataFrame({**found, "raw_p": np.where(known, 2 * stats.norm.sf(np.abs(z)), np.nan)})
