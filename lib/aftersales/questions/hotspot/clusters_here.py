"""Which clusters of the company a report speaks of: in its region, and more than its cells say."""

from __future__ import annotations

from typing import Any

import pandas as pd

from aftersales.findings import SEVERITIES
from aftersales.questions.hotspot.facts import Facts
from aftersales.studies.verdict import WATCH_P, urgent

MOST = 0.6  # share of a cell's excess that a cluster inside it must hold to be named with it


def unlikely(clusters: pd.DataFrame) -> list[Any]:
    """The rows of the clusters that chance seldom gives."""
    return list(clusters[clusters["p"] <= WATCH_P].itertuples())


def own_clusters(facts: Facts) -> list[Any]:
    """The clusters of the window that lie in the region and say more than its cells do."""
    rows = unlikely(facts.clusters.window) if facts.clusters else []
    return [row for row in rows if set(row.places) <= facts.inside and _says_more(facts, row)]


def going_on(facts: Facts) -> list[Any]:
    """The clusters of the last months that lie in the region and were not there before."""
    rows = unlikely(facts.clusters.now) if facts.clusters else []
    return [row for row in rows if set(row.places) <= facts.inside and row.new]


def reaching_beyond(facts: Facts) -> list[Any]:
    """The clusters that the region is part of, and others are too."""
    now = [row for row in unlikely(facts.clusters.now) if row.new]
    rows = [*unlikely(facts.clusters.window), *now]
    return [
        row for row in rows if set(row.places) & facts.inside and set(row.places) - facts.inside
    ]


def most_of(facts: Facts, cell: Any) -> Any | None:
    """The first cluster that is a part of a cell and holds most of its excess."""
    rows = unlikely(facts.clusters.window) if facts.clusters else []
    return next((row for row in rows if _is_most_of(facts, cell, row)), None)


def same_as(facts: Facts, cell: Any) -> Any | None:
    """The cluster of the same places and product as a cell."""
    grid, rows = facts.grid, unlikely(facts.clusters.window) if facts.clusters else []
    held, item = held_places(facts, getattr(cell, grid.row)), getattr(cell, grid.column)
    same = (r for r in rows if set(r.places) == held and r.product == item and not r.model)
    return next(same, None)


def covers(wide: Any, row: Any) -> bool:
    """Whether one cluster holds all places and products of another."""
    return set(row.places) <= set(wide.places) and wide.product in ("", row.product)


def held_places(facts: Facts, region: str) -> set[str]:
    """The places with data that a region holds."""
    stored = set(facts.places["region"])
    return set(facts.scope.profile.regions.members(region)) & stored or {region}


def _says_more(facts: Facts, row: Any) -> bool:
    """Whether a cluster is no cell that stands out already, nor most of one as urgent."""
    hot = list(urgent(facts.cells).itertuples())
    if any(_is_cell(facts, cell, row) for cell in hot):
        return False
    around = [cell.severity for cell in hot if _is_most_of(facts, cell, row)]
    return all(SEVERITIES.index(row.severity) < SEVERITIES.index(s) for s in around)


def _is_cell(facts: Facts, cell: Any, row: Any) -> bool:
    same = not row.model and row.product == getattr(cell, facts.grid.column)
    return same and set(row.places) == held_places(facts, getattr(cell, facts.grid.row))


def _is_most_of(facts: Facts, cell: Any, row: Any) -> bool:
    held = held_places(facts, getattr(cell, facts.grid.row))
    within = set(row.places) <= held and row.product == getattr(cell, facts.grid.column)
    part = set(row.places) < held or bool(row.model)
    return within and part and cell.excess > 0 and row.excess >= MOST * cell.excess
