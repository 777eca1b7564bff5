"""Five ways in which a ratio fools people, checked for each cause with the numbers behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.errors import RequestError, nearest
from aftersales.stats import inputs
from aftersales.stats.causes.balance import exposure_balance
from aftersales.stats.causes.missingness import missingness
from aftersales.stats.causes.twins import twins
from aftersales.stats.counts.levels import Group, Levels, group_of
from aftersales.stats.like import confounding
from aftersales.stats.like.homogeneity import Kind
from aftersales.stats.like.mix_shift import COLUMNS as MIX
from aftersales.stats.like.mix_shift import mix_shifts

Where = Mapping[str, object]

CHANCE_P = 0.05  # above it chance alone would give one such value among those judged
FLAGS = [
    *("reversal", "vanishing", "heterogeneity", "imbalance", "alias"),
    *("missing_not_at_random", "mix_shift", "chance"),
]


@dataclass(frozen=True)
class Pitfalls:
    """The checks of each cause.

    `table` has one row per cause, in the order given; `pitfalls` names its columns.
    """

    table: pd.DataFrame
    kind: Kind

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def flags(self, cause: int) -> list[str]:
        """Names of the flags that are raised for a cause, in the order of `FLAGS`."""
        row = self.table.iloc[cause]
        return [name for name in FLAGS if bool(row[name])]


def pitfalls(
    cells: pd.DataFrame,
    *,
    causes: Sequence[Where],
    count: str,
    exposure: str,
    strata: Mapping[str, Sequence[str]],
    kind: Kind = "rate",
    effects: Sequence[float] | None = None,
    dispersion: Mapping[str, float] | None = None,
    before: pd.DataFrame | None = None,
    time: str | None = None,
    age: str | None = None,
    judged: int | None = None,
) -> Pitfalls:
    """Check each cause for Simpson's paradox, exposure, missing values, mix shift and multiplicity.

    Parameters
    ----------
    cells : one row per combination of attribute values, with `count`, `exposure` and the columns
    causes : attribute -> value of each; several attributes are a conjunction
    strata : attribute -> columns held equal when it is judged; a conjunction holds those of all
        its attributes except themselves
    kind : "rate" (cases per exposure) or "odds" (hits out of trials)
    effects : the ratio of each cause, by which all other causes are adjusted for; None or 1:
        for the strata only. Rates only.
    dispersion : attribute -> variance over Poisson variance (see `find_causes`); 1 where absent
    before : the same table for an earlier window; None leaves the mix shift unknown
    time : column that differs between the two windows (the month), not a mix
    age : column of ages, by number, whose exposure is compared
    judged : number of values that were judged to find these; None: as many as there are causes

    Returns
    -------
    Pitfalls
        One row per cause, with the eight flags of `FLAGS` and these numbers:

        ``where`` (see `name_of`), ``count``, ``exposure``,
        ``crude_ratio``, ``crude_low``, ``crude_high``, ``crude_p``, ``ratio``, ``low``, ``high``,
        ``p``, ``expected``, ``compared_share`` (of its exposure, in strata that hold others too)
        -> ``reversal`` (crude and adjusted lie on opposite sides of 1, both surely enough) or
        ``vanishing`` (crude is significant, adjusted is near 1 and not);

        ``differs_p``, ``differs_by``, ``differs_chi2``, ``differs_df``, ``spread`` (of the log
        ratio), ``lowest``, ``lowest_ratio``, ``highest``, ``highest_ratio`` -> ``heterogeneity``:
        do not quote one ratio;

        ``distance`` (share of its exposure that would have to move to be spread over
        ``distance_by`` as that of the others), ``age_own``, ``age_rest`` (mean), ``age_shift``
        (standardised difference) -> ``imbalance``;

        ``alias_attribute``, ``alias_value``, ``overlap``, ``apart`` (cases expected where only one
        of both is present) -> ``alias``: cannot be told apart in these data;

        ``missing_attribute``, ``missing_cases``, ``missing_exposure`` (shares without a value),
        ``missing_ratio`` (rate where filled in over rate where not), ``missing_p``,
        ``unplaced`` (share of its cases in cells without exposure) -> ``missing_not_at_random``;

        ``rate_before``, ``rate_now``, ``share_before``, ``share_now`` (of all exposure),
        ``change`` (of its own rate), ``rose_p``, ``rate_effect``, ``rate_effect_low``,
        ``rate_effect_high``, ``mix_effect`` -> ``mix_shift``: its rise is mostly mix;

        ``judged``, ``p_any`` (chance of a p as small in any of the judged) -> ``chance``.
        NaN stands for what cannot be computed; its flag is False.
    """
    levels = Levels(cells)
    y, n, ratios = _checked(cells, causes, count, exposure, kind, effects)
    held = [_held(cause, strata) for cause in causes]
    if not causes:
        return Pitfalls(pd.DataFrame(columns=["where", *FLAGS]), kind)
    groups = [group_of(levels, c, held=h) for c, h in zip(causes, held, strict=True)]
    phi = np.array([_dispersion(c, dispersion) for c in causes])
    parts = [
        _counts(groups, y, n),
        _ratios(levels, groups, y=y, n=n, ratios=ratios, kind=kind, phi=phi),
        exposure_balance(levels, groups, n=n, age=age),
        twins(levels, groups, y=y, n=n, attributes=list(strata)),
        missingness(levels, groups, y=y, n=n),
    ]
    if before is None:
        unknown = pd.DataFrame(np.nan, index=range(len(causes)), columns=MIX)
        parts.append(unknown.assign(mix_shift=False))
    else:
        by = [[c for c in h if c != time] for h in held]
        pairs = list(zip(causes, by, strict=True))
        parts.append(mix_shifts(before, cells, groups=pairs, count=count, exposure=exposure))
    table = pd.concat(parts, axis=1)
    table = table.assign(**_by_chance(table["p"], judged or len(causes)))
    return Pitfalls(table, kind)


def name_of(where: Where) -> str:
    """The conditions as "attribute=value", several joined by " & ".

    >>> name_of({"supplier": "S2", "plant": "P1"})
    'supplier=S2 & plant=P1'
    """
    return " & ".join(f"{k}={v}" for k, v in where.items())


def _checked(
    cells: pd.DataFrame,
    causes: Sequence[Where],
    count: str,
    exposure: str,
    kind: Kind,
    effects: Sequence[float] | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y = inputs.counts(cells[count], name=count).astype(float)
    n = inputs.counts(cells[exposure], name=exposure).astype(float)
    if kind == "odds":
        inputs.within(y, n, names=(count, exposure))
        if effects is not None:
            raise RequestError("`effects` multiply rates; leave them out, or use kind 'rate'.")
    ratios = np.ones(len(causes)) if effects is None else inputs.counts(effects, name="effects")
    if ratios.size != len(causes) or (ratios <= 0).any():
        raise RequestError(
            f"`effects` needs one positive ratio for each of the {len(causes)} causes."
        )
    if any(not cause for cause in causes):
        raise RequestError("A cause has no condition; name at least one attribute and its value.")
    return y, n, ratios


def _held(where: Where, strata: Mapping[str, Sequence[str]]) -> list[str]:
    """Columns held equal for a cause: those of all its attributes, except the attributes."""
    for name in where:
        if name not in strata:
            hint = nearest(name, strata)
            raise RequestError(f'`strata` does not say what is held equal for "{name}"; {hint}')
    lists = [list(strata[name]) for name in where]
    shared = [c for c in lists[0] if all(c in other for other in lists[1:])]
    return [c for c in shared if c not in where]


def _dispersion(where: Where, dispersion: Mapping[str, float] | None) -> float:
    return max([1.0, *((dispersion or {}).get(a, 1.0) for a in where)])


def _counts(groups: Sequence[Group], y: np.ndarray, n: np.ndarray) -> pd.DataFrame:
    rows = [(name_of(g.where), y[g.inside].sum(), n[g.inside].sum()) for g in groups]
    return pd.DataFrame(rows, columns=["where", "count", "exposure"])


def _ratios(
    levels: Levels,
    groups: Sequence[Group],
    *,
    y: np.ndarray,
    n: np.ndarray,
    ratios: np.ndarray,
    kind: Kind,
    phi: np.ndarray,
) -> pd.DataFrame:
    """Crude and adjusted ratios, and whether they are the same everywhere."""
    plain = [group_of(levels, g.where, held=[]) for g in groups]
    nothing = np.ones(len(groups))
    crude = confounding.margins_of(plain, y=y, n=n, effects=nothing)
    margins = confounding.margins_of(groups, y=y, n=n, effects=ratios)
    both = confounding.crude_and_adjusted(margins, crude, kind=kind, dispersion=phi)
    differs = confounding.heterogeneity(groups, margins, kind=kind, dispersion=phi)
    return pd.concat([both, differs], axis=1)


def _by_chance(p: pd.Series, judged: int) -> dict[str, object]:
    """The chance that any of the judged values has a p as small (Sidak), and the flag."""
    any_p = -np.expm1(judged * np.log1p(-p.clip(upper=1 - 1e-16)))
    return {"judged": judged, "p_any": any_p, "chance": any_p > CHANCE_P}
