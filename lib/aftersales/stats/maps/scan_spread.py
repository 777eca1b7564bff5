"""How much places differ anyway: the spread of their rates beyond chance, for a scan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers
from aftersales.stats.like.mantel_haenszel import MEDIAN_CHI2, MIN_MEAN, MIN_VALUES

WIDEST = 4.0  # squared coefficient of variation that is not exceeded: rates differ by 200 %
HALVINGS = 50
MEDIAN_ERROR = 2.33  # standard error of the median of n squared scores over it, times sqrt(n)


def spread_beyond_chance(cases: Numbers, expected: Numbers, *, errors: float = 0.0) -> float:
    """Squared coefficient of variation of the rates of places beyond Poisson chance.

    From the median squared score, so that a few true hotspots do not widen it: the value at which
    half of the places lie within 0.67 of their standard deviation, the variance of a count being
    ``expected + spread * expected ** 2``. 0 where chance is enough, and where fewer than 10 places
    have 5 expected cases.

    Parameters
    ----------
    cases, expected : one number per place
    errors : standard errors of the median to add, for a spread that is rather too wide: few places
        tell little about it

    Notes
    -----
    Over-dispersion by the median instead of the winsorised mean of Spiegelhalter 2005, Stat. Med.
    24:1185.

    >>> spread_beyond_chance([10, 10, 10], [10.0, 10.0, 10.0])
    0.0
    """
    y, mu = inputs.series(cases, expected)
    large = mu >= MIN_MEAN
    if large.sum() < MIN_VALUES:
        return 0.0
    y, mu = y[large], mu[large]
    off = (y - mu) ** 2
    usual = MEDIAN_CHI2 / (1 + errors * MEDIAN_ERROR / np.sqrt(y.size))

    def too_narrow(spread: float) -> bool:
        return bool(np.median(off / (mu + spread * mu**2)) > usual)

    if not too_narrow(0.0):
        return 0.0
    low, high = 0.0, WIDEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if too_narrow(middle) else (low, middle)
    return high


def nested_spread(
    cases: Numbers,
    expected: Numbers,
    *,
    labels: Sequence[Sequence[object]],
    errors: float = 0.0,
) -> list[float]:
    """Spread of cells for themselves, and the ones that cells of a label share.

    Cells are, say, places by models, with the place and product as one label and the place as
    another: a place with poor water is a little worse for all products. The spread of the totals
    of a label holds its own part, that of the coarser labels, and those of the finer ones averaged
    over the cells of the label; the parts are those that fit the totals best and are not negative.

    Parameters
    ----------
    cases, expected : one number per cell
    labels : for each way of grouping the cells, the label of each; the finer grouping first
    errors : as in `spread_beyond_chance`

    Returns
    -------
    list : the spread of cells for themselves, then that of each grouping; all at least 0, as
        `spread_beyond_chance` measures them

    >>> nested_spread([5, 5], [5.0, 5.0], labels=[["a", "b"]])
    [0.0, 0.0]
    """
    y, mu = inputs.series(cases, expected)
    groups = [
        np.arange(y.size),
        *(pd.factorize(np.asarray(one, dtype=object))[0] for one in labels),
    ]
    sums = [(np.bincount(g, weights=y), np.bincount(g, weights=mu)) for g in groups]
    totals = [spread_beyond_chance(*pair, errors=errors) for pair in sums]
    if not any(totals):
        return [0.0] * len(groups)
    share = np.array([[_averaged(mu, fine, coarse) for fine in groups] for coarse in groups])
    return [float(v) for v in nnls(share, np.array(totals))[0]]


def _averaged(mu: np.ndarray, fine: np.ndarray, coarse: np.ndarray) -> float:
    """Part of the spread of fine groups that is left in the totals of coarse ones; 1 if not finer.

    Each coarse group by its size: the sum of squared shares of its fine groups.
    """
    both = pd.DataFrame({"coarse": coarse, "fine": fine, "mu": mu}).query("mu > 0")
    parts = both.groupby(["coarse", "fine"])["mu"].sum()
    whole = parts.groupby(level="coarse").transform("sum")
    return float((parts**2 / whole).sum() / parts.sum())
