"""The cells of a grid, judged: which of them hold more than comparable ones, and how surely."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.profile.config import Target
from aftersales.stats.counts.multiplicity import benjamini_hochberg
from aftersales.stats.counts.shrinkage import gamma_poisson
from aftersales.stats.like.mantel_haenszel import homogeneity
from aftersales.studies.cost import cost_of, cost_per_case
from aftersales.studies.places.crude import contrasts
from aftersales.studies.places.grid import ALL, Grid
from aftersales.studies.scope import Scope
from aftersales.studies.verdict import judge

GROWTH, GROWTH_P = 1.2, 0.005  # of a share of tickets, against the window before
MIN_EXPECTED = 5.0  # expected or observed cases below which a cell is too small to judge
HARDLY_ANY = 0.5  # expected cases below which a ratio to them says nothing
STABLE_EXPECTED = 20.0  # expected cases from which a ratio is called stable
CHANGED_P = 0.01  # below it the ratio differs between the halves of the window


def judged_cells(grid: Grid, scope: Scope, *, months: int) -> pd.DataFrame:
    """The cells of a grid with ``few``, ``q``, ``excess``, ``shrunken``, ``cost``, ``severity``,
    ``contrast`` and ``evidence``, the most urgent first.

    A cell is too small to judge with fewer than 5 cases expected and observed, in itself or in
    what it is compared with, or with an exposure below the target's `min_n`.
    """
    cells, target = grid.cells.copy(), scope.profile.target(grid.metric)
    if cells.empty:
        return cells
    cells = _judged(cells, target)
    cells["excess"] = cells["compared"] - cells["expected"]
    cells["shrunken"] = _shrunken(cells)
    each = cost_per_case(scope, grid.metric, months=months)
    cells["cost"] = cells["excess"].map(lambda excess: cost_of(excess, each)).astype(float)
    if not grid.adjusted:
        cells["severity"] = _only_news(cells)
    cells["contrast"] = contrasts(cells, target=target)
    cells["evidence"] = [_evidence(grid, row) for row in cells.itertuples()]
    order = cells["severity"].map({"act": 0, "watch": 1, "ok": 2, "unknown": 3})
    cells = cells.assign(order=order).sort_values(["order", "p"]).drop(columns="order")
    return cells.reset_index(drop=True)


def judged_rows(grid: Grid, scope: Scope) -> pd.DataFrame:
    """The rows of a grid, all products together, with ``few``, ``q``, ``severity``,
    ``contrast`` and ``excess``.

    Severity is a means to compare crude and adjusted; what is acted on are cells and clusters.
    """
    if grid.whole.empty:
        return grid.whole
    target = scope.profile.target(grid.metric)
    rows = _judged(grid.whole.copy(), target)
    excess = rows["compared"] - rows["expected"]
    return rows.assign(contrast=contrasts(rows, target=target), excess=excess)


def _judged(cells: pd.DataFrame, target: Target) -> pd.DataFrame:
    cells["few"] = _few(cells, target.min_n)
    cells["q"] = benjamini_hochberg(cells["p"].mask(cells["few"]).to_numpy())
    cells["severity"] = [
        "unknown" if r.few else judge(r.ratio, p=r.p, q=r.q, cases=r.compared, target=target)
        for r in cells.itertuples()
    ]
    return cells


def judged_places(grid: Grid, scope: Scope) -> pd.DataFrame:
    """The places of a grid with ``few`` (too small to show) and ``shrunken``."""
    places = grid.places
    if places.empty:
        return places.assign(few=pd.Series(dtype=bool), shrunken=pd.Series(dtype=float))
    places = places.assign(few=_few(places, scope.profile.target(grid.metric).min_n))
    places = places.assign(shrunken=_shrunken(places))
    places.attrs = dict(grid.places.attrs)
    return places


def _few(cells: pd.DataFrame, min_n: float) -> pd.Series:
    others_mean = cells["compared"] + cells["others"] - cells["mean"]
    small = cells[["compared", "mean"]].max(axis=1) < MIN_EXPECTED
    lonely = pd.concat([cells["others"], others_mean], axis=1).max(axis=1) < MIN_EXPECTED
    return small | lonely | cells["ratio"].isna() | (cells["exposure"] < min_n)


def _only_news(cells: pd.DataFrame) -> pd.Series:
    """A share of tickets is worth watching where it also grew; else it is how things are."""
    urgent = cells["severity"].isin(["act", "watch"])
    grew = (cells["growth"] >= GROWTH) & (cells["growth_p"] <= GROWTH_P)
    return cells["severity"].mask(urgent & grew, "watch").mask(urgent & ~grew, "ok")


def _shrunken(cells: pd.DataFrame) -> np.ndarray:
    """Ratios pulled towards 1 by how little they rest on; NaN for cells too small to show."""
    usable = (cells["expected"] > 0) & np.isfinite(cells["ratio"]) & ~cells["few"]
    result = np.full(len(cells), np.nan)
    chosen = cells[usable]
    if len(chosen) >= 3:
        result[usable] = gamma_poisson(
            chosen["compared"].to_numpy(), chosen["expected"].to_numpy()
        ).mean
    else:
        result[usable] = chosen["ratio"]
    return result


def _evidence(grid: Grid, row) -> str:
    """A: adjusted, many cases, the same in both halves of the window; B: adjusted; C: crude."""
    if not grid.adjusted:
        return "C"
    column = getattr(row, grid.column)
    if row.severity not in ("act", "watch") or column == ALL or row.expected < STABLE_EXPECTED:
        return "B"
    detail = grid.detail[grid.detail[grid.column].astype(str).eq(column)]
    months = np.sort(detail["month"].unique())
    late = np.where(detail["month"] > months[(len(months) - 1) // 2], "late", "early")
    p = homogeneity(
        detail.assign(half=late),
        count="count",
        exposure="exposure",
        inside=detail[grid.row].eq(getattr(row, grid.row)),
        strata=grid.held,
        over="half",
    )
    return "B" if p < CHANGED_P else "A"
