"""Many tests at once: how many of the small p-values would chance alone give?"""

from __future__ import annotations

import numpy as np

from aftersales.errors import DataError
from aftersales.stats.checks import Numbers


def benjamini_hochberg(p: Numbers) -> np.ndarray:
    """False-discovery-rate adjusted p-values (q-values), in the order of `p`.

    Calling everything with q <= 0.05 a discovery keeps the expected share of false ones at
    5 %, for independent or positively dependent tests. NaN (not judged) stays NaN and does
    not count as a test. Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289.

    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03]).round(3).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    values, judged = _p_values(p)
    m = judged.size
    order = judged[np.argsort(values[judged], kind="stable")]
    scaled = values[order] * m / np.arange(1, m + 1)
    values[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(values, 1.0)


def holm(p: Numbers) -> np.ndarray:
    """Adjusted p-values that keep the chance of *any* false call, in the order of `p`.

    Valid whatever the dependence. NaN stays NaN and does not count as a test.
    Holm 1979, Scand. J. Stat. 6:65.

    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values, judged = _p_values(p)
    m = judged.size
    order = judged[np.argsort(values[judged], kind="stable")]
    values[order] = np.maximum.accumulate(values[order] * (m - np.arange(m)))
    return np.minimum(values, 1.0)


def _p_values(p: Numbers) -> tuple[np.ndarray, np.ndarray]:
    values = np.array(p, dtype=float).reshape(-1)
    judged = np.flatnonzero(~np.isnan(values))
    if ((values[judged] < 0) | (values[judged] > 1)).any():
        raise DataError("`p` must lie between 0 and 1; found values outside.")
    return values, judged
