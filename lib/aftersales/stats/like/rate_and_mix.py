"""How much of a change in an overall rate is rate, and how much is mix?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.errors import DataError, RequestError, nearest
from aftersales.stats import inputs

SIDES = ("before", "after")


@dataclass(frozen=True)
class RateAndMix:
    """A change of an overall rate as the sum of a rate effect and a mix effect.

    Attributes
    ----------
    rate_before, rate_after, change : overall rates (cases per exposure) and their difference
    rate_effect : change if every group had kept its share; mix_effect : if every group had kept
        its rate; they sum to `change`
    rate_low, rate_high : 95 % interval of `rate_effect` for Poisson counts
    table : one row per group; its effects sum to those above
    """

    rate_before: float
    rate_after: float
    change: float
    rate_effect: float
    mix_effect: float
    rate_low: float
    rate_high: float
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """The table, largest contribution first."""
        order = self.table["total"].abs().sort_values(ascending=False, kind="stable").index
        return self.table.loc[order].reset_index(drop=True)


def rate_and_mix(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    by: list[str],
    count: str,
    exposure: str,
    level: float = 0.95,
) -> RateAndMix:
    """Split the change of an overall rate into contributions of each group; adds up exactly.

    The rate effect of a group is its mean share times the change of its rate; the mix effect
    is the change of its share times the distance of its mean rate from the mean overall rate
    (a growing share of a good group lowers the rate). Kitagawa 1955, J. Am. Stat. Assoc.
    50:1168. A group without exposure on one side has no rate there; it counts as mix.

    Parameters
    ----------
    before, after : one row per group or finer (rows of a group are added)
        Needs `count`, `exposure` and the columns in `by`; missing values are a group.

    Returns
    -------
    RateAndMix
        ``table`` holds `by`, count_, exposure_, share_ and rate_ with before and after,
        rate_effect, mix_effect and their sum total.

    >>> before = pd.DataFrame({"product": ["a", "b"], "n": [10, 40], "units": [100, 100]})
    >>> after = pd.DataFrame({"product": ["a", "b"], "n": [5, 60], "units": [50, 150]})
    >>> result = rate_and_mix(before, after, by=["product"], count="n", exposure="units")
    >>> round(result.mix_effect, 3), round(abs(result.rate_effect), 3)
    (0.075, 0.0)
    """
    parts = [
        _groups(table, by=by, count=count, exposure=exposure, side=side)
        for table, side in zip((before, after), SIDES, strict=True)
    ]
    table = parts[0].join(parts[1], how="outer").fillna(0.0).sort_index()
    numbers = {name: table[name].to_numpy(float) for name in table.columns}
    overall = _overall(numbers)
    effects = _effects(numbers, overall)
    table = table.assign(**effects).reset_index()
    rate_effect, mix_effect = float(table["rate_effect"].sum()), float(table["mix_effect"].sum())
    half = stats.norm.isf((1 - inputs.share(level, name="level")) / 2) * _standard_error(
        {**numbers, **effects}
    )
    return RateAndMix(
        *(overall[0], overall[1], overall[1] - overall[0], rate_effect, mix_effect),
        *(rate_effect - half, rate_effect + half, table),
    )


def _groups(
    table: pd.DataFrame, *, by: list[str], count: str, exposure: str, side: str
) -> pd.DataFrame:
    for column in [*by, count, exposure]:
        if column not in table.columns:
            raise RequestError(f'There is no column "{column}"; {nearest(column, table.columns)}')
    if not by:
        raise RequestError("`by` is empty; name at least one column whose groups are compared.")
    y, size = inputs.series(table[count], table[exposure])
    names = {f"count_{side}": y, f"exposure_{side}": size}
    frame = table[by].reset_index(drop=True).assign(**names)
    return frame.groupby(by, dropna=False, observed=True).sum()


def _overall(numbers: dict[str, np.ndarray]) -> tuple[float, float]:
    exposed = [float(numbers[f"exposure_{side}"].sum()) for side in SIDES]
    if min(exposed) == 0:
        empty = SIDES[exposed.index(0)]
        raise DataError(f"There is no exposure {empty}; a rate needs a denominator on both sides.")
    before, after = (
        float(numbers[f"count_{side}"].sum()) / n for side, n in zip(SIDES, exposed, strict=True)
    )
    return before, after


def _effects(numbers: dict[str, np.ndarray], overall: tuple[float, float]) -> dict:
    share = [numbers[f"exposure_{s}"] / numbers[f"exposure_{s}"].sum() for s in SIDES]
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = [numbers[f"count_{s}"] / numbers[f"exposure_{s}"] for s in SIDES]
    known = [np.where(np.isnan(r), o, r) for r, o in zip(rate, rate[::-1], strict=True)]
    known = [np.nan_to_num(r) for r in known]
    rate_effect = (share[0] + share[1]) / 2 * (known[1] - known[0])
    distance = (known[0] + known[1]) / 2 - sum(overall) / 2
    mix_effect = (share[1] - share[0]) * distance
    return {
        "share_before": share[0],
        "share_after": share[1],
        "rate_before": rate[0],
        "rate_after": rate[1],
        "rate_effect": rate_effect,
        "mix_effect": mix_effect,
        "total": rate_effect + mix_effect,
    }


def _standard_error(numbers: dict[str, np.ndarray]) -> float:
    """Of the rate effect, for Poisson counts and given shares; an empty cell counts as one case."""
    weight = (numbers["share_before"] + numbers["share_after"]) / 2
    variance = 0.0
    for side in SIDES:
        size = numbers[f"exposure_{side}"]
        both = (numbers["exposure_before"] > 0) & (numbers["exposure_after"] > 0)
        spread = np.maximum(numbers[f"count_{side}"], 1.0) / np.where(size > 0, size, np.inf) ** 2
        variance += float((weight[both] ** 2 * spread[both]).sum())
    return float(np.sqrt(variance))
