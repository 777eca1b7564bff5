"""Which attribute values explain an excess, one after the other, and which only look guilty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.stats.adjust import stratified_ratios
from aftersales.stats.multiplicity import benjamini_hochberg

Q = 0.01  # false discovery rate at which a value is taken for a cause
P = 0.005  # and the largest p of any single one
COLUMNS = [
    *("attribute", "value", "count", "exposure", "compared", "expected", "excess"),
    *("crude_ratio", "crude_low", "crude_high", "crude_p", "ratio", "low", "high", "p", "q"),
    *("rank", "shadow_of", "few"),
]
SHADOW_P = 0.005  # crude p below which a value that is no cause "looks guilty"


@dataclass(frozen=True)
class Causes:
    """Every value of every attribute, before and after the causes found are allowed for.

    `table` has one row per attribute and value: ``attribute``, ``value``, ``count``, ``exposure``,
    ``compared``, ``expected``, ``excess``, ``crude_ratio``, ``crude_low``, ``crude_high``,
    ``crude_p``, ``ratio``, ``low``, ``high``, ``p``, ``q``, ``rank`` (1 for the first cause found,
    NaN for no cause), ``shadow_of`` ("attribute=value" of the cause that explains it, else ""),
    ``few``.
    The crude columns allow for the strata only, the others also for the causes found.
    """

    table: pd.DataFrame
    order: Sequence[tuple[str, str]]  # causes in the order found
    dispersion: Mapping[str, float]  # by attribute

    def to_frame(self) -> pd.DataFrame:
        """Causes first, then the other values by their p."""
        return self.table


def find_causes(
    cells: pd.DataFrame,
    *,
    count: str,
    exposure: str,
    strata: Mapping[str, Sequence[str]],
    min_expected: float = 5.0,
    min_ratio: float = 1.2,
    max_causes: int = 8,
) -> Causes:
    """Take the value with the strongest excess, allow for it, look again, until none is left.

    Each value is compared with the others inside its strata (`stratified_ratios`). A value is a
    cause when its ratio is above `min_ratio`, p <= 0.005 and q <= 0.01 (Benjamini-Hochberg over all
    values of all attributes). Its exposure is then multiplied by its ratio, so that what it
    explains no longer counts against others; after each step the earlier causes are estimated
    again given the later ones, and one that no longer holds is dropped.

    Parameters
    ----------
    cells : one row per combination of attribute values, with `count` and `exposure`
    strata : attribute to judge -> columns held equal when it is judged
    min_expected : values with fewer expected and observed cases are marked ``few`` and not judged
    """
    attributes = list(strata)
    y = cells[count].to_numpy(float)
    crude = _ratios(cells, y, cells[exposure].to_numpy(float), strata, None)
    dispersion = {a: crude.attrs["dispersion"][a] for a in attributes}
    few = np.maximum(crude["compared"], crude["expected"].fillna(0)) < min_expected
    effects: dict[tuple[str, str], float] = {}
    current = crude
    while len(effects) < max_causes:
        best = _strongest(current, few, effects, min_ratio)
        if best is None:
            break
        effects[best] = _ratio_of(current, best)
        effects, current = _refit(cells, y, exposure, strata, effects, dispersion, min_ratio)
        if best not in effects:
            break  # it does not hold beside the earlier ones: nothing further to find
    return _result(cells, y, exposure, strata, crude, current, few, effects, dispersion)


def _ratios(
    cells: pd.DataFrame,
    y: np.ndarray,
    exposure: np.ndarray,
    strata: Mapping[str, Sequence[str]],
    dispersion: Mapping[str, float] | None,
) -> pd.DataFrame:
    frame = cells.assign(_y=y, _n=exposure)
    parts, spread = [], {}
    for attribute, held in strata.items():
        part = stratified_ratios(
            frame,
            count="_y",
            exposure="_n",
            attribute=attribute,
            strata=list(held),
            dispersion=None if dispersion is None else dispersion[attribute],
        )
        spread[attribute] = part.attrs["dispersion"]
        parts.append(part.assign(value=part["value"].map(str)).assign(attribute=attribute))
    table = pd.concat(parts, ignore_index=True)
    table["q"] = benjamini_hochberg(table["p"].to_numpy())
    table.attrs["dispersion"] = spread
    return table


def _strongest(
    table: pd.DataFrame, few: pd.Series, effects: Mapping, min_ratio: float
) -> tuple[str, str] | None:
    taken = [key in effects for key in zip(table["attribute"], table["value"], strict=True)]
    sure = (table["p"] <= P) & (table["q"] <= Q) & (table["ratio"] >= min_ratio)
    candidates = table[sure & ~few & ~np.array(taken)]
    if candidates.empty:
        return None
    row = candidates.loc[candidates["z"].idxmax()]
    return row["attribute"], row["value"]


def _ratio_of(table: pd.DataFrame, key: tuple[str, str]) -> float:
    row = table[(table["attribute"] == key[0]) & (table["value"] == key[1])].iloc[0]
    # With no case outside the value the ratio is infinite; a thousandfold is as good.
    return float(min(row["ratio"], 1000.0))


def _mask(cells: pd.DataFrame, key: tuple[str, str]) -> np.ndarray:
    return (cells[key[0]].astype(str) == key[1]).to_numpy() & cells[key[0]].notna().to_numpy()


def _explained(
    cells: pd.DataFrame, exposure: str, effects: Mapping[tuple[str, str], float]
) -> np.ndarray:
    """Exposure multiplied by the effects of the causes that apply to each cell."""
    total = cells[exposure].to_numpy(float).copy()
    for key, ratio in effects.items():
        total[_mask(cells, key)] *= ratio
    return total


def _refit(
    cells: pd.DataFrame,
    y: np.ndarray,
    exposure: str,
    strata: Mapping[str, Sequence[str]],
    effects: Mapping[tuple[str, str], float],
    dispersion: Mapping[str, float],
    min_ratio: float,
) -> tuple[dict[tuple[str, str], float], pd.DataFrame]:
    """Estimate each cause given the others (twice round), drop those that no longer hold."""
    kept = dict(effects)
    for _ in range(2):
        for key in list(kept):
            others = {k: v for k, v in kept.items() if k != key}
            size = _explained(cells, exposure, others)
            one = {key[0]: strata[key[0]]}
            table = _ratios(cells, y, size, one, dispersion)
            row = table[table["value"] == key[1]].iloc[0]
            if row["p"] <= P and row["ratio"] >= min_ratio:
                kept[key] = float(min(row["ratio"], 1000.0))
            else:
                del kept[key]
    return kept, _ratios(cells, y, _explained(cells, exposure, kept), strata, dispersion)


def _result(
    cells: pd.DataFrame,
    y: np.ndarray,
    exposure: str,
    strata: Mapping[str, Sequence[str]],
    crude: pd.DataFrame,
    current: pd.DataFrame,
    few: pd.Series,
    effects: Mapping[tuple[str, str], float],
    dispersion: Mapping[str, float],
) -> Causes:
    table = current.copy()
    for name in ("ratio", "low", "high", "p"):
        table[f"crude_{name}"] = crude[name]
    table["rank"], table["few"] = np.nan, few
    for rank, key in enumerate(effects, start=1):
        others = {k: v for k, v in effects.items() if k != key}
        size = _explained(cells, exposure, others)
        alone = _ratios(cells, y, size, {key[0]: strata[key[0]]}, dispersion)
        row = alone[alone["value"] == key[1]].iloc[0]
        at = (table["attribute"] == key[0]) & (table["value"] == key[1])
        for name in ("compared", "expected", "ratio", "low", "high", "z", "p"):
            table.loc[at, name] = row[name]
        table.loc[at, "rank"] = rank
        table.loc[at, "q"] = crude.loc[at, "q"]
    table["exposure"] = crude["exposure"]
    table["excess"] = table["compared"] - table["expected"]
    table["shadow_of"] = _shadows(table, cells, y, effects)
    order = ["rank", "p"]
    table = table.sort_values(order, na_position="last", kind="stable", ignore_index=True)
    return Causes(table[COLUMNS], list(effects), dispersion)


def _shadows(
    table: pd.DataFrame,
    cells: pd.DataFrame,
    y: np.ndarray,
    effects: Mapping[tuple[str, str], float],
) -> list[str]:
    """For each value that looked guilty and no longer does: the cause of most of its excess."""
    looked = (table["crude_p"] <= SHADOW_P) & (table["crude_ratio"] > 1)
    still = (table["p"] <= SHADOW_P) & (table["ratio"] > 1)
    named = []
    extra = {k: y * _mask(cells, k) * (1 - 1 / r) for k, r in effects.items()}
    for row, guilty in zip(table.itertuples(), looked & ~still & table["rank"].isna(), strict=True):
        if not guilty or not effects:
            named.append("")
            continue
        inside = _mask(cells, (row.attribute, row.value))
        cause = max(extra, key=lambda k: extra[k][inside].sum())
        named.append(f"{cause[0]}={cause[1]}" if extra[cause][inside].sum() > 0 else "")
    return named
