"""Is a group the same as one value of another attribute, so that nobody can tell them apart?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from aftersales.stats.counts.levels import Group, Levels

NEARLY = 0.95  # shared exposure from which two groups count as one and the same
HALF = 0.5  # shared exposure below which they are two, however few the cases
TOLD_APART = 5.0  # cases expected where only one of both is present, needed to tell them apart
DETERMINED = 0.9  # share of wrong guesses that knowing an attribute spares (Goodman and Kruskal)
COLUMNS = ["alias_attribute", "alias_value", "overlap", "apart", "alias"]


def twins(
    levels: Levels,
    groups: Sequence[Group],
    *,
    y: np.ndarray,
    n: np.ndarray,
    attributes: Sequence[str],
) -> pd.DataFrame:
    """One row per group: the value of another attribute that shares most exposure with it.

    ``overlap`` is exposure with both over exposure with either; ``apart`` the cases expected, at
    the rate of the group, where only one of both is present. ``alias`` is set where the overlap is
    at least 0.95, or at least 0.5 and fewer than 5 cases are expected apart. Attributes of the
    group itself and such with one value are left out.
    """
    totals: dict[str, np.ndarray] = {}
    rows = []
    for group in groups:
        own = n[group.inside].sum()
        rate = y[group.inside].sum() / own if own > 0 else np.nan
        best = (None, None, np.nan, np.nan)
        for attribute in [a for a in attributes if a not in group.where]:
            codes, names = levels.codes(attribute)
            if len(names) < 2 or not own > 0:
                continue
            if attribute not in totals:
                totals[attribute] = _sums(codes, n, len(names))
            shared = _sums(codes[group.inside], n[group.inside], len(names))
            either = own + totals[attribute] - shared
            overlap = np.divide(shared, either, out=np.zeros(len(names)), where=either > 0)
            at = int(overlap.argmax())
            if not overlap[at] <= best[2]:
                apart = float(rate * (either[at] - shared[at]))
                best = (attribute, names[at], float(overlap[at]), apart)
        rows.append((*best, best[2] >= NEARLY or (best[2] >= HALF and best[3] < TOLD_APART)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _sums(codes: np.ndarray, n: np.ndarray, size: int) -> np.ndarray:
    """Exposure by level, missing values left out."""
    return np.bincount(codes + 1, weights=n, minlength=size + 1)[1:]


def aliased_attributes(
    cells: pd.DataFrame, *, exposure: str, attributes: Sequence[str]
) -> pd.DataFrame:
    """Pairs of attributes of which one determines the other, exactly or nearly.

    One row per pair: ``attribute``, ``other``, ``determined`` (how much of the uncertainty about
    the value of `other` is gone once that of `attribute` is known, 0-1: lambda of Goodman and
    Kruskal 1954, J. Am. Stat. Assoc. 49:732, weighted with exposure), ``back`` (the other way),
    ``relation`` ("same": both determine each other and cannot be told apart; "inside": each value
    of `attribute` lies inside one of `other`, as batches inside suppliers). Pairs below 0.9 both
    ways are left out; "inside" has the finer attribute first. Only cells with exposure and both
    values count; attributes with one value are left out.

    >>> parts = pd.DataFrame({"batch": list("abc"), "supplier": list("xyy"), "n": [5, 5, 5]})
    >>> found = aliased_attributes(parts, exposure="n", attributes=["batch", "supplier"])
    >>> found[["attribute", "other", "relation"]].to_numpy().tolist()
    [['batch', 'supplier', 'inside']]
    """
    levels, n = Levels(cells), cells[exposure].to_numpy(float)
    gone = {p: _determined(levels, n, *p) for p in permutations(attributes, 2)}
    rows = []
    for (one, other), value in gone.items():
        back = gone[other, one]
        if not value >= DETERMINED:
            continue
        same = back >= DETERMINED
        if same and list(attributes).index(one) > list(attributes).index(other):
            continue
        rows.append((one, other, value, back, "same" if same else "inside"))
    return pd.DataFrame(rows, columns=["attribute", "other", "determined", "back", "relation"])


def _determined(levels: Levels, n: np.ndarray, one: str, other: str) -> float:
    (a, first), (b, second) = levels.codes(one), levels.codes(other)
    both = np.flatnonzero((a >= 0) & (b >= 0) & (n > 0))
    flat = a[both] * len(second) + b[both]
    size = len(first) * len(second)
    table = np.bincount(flat, weights=n[both], minlength=size).reshape(len(first), len(second))
    guess, total = table.sum(axis=0), table.sum()
    if np.count_nonzero(guess) < 2:
        return np.nan
    return float((table.max(axis=1).sum() - guess.max()) / (total - guess.max()))
