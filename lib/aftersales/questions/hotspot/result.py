"""Where is it concentrated: region by product against comparable ones, and outlets among peers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd

from aftersales import plot, words
from aftersales.data.store.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.metrics import METRICS
from aftersales.metrics.counting.company import once
from aftersales.questions import naming
from aftersales.questions.hotspot import cluster_words, crude_and_fair, if_chance
from aftersales.questions.hotspot import words as hotspot_words
from aftersales.questions.naming import measured
from aftersales.questions.no_rows import no_rows
from aftersales.stats.maps.funnel import funnel_limits
from aftersales.studies.places.clusters import Clusters, find_clusters, large_enough
from aftersales.studies.places.grid import (
    CompanyStudy,
    Grid,
    company_places,
    company_study,
    study_grid,
)
from aftersales.studies.places.judged import judged_cells, judged_places, judged_rows
from aftersales.studies.places.outlets import outlet_table
from aftersales.studies.places.shares import mix_grid
from aftersales.studies.scope import Scope, read_scope
from aftersales.words import say

MOST_COLUMNS = 8  # of the heat map, from which the longer side goes down the page


@dataclass(frozen=True)
class Hotspot:
    """Cells of a region and its outlets, each against its peers.

    `cells` has one row per cell: the grid's row and column attribute, ``count``, ``exposure``,
    ``expected`` (at the rate of comparable others), ``crude_expected`` (product mix, age and season
    not allowed for), ``ratio``, ``low``, ``high``, ``crude_ratio``, ``shrunken`` (pulled towards 1
    by how little it rests on), ``p``, ``q``, ``excess``, ``cost``, ``few`` (not judged, and not
    shown), ``severity``, ``evidence``.
    `outlets` has one row per outlet and service metric, see `outlets.outlet_table`.
    """

    scope: Scope
    months: int
    grid: Grid | None
    cells: pd.DataFrame
    places: pd.DataFrame  # one row per region on the map: region, ratio, shrunken, count, few ...
    whole: pd.DataFrame  # one row per row of the grid, all products together
    outlets: pd.DataFrame
    clusters: Clusters | None = None  # of the whole company; None without exposure or places

    def to_frame(self) -> pd.DataFrame:
        """The cells, most urgent first."""
        return self.cells

    def findings(self) -> list[Finding]:
        """Hotspots, slow outlets, what could not be judged; most urgent first."""
        return by_severity(hotspot_words.findings(self))

    def plot(self, *, ax=None):
        """Heat map of shrunken ratios; 1 is what comparable places have."""
        if self.grid is None or self.cells.empty:
            return plot.nothing(say("There is nothing to compare."), ax=ax)
        row, column = self.grid.row, self.grid.column
        shown = self.cells.dropna(subset=[row, column])
        if shown[column].nunique() > max(MOST_COLUMNS, shown[row].nunique()):
            row, column = column, row  # long names have room at the side
        return plot.heat_map(
            shown,
            row=row,
            column=column,
            value="shrunken",
            n="count",
            min_n=0,
            label=say("Times the expected, shrunken"),
            row_names={v: naming.label(self.scope, row, v) for v in shown[row].unique()},
            column_names={v: naming.label(self.scope, column, v) for v in shown[column].unique()},
            ax=ax,
        )

    def plot_map(self, *, ax=None):
        """One square per place of the region, or beside it where it has none; all products."""
        tree = self.scope.profile.regions
        around = self.scope.region if tree.children(self.scope.region.id) else self.scope.parent
        inside = {r for r in tree.members((around or self.scope.region).id) if r in tree}
        places = self.places[self.places["region"].isin(inside)].set_index("region")
        if places.empty:
            return plot.nothing(say("These data have no regions to map."), ax=ax)
        return plot.tile_map(
            [tree[r] for r in places.index],
            places["shrunken"],
            label=say("Times the expected, shrunken"),
            n=places["count"].mask(places["few"], -1),
            ax=ax,
        )

    def plot_funnel(self, *, ax=None):
        """Every place by size: outside the funnel is more than chance."""
        places = self.places[~self.places["few"]] if len(self.places) else self.places
        if places.empty:
            return plot.nothing(say("These data have no regions to compare."), ax=ax)
        expected = places["expected"].to_numpy()
        tau2 = float(self.places.attrs.get("tau2", 0.0))
        limits = {
            f"{side}_{name}": bound
            for level, name in ((0.95, "95"), (0.998, "998"))
            for side, bound in zip(
                ("lower", "upper"), funnel_limits(expected, tau2=tau2, level=level), strict=True
            )
        }
        frame = pd.DataFrame(
            {
                "name": [naming.region(self.scope, r) for r in places["region"]],
                "n": expected,
                "rate": places["ratio"].to_numpy(),
                "centre": 1.0,
                **limits,
            }
        )
        return plot.funnel(
            frame, xlabel=say("Expected cases"), ylabel=say("Observed over expected"), ax=ax
        )

    def plot_pareto(self, *, ax=None):
        """Cells by their excess cases: where most of the trouble is."""
        cells = self.cells
        extra = cells[cells["excess"].gt(0) & ~cells["few"]] if len(cells) else cells
        if extra.empty:
            return plot.nothing(say("No combination has more cases than expected."), ax=ax)
        frame = pd.DataFrame({"name": self._names(extra), "count": extra["excess"].to_numpy()})
        return plot.pareto(frame, xlabel=say("Cases beyond the expected"), ax=ax)

    def _names(self, cells: pd.DataFrame) -> list[str]:
        row, column = self.grid.row, self.grid.column
        label = partial(naming.label, self.scope)
        pairs = zip(cells[row], cells[column], strict=True)
        return [f"{label(row, r)} · {label(column, c)}" for r, c in pairs]

    def plot_contrast(self, *, ax=None):
        """Crude beside adjusted ratios of whole places and cells, with intervals."""
        rows = crude_and_fair.dots(self)
        if rows.empty:
            return plot.nothing(say("There is nothing to compare."), ax=ax)
        return plot.interval_dots(rows, xlabel=say("Times the expected"), ax=ax)

    def chance_table(self) -> pd.DataFrame:
        """For every hotspot to act on or watch: what would have to be true for it to be chance."""
        return if_chance.chance_frame(self)

    def cluster_table(self) -> pd.DataFrame:
        """The strongest groups of places and products that a scan of the company finds here."""
        return cluster_words.cluster_frame(self)

    def cell_table(self) -> pd.DataFrame:
        """Whole places, then cells: crude and adjusted side by side, the largest excess first."""
        columns = ["count", "crude_expected", "expected", "excess", "crude_ratio", "ratio"]
        columns += ["low", "high"]
        if self.grid is None or self.cells.empty:
            return no_rows(say("There is nothing to compare."), columns=columns)
        shown = self.cells[~self.cells["few"]].sort_values("excess", ascending=False)
        if len(self.whole):
            whole = self.whole[~self.whole["few"]].sort_values("excess", ascending=False)
            shown = pd.concat([whole.assign(**{self.grid.column: say("all together")}), shown])
        if not self.grid.adjusted:
            columns = [name for name in columns if not name.startswith("crude")]
        shown = shown.reindex(columns=[self.grid.row, self.grid.column, *columns])
        return shown.dropna(axis=1, how="all").reset_index(drop=True)

    def outlet_frame(self) -> pd.DataFrame:
        """Outlets with enough cases for readers, those that stand out on the bad side first."""
        columns = ["outlet", "metric", "n", "value", "peers", "ratio", "low", "high", "q"]
        if self.outlets.empty:
            return no_rows(say("No outlet here can be compared with others."), columns=columns)
        shown = self.outlets.assign(better=self.outlets["ratio"] <= 1)
        shown = shown.sort_values(["better", "p"]).reset_index(drop=True)
        for name in ("value", "peers"):
            shown[name] = [
                words.amount(v, METRICS[m].unit)
                for v, m in zip(shown[name], shown["metric"], strict=True)
            ]
        shown["metric"] = [measured(m) for m in shown["metric"]]
        return shown[columns]


def hotspot(
    store: Store,
    *,
    region: str = "",
    as_of: pd.Timestamp | None = None,
    months: int = 12,
    seed: int = 1,
) -> Hotspot:
    """Compare each child region and product with comparable ones in the whole company.

    With units in service, faults are compared inside the same model, age band and month
    (Mantel-Haenszel), so that neither product mix nor age nor season makes a hotspot; the spread
    between places is taken from the data, so that being a little different is not a finding.
    Without units, returns are compared in the same month; without any exposure, the share of each
    product (or issue) among a place's tickets, which is worth watching where it also grew.
    Outlets are compared with all outlets on turnaround, SLA and repeat repairs.

    Parameters
    ----------
    region : id in the profile's tree; "" is the root
    as_of : last complete day; None is that of the data
    months : length of the window, in complete months up to `as_of`
    seed : of the random maps that clusters are held against
    """
    scope = read_scope(store, region=region, as_of=as_of)
    study = company_study(scope, months=months)
    if study is None:
        grid, clusters = mix_grid(scope, months=months), None
    else:
        key = ("hotspots of the company", months, scope.as_of, seed)
        compute = partial(_of_company, study, scope, seed)
        company, clusters = once(store, key, compute)
        clusters = large_enough(clusters, scope.profile.target(study.metric).min_n)
        grid = study_grid(study, scope, places=company)
    cells = judged_cells(grid, scope, months=months) if grid else pd.DataFrame()
    places = judged_places(grid, scope) if grid else pd.DataFrame(columns=["region"])
    outlets = outlet_table(scope, months=months)
    whole = judged_rows(grid, scope) if grid else pd.DataFrame()
    return Hotspot(scope, months, grid, cells, places, whole, outlets, clusters)


def _of_company(
    study: CompanyStudy, scope: Scope, seed: int
) -> tuple[pd.DataFrame, Clusters | None]:
    """The places of the company and its clusters: the same for all regions."""
    tree = scope.profile.regions
    return company_places(study, scope), find_clusters(study, tree, seed=seed)
