"""Which attribute values explain an excess, one after the other, and which only look guilty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aftersales.stats.causes.narrow import narrow
from aftersales.stats.causes.pairs import conjoin
from aftersales.stats.causes.search import LARGEST_RATIO, Key, Search, Where
from aftersales.stats.causes.table import cause_table, with_q
from aftersales.stats.like.mantel_haenszel import comparison

Q = 0.01  # false discovery rate at which a value is taken for a cause
P = 0.005  # and the largest p of any single one


@dataclass(frozen=True)
class Causes:
    """Every value of every attribute, before and after the causes found are allowed for.

    `table` has one row per attribute and value: ``attribute``, ``value``, ``count``, ``exposure``,
    ``compared``, ``at_risk``, ``others`` (see `stats.adjust.stratified_ratios`), ``expected``,
    ``excess``; ``raw_ratio`` with ``raw_low``, ``raw_high``, ``raw_p`` (nothing held equal);
    ``crude_ratio`` with ``crude_low``, ``crude_high``, ``crude_p`` (strata held equal); ``ratio``,
    ``low``, ``high``, ``p`` (strata and the other causes); ``q`` (over all values that are
    judged), ``left_ratio`` and ``left_p`` (the causes allowed for, nothing held equal), ``rank``
    (1 for the first cause found, NaN for no cause), ``shadow_of`` ("attribute=value" of the cause
    that explains it, else ""), ``few`` (not judged), ``mixed`` (looks guilty at first sight, and
    its strata explain that).
    Rows of causes that act in a part of their cells only (see `parts`) are about that part.
    """

    table: pd.DataFrame
    order: Sequence[Key]  # causes in the order found
    dispersion: Mapping[str, float]  # by attribute
    further: Sequence[Key] = ()  # stand out as causes do, and were not taken for one: too many
    parts: Mapping[Key, tuple[Where, ...]] = field(default_factory=dict)  # where a cause acts
    search: Search | None = field(default=None, repr=False, compare=False)

    def to_frame(self) -> pd.DataFrame:
        """Causes first, then the other values by their p."""
        return self.table

    def mask(self, key: Key) -> np.ndarray:
        """The cells of a cause, where it acts."""
        return self.search.mask(key)


def find_causes(
    cells: pd.DataFrame,
    *,
    count: str,
    exposure: str,
    strata: Mapping[str, Sequence[str]],
    min_expected: float = 5.0,
    min_exposure: float = 0.0,
    min_ratio: float = 1.2,
    max_causes: int = 8,
    narrow_by: Sequence[str] = (),
    held: Sequence[str] = (),
    pairs_held: Sequence[str] = (),
) -> Causes:
    """Take the value with the strongest excess, allow for it, look again, until none is left.

    Each value is compared with the others inside its strata (`stratified_ratios`). A value is a
    cause when its ratio is above `min_ratio`, p <= 0.005 and q <= 0.01 (Benjamini-Hochberg over all
    judged values of all attributes). Its exposure is then multiplied by its ratio, so that what it
    explains no longer counts against others; after each step the earlier causes are estimated
    again given the later ones, and one that no longer holds is dropped.

    With `narrow_by`, one attribute need not be enough: each cause is narrowed to the values of
    these attributes in which it acts (`stats.narrow`), and when no single value is left, pairs of
    values that go wrong only together are looked for (`stats.conjoin`).

    Parameters
    ----------
    cells : one row per combination of attribute values, with `count` and `exposure`
    strata : attribute to judge -> columns held equal when it is judged
    min_expected : values with fewer expected and observed cases are marked ``few`` and not
        judged, and so are those whose others have fewer
    min_exposure : values with less exposure are not judged either
    narrow_by : judged attributes by which causes may be narrowed; none: single values only
    held, pairs_held : columns held equal inside a cause, and when pairs are looked for
    """
    layouts = {a: comparison(cells, attribute=a, strata=list(s)) for a, s in strata.items()}
    search = Search(cells[count].to_numpy(float), cells[exposure].to_numpy(float), layouts)
    run = _Run(search, search.ratios({}), min_ratio, max_causes, narrow_by)
    run.few = _few(run.crude, min_expected, min_exposure)
    run.held = _groups(cells, held)
    run.singles()
    if narrow_by and run.narrow():
        run.singles()  # what a cause does not explain outside its part may now stand out
    if len(narrow_by) > 1 and len(run.effects) < max_causes:
        run.pairs(_groups(cells, pairs_held))
    table = cause_table(search, run.crude, run.current, few=run.few, effects=run.effects)
    left = run.current[_sure(run.current, min_ratio) & ~run.few]
    keys = zip(left["attribute"], left["value"], strict=True)
    further = [key for key in keys if key not in run.effects]
    parts = {key: search.parts[key] for key in run.effects if search.parts.get(key)}
    return Causes(table, list(run.effects), search.dispersion, further, parts, search)


@dataclass
class _Run:
    """A search in progress: the causes so far with their effects, and all values given them."""

    search: Search
    crude: pd.DataFrame
    min_ratio: float
    max_causes: int
    narrow_by: Sequence[str]
    effects: dict[Key, float] = field(default_factory=dict)
    few: pd.Series = field(init=False)
    held: np.ndarray = field(init=False)
    current: pd.DataFrame = field(init=False)

    def singles(self) -> None:
        """Single values, strongest first."""
        refused: set[Key] = set()
        if not self.effects:
            self.current = with_q(self.crude, self.few)
        while len(self.effects) < self.max_causes and len(refused) < self.max_causes:
            taken = refused | set(self.effects)
            best = _strongest(self.current, self.few, taken, self.min_ratio)
            if best is None:
                break
            self.effects[best] = _size(self.current, best)
            self._refit()
            if best not in self.effects:
                refused.add(best)  # it does not hold beside the earlier ones

    def pairs(self, held: np.ndarray) -> None:
        """Values that act only together with a value of another attribute."""
        found = conjoin(
            self.search,
            effects=self.effects,
            held=held,
            by=self.narrow_by,
            min_ratio=self.min_ratio,
        )
        for key, (where, ratio) in found.items():
            if len(self.effects) < self.max_causes:
                self.search.parts[key] = (where,)
                self.effects[key] = ratio
        if found:
            self._refit()

    def narrow(self) -> bool:
        """Narrow causes to where they act, strongest first; whether any was.

        After each the others are estimated again: what a narrowed cause explains may have been
        taken for a cause of its own.
        """
        looked: set[str] = set()
        while waiting := [a for a, _ in self.effects if a not in looked]:
            looked.add(waiting[0])
            found = narrow(
                self.search, self.effects, of=waiting[0], held=self.held, by=self.narrow_by
            )
            for key, parts in found.items():
                self.search.parts[key] = parts
                if not self._holds(self.search.alone(key, self.effects)):
                    del self.search.parts[key]  # nothing to compare with in that part
            if found:
                self._refit()
        return bool(self.search.parts)

    def _holds(self, row: pd.Series) -> bool:
        return bool(row["p"] <= P and row["ratio"] >= self.min_ratio)

    def _refit(self) -> None:
        """Estimate each cause given the others (twice round), drop those that no longer hold."""
        kept = self.effects
        for _ in range(2):
            for key in list(kept):
                row = self.search.alone(key, kept)
                if self._holds(row):
                    kept[key] = float(min(row["ratio"], LARGEST_RATIO))
                else:
                    del kept[key]
                    self.search.parts.pop(key, None)
        self.current = with_q(self.search.ratios(kept), self.few)


def _groups(cells: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """The number of each cell's combination of these columns; all 0 without columns."""
    group = np.zeros(len(cells), dtype=np.int64)
    for column in columns:
        level, names = pd.factorize(cells[column], use_na_sentinel=False)
        group = pd.factorize(group * max(len(names), 1) + level)[0].astype(np.int64)
    return group


def _few(crude: pd.DataFrame, min_expected: float, min_exposure: float) -> pd.Series:
    """Too few cases in a value or in what it is compared with, or too little exposure."""
    others_mean = crude["compared"] + crude["others"] - crude["mean"]
    small = crude[["compared", "mean"]].max(axis=1) < min_expected
    lonely = pd.concat([crude["others"], others_mean], axis=1).max(axis=1) < min_expected
    return small | lonely | (crude["exposure"] < min_exposure)


def _sure(table: pd.DataFrame, min_ratio: float) -> pd.Series:
    return (table["p"] <= P) & (table["q"] <= Q) & (table["ratio"] >= min_ratio)


def _strongest(
    table: pd.DataFrame, few: pd.Series, passed: set[Key], min_ratio: float
) -> Key | None:
    keys = zip(table["attribute"], table["value"], strict=True)
    taken = np.array([key in passed for key in keys], dtype=bool)
    candidates = table[_sure(table, min_ratio) & ~few & ~taken]
    if candidates.empty:
        return None
    row = candidates.loc[candidates["z"].idxmax()]
    return row["attribute"], row["value"]


def _size(table: pd.DataFrame, key: Key) -> float:
    row = table[(table["attribute"] == key[0]) & (table["value"] == key[1])].iloc[0]
    return float(min(row["ratio"], LARGEST_RATIO))
