"""Does a ratio survive once like is compared with like, and is it the same everywhere?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from aftersales.stats.counts.levels import Group
from aftersales.stats.like.homogeneity import Kind, Margins, by_column
from aftersales.stats.like.mantel_haenszel import ratios_of_pairs, with_interval
from aftersales.stats.like.odds import common_odds, crude_odds

SURE_P = 0.01  # crude p below which a group looks guilty, or innocent
ONE_ERROR_P = 0.3173  # of an adjusted ratio one standard error away from 1, on the other side
DIFFERS_P = 0.01  # below it a ratio is not the same everywhere
DIFFERS_SPREAD = 0.1  # and only if the log ratio varies by as much (standard deviation): 10 %
NAMES = ["ratio", "low", "high", "p"]


def margins_of(
    groups: Sequence[Group], *, y: np.ndarray, n: np.ndarray, effects: np.ndarray
) -> list[Margins]:
    """Cases and exposure of each group by stratum, the exposure times the effects of the others."""
    factor = np.ones(n.size)
    for group, effect in zip(groups, effects, strict=True):
        factor[group.inside] *= effect
    size, whole = n * factor, {}
    found = []
    for group, effect in zip(groups, effects, strict=True):
        key = (tuple(group.where), id(group.strata))
        if key not in whole:
            whole[key] = [group.strata.sums(w, cells=group.known) for w in (y, size)]
        own = [group.strata.sums(w, cells=group.inside) for w in (y, size)]
        all_y, all_n = whole[key]
        found.append(Margins(own[0], own[1] / effect, all_y, all_n - own[1] + own[1] / effect))
    return found


def crude_and_adjusted(
    margins: Sequence[Margins], crude: Sequence[Margins], *, kind: Kind, dispersion: np.ndarray
) -> pd.DataFrame:
    """One row per group: crude and adjusted ratio, interval, p, and the flags on both.

    `crude` are the margins without strata and effects. See `pitfalls.pitfalls` for the columns.
    """
    if kind == "odds":
        table = pd.DataFrame([_odds(m, c) for m, c in zip(margins, crude, strict=True)])
    else:
        table = _rates(margins, dispersion)
        plain = _rates(crude, dispersion)
        table = table.assign(**{f"crude_{c}": plain[c] for c in NAMES})
    inner = np.array([m.n[m.informative()].sum() for m in margins])
    with np.errstate(invalid="ignore"):
        table["compared_share"] = inner / np.array([m.n.sum() for m in margins])
    return table.assign(**_reversed(table))


def _rates(margins: Sequence[Margins], dispersion: np.ndarray) -> pd.DataFrame:
    parts = [np.concatenate(w) for w in zip(*(vars(m).values() for m in margins), strict=True)]
    value = np.repeat(np.arange(len(margins)), [m.y.size for m in margins])
    some = parts[1] > 0
    sums = ratios_of_pairs(value[some], *(w[some] for w in parts), size=len(margins))
    return with_interval(sums, dispersion=dispersion)[["expected", *NAMES]]


def _odds(margins: Margins, crude: Margins) -> dict[str, float]:
    found = {k: v for k, v in common_odds(margins).items() if k in NAMES}
    met = margins.at(margins.informative())
    mean = met.expected(1.0, "odds")[0].sum() if met.y.size else np.nan
    plain = crude_odds(crude)
    return {"expected": float(mean), **found, "crude_ratio": plain.pop("crude"), **plain}


def _reversed(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Reversal and vanishing: a sure crude ratio that the adjusted interval leaves out."""
    with np.errstate(divide="ignore", invalid="ignore"):
        crude, adjusted = np.log(table["crude_ratio"]), np.log(table["ratio"])
    sure = table["crude_p"] < SURE_P
    left_out = ~table["crude_ratio"].between(table["low"], table["high"]) & adjusted.notna()
    opposite = np.sign(crude) * np.sign(adjusted) < 0
    beyond = table["p"] < ONE_ERROR_P
    near = (adjusted.abs() < crude.abs() / 2) & ~(table["p"] < SURE_P)
    reversal = sure & left_out & opposite & beyond
    return {"reversal": reversal, "vanishing": sure & left_out & near & ~reversal}


def heterogeneity(
    groups: Sequence[Group], margins: Sequence[Margins], *, kind: Kind, dispersion: np.ndarray
) -> pd.DataFrame:
    """One row per group: over which held column its ratio differs most, and how surely."""
    rows = []
    for group, part, phi in zip(groups, margins, dispersion, strict=True):
        met = part.informative()
        levels = {c: v[met] for c, v in group.strata.levels.items()}
        found = by_column(
            part.at(met), levels, names=group.strata.names, kind=kind, dispersion=float(phi)
        )
        rows.append(found)
    table = pd.DataFrame(rows)
    flag = (table["p"] < DIFFERS_P) & (table["spread"] >= DIFFERS_SPREAD)
    names = {"p": "differs_p", "column": "differs_by", "chi2": "differs_chi2", "df": "differs_df"}
    return table.rename(columns=names).assign(heterogeneity=flag)
