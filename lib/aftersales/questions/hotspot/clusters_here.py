"""Which clusters of the company a report speaks of: in its region, and more than its cells say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from aftersales.findings import SEVERITIES, Severity
from aftersales.stats.counts.intervals import rate_ratio
from aftersales.studies.places.judged import GROWTH, GROWTH_P
from aftersales.studies.verdict import WATCH_P, judge

if TYPE_CHECKING:
    from aftersales.questions.hotspot.result import Hotspot

MOST = 0.6  # share of a cell's excess that a cluster inside it must hold to be named with it


def unlikely(clusters: pd.DataFrame) -> pd.DataFrame:
    """The clusters that chance seldom gives."""
    return clusters[clusters["p"] <= WATCH_P] if len(clusters) else clusters


def own_cluster(result: Hotspot, row: Any) -> bool:
    """Whether a cluster lies in the report's region and says more than its cells do."""
    inside = set(result.scope.profile.regions.members(result.scope.region.id))
    if not set(row.places) <= inside or named_cell(result, row):
        return False
    rank, known = SEVERITIES.index(severity_of(result, row)), result.cells
    hot = known[known["severity"].isin(["act", "watch"])]
    around = [cell for cell in hot.itertuples() if is_most_of(result, cell, row)]
    return all(rank < SEVERITIES.index(cell.severity) for cell in around)


def going_on(result: Hotspot) -> list[Any]:
    """The clusters of the last months that lie in the region and were not there before."""
    inside = set(result.scope.profile.regions.members(result.scope.region.id))
    rows = unlikely(result.clusters.now).itertuples() if result.clusters else ()
    return [row for row in rows if set(row.places) <= inside and is_new(row)]


def is_new(row: Any) -> bool:
    """Whether a cluster alive now has more than its cells had before it started."""
    if not row.expected_before > 0:
        return False
    grown = rate_ratio(row.count, row.expected, row.count_before, row.expected_before)
    return bool(grown.ratio >= GROWTH and grown.p <= GROWTH_P)


def named_cell(result: Hotspot, row: Any) -> bool:
    """Whether the cluster is one of the report's own cells that already stand out."""
    grid, cells = result.grid, result.cells
    urgent = cells[cells["severity"].isin(["act", "watch"])]
    same = urgent[urgent[grid.column].eq(row.product)] if not row.model else urgent.iloc[:0]
    return any(set(row.places) == held_places(result, r) for r in same[grid.row])


def is_most_of(result: Hotspot, cell: Any, row: Any) -> bool:
    """Whether a cluster is a part of a cell that holds most of its excess."""
    grid = result.grid
    held = held_places(result, getattr(cell, grid.row))
    within = set(row.places) <= held and row.product == getattr(cell, grid.column)
    part = set(row.places) < held or bool(row.model)
    return within and part and cell.excess > 0 and row.excess >= MOST * cell.excess


def covers(wide: Any, row: Any) -> bool:
    """Whether one cluster holds all places and products of another."""
    return set(row.places) <= set(wide.places) and wide.product in ("", row.product)


def held_places(result: Hotspot, region: str) -> set[str]:
    """The places with data that a region holds."""
    stored = set(result.places["region"]) if len(result.places) else set()
    return set(result.scope.profile.regions.members(region)) & stored or {region}


def severity_of(result: Hotspot, row: Any) -> Severity:
    """A cluster's severity; its p holds for the whole map already, so it is its q too."""
    target = result.scope.profile.target(result.grid.metric)
    return judge(row.ratio, p=row.p, q=row.p, cases=row.count, target=target)
