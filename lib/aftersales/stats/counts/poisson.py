"""Poisson regressions of many rows of counts at once, and how much more than Poisson they vary.

statsmodels' GLM gives the same numbers and more around them. Ours is here for speed: 200 series of
36 months on five terms take it 1.5 ms together and 70 ms one by one, where GLM takes 400 ms.
"""

from __future__ import annotations

import numpy as np
from scipy import special

SPARSE = 5.0  # mean cases per cell below which the dispersion needs Fletcher's correction
NEWTON = 30
SETTLED = 1e-9


def solve_scores(
    x: np.ndarray, y: np.ndarray, size: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted maximum likelihood of each row: coefficients of the columns of `x`, and means.

    Newton's method; a faint pull to 0 keeps months without a case finite.
    """
    k = x.shape[1]
    outer = (x[:, :, None] * x[:, None, :]).reshape(len(x), k * k)
    pull = np.maximum(y.sum(1), 1.0)[:, None] * (1e-9 * (np.arange(k) > 0))
    beta = np.zeros((len(y), k))
    beta[:, 0] = np.log((w * y).sum(1) / (w * size).sum(1))
    mu = size * np.exp(beta @ x.T)
    for _ in range(NEWTON):
        slope = (w * (y - mu)) @ x - pull * beta
        information = ((w * mu) @ outer).reshape(-1, k, k) + pull[:, :, None] * np.eye(k)
        step = np.linalg.solve(information, slope[:, :, None])[:, :, 0]
        step /= np.maximum(1.0, np.abs(step @ x.T).max(axis=1, initial=0) / 2)[:, None]
        beta = beta + step
        mu = np.where(
            size > 0, np.maximum(size * np.exp(np.clip(beta @ x.T, -200, 200)), 1e-200), 0
        )
        if np.abs(step).max(initial=0) < SETTLED:
            break
    return beta, mu


def dispersion(
    y: np.ndarray, mu: np.ndarray, w: np.ndarray, used: np.ndarray, df: np.ndarray
) -> np.ndarray:
    """Variance over mean of each row, at least 1; NaN without degrees of freedom.

    Pearson's statistic over its degrees of freedom; for sparse counts (below 5 cases on average)
    with the correction of Fletcher 2012, Biometrika 99:230. Where outliers have less weight, their
    weighted squares.
    """
    n, safe = np.maximum(used.sum(1), 1), np.where(used, mu, 1.0)
    square, free = np.where(used, (y - mu) ** 2 / safe, 0.0), np.maximum(df, 1)
    plain = square.sum(1) / free
    off = np.where(used, (y - mu) / safe, 0.0).sum(1) / n
    plain = np.where(y.sum(1) / n < SPARSE, plain / np.maximum(1 + off, 0.1), plain)
    softened = ((w < 1) & used).any(1)
    noise = np.where(softened, (w * square).sum(1) / free, plain)
    return np.where(df > 0, np.maximum(noise, 1.0), np.nan)


def deviance(y: np.ndarray, mu: np.ndarray, w: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Twice the log likelihood that each row's means leave to gain."""
    log = special.xlogy(y, np.where(y > 0, y / np.where(used, mu, 1.0), 1.0))
    return 2 * (w * np.where(used, log - (y - mu), 0.0)).sum(1)
