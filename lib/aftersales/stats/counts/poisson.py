"""Poisson regression of aggregated cells on categorical terms, quick for many levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

SPARSE = 5.0  # mean cases per cell below which the dispersion needs Fletcher's correction
MAX_ITERATIONS = 60


@dataclass(frozen=True)
class Design:
    """Cells and the level of each term they have; parameters are one per level, no reference.

    Attributes
    ----------
    codes : cells x terms, level number within its term
    sizes : number of levels of each term
    """

    codes: np.ndarray
    sizes: tuple[int, ...]

    @property
    def starts(self) -> np.ndarray:
        """First parameter of each term; parameter 0 is the intercept."""
        return 1 + np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(int)

    @property
    def columns(self) -> np.ndarray:
        """Cells x terms, parameter number of each level."""
        return self.codes + self.starts

    @property
    def width(self) -> int:
        return 1 + sum(self.sizes)

    def totals(self, weight: np.ndarray) -> np.ndarray:
        """Sum of `weight` over the cells in which each parameter takes part."""
        parts = [self.sums(i, weight) for i in range(len(self.sizes))]
        return np.concatenate([[weight.sum()], *parts])

    def sums(self, i: int, weight: np.ndarray) -> np.ndarray:
        """Sum of `weight` per level of term `i`."""
        return np.bincount(self.codes[:, i], weights=weight, minlength=self.sizes[i])

    def table(self, i: int, j: int, weight: np.ndarray) -> np.ndarray:
        """Cross table of two terms: levels of term `i` x levels of term `j`."""
        shape = (self.sizes[i], self.sizes[j])
        flat = self.codes[:, i] * shape[1] + self.codes[:, j]
        return np.bincount(flat, weights=weight, minlength=shape[0] * shape[1]).reshape(shape)

    def gram(self, weight: np.ndarray) -> np.ndarray:
        """X'WX of the 0/1 design matrix, without building the matrix."""
        gram = np.zeros((self.width, self.width))
        gram[0] = gram[:, 0] = self.totals(weight)
        for i, first in enumerate(self.starts):
            rows = slice(first, first + self.sizes[i])
            gram[rows, rows] = np.diag(gram[0, rows])
            for j in range(i):
                columns = slice(self.starts[j], self.starts[j] + self.sizes[j])
                gram[rows, columns] = self.table(i, j, weight)
                gram[columns, rows] = gram[rows, columns].T
        return gram


@dataclass(frozen=True)
class Fit:
    """A fitted model: log rate of a cell = sum of its parameters.

    Attributes
    ----------
    beta : one value per parameter, the smallest set that fits (parameters are not unique)
    covariance : of estimable combinations, for dispersion 1
    null : parameters x k, directions in which the parameters cannot be told apart
    active : parameters of levels with cases; the others have rate 0 and are left out
    fitted : expected cases per cell
    """

    beta: np.ndarray
    covariance: np.ndarray
    null: np.ndarray
    active: np.ndarray
    fitted: np.ndarray
    used: np.ndarray
    deviance: float
    pearson: float
    df: int
    converged: bool
    dispersion: float


def fit(design: Design, count: np.ndarray, exposure: np.ndarray) -> Fit:
    """Maximum likelihood by iteratively reweighted least squares, with step halving.

    Levels without any case have rate 0: their cells are set aside, which is what the
    likelihood does in the limit. Directions that the cells cannot tell apart are kept in
    `null` and get no weight, so the fitted values do not depend on a reference level.
    McCullagh and Nelder 1989, Generalized Linear Models, chapter 6.
    """
    active = design.totals(count) > 0
    used = active[design.columns].all(axis=1) if design.sizes else np.ones(count.size, bool)
    inside = Design(design.codes[used], design.sizes)
    y, size = count[used], exposure[used]
    null = _null_space(inside.gram(np.ones(y.size)), active)
    beta, fitted, converged = _scores(inside, y, size, active, null)
    gram = _regular(inside.gram(fitted), active, null)
    covariance = np.zeros_like(gram)
    keep = np.ix_(active, active)
    covariance[keep] = linalg.inv(gram[keep])
    if null.size:
        away = np.eye(design.width) - null @ null.T
        covariance = away @ covariance @ away
    df = max(int(y.size - (active.sum() - null.shape[1])), 0)
    all_fitted = np.zeros(count.size)
    all_fitted[used] = fitted
    pearson = float(((y - fitted) ** 2 / fitted).sum())
    return Fit(
        *(beta, covariance, null, active, all_fitted, used),
        *(_deviance(y, fitted), pearson, df, converged, dispersion(y, fitted, df)),
    )


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


def _null_space(gram: np.ndarray, active: np.ndarray) -> np.ndarray:
    """Orthonormal directions of the active parameters on which no cell depends."""
    scale = 1 / np.sqrt(np.maximum(np.diag(gram), 1e-300))[active]
    values, vectors = linalg.eigh(gram[np.ix_(active, active)] * np.outer(scale, scale))
    flat = vectors[:, values < 1e-9 * active.sum()] * scale[:, None]
    null = np.zeros((active.size, flat.shape[1]))
    null[active] = linalg.qr(flat, mode="economic")[0] if flat.shape[1] else flat
    return null


def _regular(gram: np.ndarray, active: np.ndarray, null: np.ndarray) -> np.ndarray:
    """X'WX made invertible by a weight on the directions that the cells leave open."""
    return gram + np.trace(gram) / max(active.sum(), 1) * (null @ null.T)


def _scores(
    design: Design, y: np.ndarray, size: np.ndarray, active: np.ndarray, null: np.ndarray
) -> tuple[np.ndarray, np.ndarray, bool]:
    beta = np.zeros(design.width)
    beta[0] = np.log(y.sum() / size.sum())
    if null.size:
        beta -= null @ (null.T @ beta)
    fitted = _fitted(design, beta, size)
    now, keep = _deviance(y, fitted), np.ix_(active, active)
    for _ in range(MAX_ITERATIONS):
        gram = _regular(design.gram(fitted), active, null)
        step = np.zeros(design.width)
        step[active] = linalg.solve(gram[keep], design.totals(y - fitted)[active], assume_a="pos")
        for _ in range(20):
            fitted = _fitted(design, beta + step, size)
            new = _deviance(y, fitted)
            if np.isfinite(new) and new <= now + 1e-9 * (1 + abs(now)):
                break
            step = step / 2
        beta = beta + step
        if abs(now - new) <= 1e-10 * (1 + abs(new)) and np.abs(step).max() < 1e-6:
            return beta, fitted, True
        now = new
    return beta, fitted, False


def _fitted(design: Design, beta: np.ndarray, size: np.ndarray) -> np.ndarray:
    eta = beta[0] + beta[design.columns].sum(axis=1)
    return np.maximum(size * np.exp(np.clip(eta, -300, 300)), 1e-300)


def _deviance(y: np.ndarray, fitted: np.ndarray) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(y > 0, y * np.log(y / fitted), 0.0)
    return float(2 * (log - (y - fitted)).sum())
