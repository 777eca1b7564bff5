"""Did a group get worse, or did only what it is made of change?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats.counts.intervals import rate_ratio
from aftersales.stats.like.rate_and_mix import RateAndMix, rate_and_mix

ROSE_P = 0.05  # below it the rate of a group rose
MOSTLY = 0.5  # share of a rise from which mix is most of it
COLUMNS = [
    *("rate_before", "rate_now", "share_before", "share_now", "change", "rose_p"),
    *("rate_effect", "rate_effect_low", "rate_effect_high", "mix_effect", "mix_shift"),
]


def mix_of(
    before: pd.DataFrame, now: pd.DataFrame, *, by: Sequence[str], count: str, exposure: str
) -> RateAndMix | None:
    """The change of a rate as rate and mix over the columns `by`; None without both exposures.

    Rows without exposure are left out. No column leaves no mix: all of the change is rate.
    """
    sides = [side[side[exposure] > 0] for side in (before, now)]
    if not by:
        sides, by = [side.assign(_all=0) for side in sides], ["_all"]
    try:
        return rate_and_mix(*sides, by=list(by), count=count, exposure=exposure)
    except DataError:
        return None


def mix_shifts(
    before: pd.DataFrame,
    now: pd.DataFrame,
    *,
    groups: Sequence[tuple[Mapping[str, object], Sequence[str]]],
    count: str,
    exposure: str,
) -> pd.DataFrame:
    """One row per group (conditions, columns held equal): its own rate before and now.

    ``change`` of its rate is ``rate_effect`` (with 95 % limits) plus ``mix_effect`` (its exposure
    moved to ages and strata with higher rates). ``share_before``, ``share_now`` of all exposure.
    ``mix_shift`` is set where the rate rose (exact test, p below 0.05) by mix for the most part
    and the rate effect could be none. NaN where it had no exposure before.
    """
    totals = [float(side[exposure].sum()) for side in (before, now)]
    rows = []
    for where, by in groups:
        columns = [*by, count, exposure]
        parts = [side.loc[_inside(side, where, exposure), columns] for side in (before, now)]
        sums = [(p[count].sum(), p[exposure].sum()) for p in parts]
        split = mix_of(*parts, by=by, count=count, exposure=exposure)
        shares = [s[1] / t if t > 0 else np.nan for s, t in zip(sums, totals, strict=True)]
        rows.append(_row(split, sums, shares))
    return pd.DataFrame(rows, columns=COLUMNS)


def _inside(side: pd.DataFrame, where: Mapping[str, object], exposure: str) -> np.ndarray:
    """True for the rows with exposure that have all the values; values are compared as text."""
    keep = side[exposure].to_numpy() > 0
    for column, value in where.items():
        values = side[column]
        text = values if pd.api.types.is_string_dtype(values.dtype) else values.astype(str)
        keep &= values.notna().to_numpy() & text.eq(str(value)).fillna(False).to_numpy(bool)
    return keep


def _row(split: RateAndMix | None, sums: list[tuple[float, float]], shares: list[float]) -> tuple:
    if split is None:
        rates = [c / e if e > 0 else np.nan for c, e in sums]
        return (*rates, *shares, *[np.nan] * 6, False)
    (old, old_size), (new, new_size) = sums
    p = float(rate_ratio(new, new_size, old, old_size)[3]) if old + new > 0 else np.nan
    rose = split.change > 0 and p < ROSE_P
    mostly = split.mix_effect >= MOSTLY * split.change and split.rate_low <= 0
    return (
        *(split.rate_before, split.rate_after, *shares, split.change, p),
        *(split.rate_effect, split.rate_low, split.rate_high, split.mix_effect),
        bool(rose and mostly),
    )
