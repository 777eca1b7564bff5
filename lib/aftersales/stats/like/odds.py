"""Odds ratios of a group against the rest of its own strata, for shares of trials.

The common ratio and its interval (Mantel and Haenszel 1959, J. Natl. Cancer Inst. 22:719; Robins,
Breslow and Greenland 1986, Biometrics 42:311) are those of statsmodels' StratifiedTable. Its test
is NaN as soon as a stratum holds one trial, so the score test is ours: equal where theirs is known.
"""

from __future__ import annotations

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from aftersales.stats.counts.intervals import Z95
from aftersales.stats.like.homogeneity import Margins

HALF = 0.5  # added to the four cells of a table in which one is empty


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
