"""Rate ratios of every attribute value, adjusted for the other attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from aftersales.errors import DataError, RequestError, nearest
from aftersales.stats import inputs
from aftersales.stats.counts.poisson import Design, Fit, fit
from aftersales.stats.yardsticks.aliasing import COLUMNS as PAIR
from aftersales.stats.yardsticks.aliasing import aliased_levels
from aftersales.stats.yardsticks.comparison import compare_levels, scale

MISSING, FEW = "(missing)", "(few)"  # levels made here: no value, and too few cases to fit alone
COLUMNS = [
    *("attribute", "value", "count", "exposure", "expected", "excess"),
    *("crude_ratio", "crude_low", "crude_high", "crude_p", "ratio", "low", "high", "p"),
    *("compared_with", "heterogeneity_p", "heterogeneity_by", "few", "aliased"),
]
MAX_LEVELS = 600  # above this the levels with few cases are fitted as one


@dataclass(frozen=True)
class RateModel:
    """Adjusted rate ratios; `effects` has one row per attribute value.

    `dispersion` is variance over mean, at least 1; `without_exposure` the number of rows of the
    table that were left out because nothing was exposed, see `notes`.
    """

    effects: pd.DataFrame
    aliased: pd.DataFrame
    coefficients: pd.DataFrame
    cells: pd.DataFrame
    dispersion: float
    df: int
    deviance: float
    converged: bool
    without_exposure: int = 0

    def to_frame(self) -> pd.DataFrame:
        """The table `effects`."""
        return self.effects

    def notes(self) -> list[str]:
        """What a reader must know about the fit: rows left out, dispersion, no convergence."""
        notes = left_out(self.without_exposure)
        if self.dispersion > 1:
            notes.append(
                f"Counts vary {self.dispersion:.2f} times as much as independent cases would; "
                "intervals and p-values allow for it."
            )
        if not self.converged:
            notes.append("The fit did not settle; do not use its ratios.")
        return notes


def rate_model(
    table: pd.DataFrame,
    *,
    count: str,
    exposure: str,
    terms: list[str],
    reference: Mapping[str, object] | None = None,
    min_expected: float = 5.0,
    level: float = 0.95,
) -> RateModel:
    """Compare each value of each attribute with the rest, the other attributes held equal.

    Quasi-Poisson regression with log exposure. The ratio of a value is its count over the
    count expected if it had the average rate of the other values of that attribute, for its
    own mix of the other terms; no reference level is needed. p and interval are exact for
    small counts where nothing else is estimated, and widened by the dispersion (at least 1).

    Parameters
    ----------
    table : one row per combination of attribute values (rows with equal terms are added)
        Needs `count`, `exposure` and the columns in `terms`; a missing value is a level.
    reference : attribute -> value, for attributes compared with one value instead of the rest
    min_expected : below this many expected *and* observed cases a value is marked `few`

    Returns
    -------
    RateModel
        ``effects`` holds attribute, value, count, exposure, expected, excess, crude_ratio,
        crude_low, crude_high, crude_p, ratio, low, high, p, compared_with (number of values it is
        compared with), heterogeneity_p and heterogeneity_by (the term over which the ratio
        varies most), few, aliased. A value that cannot be told apart from another term has
        ratio NaN and a row in ``aliased``. With nested terms (batches inside suppliers) each
        batch is compared with the batches of its supplier, and the supplier is aliased.

    Notes
    -----
    For a proportion give the rarer outcome as count and the number judged as exposure.
    McCullagh and Nelder 1989, Generalized Linear Models, 6.3; `excess_ratio` for p.

    >>> cells = pd.DataFrame({"batch": list("ab"), "n": [10, 20], "units": [100, 100]})
    >>> rate_model(cells, count="n", exposure="units", terms=["batch"]).effects["ratio"].tolist()
    [0.5, 2.0]
    """
    cells = _cells(table, count=count, exposure=exposure, terms=terms)
    unexposed = int((table[exposure] == 0).sum())
    y, size = cells[count].to_numpy(float), cells[exposure].to_numpy(float)
    if y.sum() == 0:
        empty = _nothing(cells, count=count, exposure=exposure, terms=terms)
        return replace(empty, without_exposure=unexposed)
    coded = [_codes(cells[term], y, size, min_expected, terms) for term in terms]
    design = Design(
        np.column_stack([codes for codes, _ in coded]), tuple(len(names) for _, names in coded)
    )
    model = fit(design, y, size)
    effects, blocked = [], []
    for i, (term, (_, names)) in enumerate(zip(terms, coded, strict=True)):
        wanted = _wanted(reference, term, names)
        part = compare_levels(design, model, y, size, i, reference=wanted, level=level)
        part.insert(0, "value", names)
        part.insert(0, "attribute", term)
        effects.append(part)
        blocked += [(i, j) for j in np.flatnonzero(part["aliased"])]
    frame = pd.concat(effects, ignore_index=True)
    frame["heterogeneity_by"] = [terms[k] if k >= 0 else None for k in frame["heterogeneity_by"]]
    frame["few"] = (frame["count"] < min_expected) & ~(frame["crude_expected"] >= min_expected)
    labels = [names for _, names in coded]
    return RateModel(
        effects=frame[COLUMNS],
        aliased=aliased_levels(design, size, terms=terms, names=labels, blocked=blocked),
        coefficients=_coefficients(design, model, terms, labels),
        cells=cells.assign(fitted=model.fitted),
        dispersion=scale(model),
        df=model.df,
        deviance=model.deviance,
        converged=model.converged,
        without_exposure=unexposed,
    )


def left_out(rows: int) -> list[str]:
    """The note on rows without exposure; none where there is no such row.

    >>> left_out(1)
    ['1 row without exposure is left out: it says nothing about a rate.']
    """
    if rows == 0:
        return []
    if rows == 1:
        return ["1 row without exposure is left out: it says nothing about a rate."]
    return [f"{rows} rows without exposure are left out: they say nothing about a rate."]


def labelled(
    table: pd.DataFrame, *, count: str, exposure: str, terms: Sequence[str]
) -> pd.DataFrame:
    """The rows with exposure, their terms as text (a missing value is the level "(missing)")."""
    for column in [count, exposure, *terms]:
        if column not in table.columns:
            raise RequestError(f'There is no column "{column}"; {nearest(column, table.columns)}')
    y, size = inputs.series(table[count], table[exposure])
    labels = {t: table[t].astype("object").where(table[t].notna(), MISSING).map(str) for t in terms}
    return pd.DataFrame({**labels, count: y, exposure: size}, index=table.index)[size > 0]


def _cells(table: pd.DataFrame, *, count: str, exposure: str, terms: list[str]) -> pd.DataFrame:
    """One row per combination of levels, with its summed count and exposure, where exposed."""
    if not terms:
        raise RequestError("`terms` is empty; name at least one attribute to compare.")
    rows = labelled(table, count=count, exposure=exposure, terms=terms)
    return rows.groupby(terms, as_index=False, sort=True)[[count, exposure]].sum()


def _codes(
    labels: pd.Series, y: np.ndarray, size: np.ndarray, few: float, terms: list[str]
) -> tuple[np.ndarray, list[str]]:
    """Level numbers and names; a term with very many levels has its small ones made one."""
    codes, names = pd.factorize(labels, sort=True)
    if len(names) * len(terms) > MAX_LEVELS:
        cases, exposed = np.bincount(codes, weights=y), np.bincount(codes, weights=size)
        small = np.maximum(cases, exposed * y.sum() / size.sum()) < few
        codes, names = pd.factorize(labels.where(~small[codes], FEW), sort=True)
    if len(names) > 10 * MAX_LEVELS:
        raise DataError(
            f'"{labels.name}" has {len(names)} values with enough cases; at most '
            f"{10 * MAX_LEVELS} can be compared at once. Group them first."
        )
    return codes, [str(name) for name in names]


def _wanted(reference: Mapping[str, object] | None, term: str, names: list[str]) -> int | None:
    if not reference or term not in reference:
        return None
    value = str(reference[term])
    if value not in names:
        raise RequestError(f'"{term}" has no value "{value}"; {nearest(value, names)}')
    return names.index(value)


def _coefficients(
    design: Design, model: Fit, terms: list[str], names: list[list[str]]
) -> pd.DataFrame:
    """Log rate ratio of each level against the first one with cases, as packages print them."""
    rows, base = [], np.zeros(design.width)
    base[0] = 1.0
    for term, labels, first in zip(terms, names, design.starts, strict=True):
        columns = np.arange(first, first + len(labels))
        start = columns[model.active[columns]][0]
        base[start] = 1.0
        for label, column in zip(labels, columns, strict=True):
            contrast = np.zeros(design.width)
            contrast[column], contrast[start] = 1.0, contrast[start] - 1.0
            contrast[column] -= column == start
            rows.append((term, label, *_contrast(model, contrast, possible=model.active[column])))
    rows.insert(0, ("(intercept)", "", *_contrast(model, base, possible=True)))
    return pd.DataFrame(rows, columns=["attribute", "value", "estimate", "se"])


def _contrast(model: Fit, contrast: np.ndarray, *, possible: bool) -> tuple[float, float]:
    """A combination of parameters and its standard error; NaN where the cells leave it open."""
    if not possible or np.abs(contrast @ model.null).max(initial=0.0) > 1e-6:
        return np.nan, np.nan
    variance = max(float(contrast @ model.covariance @ contrast), 0.0)
    return float(contrast @ model.beta), float(np.sqrt(variance * scale(model)))


def _nothing(cells: pd.DataFrame, *, count: str, exposure: str, terms: list[str]) -> RateModel:
    """The answer for a table without a case: every value is there, none can be compared."""
    parts = []
    for term in terms:
        sums = cells.groupby(term, sort=True)[exposure].sum()
        parts.append(
            pd.DataFrame({"attribute": term, "value": sums.index, "exposure": sums.values})
        )
    frame = pd.concat(parts, ignore_index=True).assign(
        count=0.0, compared_with=0, heterogeneity_by=None, few=True, aliased=False
    )
    return RateModel(
        effects=frame.reindex(columns=COLUMNS),
        aliased=pd.DataFrame(columns=PAIR),
        coefficients=pd.DataFrame(columns=["attribute", "value", "estimate", "se"]),
        cells=cells.assign(fitted=0.0),
        dispersion=1.0,
        df=0,
        deviance=0.0,
        converged=True,
    )
