"""Rate ratios of a group against the rest of its own strata (Mantel and Haenszel)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from aftersales.stats.counts.intervals import Z95

MEDIAN_CHI2 = 0.454936423119573  # median of a chi-square variable with one degree of freedom
FARTHEST = 8.0  # standard scores beyond which the normal one is as good, and does not underflow
MIN_VALUES = 10  # values of an attribute from which its over-dispersion is estimated
MIN_MEAN = 5.0  # expected cases from which a value tells something about over-dispersion


@dataclass(frozen=True)
class Comparison:
    """Which cells are compared with which: the values of one attribute inside their strata.

    Attributes
    ----------
    values : the values of the attribute, in order
    cells : positions of the cells that have a value
    pair : of each of these cells, the number of its (value, stratum) pair
    value, stratum : of each pair
    """

    values: pd.Index
    cells: np.ndarray
    pair: np.ndarray
    value: np.ndarray
    stratum: np.ndarray

    def ratios(
        self, count: np.ndarray, exposure: np.ndarray, *, dispersion: float | None = None
    ) -> pd.DataFrame:
        """The table of `stratified_ratios`, for one count and exposure per cell."""
        table = _ratios(self, self._sums(count), self._sums(exposure))
        phi = spread_between(table) if dispersion is None else dispersion
        table = with_interval(table, dispersion=phi)
        table.attrs["dispersion"] = phi
        return table

    def _sums(self, weights: np.ndarray) -> np.ndarray:
        """Sum of cell values by pair."""
        values = np.asarray(weights, dtype=float)[self.cells]
        return np.bincount(self.pair, weights=values, minlength=len(self.value))


def comparison(cells: pd.DataFrame, *, attribute: str, strata: Sequence[str]) -> Comparison:
    """Lay out a comparison once, to be computed for several counts and exposures.

    Missing values of `attribute` are not a value; a missing stratum is a stratum of its own.
    """
    codes, values = pd.factorize(cells[attribute], sort=True)
    known = np.flatnonzero(codes >= 0)
    group = np.zeros(len(cells), dtype=np.int64)
    for column in strata:
        level, names = pd.factorize(cells[column], use_na_sentinel=False)
        group = pd.factorize(group * max(len(names), 1) + level)[0].astype(np.int64)
    flat = codes[known].astype(np.int64) * (int(group.max(initial=0)) + 1) + group[known]
    pairs, pair = np.unique(flat, return_inverse=True)
    width = int(group.max(initial=0)) + 1
    return Comparison(pd.Index(values), known, pair, pairs // width, pairs % width)


def stratified_ratios(
    cells: pd.DataFrame,
    *,
    count: str,
    exposure: str,
    attribute: str,
    strata: Sequence[str],
    dispersion: float | None = None,
) -> pd.DataFrame:
    """Rate ratio of every value of an attribute against the other values in the same strata.

    A value is compared only where its stratum also holds exposure of other values; what it has
    elsewhere says nothing about it and is left out of ``compared``, ``at_risk`` and ``expected``.

    Parameters
    ----------
    cells : one row per combination, with `count`, `exposure` and the named columns
    attribute : the column whose values are compared; missing values are not a value
    strata : columns held equal; an empty list compares crudely
    dispersion : variance over Poisson variance; None estimates it from the values themselves
        where there are at least 10 of them with 5 expected cases (robustly, from the median; at
        least 1), else 1

    Returns
    -------
    DataFrame, one row per value
        ``value``, ``count`` and ``exposure`` in all; ``compared`` and ``at_risk`` (cases and
        exposure in strata where a comparison exists), ``others`` (cases of the others there),
        ``mean`` (cases if all had the same rate), ``expected`` (at the rate of the others),
        ``ratio``, ``low``, ``high`` (95 %), ``z``, ``p`` (two-sided score test). A value that is
        alone in all its strata has ratio NaN: it cannot be told apart from them. Where the others
        have no case the ratio is infinite, with a finite lower limit.

    Notes
    -----
    Ratio: Rothman and Boice 1979, Epidemiologic Analysis with a Programmable Calculator, the
    Mantel-Haenszel estimator for person-time. Interval: Greenland and Robins 1985, Biometrics
    41:55; for ratios 0 and infinity the exact conditional limit, as if all strata were split
    alike. Test: the count given the cases of its strata, whose mean and variance are those of the
    score test for person-time data (Breslow and Day 1987, IARC 82, section 3.6), as binomial.
    Over-dispersion: multiplicative, as Spiegelhalter 2005, Stat. Med. 24:1185, with medians.
    The ratio is the pooled risk ratio of statsmodels' StratifiedTable, whose interval and test are
    for shares of trials and not for exposure. A Poisson GLM with the strata as levels gives
    practically the same ratio: on 4,000 cells, 40 values and 100 strata it takes 8 s, this 8 ms.

    >>> cells = pd.DataFrame({"age": [1, 1, 2, 2], "lot": list("abab"),
    ...     "faults": [8, 4, 20, 10], "units": [100, 100, 100, 100]})
    >>> found = stratified_ratios(
    ...     cells, count="faults", exposure="units", attribute="lot", strata=["age"])
    >>> found[["value", "count", "expected", "ratio"]].to_numpy().tolist()
    [['a', 28.0, 14.0, 2.0], ['b', 14.0, 28.0, 0.5]]
    """
    layout = comparison(cells, attribute=attribute, strata=strata)
    return layout.ratios(cells[count].to_numpy(), cells[exposure].to_numpy(), dispersion=dispersion)


def _ratios(layout: Comparison, y: np.ndarray, n: np.ndarray) -> pd.DataFrame:
    """Sums over strata: cases and exposure of the value (y, n), of its strata (Y, N)."""
    whole_y, whole_n = (np.bincount(layout.stratum, weights=w)[layout.stratum] for w in (y, n))
    table = ratios_of_pairs(layout.value, y, n, whole_y, whole_n, size=len(layout.values))
    table.insert(0, "value", layout.values)
    return table


def ratios_of_pairs(
    value: np.ndarray,
    y: np.ndarray,
    n: np.ndarray,
    whole_y: np.ndarray,
    whole_n: np.ndarray,
    *,
    size: int,
) -> pd.DataFrame:
    """Mantel-Haenszel rate ratio of each value, from one entry per (value, stratum) pair.

    Values need not exclude each other: each brings the cases and exposure of its own strata
    (`whole_y`, `whole_n`, itself included). One row per value, 0 to `size` - 1, as in
    `stratified_ratios`, without interval and p, with ``variance`` and ``log_variance``.
    """
    rest_n = whole_n - n
    meets = (n > 0) & (rest_n > 1e-9 * whole_n)
    among = np.where(meets, whole_n, 1.0)
    parts = {
        "count": y,
        "exposure": n,
        "compared": y * meets,
        "at_risk": n * meets,
        "others": (whole_y - y) * meets,
        "mean": whole_y * n / among * meets,
        "up": y * rest_n / among * meets,
        "down": (whole_y - y) * n / among * meets,
        "both": n * rest_n / among * meets,
        "variance": whole_y * n * rest_n / among**2 * meets,
    }
    sums = {k: np.bincount(value, weights=w, minlength=size) for k, w in parts.items()}
    kept = [*list(parts)[:6], "expected", "ratio", "z", "variance", "log_variance"]
    return _compared(pd.DataFrame(sums))[kept]


def with_interval(table: pd.DataFrame, *, dispersion: float | np.ndarray) -> pd.DataFrame:
    """Adds ``low``, ``high`` (95 %) and ``p`` to `ratios_of_pairs`; ``z`` is for the dispersion."""
    table = table.assign(z=table["z"] / np.sqrt(dispersion))
    low, high = _interval(table, dispersion)
    p = 2 * stats.norm.sf(table["z"].abs())
    return table.assign(p=p, low=low, high=high).drop(columns=["variance", "log_variance"])


def _compared(total: pd.DataFrame) -> pd.DataFrame:
    names = ("up", "down", "compared", "at_risk", "both", "variance")
    up, down, compared, at_risk, both, variance = (total[c].to_numpy() for c in names)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = up / down
        expected = np.where(up == 0, down * at_risk / both, compared / ratio)
        found = {
            "ratio": ratio,
            "expected": np.where(np.isinf(ratio), 0.0, expected),
            "z": _score(total),
            "log_variance": variance / (up * down),
        }
    nobody = (up <= 0) & (down <= 0)
    return total.assign(**{name: np.where(nobody, np.nan, v) for name, v in found.items()})


def _score(total: pd.DataFrame) -> np.ndarray:
    """Standard score of a count, by the mid-p of a binomial count with its mean and variance.

    Counts are skewed: the normal score calls 50 cases where 30 are expected five times as rare as
    they are, and a handful where hardly any are expected far too rare.
    """
    y, mu, variance = (total[c].to_numpy() for c in ("compared", "mean", "variance"))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (y - mu) / np.sqrt(variance)
        share = np.clip(1 - variance / mu, 1e-9, 1 - 1e-9)  # of the cases, if all were alike
        cases = np.maximum(mu / share, y)
        at_least = np.where(y > 0, special.betainc(np.maximum(y, 1e-300), cases - y + 1, share), 1)
        more = np.where(cases > y, special.betainc(y + 1, np.maximum(cases - y, 1e-300), share), 0)
        above = (at_least + more) / 2
        # From the nearer side, since 1 - tiny is 1.
        exact = np.where(above < 0.5, stats.norm.isf(above), -stats.norm.isf(1 - above))
    return np.where(np.isfinite(exact) & (np.abs(exact) < FARTHEST), exact, z)


def _interval(table: pd.DataFrame, phi: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % limits of the ratio; exact ones where the value or the others have no case."""
    names = ("ratio", "log_variance", "compared", "others", "mean")
    ratio, log_variance, compared, others, mean = (table[c].to_numpy() for c in names)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        spread = np.exp(Z95 * np.sqrt(log_variance * phi))
        low, high = ratio / spread, ratio * spread
        total = compared + others
        share = mean / total  # of the cases, if all had the same rate
        tail = 0.025 ** (phi / total)
        odds = (1 - share) / share
        alone, none = np.isinf(ratio), ratio == 0
        low = np.where(none, 0.0, np.where(alone, tail / (1 - tail) * odds, low))
        high = np.where(none, (1 - tail) / tail * odds, np.where(alone, np.inf, high))
    return low, high


def spread_between(table: pd.DataFrame) -> float:
    """Over-dispersion of the values of an attribute around their median ratio to the common rate.

    Around the median, because one bad value raises the common rate, and with it the distance of
    all others from it. Values with fewer than 5 expected cases tell nothing about it.
    """
    large = table[table["mean"] >= MIN_MEAN]
    centre = float((large["compared"] / large["mean"]).median()) if len(large) else 0.0
    if not centre > 0:
        return 1.0
    off = large["compared"] - centre * large["mean"]
    return robust_dispersion((off / np.sqrt(centre * large["variance"])).to_numpy())


def robust_dispersion(z: np.ndarray) -> float:
    """Over-dispersion of standard scores, from their median square; at least 1.

    Few true outliers do not move it. With fewer than 10 scores it is 1.
    """
    known = z[np.isfinite(z)]
    if len(known) < MIN_VALUES:
        return 1.0
    return max(1.0, float(np.median(known**2)) / MEDIAN_CHI2)


def homogeneity(
    cells: pd.DataFrame,
    *,
    count: str,
    exposure: str,
    inside: pd.Series,
    strata: Sequence[str],
    over: str,
) -> float:
    """p-value that the ratio of the marked cells to the rest is the same for all values of `over`.

    Cochran's Q on the log Mantel-Haenszel ratios of each value of `over`, weighted by their
    inverse variance; where there is no marked case half a one is put in its place (Haldane 1956,
    Ann. Hum. Genet. 20:309). Values with fewer than 5 marked cases observed and expected, or
    without any other case, are left out. NaN with fewer than two values.
    """
    marked = cells.assign(_inside=np.where(inside, "in", "out"))
    logs, weights = [], []
    for _, part in marked.groupby(over, observed=True):
        found = stratified_ratios(
            part, count=count, exposure=exposure, attribute="_inside", strata=strata
        ).set_index("value")
        if "in" in found.index and (one := _log_ratio(found.loc["in"])) is not None:
            logs.append(one[0])
            weights.append(one[1])
    if len(logs) < 2:
        return float("nan")
    logs, weights = np.array(logs), np.array(weights)
    centre = np.average(logs, weights=weights)
    return float(stats.chi2.sf(np.sum(weights * (logs - centre) ** 2), len(logs) - 1))


def _log_ratio(row: pd.Series) -> tuple[float, float] | None:
    """The log of a ratio and its weight; None where it rests on too little."""
    if max(row["compared"], row["mean"]) < MIN_MEAN or not row["others"] > 0:
        return None
    if row["compared"] == 0:
        half = 0.5
        return float(np.log(half / row["expected"])), 1 / (1 / half + 1 / row["others"])
    return float(np.log(row["ratio"])), float((Z95 / np.log(row["high"] / row["ratio"])) ** 2)
