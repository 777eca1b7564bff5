"""Where is it concentrated: region by product against comparable ones, and outlets among peers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales import plot, words
from aftersales.analyses import hotspot_words
from aftersales.analyses.grid import Grid, fault_grid, mix_grid, return_grid
from aftersales.analyses.outlets import outlet_table
from aftersales.analyses.scope import Scope, read_scope
from aftersales.analyses.verdict import judge
from aftersales.data.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.metrics import METRICS, available, measure
from aftersales.stats.funnel import funnel_limits
from aftersales.stats.multiplicity import benjamini_hochberg
from aftersales.stats.shrinkage import gamma_poisson
from aftersales.words import say

GROWTH, GROWTH_P = 1.2, 0.005  # of a share of tickets, against the window before
MIN_EXPECTED = 5.0  # expected or observed cases below which a cell is too small to judge


@dataclass(frozen=True)
class Hotspot:
    """Cells of a region and its outlets, each against its peers.

    `cells` has one row per cell: the grid's row and column attribute, ``count``, ``exposure``,
    ``expected`` (at the rate of comparable others), ``crude_expected`` (product mix, age and season
    not allowed for), ``ratio``, ``low``, ``high``, ``crude_ratio``, ``shrunken`` (pulled towards 1
    by how little it rests on), ``p``, ``q``, ``excess``, ``cost``, ``few``, ``severity``.
    `outlets` has one row per outlet and service metric, see `outlets.outlet_table`.
    """

    scope: Scope
    months: int
    grid: Grid | None
    cells: pd.DataFrame
    places: pd.DataFrame  # one row per region on the map: region, ratio, count, expected
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
        places = self.places[self.places["region"].isin(inside)]
        if places.empty:
            return plot.nothing(say("These data have no regions to map."), ax=ax)
        values = places.set_index("region")["ratio"]
        return plot.tile_map(
            [tree[r] for r in places["region"]],
            values,
            label=say("Times the expected"),
            n=places.set_index("region")["count"],
            ax=ax,
        )

    def plot_funnel(self, *, ax=None):
        """Every place by size: outside the funnel is more than chance."""
        tree = self.scope.profile.regions
        places = self.places[
            self.places["expected"].gt(0) & self.places["region"].isin([r.id for r in tree])
        ]
        if places.empty:
            return plot.nothing(say("These data have no regions to compare."), ax=ax)
        expected = places["expected"].to_numpy()
        tau2 = float(places.attrs.get("tau2", 0.0))
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
        extra = self.cells[self.cells["excess"] > 0] if len(self.cells) else self.cells
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
        """Outlets for readers, those that stand out on the bad side first."""
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
    cells = _judged(grid, scope, months) if grid else pd.DataFrame()
    places = grid.places if grid else pd.DataFrame(columns=["region"])
    return Hotspot(scope, months, grid, cells, places, outlet_table(scope, months=months))


def _judged(grid: Grid, scope: Scope, months: int) -> pd.DataFrame:
    cells = grid.cells.copy()
    if cells.empty:
        return cells
    cells["few"] = np.maximum(cells["compared"], cells["expected"].fillna(0)) < MIN_EXPECTED
    cells["few"] |= cells["ratio"].isna()
    cells["q"] = benjamini_hochberg(cells["p"].where(~cells["few"]).to_numpy())
    cells["excess"] = cells["compared"] - cells["expected"]
    cells["shrunken"] = _shrunken(cells)
    each = _cost_per_case(scope, months)
    cells["cost"] = np.nan if each is None else cells["excess"].where(cells["excess"] > 0) * each
    target = scope.profile.target(grid.metric)
    cells["severity"] = [
        "unknown" if r.few else judge(r.ratio, p=r.p, q=r.q, cases=r.compared, target=target)
        for r in cells.itertuples()
    ]
    if not grid.adjusted:
        cells["severity"] = _only_news(cells)
    order = cells["severity"].map({"act": 0, "watch": 1, "ok": 2, "unknown": 3})
    cells = cells.assign(order=order).sort_values(["order", "p"]).drop(columns="order")
    return cells.reset_index(drop=True)


def _only_news(cells: pd.DataFrame) -> pd.Series:
    """A share of tickets is worth watching where it also grew; else it is how things are."""
    urgent = cells["severity"].isin(["act", "watch"])
    grew = (cells["growth"] >= GROWTH) & (cells["growth_p"] <= GROWTH_P)
    return cells["severity"].mask(urgent & grew, "watch").mask(urgent & ~grew, "ok")


def _shrunken(cells: pd.DataFrame) -> np.ndarray:
    usable = (cells["expected"] > 0) & cells["ratio"].notna()
    result = np.full(len(cells), np.nan)
    if usable.sum() >= 3:
        fit = gamma_poisson(
            cells.loc[usable, "compared"].to_numpy(), cells.loc[usable, "expected"].to_numpy()
        )
        result[usable.to_numpy()] = fit.mean
    else:
        result[usable.to_numpy()] = cells.loc[usable, "ratio"]
    return result


def _cost_per_case(scope: Scope, months: int) -> float | None:
    """Mean cost of a ticket of the region in the window, where tickets have a cost."""
    if not available("cost_per_ticket", scope.store):
        return None
    frame = measure(
        "cost_per_ticket",
        scope.store,
        region=scope.region.id,
        by=[],
        as_of=scope.last_month + pd.offsets.MonthEnd(0),
        months=months,
    )
    value = METRICS["cost_per_ticket"].value
    return float(frame[value].iloc[0]) if len(frame) and frame[value].notna().any() else None
