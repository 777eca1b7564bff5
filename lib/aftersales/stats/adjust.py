"""Rate ratios of a group against the rest of its own strata (Mantel and Haenszel)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

Z95 = 1.959963984540054  # two-sided 95 % point of the normal distribution
MEDIAN_CHI2 = 0.454936423119573  # median of a chi-square variable with one degree of freedom
SMALL_MEAN = 20.0  # expected cases below which the normal approximation is not used
MIN_VALUES = 10  # values of an attribute from which its over-dispersion is estimated


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
    elsewhere says nothing about it and is left out of ``expected`` and ``compared``.

    Parameters
    ----------
    cells : one row per combination, with `count`, `exposure` and the named columns
    attribute : the column whose values are compared; missing values are not a value
    strata : columns held equal; an empty list compares crudely
    dispersion : variance over Poisson variance; None estimates it from the values themselves
        where there are at least 10 of them (robustly, from the median; at least 1), else 1

    Returns
    -------
    DataFrame, one row per value
        ``value``, ``count`` and ``exposure`` in all, ``compared`` (cases in strata where a
        comparison exists), ``expected`` (of those, at the rate of the others), ``ratio``, ``low``,
        ``high`` (95 %), ``z``, ``p`` (two-sided score test). A value that is alone
        in all its strata has ratio NaN: it cannot be told apart from them.

    Notes
    -----
    Ratio: Rothman and Boice 1979, Epidemiologic Analysis with a Programmable Calculator, the
    Mantel-Haenszel estimator for person-time. Interval: Greenland and Robins 1985, Biometrics
    41:55. Test: score test for person-time data (Breslow and Day 1987, IARC 82, section 3.6).
    Over-dispersion: multiplicative, as Spiegelhalter 2005, Stat. Med. 24:1185, with the median.

    >>> cells = pd.DataFrame({"age": [1, 1, 2, 2], "lot": list("abab"),
    ...     "faults": [8, 4, 20, 10], "units": [100, 100, 100, 100]})
    >>> found = stratified_ratios(
    ...     cells, count="faults", exposure="units", attribute="lot", strata=["age"])
    >>> found[["value", "count", "expected", "ratio"]].to_numpy().tolist()
    [['a', 28.0, 14.0, 2.0], ['b', 14.0, 28.0, 0.5]]
    """
    sums = _sums(cells, count=count, exposure=exposure, attribute=attribute, strata=strata)
    table = _ratios(sums)
    phi = dispersion if dispersion is not None else robust_dispersion(table["z"].to_numpy())
    table["z"] /= np.sqrt(phi)
    table["p"] = 2 * stats.norm.sf(table["z"].abs())
    spread = np.exp(Z95 * np.sqrt(table.pop("log_variance") * phi))
    table["low"], table["high"] = table["ratio"] / spread, table["ratio"] * spread
    table.attrs["dispersion"] = phi
    return table


def _score(count: pd.Series, mean: pd.Series, variance: pd.Series) -> np.ndarray:
    """Standard score of a count; below 20 expected cases by the mid-p of a Poisson count.

    The normal score calls a handful of cases far too rare when hardly any are expected.
    """
    y, mu = count.to_numpy(), mean.to_numpy()
    z = (y - mu) / np.sqrt(variance.to_numpy())
    above = stats.poisson.sf(y, mu) + stats.poisson.pmf(y, mu) / 2
    exact = np.clip(stats.norm.isf(np.clip(above, 1e-300, 1 - 1e-16)), -38, 38)
    return np.where((mu < SMALL_MEAN) & np.isfinite(z), exact, z)


def robust_dispersion(z: np.ndarray) -> float:
    """Over-dispersion of standard scores, from their median square; at least 1.

    Few true outliers do not move it. With fewer than 10 scores it is 1.
    """
    known = z[np.isfinite(z)]
    if len(known) < MIN_VALUES:
        return 1.0
    return max(1.0, float(np.median(known**2)) / MEDIAN_CHI2)


def _sums(
    cells: pd.DataFrame, *, count: str, exposure: str, attribute: str, strata: Sequence[str]
) -> pd.DataFrame:
    """Per stratum and value: cases and exposure of the value (y, n) and of the stratum (Y, N)."""
    known = cells[cells[attribute].notna()]
    if strata:
        stratum = known.groupby(list(strata), dropna=False, sort=False).ngroup()
    else:
        stratum = pd.Series(0, index=known.index)
    frame = pd.DataFrame(
        {
            "stratum": stratum,
            "value": known[attribute],
            "y": known[count].astype(float),
            "n": known[exposure].astype(float),
        }
    )
    sums = frame.groupby(["value", "stratum"], as_index=False, sort=True, observed=True).sum()
    whole = sums.groupby("stratum")[["y", "n"]].transform("sum")
    return sums.assign(Y=whole["y"], N=whole["n"])


def _ratios(sums: pd.DataFrame) -> pd.DataFrame:
    y, n, whole_y, whole_n = (sums[c].to_numpy() for c in ("y", "n", "Y", "N"))
    rest_n = whole_n - n
    meets = (n > 0) & (rest_n > 1e-9 * whole_n)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = pd.DataFrame(
            {
                "value": sums["value"],
                "count": y,
                "exposure": n,
                "compared": np.where(meets, y, 0.0),
                "up": np.where(meets, y * rest_n / whole_n, 0.0),
                "down": np.where(meets, (whole_y - y) * n / whole_n, 0.0),
                "mean": np.where(meets, whole_y * n / whole_n, 0.0),
                "variance": np.where(meets, whole_y * n * rest_n / whole_n**2, 0.0),
            }
        )
        total = parts.groupby("value", as_index=False, sort=True, observed=True).sum()
        ratio = total["up"] / total["down"]
        table = total[["value", "count", "exposure", "compared"]].assign(
            expected=total["compared"] / ratio,
            ratio=ratio,
            z=_score(total["compared"], total["mean"], total["variance"]),
            log_variance=total["variance"] / (total["up"] * total["down"]),
        )
    judged = (total["up"] > 0) | (total["down"] > 0)
    table.loc[~judged, ["expected", "ratio", "z", "log_variance"]] = np.nan
    table.loc[total["up"] == 0, "expected"] = total["down"]
    return table


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
    inverse variance; values with fewer than 5 marked cases or a ratio of 0 are left out. NaN
    with fewer than two such values.
    """
    marked = cells.assign(_inside=np.where(inside, "in", "out"))
    logs, weights = [], []
    for _, part in marked.groupby(over, observed=True):
        found = stratified_ratios(
            part, count=count, exposure=exposure, attribute="_inside", strata=strata
        ).set_index("value")
        if "in" not in found.index or found.at["in", "compared"] < 5:
            continue
        ratio, high = found.at["in", "ratio"], found.at["in", "high"]
        if np.isfinite(ratio) and ratio > 0 and np.isfinite(high):
            logs.append(np.log(ratio))
            weights.append((Z95 / np.log(high / ratio)) ** 2)
    if len(logs) < 2:
        return float("nan")
    logs, weights = np.array(logs), np.array(weights)
    centre = np.average(logs, weights=weights)
    return float(stats.chi2.sf(np.sum(weights * (logs - centre) ** 2), len(logs) - 1))
