"""Rate ratios when counts vary more than independent cases: negative binomial regression."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, optimize, stats
from statsmodels.genmod.families import NegativeBinomial as Family
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM, GLMResults
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from aftersales.errors import DataError, RequestError, nearest
from aftersales.stats import inputs

LEAST_GAIN = 1e-6  # log likelihood by which over-dispersion must be better than none
LOG_ALPHA = (-14.0, 5.0)  # range in which the over-dispersion is sought
MISSING = "(missing)"  # level made here
COLUMNS = ["attribute", "value", "estimate", "se", "ratio", "low", "high", "p"]


@dataclass(frozen=True)
class NegativeBinomial:
    """A log-linear model of counts with variance mean + alpha x mean^2.

    Attributes
    ----------
    coefficients : one row per parameter, see `negative_binomial`
    cells : one row per combination of the terms, with count, exposure and ``fitted``
    alpha : 0 where the counts vary no more than independent cases; 1 / alpha is also called k,
        size or theta
    chi2, p : likelihood ratio test of alpha = 0 (half a chi-square of one degree of freedom)
    loglik, poisson_loglik : of this model and of the one with alpha = 0
    dispersion : Pearson statistic over `df` of the Poisson model
    without_exposure : rows left out because nothing was exposed
    """

    coefficients: pd.DataFrame
    cells: pd.DataFrame
    alpha: float
    chi2: float
    p: float
    loglik: float
    poisson_loglik: float
    dispersion: float
    df: int
    without_exposure: int

    def to_frame(self) -> pd.DataFrame:
        """The table `coefficients`."""
        return self.coefficients

    def notes(self) -> list[str]:
        """What a reader must know: rows left out, values without cases or not told apart."""
        notes = _left_out(self.without_exposure)
        free = self.coefficients["estimate"]
        if n := int(np.isneginf(free).sum()):
            notes.append(f"Values without any case have rate 0 and no interval: {n}.")
        if n := int(free.isna().sum()):
            notes.append(f"Values that cannot be told apart from others have no ratio: {n}.")
        return notes


def negative_binomial(
    table: pd.DataFrame,
    *,
    count: str,
    exposure: str,
    terms: Sequence[str] = (),
    level: float = 0.95,
) -> NegativeBinomial:
    """Maximum likelihood of rate ratios and of the over-dispersion, with log exposure as offset.

    Use it where cells differ by more than chance for reasons not in the table; a quasi-Poisson
    model widens all intervals alike, this one those of large cells most.

    Parameters
    ----------
    table : one row per combination of attribute values (rows with equal terms are *not* added:
        their scatter is what tells the over-dispersion)
        Needs `count`, `exposure` and the columns in `terms`; a missing value is a level. Rows
        without exposure are left out and counted.

    Returns
    -------
    NegativeBinomial
        ``coefficients`` holds attribute, value, estimate (log rate ratio to the first value with
        cases), se, ratio, low, high, p; the first row is the intercept (a rate). A value without
        cases has estimate -inf, one that cannot be told apart from others NaN.

    Notes
    -----
    Lawless 1987, Can. J. Stat. 15:209. For given alpha the model is fitted by statsmodels; alpha
    maximises the profile likelihood.
    """
    rows = _labelled(table, count=count, exposure=exposure, terms=terms).reset_index(drop=True)
    y, size = rows[count].to_numpy(float), rows[exposure].to_numpy(float)
    if y.sum() == 0:
        raise DataError(f'"{count}" has no case where there is exposure; there is no rate to fit.')
    design, names = _design(rows, list(terms))
    role = _roles(design, names, y)
    used = ~(design[:, role == "no case"] > 0).any(axis=1)
    kept = np.flatnonzero(role == "free")
    role[kept[_tied(design[np.ix_(used, kept)])]] = "tied"
    kept = kept[_independent(design[np.ix_(used, kept)])]
    plain = design[np.ix_(used, kept)]
    df = int(used.sum() - kept.size)
    if df < 1:
        raise DataError(
            f"{used.sum()} rows with cases cannot tell {kept.size} rates and their scatter apart; "
            "leave out a term, or give finer rows."
        )
    poisson = _fitted(plain, y[used], size[used], Poisson())
    alpha, fit = _profile(plain, y[used], size[used], poisson)
    chi2 = max(2 * float(fit.llf - poisson.llf), 0.0)
    fitted = np.zeros(y.size)
    fitted[used] = fit.mu
    return NegativeBinomial(
        coefficients=_coefficients(names, role, kept, fit, level),
        cells=rows.assign(fitted=fitted),
        alpha=alpha,
        chi2=chi2,
        p=float(stats.chi2.sf(chi2, 1) / 2) if alpha > 0 else 1.0,
        loglik=float(fit.llf),
        poisson_loglik=float(poisson.llf),
        dispersion=float(poisson.pearson_chi2 / df),
        df=df,
        without_exposure=len(table) - len(rows),
    )


def _design(rows: pd.DataFrame, terms: list[str]) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Intercept and one column per value, and the (attribute, value) of each."""
    columns, names = [np.ones(len(rows))], [("(intercept)", "")]
    for term in terms:
        codes, values = pd.factorize(rows[term], sort=True)
        columns += [(codes == k).astype(float) for k in range(len(values))]
        names += [(term, str(value)) for value in values]
    return np.column_stack(columns), names


def _roles(design: np.ndarray, names: list[tuple[str, str]], y: np.ndarray) -> np.ndarray:
    """Of each column: "no case", "first" (what its term is compared with) or "free"."""
    active = y @ design > 0
    terms = [name[0] for name in names]
    first = {t: next(k for k, a in enumerate(active) if a and terms[k] == t) for t in terms[1:]}
    role = np.where(active, "free", "no case").astype(object)
    role[list(first.values())] = "first"
    return role


def _tied(design: np.ndarray) -> np.ndarray:
    """True for the columns whose parameters can move without moving any cell."""
    loose = linalg.null_space(design.T @ design, rcond=1e-9)
    return (np.abs(loose) > 1e-6).any(axis=1)


def _independent(design: np.ndarray) -> np.ndarray:
    """Positions of columns that make up all the others and not each other."""
    triangle, order = linalg.qr(design.T @ design, mode="r", pivoting=True)
    size = np.abs(np.diag(triangle))
    return np.sort(order[size > 1e-9 * size[0]])


def _fitted(
    design: np.ndarray, y: np.ndarray, size: np.ndarray, family: Family | Poisson, **how: np.ndarray
) -> GLMResults:
    with warnings.catch_warnings():  # cells without cases are predicted perfectly, and may be
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        return GLM(y, design, family=family, offset=np.log(size)).fit(**how)


def _profile(
    design: np.ndarray, y: np.ndarray, size: np.ndarray, start: GLMResults
) -> tuple[float, GLMResults]:
    """The alpha of the highest likelihood and its fit; 0 and the start if that is no better."""

    def fit(log_alpha: float) -> GLMResults:
        family = Family(alpha=float(np.exp(log_alpha)))
        return _fitted(design, y, size, family, start_params=start.params)

    found = optimize.minimize_scalar(
        lambda x: -fit(x).llf, bounds=LOG_ALPHA, method="bounded", options={"xatol": 1e-7}
    )
    best = fit(found.x)
    if not best.llf > start.llf + LEAST_GAIN:
        return 0.0, start
    return float(np.exp(found.x)), best


def _coefficients(
    names: list[tuple[str, str]], role: np.ndarray, kept: np.ndarray, fit: GLMResults, level: float
) -> pd.DataFrame:
    half = stats.norm.isf((1 - inputs.share(level, name="level")) / 2)
    table = pd.DataFrame(names, columns=["attribute", "value"])
    estimate, se = np.full(len(names), np.nan), np.full(len(names), np.nan)
    estimate[kept], se[kept] = fit.params, fit.bse
    estimate[role == "tied"] = se[role == "tied"] = np.nan
    estimate[role == "no case"] = -np.inf
    estimate[role == "first"] = se[role == "first"] = 0.0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low, high = np.exp(estimate - half * se), np.exp(estimate + half * se)
        p = np.where(role == "free", 2 * stats.norm.sf(np.abs(estimate / se)), np.nan)
    return table.assign(estimate=estimate, se=se, ratio=np.exp(estimate), low=low, high=high, p=p)[
        COLUMNS
    ]


def _left_out(rows: int) -> list[str]:
    """The note on rows without exposure; none where there is no such row."""
    if rows == 0:
        return []
    if rows == 1:
        return ["1 row without exposure is left out: it says nothing about a rate."]
    return [f"{rows} rows without exposure are left out: they say nothing about a rate."]


def _labelled(
    table: pd.DataFrame, *, count: str, exposure: str, terms: Sequence[str]
) -> pd.DataFrame:
    """The rows with exposure, their terms as text (a missing value is the level "(missing)")."""
    for column in [count, exposure, *terms]:
        if column not in table.columns:
            raise RequestError(f'There is no column "{column}"; {nearest(column, table.columns)}')
    y, size = inputs.series(table[count], table[exposure])
    labels = {t: table[t].astype("object").where(table[t].notna(), MISSING).map(str) for t in terms}
    return pd.DataFrame({**labels, count: y, exposure: size}, index=table.index)[size > 0]
