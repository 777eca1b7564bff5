"""What is known about where it is concentrated: cells, places, clusters and outlets, judged."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aftersales.data.store.store import Store
from aftersales.studies.places.clusters import Clusters, company_clusters
from aftersales.studies.places.grid import Grid, company_places, company_study, study_grid
from aftersales.studies.places.judged import (
    judged_cells,
    judged_clusters,
    judged_places,
    judged_rows,
)
from aftersales.studies.places.outlets import judged_outlets
from aftersales.studies.places.shares import mix_grid
from aftersales.studies.scope import Scope, read_scope


@dataclass(frozen=True)
class Facts:
    """Cells of a region and its outlets, each against its peers.

    `cells` has one row per cell, the most urgent first: the grid's row and column attribute,
    ``cases`` and ``at_risk`` (where others can be compared), ``expected`` (at the rate of
    comparable others), ``ratio``, ``low``, ``high``, ``p``, ``q``, ``excess``, ``cost``, ``few``
    (not judged, and not shown), ``severity``, ``evidence``, ``crude_ratio`` and ``crude_expected``
    (product mix, age and season not allowed for), ``shrunken`` (the ratio pulled towards 1 by how
    little it rests on), ``contrast``.
    `places` has one row per region on the map, `whole` one per row of the grid, both with all
    products together. `outlets` is the table of `judged_outlets`. `clusters` are those of the whole
    company; None without exposure or places.
    """

    scope: Scope
    months: int
    grid: Grid | None
    cells: pd.DataFrame
    places: pd.DataFrame
    whole: pd.DataFrame
    outlets: pd.DataFrame
    clusters: Clusters | None = None

    @property
    def inside(self) -> set[str]:
        """The region of the report and all below it."""
        return set(self.scope.profile.regions.members(self.scope.region.id))


def gather(
    store: Store, *, region: str, as_of: str | pd.Timestamp | None, months: int, seed: int
) -> Facts:
    """Compare the cells, places and outlets of a region; see `hotspot`."""
    scope = read_scope(store, region=region, as_of=as_of)
    outlets = judged_outlets(scope, months=months)
    study, clusters = company_study(scope, months=months), None
    if study is None:
        grid = mix_grid(scope, months=months)
    else:
        places = company_places(study, scope, months=months)
        grid = study_grid(study, scope, places=places)
        found = company_clusters(study, scope, months=months, seed=seed)
        clusters = judged_clusters(found, scope, metric=study.metric)
    if grid is None:
        none = pd.DataFrame()
        return Facts(scope, months, None, none, pd.DataFrame(columns=["region"]), none, outlets)
    cells = judged_cells(grid, scope, months=months)
    places, whole = judged_places(grid, scope), judged_rows(grid, scope)
    return Facts(scope, months, grid, cells, places, whole, outlets, clusters)
