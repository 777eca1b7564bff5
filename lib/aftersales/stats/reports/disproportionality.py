"""Which events are reported with a product more often than with other products? No exposure needed.

Ratios of reports compare what is reported, not how often things fail: a product with few other
complaints looks worse in each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats.counts.intervals import Z95
from aftersales.stats.reports.gamma_mixture import GammaMixture, fit_gamma_mixture

HALF = 0.5  # added to count and expectation of the information component
MIN_PAIRS = 20  # pairs from which a prior of five numbers is fitted
SIGNAL = 2.0  # lower limit from which a pair is called reported too often
COLUMNS = [
    *("product", "event", "count", "expected", "of_product", "of_event", "of_all", "ratio"),
    *("prr", "prr_low", "prr_high", "chi2", "ror", "ror_low", "ror_high"),
    *("ic", "ic_low", "ic_high", "ebgm", "eb05", "eb95", "signal"),
]


@dataclass(frozen=True)
class Disproportionality:
    """Pairs of product and event, most surely over-reported first.

    Attributes
    ----------
    table : one row per pair, see `disproportionality`
    prior : of the ratios over all pairs; None where there are fewer than 20 pairs
    """

    table: pd.DataFrame
    prior: GammaMixture | None

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def signals(self) -> pd.DataFrame:
        """The pairs that are surely reported too often."""
        return self.table[self.table["signal"]].reset_index(drop=True)


def disproportionality(
    pairs: pd.DataFrame,
    *,
    zeros: bool = False,
    min_count: int = 3,
    prior: GammaMixture | None = None,
) -> Disproportionality:
    """Compare the reports of each pair of product and event with those expected by chance.

    Parameters
    ----------
    pairs : the table of `pair_counts`
    zeros : pairs without a report are in it
    min_count : reports from which a pair can be a signal
    prior : of an earlier table; None fits it to this one

    Returns
    -------
    Disproportionality
        ``table`` holds product, event, count, expected (within strata), of_product, of_event,
        of_all, ratio (count / expected) and

        ``prr``, ``prr_low``, ``prr_high``, ``chi2``: proportional reporting ratio, 95 %, and
        chi-square with Yates' correction (Evans, Waller and Davis 2001, Pharmacoepidemiol. Drug
        Saf. 10:483). Not stratified; infinite when no other product has the event.
        ``ror``, ``ror_low``, ``ror_high``: reporting odds ratio (Rothman, Lanes and Sacks 2004).
        ``ic``, ``ic_low``, ``ic_high``: information component, log2 of the ratio after half a
        report is added on both sides, 95 % credibility (Noren, Hopstadius and Bate 2013, Stat.
        Methods Med. Res. 22:57).
        ``ebgm``, ``eb05``, ``eb95``: the ratio shrunken by all pairs, and its 5 % and 95 %
        points (DuMouchel 1999, Am. Stat. 53:177); NaN without a prior.
        ``signal``: at least `min_count` reports and eb05 of at least 2; without a prior, ic_low
        above 0.

    >>> from aftersales.stats.reports.pair_counts import pair_counts
    >>> tickets = pd.DataFrame({"model": list("aaaabbbbcc"), "fault": list("xxxyyyzzyz")})
    >>> pairs = pair_counts(tickets, product="model", event="fault")
    >>> found = disproportionality(pairs).table
    >>> found.loc[0, ["product", "event"]].tolist()
    ['a', 'x']
    >>> found[["count", "expected", "prr"]].iloc[0].tolist()
    [3.0, 1.2, inf]
    """
    table = pairs.assign(ratio=pairs["count"] / pairs["expected"])
    table = table.assign(**_four_fold(table), **_information(table))
    fitted = prior or _prior(pairs, zeros=zeros)
    table = table.assign(**_shrunken(table, fitted))
    low = table["ic_low"] > 0 if fitted is None else table["eb05"] >= SIGNAL
    table["signal"] = low & (table["count"] >= min_count)
    order = ["ic_low"] if fitted is None else ["eb05"]
    table = table.sort_values([*order, "product", "event"], ascending=[False, True, True])
    return Disproportionality(table[COLUMNS].reset_index(drop=True), fitted)


def _prior(pairs: pd.DataFrame, *, zeros: bool) -> GammaMixture | None:
    usable = pairs[pairs["expected"] > 0]
    if len(usable) < MIN_PAIRS:
        return None
    return fit_gamma_mixture(usable["count"], usable["expected"], zeros=zeros)


def _four_fold(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """PRR, chi-square and ROR of the four-fold table of each pair, with log-normal limits."""
    a = table["count"].to_numpy()
    b, c = table["of_product"].to_numpy() - a, table["of_event"].to_numpy() - a
    whole = table["of_all"].to_numpy()
    d = whole - a - b - c
    if (np.stack([b, c, d]) < 0).any():
        raise DataError("A pair has more reports than its product, its event or the table.")
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.maximum(np.abs(a * d - b * c) - whole / 2, 0)
        chi2 = whole * off**2 / ((a + b) * (c + d) * (a + c) * (b + d))
    return {
        **dict(zip(("prr", "prr_low", "prr_high"), _ratio(a, a + b, c, c + d), strict=True)),
        "chi2": chi2,
        **dict(zip(("ror", "ror_low", "ror_high"), _ratio(a, b, c, d, odds=True), strict=True)),
    }


def _ratio(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, *, odds: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(a / b) / (c / d) with log-normal limits; half a report is added where a or c is 0 for them.

    A ratio of 0 has 0 as its lower limit, an infinite one infinity as its upper.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = a * d / (b * c)
        empty = (a == 0) | (c == 0) | (b == 0) | (d == 0)
        a, b, c, d = (
            np.where(empty, w + (HALF if odds or i % 2 == 0 else 2 * HALF), w)
            for i, w in enumerate((a, b, c, d))
        )
        sign = 1 if odds else -1  # of a share the trials take variance away
        wide = np.exp(Z95 * np.sqrt(1 / a + 1 / c + sign * (1 / b + 1 / d)))
        centre = a * d / (b * c)
    low = np.where(ratio == 0, 0.0, centre / wide)
    return ratio, low, np.where(np.isinf(ratio), np.inf, centre * wide)


def _information(table: pd.DataFrame) -> dict[str, np.ndarray]:
    shape, rate = table["count"] + HALF, table["expected"] + HALF
    low, high = (np.log2(stats.gamma.ppf(q, shape) / rate) for q in (0.025, 0.975))
    return {"ic": np.log2(shape / rate), "ic_low": low, "ic_high": high}


def _shrunken(table: pd.DataFrame, prior: GammaMixture | None) -> dict[str, np.ndarray]:
    if prior is None:
        return dict.fromkeys(("ebgm", "eb05", "eb95"), np.full(len(table), np.nan))
    known = prior.posterior(table["count"], table["expected"])
    low, high = known.quantile(0.05), known.quantile(0.95)
    return {"ebgm": known.geometric_mean(), "eb05": low, "eb95": high}
