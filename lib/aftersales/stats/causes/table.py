"""The table of a search for causes: every value, what explains it, and why it looked guilty."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from aftersales.stats.causes.search import Key, Search
from aftersales.stats.counts.multiplicity import benjamini_hochberg

GUILTY_P = 0.005  # p below which a value that is no cause "looks guilty"
RAW_P = 0.01  # the same at first sight, nothing held equal
GUILTY_RATIO = 1.2  # and the ratio to all others, nothing held equal, from which it does
GUILTY_CASES = 5.0
MOST = 0.5  # share of the excess at first sight that a cause must explain to be what it shadows
COLUMNS = [
    *("attribute", "value", "count", "exposure", "compared", "at_risk", "others"),
    *("expected", "excess", "raw_ratio", "raw_low", "raw_high", "raw_p"),
    *("crude_ratio", "crude_low", "crude_high", "crude_p"),
    *("ratio", "low", "high", "p", "q", "left_ratio", "left_p"),
    *("rank", "shadow_of", "few", "mixed"),
]
_OF_PART = ("count", "exposure", "compared", "at_risk", "others")
_CRUDE = ("ratio", "low", "high", "p")


def with_q(table: pd.DataFrame, few: pd.Series) -> pd.DataFrame:
    """The table with q over all values that are judged."""
    return table.assign(q=benjamini_hochberg(table["p"].mask(few).to_numpy()))


def cause_table(
    search: Search,
    crude: pd.DataFrame,
    current: pd.DataFrame,
    *,
    few: pd.Series,
    effects: Mapping[Key, float],
) -> pd.DataFrame:
    """Every value with its ratios; the columns are those of `stats.causes.Causes.table`.

    `crude` and `current` are the ratios without and with the `effects` of the causes.
    """
    left = search.raw(search.explained(effects))
    table = pd.concat([current.reset_index(drop=True), search.raw()], axis=1)
    table = table.assign(left_ratio=left["raw_ratio"], left_p=left["raw_p"])
    for name in _CRUDE:
        table[f"crude_{name}"] = crude[name]
    for name in ("exposure", "at_risk"):
        table[name] = crude[name]
    table["rank"], table["few"] = np.nan, few
    for rank, key in enumerate(effects, start=1):
        _write_cause(table, search, key, effects)
        table.loc[_at(table, key), "rank"] = rank
    table = with_q(table, table["few"])
    table["excess"] = table["compared"] - table["expected"]
    looked, still = _guilty(table)
    table["shadow_of"] = _shadows(search, table, looked & ~still, effects)
    table["mixed"] = looked & ~still & table["shadow_of"].eq("") & table["ratio"].notna()
    order = ["rank", "p"]
    table = table.sort_values(order, na_position="last", kind="stable", ignore_index=True)
    return table[COLUMNS]


def _at(table: pd.DataFrame, key: Key) -> pd.Series:
    return (table["attribute"] == key[0]) & (table["value"] == key[1])


def _write_cause(
    table: pd.DataFrame, search: Search, key: Key, effects: Mapping[Key, float]
) -> None:
    """The row of a cause, estimated given the others; in its part where it acts in one only."""
    row, at = search.alone(key, effects), _at(table, key)
    for name in ("expected", "ratio", "low", "high", "z", "p"):
        table.loc[at, name] = row[name]
    if search.parts.get(key):
        whole = search.within(key, search.n, search.part(key))
        for name in _OF_PART:
            table.loc[at, name] = whole[name]
        for name in _CRUDE:
            table.loc[at, f"crude_{name}"] = whole[name]
        table.loc[at, "few"] = False


def _guilty(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Whether a value that is no cause stood out at first sight, and whether it still does."""
    held = (table["crude_p"] <= GUILTY_P) & (table["crude_ratio"] > 1) & ~table["few"]
    raw = (table["raw_p"] <= RAW_P) & (table["raw_ratio"] >= GUILTY_RATIO)
    alone = table["ratio"].isna()
    raw &= (table["count"] >= GUILTY_CASES) & (~table["few"] | alone)
    still = (table["p"] <= GUILTY_P) & (table["ratio"] > 1) & ~table["few"]
    still |= alone & (table["left_p"] <= GUILTY_P) & (table["left_ratio"] > 1)
    return (held | raw) & table["rank"].isna(), still


def _shadows(
    search: Search, table: pd.DataFrame, cleared: pd.Series, effects: Mapping[Key, float]
) -> pd.Series:
    """For each value that looked guilty and no longer does: the cause of most of its excess.

    A value that stood out only with nothing held equal is a shadow when one cause gives at least
    half of what it had too many.
    """
    named = pd.Series("", index=table.index)
    if not effects:
        return named
    explained = pd.DataFrame({key: _extra(search, key, r) for key, r in effects.items()})
    first = table["count"] * (1 - 1 / table["raw_ratio"].clip(lower=1e-9))
    held = (table["crude_p"] <= GUILTY_P) & (table["crude_ratio"] > 1) & ~table["few"]
    least = (MOST * first).where(~held, 0.0)
    for row in np.flatnonzero(cleared):
        shares = explained.iloc[row]
        if shares.max() > max(least.iloc[row], 0.0):
            named.iloc[row] = "=".join(shares.idxmax())
    return named


def _extra(search: Search, key: Key, ratio: float) -> np.ndarray:
    """Cases beyond the expected ones of a cause, by value of every attribute."""
    extra = search.y * search.mask(key) * (1 - 1 / ratio)
    parts = []
    for attribute, layout in search.comparisons.items():
        code = search.codes(attribute)[layout.cells]
        parts.append(np.bincount(code, extra[layout.cells], len(layout.values)))
    return np.concatenate(parts)
