"""Attributes that cannot be told apart in the data at hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.stats.counts.poisson import Design

NEARLY = 0.95  # shared exposure from which two values are reported as one and the same
COLUMNS = ["attribute", "value", "other_attribute", "other_value", "overlap", "relation", "exact"]


def aliased_levels(
    design: Design,
    size: np.ndarray,
    *,
    terms: list[str],
    names: list[list[str]],
    blocked: list[tuple[int, int]],
) -> pd.DataFrame:
    """Pairs of values of two attributes that (nearly) always occur together.

    One row per pair and direction: attribute, value, other_attribute, other_value, overlap
    (exposure with both over exposure with either, 0-1), relation ("same"; "inside": the value
    occurs only within the other; "contains": the reverse; "overlap"), exact. Levels in
    `blocked` (no adjusted ratio) also get the largest value that lies inside or around them.
    """
    rows = []
    for i, term in enumerate(terms):
        for j, other in enumerate(terms):
            if i == j:
                continue
            both = design.table(i, j, size)
            mine, theirs = both.sum(axis=1, keepdims=True), both.sum(axis=0, keepdims=True)
            overlap = both / np.maximum(mine + theirs - both, 1e-300)
            wanted = overlap >= NEARLY
            if both.shape[0] == 1 or both.shape[1] == 1:
                wanted[:] = False
            for k in [k for t, k in blocked if t == i]:
                tied = np.maximum(both[k] / mine[k], both[k] / theirs[0]) > 1 - 1e-9
                wanted[k, np.where(tied, overlap[k], -1).argmax()] |= tied.any()
            for a, b in zip(*np.nonzero(wanted), strict=True):
                kind = _relation(both[a, b], mine[a, 0], theirs[0, b])
                pair = (term, names[i][a], other, names[j][b], float(overlap[a, b]))
                rows.append((*pair, kind, kind == "same"))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    order = ["attribute", "value", "overlap"]
    return frame.sort_values(order, ascending=[True, True, False], ignore_index=True, kind="stable")


def _relation(both: float, mine: float, theirs: float) -> str:
    inside, contains = both >= mine * (1 - 1e-9), both >= theirs * (1 - 1e-9)
    if inside and contains:
        return "same"
    return "inside" if inside else "contains" if contains else "overlap"
