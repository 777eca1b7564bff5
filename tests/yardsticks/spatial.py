"""Neighbours alike: is a map patchy as a whole, and where are high or low places together?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.counts.multiplicity import benjamini_hochberg
from aftersales.stats.inputs import Numbers

FEWEST = 4  # places below which no spatial statistic has a variance


class Moran(NamedTuple):
    """Moran's I, what it is and how it varies by chance, and p of "no more alike than chance"."""

    statistic: float
    expected: float
    variance: float
    z: float
    p: float


def neighbour_weights(pairs: Iterable[tuple[int, int]], *, n: int) -> np.ndarray:
    """Matrix with 1 where two of `n` places are neighbours, from pairs of positions.

    A pair given one way counts both ways; a place is no neighbour of its own.

    >>> neighbour_weights([(0, 1)], n=3).sum(axis=1).tolist()
    [1.0, 1.0, 0.0]
    """
    links = np.array(list(pairs), dtype=int).reshape(-1, 2)
    if links.size and not (links.min() >= 0 and links.max() < n):
        raise DataError(f"Neighbours must be positions 0 to {n - 1}; found {links.max()}.")
    weights = np.zeros((n, n))
    weights[links[:, 0], links[:, 1]] = weights[links[:, 1], links[:, 0]] = 1.0
    np.fill_diagonal(weights, 0.0)
    return weights


def moran(values: Numbers, weights: Numbers, *, rows: bool = True) -> Moran:
    """Moran's I of a map: above 0 where neighbours are alike; p two-sided.

    ``weights`` is a square matrix (see `neighbour_weights`); ``rows`` scales each row to sum 1.
    Moments under random exchange of the values between places: Cliff and Ord 1981, Spatial
    Processes, ch. 2. Rates of places of very different size look patchy by chance of size
    alone; pass shrunken or transformed rates.

    >>> line = neighbour_weights([(0, 1), (1, 2), (2, 3), (3, 4)], n=5)
    >>> round(moran([1, 2, 3, 4, 5], line).statistic, 3)
    0.6
    """
    x, w = _map(values, weights, rows=rows)
    n, z, total = x.size, x - x.mean(), w.sum()
    if total == 0:
        raise DataError("No place has a neighbour; give at least one pair of neighbours.")
    s1 = ((w + w.T) ** 2).sum() / 2
    s2 = ((w.sum(axis=0) + w.sum(axis=1)) ** 2).sum()
    tailed = n * (z**4).sum() / (z**2).sum() ** 2
    first = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * total**2)
    second = tailed * (n * (n - 1) * s1 - 2 * n * s2 + 6 * total**2)
    square = (first - second) / ((n - 1) * (n - 2) * (n - 3) * total**2)
    statistic = float(n / total * (z @ w @ z) / (z @ z))
    expected = -1 / (n - 1)
    variance = float(square - expected**2)
    score = (statistic - expected) / np.sqrt(variance)
    return Moran(statistic, expected, variance, float(score), float(2 * stats.norm.sf(abs(score))))


def local_moran(
    values: Numbers,
    weights: Numbers,
    *,
    rows: bool = True,
    simulations: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Local Moran of each place: are its neighbours on the same side of the mean as itself?

    One row per place: ``statistic``, ``expected``, ``variance``, ``z``, ``p`` (two-sided), ``q``
    (Benjamini-Hochberg over the places), ``kind`` ("high-high", "low-low", "high-low",
    "low-high": place, then neighbours). NaN for a place without neighbours. The statistic is
    scaled by the variance over n, as R's spdep does, so its mean (``rows=True``) is the global I;
    tables scaled by n - 1 differ by that factor. Moments given the place's own value: Sokal,
    Oden and Thomson 1998, Geogr. Anal. 30:331. With ``simulations`` the p-values come from as
    many random exchanges of the other places' values; prefer that for skewed values.
    Anselin 1995, Geogr. Anal. 27:93.

    >>> line = neighbour_weights([(0, 1), (1, 2), (2, 3), (3, 4)], n=5)
    >>> local_moran([1, 2, 3, 4, 5], line)["kind"].tolist()[:2]
    ['low-low', 'low-low']
    """
    x, w = _map(values, weights, rows=rows)
    n, z = x.size, x - x.mean()
    m2 = (z**2).mean()
    sums, squares = w.sum(axis=1), (w**2).sum(axis=1)
    expected = -(z**2) * sums / ((n - 1) * m2)
    spread = (squares - sums**2 / (n - 1)) * (m2 - z**2 / (n - 1))
    variance = (z / m2) ** 2 * n / (n - 2) * np.maximum(spread, 0)
    lag = w @ z
    side = np.where(z >= 0, "high-", "low-").astype(object)
    kind = side + np.where(lag >= 0, "high", "low").astype(object)
    statistic = z * lag / m2
    score = _score(statistic - expected, variance)
    simulated = _simulated_p(x, w, simulations, seed)
    frame = pd.DataFrame({"statistic": statistic, "expected": expected, "variance": variance})
    return _judged(frame.assign(kind=kind), score, simulated, sums > 0, values)


def getis_ord(
    values: Numbers,
    weights: Numbers,
    *,
    own: bool = True,
    simulations: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Getis and Ord's Gi* (with ``own=False`` Gi): is a place amid high, or amid low values?

    One row per place: ``z`` (standardised Gi*, above 0: high values together), ``p`` (two-sided),
    ``q`` (Benjamini-Hochberg over the places). Weights are used as given, the place itself with
    weight 1 in Gi*. ``simulations`` as in `local_moran`. Getis and Ord 1992, Geogr. Anal.
    24:189; Ord and Getis 1995, Geogr. Anal. 27:286.

    >>> line = neighbour_weights([(0, 1), (1, 2), (2, 3), (3, 4)], n=5)
    >>> getis_ord([1, 1, 1, 5, 5], line)["z"].round(2).tolist()
    [-1.33, -2.0, -0.33, 1.33, 2.0]
    """
    x, w = _map(values, weights, rows=False)
    linked = w.sum(axis=1) > 0
    simulated = _simulated_p(x, w, simulations, seed)
    if own:
        w = w + np.eye(x.size)
        size, mean, square = x.size, x.mean(), (x**2).mean()
    else:
        size = x.size - 1
        mean, square = (x.sum() - x) / size, ((x**2).sum() - x**2) / size
    sums, squares = w.sum(axis=1), (w**2).sum(axis=1)
    variance = (square - mean**2) * np.maximum(size * squares - sums**2, 0) / (size - 1)
    score = _score(w @ x - sums * mean, variance)
    return _judged(pd.DataFrame(index=range(x.size)), score, simulated, linked, values)


def _map(values: Numbers, weights: Numbers, *, rows: bool) -> tuple[np.ndarray, np.ndarray]:
    """Values that vary and a square matrix without a diagonal, rows scaled to sum 1 if wished."""
    x = inputs.numbers(values, name="values").reshape(-1)
    w = inputs.counts(weights, name="weights")
    if w.shape != (x.size, x.size):
        raise DataError(f"`weights` must be {x.size} x {x.size}; found the shape {w.shape}.")
    if x.size < FEWEST or np.ptp(x) == 0:
        raise DataError(
            f"A map needs at least {FEWEST} places whose values differ; found {x.size} places "
            f"and {np.unique(x).size} different values."
        )
    if np.diag(w).any():
        raise DataError("`weights` must have a diagonal of 0: a place is not its own neighbour.")
    sums = w.sum(axis=1, keepdims=True)
    return x, np.divide(w, sums, out=np.zeros_like(w), where=sums > 0) if rows else w


def _score(distance: np.ndarray, variance: np.ndarray) -> np.ndarray:
    known = variance > 0
    return np.where(known, distance / np.sqrt(np.where(known, variance, 1.0)), np.nan)


def _simulated_p(x: np.ndarray, w: np.ndarray, simulations: int, seed: int) -> np.ndarray | None:
    """Two-sided p of the sum over each place's neighbours when the others change places."""
    if simulations <= 0:
        return None
    rng = np.random.default_rng(seed)
    more, less = np.ones(x.size), np.ones(x.size)
    slack = 1e-12 * np.abs(w).sum(axis=1) * np.abs(x).max()  # equal sums count on both sides
    for i, observed in enumerate(w @ x):
        near = np.flatnonzero(w[i])
        draws = rng.permuted(np.tile(np.delete(x, i), (simulations, 1)), axis=1)[:, : near.size]
        sums = draws @ w[i, near]
        more[i] += (sums >= observed - slack[i]).sum()
        less[i] += (sums <= observed + slack[i]).sum()
    return np.minimum(1.0, 2 * np.minimum(more, less) / (simulations + 1))


def _judged(
    frame: pd.DataFrame,
    score: np.ndarray,
    simulated: np.ndarray | None,
    linked: np.ndarray,
    values: Numbers,
) -> pd.DataFrame:
    """The frame with z, p and q; missing where a place has no neighbour."""
    p = 2 * stats.norm.sf(np.abs(score)) if simulated is None else simulated
    frame = frame.assign(z=score, p=p).where(pd.Series(linked))
    frame = frame.assign(q=benjamini_hochberg(frame["p"]))
    order = ["statistic", "expected", "variance", "z", "p", "q", "kind"]
    frame = frame[[name for name in order if name in frame]]
    return frame.set_axis(values.index) if isinstance(values, pd.Series) else frame
