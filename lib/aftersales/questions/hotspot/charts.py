"""The figures of the hotspot report."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from aftersales import plot
from aftersales.questions import naming
from aftersales.questions.hotspot import names
from aftersales.questions.hotspot.crude_and_fair import compared_rows
from aftersales.questions.hotspot.facts import Facts
from aftersales.stats.maps.funnel import funnel_limits
from aftersales.studies.verdict import URGENT
from aftersales.words import say

MOST_COLUMNS = 8  # of the heat map, from which the longer side goes down the page
MOST_CELLS = 12  # of the figure that compares crude with adjusted
LEVELS = {"95": 0.95, "998": 0.998}  # of the funnel's limits


def heat_map(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Shrunken ratios of cells; 1 is what comparable places have."""
    if facts.cells.empty:
        return plot.nothing(say("There is nothing to compare."), ax=ax)
    row, column = facts.grid.row, facts.grid.column
    shown = facts.cells.dropna(subset=[row, column])
    if shown[column].nunique() > max(MOST_COLUMNS, shown[row].nunique()):
        row, column = column, row  # long names have room at the side
    label = partial(naming.label, facts.scope)
    return plot.heat_map(
        shown,
        row=row,
        column=column,
        value="shrunken",
        n="cases",
        min_n=0,
        label=say("Times the expected, shrunken"),
        row_names={v: label(row, v) for v in shown[row].unique()},
        column_names={v: label(column, v) for v in shown[column].unique()},
        ax=ax,
    )


def tile_map(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """One square per place of the region, or beside it where it has none; all products."""
    tree, scope = facts.scope.profile.regions, facts.scope
    around = scope.region if scope.children else (scope.parent or scope.region)
    inside = {r for r in tree.members(around.id) if r in tree}
    places = facts.places[facts.places["region"].isin(inside)].set_index("region")
    if places.empty:
        return plot.nothing(say("These data have no regions to map."), ax=ax)
    return plot.tile_map(
        [tree[r] for r in places.index],
        places["shrunken"],
        label=say("Times the expected, shrunken"),
        n=places["cases"].mask(places["few"], -1),
        ax=ax,
    )


def funnel(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Every place by size: outside the funnel is more than chance."""
    places = facts.places[~facts.places["few"]] if len(facts.places) else facts.places
    if places.empty:
        return plot.nothing(say("These data have no regions to compare."), ax=ax)
    frame = pd.DataFrame(
        {
            "name": [naming.region(facts.scope, r) for r in places["region"]],
            "n": places["expected"].to_numpy(),
            "rate": places["ratio"].to_numpy(),
            "centre": 1.0,
        }
    )
    for name, level in LEVELS.items():
        tau2 = float(facts.places.attrs.get("tau2", 0.0))
        limits = funnel_limits(frame["n"].to_numpy(), tau2=tau2, level=level)
        frame[f"lower_{name}"], frame[f"upper_{name}"] = limits
    labels = {"xlabel": say("Expected cases"), "ylabel": say("Observed over expected")}
    return plot.funnel(frame, **labels, ax=ax)


def pareto(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Cells by their excess cases: where most of the trouble is."""
    cells = facts.cells
    extra = cells[cells["excess"].gt(0) & ~cells["few"]] if len(cells) else cells
    if extra.empty:
        return plot.nothing(say("No combination has more cases than expected."), ax=ax)
    shown = [names.cell(facts, row) for row in extra.itertuples()]
    frame = pd.DataFrame({"name": shown, "count": extra["excess"].to_numpy()})
    return plot.pareto(frame, xlabel=say("Cases beyond the expected"), ax=ax)


def contrast(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Crude beside adjusted ratios of whole places and of the cells worth looking at."""
    rows = compared_rows(facts)
    if rows.empty:
        return plot.nothing(say("There is nothing to compare."), ax=ax)
    whole, cells = rows[rows["first"].eq(0)], rows[rows["first"].eq(1)].head(MOST_CELLS)
    called = {"place": "name", "item": "group", "crude_ratio": "crude"}
    shown = pd.concat([whole, cells]).rename(columns=called)
    shown["significant"] = shown["severity"].isin(URGENT)
    shown = shown.sort_values(["first", "group", "ratio"], ascending=[True, True, False])
    return plot.interval_dots(shown, xlabel=say("Times the expected"), ax=ax)
