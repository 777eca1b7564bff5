"""How much more counts vary than independent cases would."""

from __future__ import annotations

import numpy as np

SPARSE = 5.0  # mean cases per cell below which the dispersion needs Fletcher's correction


def dispersion(y: np.ndarray, fitted: np.ndarray, df: int) -> float:
    """Variance over mean of the cells, at least 1; NaN without degrees of freedom.

    Pearson's statistic over its degrees of freedom; for sparse cells (below 5 cases on
    average) with the correction of Fletcher 2012, Biometrika 99:230.
    """
    if df <= 0:
        return np.nan
    value = float(((y - fitted) ** 2 / fitted).sum()) / df
    if y.mean() < SPARSE:
        value /= max(1 + float(((y - fitted) / fitted).mean()), 0.1)
    return max(value, 1.0)
