"""Odds ratios of a group against the rest of its own strata, for shares of trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.counts.levels import Levels, Strata
from aftersales.stats.like.homogeneity import Margins, equal_ratios

Z95 = 1.959963984540054  # two-sided 95 % point of the normal distribution
HALF = 0.5  # added to the four cells of a table in which one is empty


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


def four_cells(margins: Margins) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Hits and misses of the group, hits and misses of the others, per stratum."""
    a, c = margins.y, margins.whole_y - margins.y
    return a, margins.n - a, c, margins.whole_n - margins.n - c


def crude_odds(margins: Margins) -> dict[str, float]:
    """Odds ratio of all strata as one table, Woolf's interval and the score test."""
    a, b, c, d = (float(x.sum()) for x in four_cells(margins))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.divide(a * d, b * c))
    if min(a, b, c, d) == 0:  # Haldane 1956, Ann. Hum. Genet. 20:309
        a, b, c, d = (x + HALF for x in (a, b, c, d))
    centre, width = np.log(a * d / (b * c)), Z95 * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    one = Margins(*(w.sum(keepdims=True) for w in vars(margins).values()))
    return {
        "crude": ratio,
        "crude_low": float(np.exp(centre - width)),
        "crude_high": float(np.exp(centre + width)),
        "crude_p": float(stats.chi2.sf(score(one)[0], 1)),
    }


def common_odds(margins: Margins) -> dict[str, float]:
    """Mantel-Haenszel odds ratio, its interval and the Cochran-Mantel-Haenszel test."""
    chi2, corrected = score(margins)
    a, b, c, d = (x[margins.informative()] for x in four_cells(margins))
    ratio = low = high = np.nan
    if a.size:
        with np.errstate(divide="ignore", invalid="ignore"):
            pooled = StratifiedTable(np.array([[a, b], [c, d]]))
            ratio = float(pooled.oddsratio_pooled)
            low, high = (float(x) for x in pooled.oddsratio_pooled_confint())
    return {
        **{"ratio": ratio, "low": low, "high": high},
        **{"p": float(stats.chi2.sf(chi2, 1)), "chi2": chi2, "chi2_corrected": corrected},
        "p_corrected": float(stats.chi2.sf(corrected, 1)),
    }


def score(margins: Margins) -> tuple[float, float]:
    """Cochran-Mantel-Haenszel chi-square, without and with correction for continuity."""
    part = margins.at((margins.whole_n > 1) & margins.informative())
    n, total, hits = part.n, part.whole_n, part.whole_y
    off = float((part.y - hits * n / total).sum())
    variance = float((hits * (total - hits) * n * (total - n) / (total**2 * (total - 1))).sum())
    if not variance > 0:
        return np.nan, np.nan
    return off**2 / variance, max(abs(off) - HALF, 0.0) ** 2 / variance


def _same(margins: Margins) -> dict[str, float]:
    found = equal_ratios(margins, kind="odds", min_variance=0.0)
    return {
        "breslow_day": found.uncorrected,
        "breslow_day_tarone": found.chi2,
        "df": found.df,
        "homogeneity_p": found.p,
    }
