"""Odds ratios of a group against the rest of its own strata, with every test of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.counts.levels import Levels, Strata
from aftersales.stats.like.homogeneity import Margins, equal_ratios
from aftersales.stats.like.odds import common_odds, crude_odds, four_cells


@dataclass(frozen=True)
class OddsRatios:
    """Crude and common odds ratio of one group, and whether there is a common one.

    Attributes
    ----------
    crude, crude_low, crude_high, crude_p : all strata as one table (Woolf's interval, score test)
    ratio, low, high, p : Mantel-Haenszel; inf or 0 where a cell is empty in every stratum, and
        NaN where no stratum holds both outcomes on both sides
    chi2, chi2_corrected, p_corrected : Cochran-Mantel-Haenszel without (its p is `p`) and with
        correction for continuity
    breslow_day, breslow_day_tarone, df, homogeneity_p : "the odds ratio is the same in all
        strata"; p is that of the corrected (Tarone) statistic
    table : one row per stratum: its levels, ``hits``, ``trials``, ``other_hits``,
        ``other_trials``, ``ratio``
    """

    crude: float
    crude_low: float
    crude_high: float
    crude_p: float
    ratio: float
    low: float
    high: float
    p: float
    chi2: float
    chi2_corrected: float
    p_corrected: float
    breslow_day: float
    breslow_day_tarone: float
    df: int
    homogeneity_p: float
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row per stratum."""
        return self.table


def odds_ratios(
    cells: pd.DataFrame,
    *,
    hits: str,
    trials: str,
    attribute: str,
    value: object,
    strata: Sequence[str],
) -> OddsRatios:
    """Odds of a hit with one value of an attribute against the odds with its other values.

    Parameters
    ----------
    cells : one row per combination, with `hits` out of `trials` and the named columns
    attribute, value : the group; cells where the attribute is missing are left out
    strata : columns held equal; an empty list makes crude and common ratio the same

    Notes
    -----
    Mantel and Haenszel 1959, J. Natl. Cancer Inst. 22:719; interval of Robins, Breslow and
    Greenland 1986, Biometrics 42:311; both as in statsmodels. Homogeneity: `equal_ratios`. Unlike
    there, strata of one trial are left out of the test instead of making it NaN, the correction
    does not go below zero, and p is exact far in the tail.

    >>> berkeley = pd.DataFrame({"dept": ["A", "A", "F", "F"], "gender": list("mfmf"),
    ...     "admitted": [512, 89, 22, 24], "applied": [825, 108, 373, 341]})
    >>> found = odds_ratios(berkeley, hits="admitted", trials="applied",
    ...     attribute="gender", value="m", strata=["dept"])
    >>> round(found.crude, 2), round(found.ratio, 2)
    (2.39, 0.48)
    """
    inputs.within(cells[hits], cells[trials], names=(hits, trials))
    laid = Levels(cells)
    strata_of = laid.strata(strata)
    known, inside = laid.known([attribute]), laid.inside({attribute: value})
    if not inside.any():
        raise DataError(f'"{attribute}" has no value "{value}" in these cells.')
    weights = cells[hits].to_numpy(float), cells[trials].to_numpy(float)
    own = [strata_of.sums(w, cells=np.flatnonzero(inside)) for w in weights]
    whole = [strata_of.sums(w, cells=np.flatnonzero(known)) for w in weights]
    margins = Margins(own[0], own[1], whole[0], whole[1])
    table = pd.DataFrame({c: _names(strata_of, c) for c in strata})
    table = table.assign(
        hits=margins.y,
        trials=margins.n,
        other_hits=margins.whole_y - margins.y,
        other_trials=margins.whole_n - margins.n,
    )
    a, b, c, d = four_cells(margins)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["ratio"] = a * d / (b * c)
    return OddsRatios(**crude_odds(margins), **common_odds(margins), **_same(margins), table=table)


def _names(strata: Strata, column: str) -> list:
    return [strata.names[column][i] for i in strata.levels[column]]


def _same(margins: Margins) -> dict[str, float]:
    found = equal_ratios(margins, kind="odds", min_variance=0.0)
    return {
        "breslow_day": found.uncorrected,
        "breslow_day_tarone": found.chi2,
        "df": found.df,
        "homogeneity_p": found.p,
    }
