"""Is the exposure of a group spread over ages and strata as that of the others?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from aftersales.stats.counts.levels import Group, Levels

FAR = 0.25  # share of exposure in other strata from which it is called unequal
YOUNGER = 0.25  # standardised difference from which ages are called different (Rubin 2001)


def exposure_balance(
    levels: Levels, groups: Sequence[Group], *, n: np.ndarray, age: str | None = None
) -> pd.DataFrame:
    """One row per group: how differently its exposure is spread from that of the others.

    ``distance``: share of the group's exposure that would have to move for the same spread over
    the held column ``distance_by``, the one where most would (total variation distance, 0-1).
    ``age_own``, ``age_rest``: mean of column `age`, weighted with exposure. ``age_shift``: their
    difference over the standard deviation (Rubin 2001, Health Serv. Outcomes Res. 2:169; Austin
    2009, Stat. Med. 28:3083). ``imbalance``: the distance is at least 0.25, or the shift beyond
    0.25 either way. NaN where the group or the others have no exposure.
    """
    rows = []
    for group in groups:
        by = {c: _distance(levels, group, n, c) for c in group.strata.levels}
        told = {c: d for c, d in by.items() if np.isfinite(d)}
        worst = max(told, key=told.__getitem__, default=None)
        own, rest, shift = _age(levels, group, n, age)
        far = told[worst] if worst else np.nan
        rows.append((far, worst, own, rest, shift, far >= FAR or abs(shift) >= YOUNGER))
    names = ["distance", "distance_by", "age_own", "age_rest", "age_shift", "imbalance"]
    return pd.DataFrame(rows, columns=names)


def _spread(levels: Levels, group: Group, n: np.ndarray, column: str) -> tuple:
    """Exposure of the group and of the others by level of a column; a missing value is a level."""
    codes, names = levels.codes(column)
    size = len(names) + 1
    own, whole = (
        np.bincount(codes[at] % size, weights=n[at], minlength=size)
        for at in (group.inside, group.known)
    )
    return own, np.maximum(whole - own, 0.0)


def _distance(levels: Levels, group: Group, n: np.ndarray, column: str) -> float:
    own, rest = _spread(levels, group, n, column)
    if own.sum() <= 0 or rest.sum() <= 0:
        return np.nan
    return float(np.abs(own / own.sum() - rest / rest.sum()).sum() / 2)


def _age(
    levels: Levels, group: Group, n: np.ndarray, age: str | None
) -> tuple[float, float, float]:
    if age is None:
        return np.nan, np.nan, np.nan
    values = levels.codes(age)[1].to_numpy(dtype=float)
    own, rest = (w[:-1] for w in _spread(levels, group, n, age))
    if own.sum() <= 0 or rest.sum() <= 0:
        return np.nan, np.nan, np.nan
    means = [float(np.average(values, weights=w)) for w in (own, rest)]
    spreads = [
        np.average((values - m) ** 2, weights=w) for m, w in zip(means, (own, rest), strict=True)
    ]
    width = float(np.sqrt(sum(spreads) / 2))
    off = means[0] - means[1]
    shift = off / width if width > 0 else np.sign(off) * (np.inf if off else 0.0)
    return means[0], means[1], float(shift)
