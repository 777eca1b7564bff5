"""Is an attribute filled in as often for cases as for the exposure they come from?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from aftersales.stats.counts.levels import Group, Levels
from aftersales.stats.like.mantel_haenszel import ratios_of_pairs, with_interval

DIFFERS_P = 0.01  # below it cases and exposure are not filled in alike
DIFFERS_RATIO = 1.25  # and only if the rate differs by this factor
LEAST_SHARE = 0.02  # share without a value, of cases or of exposure, below which it cannot matter
COLUMNS = [
    *("missing_attribute", "missing_cases", "missing_exposure", "missing_ratio"),
    *("missing_p", "unplaced", "missing_not_at_random"),
]


def missingness(
    levels: Levels, groups: Sequence[Group], *, y: np.ndarray, n: np.ndarray
) -> pd.DataFrame:
    """One row per group, for the attribute of its condition that is filled in most unequally.

    ``missing_cases`` and ``missing_exposure`` are the shares without a value; ``missing_ratio`` is
    the rate where the attribute is filled in over the rate where it is not, in the same strata
    (Mantel-Haenszel), and ``missing_p`` its score test. A ratio far above 1 says that it is filled
    in for failures only. ``unplaced`` is the share of the group's cases in cells without exposure,
    which is how the same fault looks when cases and exposure come from different tables.
    ``missing_not_at_random`` is set by either.
    """
    tested: dict[tuple[str, int], tuple] = {}
    rows = []
    for group in groups:
        parts = []
        for attribute in group.where:
            key = (attribute, id(group.strata))
            if key not in tested:
                tested[key] = _tested(levels, group, attribute, y, n)
            parts.append(tested[key])
        worst = max(parts, key=lambda part: abs(np.log(part[3])) if 0 < part[3] < np.inf else 0.0)
        worst = next((p for p in parts if p[3] in (0.0, np.inf)), worst)
        cases = y[group.inside]
        total = cases.sum()
        unplaced = float(cases[n[group.inside] <= 0].sum() / total) if total > 0 else 0.0
        rows.append((*worst, unplaced, _differs(worst) or unplaced >= LEAST_SHARE))
    return pd.DataFrame(rows, columns=COLUMNS)


def _differs(part: tuple) -> bool:
    _, cases, exposure, ratio, p = part
    far = ratio >= DIFFERS_RATIO or ratio <= 1 / DIFFERS_RATIO
    return bool(p < DIFFERS_P and far and max(cases, exposure) >= LEAST_SHARE)


def _tested(levels: Levels, group: Group, attribute: str, y: np.ndarray, n: np.ndarray) -> tuple:
    """Attribute, shares missing among cases and exposure, rate ratio of known to missing, p."""
    known = np.flatnonzero(levels.known([attribute]))
    if known.size == n.size:
        return attribute, 0.0, 0.0, np.nan, np.nan
    own = [group.strata.sums(w, cells=known) for w in (y, n)]
    whole = [group.strata.sums(w) for w in (y, n)]
    one = np.zeros(group.strata.size, dtype=np.int64)
    found = with_interval(ratios_of_pairs(one, *own, *whole, size=1), dispersion=1.0).iloc[0]
    shares = [
        float(1 - o.sum() / w.sum()) if w.sum() > 0 else 0.0
        for o, w in zip(own, whole, strict=True)
    ]
    return (attribute, *shares, float(found["ratio"]), float(found["p"]))
