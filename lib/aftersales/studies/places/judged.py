"""Cells, places and clusters, judged: which hold more than comparable ones, and how surely."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from aftersales.profile.config import Target
from aftersales.stats.counts.intervals import rate_ratio
from aftersales.stats.counts.shrinkage import gamma_poisson
from aftersales.stats.like.mantel_haenszel import homogeneity
from aftersales.studies.cost import cost_of, cost_per_case
from aftersales.studies.places.clusters import Clusters
from aftersales.studies.places.crude import contrasts
from aftersales.studies.places.grid import ALL, Grid
from aftersales.studies.scope import Scope
from aftersales.studies.verdict import STABLE_EXPECTED, URGENT, judged, most_urgent_first

GROWTH, GROWTH_P = 1.2, 0.005  # of a ratio or share, against the time before
MIN_EXPECTED = 5.0  # expected or observed cases below which a cell is too small to judge
CHANGED_P = 0.01  # below it the ratio differs between the halves of the window


def judged_cells(grid: Grid, scope: Scope, *, months: int) -> pd.DataFrame:
    """The cells of a grid with ``few``, ``q``, ``shrunken``, ``cost``, ``severity``, ``contrast``
    and ``evidence``, the most urgent first.

    A cell is too small to judge with fewer than 5 cases expected and observed, in itself or in
    what it is compared with, or with an exposure below the target's `min_n`.
    """
    target = scope.profile.target(grid.metric)
    if grid.cells.empty:
        return grid.cells
    cells = _judged(grid.cells, target)
    each = cost_per_case(scope, grid.metric, months=months)
    cost = cells["excess"].map(lambda excess: cost_of(excess, each)).astype(float)
    cells = cells.assign(shrunken=_shrunken(cells), cost=cost)
    if not grid.adjusted:
        cells["severity"] = _only_news(cells)
    evidence = [_evidence(grid, row) for row in cells.itertuples()]
    found = cells.assign(contrast=contrasts(cells, target=target), evidence=evidence)
    return most_urgent_first(found)


def judged_rows(grid: Grid, scope: Scope) -> pd.DataFrame:
    """The rows of a grid, all products together, with ``few``, ``q``, ``severity``, ``contrast``.

    Severity is a means to compare crude and adjusted; what is acted on are cells and clusters.
    """
    if grid.whole.empty:
        return grid.whole
    target = scope.profile.target(grid.metric)
    rows = _judged(grid.whole, target)
    return rows.assign(contrast=contrasts(rows, target=target))


def judged_places(grid: Grid, scope: Scope) -> pd.DataFrame:
    """The places of a grid with ``few`` (too small to show) and ``shrunken``."""
    places = grid.places
    if places.empty:
        return places.assign(few=pd.Series(dtype=bool), shrunken=pd.Series(dtype=float))
    places = places.assign(few=_few(places, scope.profile.target(grid.metric).min_n))
    places = places.assign(shrunken=_shrunken(places))
    places.attrs = dict(grid.places.attrs)
    return places


def judged_clusters(found: Clusters | None, scope: Scope, *, metric: str) -> Clusters | None:
    """The clusters of a company with ``q``, ``severity`` and ``evidence``.

    Left out are those with an exposure below the target's `min_n`. p holds for the whole map, so it
    is q too. Those of the last months also have ``new``: whether they hold more than their cells
    had before.
    """
    if found is None:
        return None
    target = scope.profile.target(metric)
    window, now = (_large_enough(table, target) for table in (found.window, found.now))
    stable = window["expected"] >= STABLE_EXPECTED
    window = window.assign(evidence=np.where(stable, "A", "B"))
    now = now.assign(evidence="B", new=[is_new(row) for row in now.itertuples()])
    return replace(found, window=window, now=now)


def _large_enough(clusters: pd.DataFrame, target: Target) -> pd.DataFrame:
    large = clusters[clusters["at_risk"] >= target.min_n].reset_index(drop=True)
    return judged(large.assign(q=large["p"]), target=target)


def is_new(row: Any) -> bool:
    """Whether a cluster alive now has more than its cells had before it started."""
    if not row.expected_before > 0:
        return False
    grown = rate_ratio(row.cases, row.expected, row.cases_before, row.expected_before)
    return bool(grown.ratio >= GROWTH and grown.p <= GROWTH_P)


def excess_of(cells: pd.DataFrame) -> tuple[float, float]:
    """Cases beyond the expected in all cells, and its standard error.

    A count varies by its dispersion, an expectation by the cases of the others it stands on.
    """
    excess = float((cells["cases"] - cells["expected"]).sum())
    others = cells["others"].where(cells["others"] > 0)
    variance = cells["cases"] * cells["dispersion"].clip(lower=1)
    return excess, float(np.sqrt((variance + (cells["expected"] ** 2 / others).fillna(0)).sum()))


def _judged(rows: pd.DataFrame, target: Target) -> pd.DataFrame:
    return judged(rows.assign(few=_few(rows, target.min_n)), target=target)


def _few(cells: pd.DataFrame, min_n: float) -> pd.Series:
    others_mean = cells["cases"] + cells["others"] - cells["mean"]
    small = cells[["cases", "mean"]].max(axis=1) < MIN_EXPECTED
    lonely = pd.concat([cells["others"], others_mean], axis=1).max(axis=1) < MIN_EXPECTED
    return small | lonely | cells["ratio"].isna() | (cells["all_at_risk"] < min_n)


def _only_news(cells: pd.DataFrame) -> pd.Series:
    """A share of tickets is worth watching where it also grew; else it is how things are."""
    urgent = cells["severity"].isin(URGENT)
    grew = (cells["growth"] >= GROWTH) & (cells["growth_p"] <= GROWTH_P)
    return cells["severity"].mask(urgent & grew, "watch").mask(urgent & ~grew, "ok")


def _shrunken(cells: pd.DataFrame) -> np.ndarray:
    """Ratios pulled towards 1 by how little they rest on; NaN for cells too small to show."""
    usable = (cells["expected"] > 0) & np.isfinite(cells["ratio"]) & ~cells["few"]
    result = np.full(len(cells), np.nan)
    chosen = cells[usable]
    if len(chosen) >= 3:
        counts = chosen["cases"].to_numpy(), chosen["expected"].to_numpy()
        result[usable] = gamma_poisson(*counts).mean
    else:
        result[usable] = chosen["ratio"]
    return result


def _evidence(grid: Grid, row: Any) -> str:
    """A: adjusted, many cases, the same in both halves of the window; B: adjusted; C: crude."""
    if not grid.adjusted:
        return "C"
    column = getattr(row, grid.column)
    if row.severity not in URGENT or column == ALL or row.expected < STABLE_EXPECTED:
        return "B"
    detail = grid.detail[grid.detail[grid.column].astype(str).eq(column)]
    months = np.sort(detail["month"].unique())
    late = np.where(detail["month"] > months[(len(months) - 1) // 2], "late", "early")
    p = homogeneity(
        detail.assign(half=late),
        count="cases",
        exposure="at_risk",
        inside=detail[grid.row].eq(getattr(row, grid.row)),
        strata=grid.held,
        over="half",
    )
    return "B" if p < CHANGED_P else "A"
