"""Many tests at once: how many of the small p-values would chance alone give?"""

from __future__ import annotations

import numpy as np

from aftersales.errors import DataError
from aftersales.stats.inputs import Numbers


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


def pooled_false_discovery(p: Numbers) -> np.ndarray:
    """False-discovery-rate adjusted p-values for a question that is asked every period again.

    Benjamini and Hochberg hold the mean over periods of the share of false discoveries, in which
    a period without any counts as 0. Among all discoveries of many periods the share is higher
    where periods have few, by about 1 + 1 / (discoveries in a period). Here the k-th smallest of m
    p-values is compared with q k / m times k / (k + 1), which makes up for that. Every step is
    stricter than theirs, so the rate holds in each period too (Blanchard and Roquain 2008,
    Electron. J. Stat. 2:963, with the shape k^2 / (k + 1)). NaN stays NaN and is not a test.

    >>> pooled_false_discovery([0.01, 0.04, float("nan"), 0.03]).round(3).tolist()
    [0.053, 0.053, nan, 0.053]
    """
    values, judged = _p_values(p)
    m = judged.size
    order = judged[np.argsort(values[judged], kind="stable")]
    rank = np.arange(1, m + 1)
    scaled = values[order] * m * (rank + 1) / rank**2
    values[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(values, 1.0)


def _p_values(p: Numbers) -> tuple[np.ndarray, np.ndarray]:
    values = np.array(p, dtype=float).reshape(-1)
    judged = np.flatnonzero(~np.isnan(values))
    if ((values[judged] < 0) | (values[judged] > 1)).any():
        raise DataError("`p` must lie between 0 and 1; found values outside.")
    return values, judged
