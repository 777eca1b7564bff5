"""Is a group the same as one value of another attribute, so that nobody can tell them apart?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from aftersales.stats.counts.levels import Group, Levels

NEARLY = 0.95  # shared exposure from which two groups count as one and the same
HALF = 0.5  # shared exposure below which they are two, however few the cases
TOLD_APART = 5.0  # cases expected where only one of both is present, needed to tell them apart
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
