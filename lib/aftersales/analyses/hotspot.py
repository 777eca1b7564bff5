"""Where is it concentrated: region by product against comparable ones, and outlets among peers."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aftersales import plot, words
from aftersales.analyses import hotspot_words
from aftersales.analyses.grid import Grid, fault_grid, mix_grid, return_grid
from aftersales.analyses.hot_cells import judged_cells, judged_places
from aftersales.analyses.outlets import outlet_table
from aftersales.analyses.scope import Scope, read_scope
from aftersales.data.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.metrics import METRICS
from aftersales.stats.funnel import funnel_limits
from aftersales.words import say


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
    outlets: pd.DataFrame

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
        return plot.heat_map(
            shown,
            row=row,
            column=column,
            value="shrunken",
            n="count",
            min_n=0,
            label=say("Times the expected, shrunken"),
            row_names={v: self.scope.label(row, v) for v in shown[row].unique()},
            column_names={v: self.scope.label(column, v) for v in shown[column].unique()},
            ax=ax,
        )

    def plot_map(self, *, ax=None):
        """One square per place: its ratio to comparable places, all products together."""
        tree = self.scope.profile.regions
        inside = {r for r in tree.members(self.scope.region.id) if r in tree}
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
                "name": [self.scope.name(r) for r in places["region"]],
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
            return plot.nothing(say("No cell has more cases than expected."), ax=ax)
        frame = pd.DataFrame({"name": self._names(extra), "count": extra["excess"].to_numpy()})
        return plot.pareto(frame, xlabel=say("Cases beyond the expected"), ax=ax)

    def _names(self, cells: pd.DataFrame) -> list[str]:
        row, column = self.grid.row, self.grid.column
        label = self.scope.label
        pairs = zip(cells[row], cells[column], strict=True)
        return [f"{label(row, r)} · {label(column, c)}" for r, c in pairs]

    def cell_table(self) -> pd.DataFrame:
        """The cells for readers: crude and adjusted side by side, largest excess first."""
        columns = ["count", "expected", "excess", "crude_ratio", "ratio", "low", "high", "cost"]
        if self.grid is None or self.cells.empty:
            return pd.DataFrame(columns=columns)
        shown = self.cells[~self.cells["few"]].sort_values("excess", ascending=False)
        shown = shown[[self.grid.row, self.grid.column, *columns]]
        return shown.dropna(axis=1, how="all").reset_index(drop=True)

    def outlet_frame(self) -> pd.DataFrame:
        """Outlets with enough cases for readers, those that stand out on the bad side first."""
        columns = ["outlet", "metric", "n", "value", "peers", "ratio", "low", "high", "q"]
        if self.outlets.empty:
            return pd.DataFrame(columns=columns)
        shown = self.outlets.assign(better=self.outlets["ratio"] <= 1)
        shown = shown.sort_values(["better", "p"]).reset_index(drop=True)
        for name in ("value", "peers"):
            shown[name] = [
                words.amount(v, METRICS[m].unit)
                for v, m in zip(shown[name], shown["metric"], strict=True)
            ]
        shown["metric"] = [say(METRICS[m].title) for m in shown["metric"]]
        return shown[columns]


def hotspot(
    store: Store, *, region: str = "", as_of: pd.Timestamp | None = None, months: int = 12
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
    """
    scope = read_scope(store, region=region, as_of=as_of)
    grids = (make(scope, months=months) for make in (fault_grid, return_grid, mix_grid))
    grid = next((g for g in grids if g is not None), None)
    cells = judged_cells(grid, scope, months=months) if grid else pd.DataFrame()
    places = judged_places(grid, scope) if grid else pd.DataFrame(columns=["region"])
    return Hotspot(scope, months, grid, cells, places, outlet_table(scope, months=months))
