"""Which attribute values explain an excess, one after the other, and which only look guilty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aftersales.stats.adjust import Comparison, comparison
from aftersales.stats.multiplicity import benjamini_hochberg

Q = 0.01  # false discovery rate at which a value is taken for a cause
P = 0.005  # and the largest p of any single one
SHADOW_P = 0.005  # crude p below which a value that is no cause "looks guilty"
LARGEST_RATIO = 1000.0  # stands for an infinite ratio: the others have no case at all
COLUMNS = [
    *("attribute", "value", "count", "exposure", "compared", "at_risk", "others"),
    *("expected", "excess", "crude_ratio", "crude_low", "crude_high", "crude_p"),
    *("ratio", "low", "high", "p", "q", "rank", "shadow_of", "few"),
]
Key = tuple[str, str]  # attribute, value


@dataclass(frozen=True)
class Causes:
    """Every value of every attribute, before and after the causes found are allowed for.

    `table` has one row per attribute and value: ``attribute``, ``value``, ``count``, ``exposure``,
    ``compared``, ``at_risk``, ``others`` (see `stats.adjust.stratified_ratios`), ``expected``,
    ``excess``, ``crude_ratio``, ``crude_low``, ``crude_high``, ``crude_p``, ``ratio``, ``low``,
    ``high``, ``p``, ``q`` (over all values that are judged), ``rank`` (1 for the first cause found,
    NaN for no cause), ``shadow_of`` ("attribute=value" of the cause that explains it, else ""),
    ``few`` (not judged).
    The crude columns allow for the strata only, the others also for the (other) causes found.
    """

    table: pd.DataFrame
    order: Sequence[Key]  # causes in the order found
    dispersion: Mapping[str, float]  # by attribute
    further: Sequence[Key] = ()  # stand out as causes do, and were not taken for one: too many

    def to_frame(self) -> pd.DataFrame:
        """Causes first, then the other values by their p."""
        return self.table


@dataclass(frozen=True)
class _Search:
    """Cells laid out for all attributes, and the dispersion of each."""

    y: np.ndarray
    n: np.ndarray
    comparisons: Mapping[str, Comparison]
    dispersion: dict[str, float] = field(default_factory=dict)

    def mask(self, key: Key) -> np.ndarray:
        """The cells that have a value."""
        layout = self.comparisons[key[0]]
        place = int(np.flatnonzero(layout.values.astype(str) == key[1])[0])
        inside = np.zeros(self.n.size, dtype=bool)
        inside[layout.cells] = layout.value[layout.pair] == place
        return inside

    def explained(self, effects: Mapping[Key, float]) -> np.ndarray:
        """Exposure multiplied by the effects of the causes that apply to each cell."""
        total = self.n.copy()
        for key, ratio in effects.items():
            total[self.mask(key)] *= ratio
        return total

    def ratios(self, effects: Mapping[Key, float]) -> pd.DataFrame:
        """Every value of every attribute, given the effects."""
        size = self.explained(effects)
        parts = []
        for attribute, layout in self.comparisons.items():
            part = layout.ratios(self.y, size, dispersion=self.dispersion.get(attribute))
            self.dispersion.setdefault(attribute, part.attrs["dispersion"])
            parts.append(part.assign(value=part["value"].map(str), attribute=attribute))
        return pd.concat(parts, ignore_index=True)

    def alone(self, key: Key, effects: Mapping[Key, float]) -> pd.Series:
        """One value, given the effects of all others."""
        size = self.explained({k: v for k, v in effects.items() if k != key})
        spread = self.dispersion[key[0]]
        table = self.comparisons[key[0]].ratios(self.y, size, dispersion=spread)
        return table[table["value"].map(str) == key[1]].iloc[0]


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
) -> Causes:
    """Take the value with the strongest excess, allow for it, look again, until none is left.

    Each value is compared with the others inside its strata (`stratified_ratios`). A value is a
    cause when its ratio is above `min_ratio`, p <= 0.005 and q <= 0.01 (Benjamini-Hochberg over all
    judged values of all attributes). Its exposure is then multiplied by its ratio, so that what it
    explains no longer counts against others; after each step the earlier causes are estimated
    again given the later ones, and one that no longer holds is dropped.

    Parameters
    ----------
    cells : one row per combination of attribute values, with `count` and `exposure`
    strata : attribute to judge -> columns held equal when it is judged
    min_expected : values with fewer expected and observed cases are marked ``few`` and not
        judged, and so are those whose others have fewer
    min_exposure : values with less exposure are not judged either
    """
    layouts = {a: comparison(cells, attribute=a, strata=list(s)) for a, s in strata.items()}
    search = _Search(cells[count].to_numpy(float), cells[exposure].to_numpy(float), layouts)
    crude = search.ratios({})
    few = _few(crude, min_expected, min_exposure)
    effects: dict[Key, float] = {}
    refused: set[Key] = set()
    current = _with_q(crude, few)
    while len(effects) < max_causes and len(refused) < max_causes:
        best = _strongest(current, few, refused | set(effects), min_ratio)
        if best is None:
            break
        effects = _refit(search, effects | {best: _size(current, best)}, min_ratio)
        if best not in effects:
            refused.add(best)  # it does not hold beside the earlier ones
        current = _with_q(search.ratios(effects), few)
    table = _result(search, crude, current, few, effects)
    left = current[_sure(current, min_ratio) & ~few]
    keys = zip(left["attribute"], left["value"], strict=True)
    further = [key for key in keys if key not in effects]
    return Causes(table, list(effects), search.dispersion, further)


def _few(crude: pd.DataFrame, min_expected: float, min_exposure: float) -> pd.Series:
    """Too few cases in a value or in what it is compared with, or too little exposure."""
    others_mean = crude["compared"] + crude["others"] - crude["mean"]
    small = crude[["compared", "mean"]].max(axis=1) < min_expected
    lonely = pd.concat([crude["others"], others_mean], axis=1).max(axis=1) < min_expected
    return small | lonely | (crude["exposure"] < min_exposure)


def _with_q(table: pd.DataFrame, few: pd.Series) -> pd.DataFrame:
    return table.assign(q=benjamini_hochberg(table["p"].mask(few).to_numpy()))


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


def _refit(search: _Search, effects: Mapping[Key, float], min_ratio: float) -> dict[Key, float]:
    """Estimate each cause given the others (twice round), drop those that no longer hold."""
    kept = dict(effects)
    for _ in range(2):
        for key in list(kept):
            row = search.alone(key, kept)
            if row["p"] <= P and row["ratio"] >= min_ratio:
                kept[key] = float(min(row["ratio"], LARGEST_RATIO))
            else:
                del kept[key]
    return kept


def _result(
    search: _Search,
    crude: pd.DataFrame,
    current: pd.DataFrame,
    few: pd.Series,
    effects: Mapping[Key, float],
) -> pd.DataFrame:
    table = current.copy()
    for name in ("ratio", "low", "high", "p"):
        table[f"crude_{name}"] = crude[name]
    for name in ("exposure", "at_risk"):
        table[name] = crude[name]
    table["rank"], table["few"] = np.nan, few
    for rank, key in enumerate(effects, start=1):
        row = search.alone(key, effects)
        at = (table["attribute"] == key[0]) & (table["value"] == key[1])
        for name in ("expected", "ratio", "low", "high", "z", "p"):
            table.loc[at, name] = row[name]
        table.loc[at, "rank"] = rank
    table = _with_q(table, few)
    table["excess"] = table["compared"] - table["expected"]
    table["shadow_of"] = _shadows(search, table, effects)
    order = ["rank", "p"]
    table = table.sort_values(order, na_position="last", kind="stable", ignore_index=True)
    return table[COLUMNS]


def _shadows(search: _Search, table: pd.DataFrame, effects: Mapping[Key, float]) -> list[str]:
    """For each value that looked guilty and no longer does: the cause of most of its excess."""
    looked = (table["crude_p"] <= SHADOW_P) & (table["crude_ratio"] > 1) & ~table["few"]
    still = (table["p"] <= SHADOW_P) & (table["ratio"] > 1)
    extra = {k: search.y * search.mask(k) * (1 - 1 / r) for k, r in effects.items()}
    named = []
    for row, guilty in zip(table.itertuples(), looked & ~still & table["rank"].isna(), strict=True):
        inside = search.mask((row.attribute, row.value)) if guilty and extra else None
        share = {k: float(e[inside].sum()) for k, e in extra.items()} if inside is not None else {}
        cause = max(share, key=share.__getitem__, default=None)
        named.append(f"{cause[0]}={cause[1]}" if cause and share[cause] > 0 else "")
    return named
