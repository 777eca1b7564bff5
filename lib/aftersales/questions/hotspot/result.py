"""Where is it concentrated: region by product against comparable ones, and outlets among peers."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from aftersales.data.store.store import Store
from aftersales.findings import Finding
from aftersales.questions.hotspot import charts, tables, words
from aftersales.questions.hotspot.facts import Facts, gather


@dataclass(frozen=True)
class Hotspot(Facts):
    """The answer: the facts, and what they say, show and list."""

    def to_frame(self) -> pd.DataFrame:
        """The cells, most urgent first."""
        return self.cells

    def findings(self) -> list[Finding]:
        """Hotspots, clusters, slow outlets, what could not be judged; most urgent first."""
        return words.findings(self)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Heat map of places and products."""
        return charts.heat_map(self, ax=ax)

    def plot_map(self, *, ax: Axes | None = None) -> Axes:
        """One square per place."""
        return charts.tile_map(self, ax=ax)

    def plot_funnel(self, *, ax: Axes | None = None) -> Axes:
        """Every place by size, and what chance gives."""
        return charts.funnel(self, ax=ax)

    def plot_pareto(self, *, ax: Axes | None = None) -> Axes:
        """Cells by their excess cases."""
        return charts.pareto(self, ax=ax)

    def plot_contrast(self, *, ax: Axes | None = None) -> Axes:
        """Crude beside adjusted ratios, with intervals."""
        return charts.contrast(self, ax=ax)

    def cell_table(self) -> pd.DataFrame:
        """Whole places, then cells: crude and adjusted side by side."""
        return tables.cell_table(self)

    def outlet_table(self) -> pd.DataFrame:
        """Outlets against their peers."""
        return tables.outlet_table(self)

    def cluster_table(self) -> pd.DataFrame:
        """The strongest groups of places and products that a scan of the company finds here."""
        return tables.cluster_table(self)

    def chance_table(self) -> pd.DataFrame:
        """What would have to be true for each hotspot to be chance."""
        return tables.chance_table(self)


def hotspot(
    store: Store,
    *,
    region: str = "",
    as_of: str | pd.Timestamp | None = "",
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
    as_of : last complete day; "" is that of the data
    months : length of the window, in complete months up to `as_of`
    seed : of the random maps that clusters are held against
    """
    facts = gather(store, region=region, as_of=as_of, months=months, seed=seed)
    return Hotspot(**vars(facts))
