"""Pairs of values that go wrong only together, beyond what the causes found so far explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from aftersales.stats.causes.search import LARGEST_RATIO, Key, Search, Where
from aftersales.stats.localise.localise import localise

P = 0.005  # largest p of a pair, by the search over all pairs and by the comparison in strata
PAIRS = 3  # that are named at most
MIN_CASES = 10.0  # observed or expected, of a pair that is looked at


def conjoin(
    search: Search,
    *,
    effects: Mapping[Key, float],
    held: np.ndarray,
    by: Sequence[str],
    min_ratio: float,
) -> dict[Key, tuple[Where, float]]:
    """Values that have too many cases only together with one value of another attribute.

    Expected are, in each `held` stratum, its cases shared out by exposure, after the causes so far.
    `localise` looks at all pairs; a pair stays when the value also stands out against the others
    inside its strata and inside the other value (as a single value has to), and when the rest of
    the value does not.

    Returns value -> (the part in which it acts, ratio there), strongest first.
    """
    size = search.explained(effects)
    expected = _expected(search.y, size, held)
    leaves, codes = _leaves(search, expected, by)
    found = localise(
        leaves,
        dims=list(by),
        count="count",
        exposure="expected",
        max_depth=2,
        max_causes=PAIRS + len(by),
        min_cases=MIN_CASES,
        min_ratio=min_ratio,
        alpha=P,
        direction="more",
        rivals=False,
    )
    pairs: dict[Key, tuple[Where, float]] = {}
    for cause in found.distinct():
        values = {a: codes[a][int(c)] for a, c in cause.where.items() if int(c) >= 0}
        if len(values) == 2 and len(cause.where) == 2 and len(pairs) < PAIRS:
            pairs |= _confirmed(search, values, size, cause.p, min_ratio, {*effects, *pairs})
    return pairs


def _expected(y: np.ndarray, size: np.ndarray, held: np.ndarray) -> np.ndarray:
    cases, total = np.bincount(held, y), np.bincount(held, size)
    return size * (cases / np.maximum(total, 1e-300))[held]


def _leaves(
    search: Search, expected: np.ndarray, by: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Cells summed over all that is not looked at: codes of the attributes, cases, expected."""
    key = np.zeros(search.y.size, dtype=np.int64)
    for attribute in by:
        code = search.codes(attribute) + 1
        key = np.unique(key * (int(code.max()) + 1) + code, return_inverse=True)[1]
    first = np.unique(key, return_index=True)[1]
    table = pd.DataFrame({a: search.codes(a)[first] for a in by})
    table["count"] = np.bincount(key, search.y)
    table["expected"] = np.bincount(key, expected)
    return table, {a: search.names(a) for a in by}


def _confirmed(
    search: Search,
    values: Mapping[str, str],
    size: np.ndarray,
    p: float,
    min_ratio: float,
    taken: set[Key],
) -> dict[Key, tuple[Where, float]]:
    """The pair with the one of its values as cause whose comparison inside the other is surer."""
    best: tuple[float, Key, Where, float] | None = None
    for (a, v), (b, w) in (list(values.items()), list(values.items())[::-1]):
        there = search.has(b, [w])
        row = search.within((a, v), size, there)
        rest = search.within((a, v), size, ~there)
        sure = row["p"] <= P and row["ratio"] >= min_ratio and row["compared"] >= MIN_CASES
        if not sure or (a, v) in taken or (b, w) in taken:
            continue
        elsewhere = float(rest["ratio"]) if np.isfinite(rest["ratio"]) else 1.0
        where = Where(b, (str(w),), True, max(elsewhere, 1e-3), p)
        if best is None or row["p"] < best[0]:
            best = (row["p"], (a, str(v)), where, float(min(row["ratio"], LARGEST_RATIO)))
    return {best[1]: best[2:]} if best else {}
