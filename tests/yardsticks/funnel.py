"""Funnel plots with the over-dispersion of their groups, of ratios and of proportions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.counts.intervals import poisson_exact, wilson
from aftersales.stats.counts.more_than_expected import excess_ratio
from aftersales.stats.inputs import Numbers
from aftersales.stats.maps.funnel import funnel_limits

WINSORISED = 0.1  # share of groups at each end whose z is pulled in before dispersion is judged


LEVELS = (0.95, 0.998)  # about 2 and 3 standard deviations


@dataclass(frozen=True)
class Funnel:
    """Groups against limits around a target.

    Attributes
    ----------
    table : one row per group, in the order given: ``ratio`` (or ``rate`` of a proportion), its
        exact interval ``low``, ``high``, ``z`` and two-sided ``p`` of "the group is like the rest",
        and the limits ``low_95``, ``high_95``, ``low_998``, ``high_998`` at its size
    phi : over-dispersion, mean squared winsorised z; about 1 if chance is all
    tau2 : variance between groups on the transformed scale, 0 where phi is not above 1 enough
    target : the value around which the funnel stands
    """

    table: pd.DataFrame
    phi: float
    tau2: float
    target: float


def funnel(
    count: Numbers,
    expected: Numbers,
    *,
    levels: Sequence[float] = LEVELS,
    dispersion: bool = True,
) -> Funnel:
    """Funnel of count / expected around 1, allowing for ordinary differences between groups.

    Square-root scale; where the groups vary more than Poisson chance, the excess becomes a
    random effect that widens the limits by the same amount at every size (additive
    over-dispersion, 10 % winsorised). Without it limits and p are exact.
    Spiegelhalter 2005, Stat. Med. 24:1185; 2005, Qual. Saf. Health Care 14:347.

    Parameters
    ----------
    count, expected : cases per group and those expected from elsewhere (not 0 for all)
    dispersion : False keeps the limits of pure chance

    >>> funnel([12, 8, 10, 30], [10, 10, 10, 10]).table["ratio"].tolist()
    [1.2, 0.8, 1.0, 3.0]
    """
    y, e = inputs.series(count, expected)
    if not (e > 0).any():
        raise DataError("No group has expected cases; the funnel needs at least one.")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, z = np.where(e > 0, y / e, np.nan), 2 * (np.sqrt(y) - np.sqrt(e))
    phi, tau2 = _between(z, np.where(e > 0, 4 * e, 0.0)) if dispersion else (_phi(z[e > 0]), 0.0)
    low, high = poisson_exact(y, exposure=e)
    z = np.where(e > 0, z / np.sqrt(1 + 4 * e * tau2), np.nan)
    p = excess_ratio(y, e).p if tau2 == 0 else 2 * stats.norm.sf(np.abs(z))
    frame = pd.DataFrame({"ratio": ratio, "low": low, "high": high, "z": z, "p": p})
    for one in levels:
        name = _name(one)
        frame[f"low_{name}"], frame[f"high_{name}"] = funnel_limits(e, tau2=tau2, level=one)
    return Funnel(frame, phi, tau2, 1.0)


def funnel_proportion(
    hits: Numbers,
    n: Numbers,
    *,
    target: float | None = None,
    levels: Sequence[float] = LEVELS,
    dispersion: bool = True,
) -> Funnel:
    """Funnel of proportions around `target` (default: all hits over all trials).

    As `funnel`, on the arcsine scale; intervals of the groups are Wilson's and ``rate``
    takes the place of ``ratio``. Groups without trials have NaN.

    >>> round(funnel_proportion([5, 15], [20, 20]).target, 2)
    0.5
    """
    inputs.within(hits, n, names=("hits", "n"))
    y, size = inputs.series(hits, n)
    if size.sum() == 0:
        raise DataError("No group has trials; the funnel needs at least one.")
    centre = float(y.sum() / size.sum()) if target is None else inputs.share(target, name="target")
    middle = np.arcsin(np.sqrt(centre))
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = y / size
    z = np.where(size > 0, 2 * np.sqrt(size) * (np.arcsin(np.sqrt(rate)) - middle), np.nan)
    phi, tau2 = _between(z, 4 * size) if dispersion else (_phi(z[size > 0]), 0.0)
    low, high = wilson(y, size)
    z = z / np.sqrt(1 + 4 * size * tau2)
    p = 2 * stats.norm.sf(np.abs(z)) if tau2 > 0 else _binomial_p(y, size, centre)
    frame = pd.DataFrame({"rate": rate, "low": low, "high": high, "z": z, "p": p})
    for one in levels:
        half = stats.norm.isf((1 - one) / 2) * np.sqrt(1 / np.maximum(4 * size, 1e-300) + tau2)
        edges = [np.sin(np.clip(middle + s * half, 0, np.pi / 2)) ** 2 for s in (-1, 1)]
        for side, edge in zip(("low", "high"), edges, strict=True):
            frame[f"{side}_{_name(one)}"] = np.where(size > 0, edge, np.nan)
    return Funnel(frame, phi, tau2, centre)


def _between(z: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Over-dispersion and the between-group variance by moments (DerSimonian and Laird)."""
    used = weight > 0
    z, w = z[used], weight[used]
    phi, n = _phi(z), z.size
    if n < 2 or not phi > (n - 1) / n:
        return phi, 0.0
    return phi, (n * phi - (n - 1)) / float(w.sum() - (w**2).sum() / w.sum())


def _phi(z: np.ndarray) -> float:
    edges = np.quantile(z, [WINSORISED, 1 - WINSORISED])
    return float((np.clip(z, *edges) ** 2).mean())


def _binomial_p(y: np.ndarray, n: np.ndarray, target: float) -> np.ndarray:
    """Twice the smaller mid-p tail."""
    point = stats.binom.pmf(y, n, target)
    tails = stats.binom.sf(y, n, target) + point / 2, stats.binom.cdf(y, n, target) - point / 2
    return np.where(n > 0, np.minimum(1.0, 2 * np.minimum(*tails)), np.nan)


def _name(level: float) -> str:
    return f"{100 * level:g}".replace(".", "")
