"""Who feels it, and how much: satisfaction by touchpoint and tier, each against the other tiers."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from aftersales.data.store.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.questions.customers import charts, tables, words
from aftersales.questions.customers.facts import Facts, gather


@dataclass(frozen=True)
class Customers:
    """The answer: who is unhappy and where, and the tables and charts behind it."""

    facts: Facts

    def to_frame(self) -> pd.DataFrame:
        """The groups of customers compared, the surest difference first."""
        return tables.cell_table(self.facts)

    def findings(self) -> list[Finding]:
        """Unhappy groups, the overall level, what was withheld; most urgent first."""
        return by_severity(words.findings(self.facts))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        return charts.satisfied(self.facts, ax=ax)

    def plot_scores(self, *, ax: Axes | None = None) -> Axes:
        """Net promoter score by tier, with intervals."""
        return charts.scores(self.facts, ax=ax)

    def group_table(self) -> pd.DataFrame:
        return tables.group_table(self.facts)

    def value_table(self) -> pd.DataFrame:
        return tables.value_table(self.facts)


def customers(
    store: Store, *, region: str = "", as_of: str | pd.Timestamp = "", months: int = 12
) -> Customers:
    """Compare each tier's satisfaction at each touchpoint with that of the other tiers.

    Differences of proportions with Newcombe's interval, and of net promoter scores; the region as a
    whole is compared with the rest of its parent. The false discovery rate is controlled over all
    of them. Tiers are the declared ones, else those by recency, frequency and value of the orders;
    without either, each touchpoint is held against its own window before. Groups below `min_n`
    answers are withheld: too few to judge, and too few to stay anonymous.

    Parameters
    ----------
    region : id in the profile's tree; "" is the root
    as_of : last complete day; "" is that of the data
    months : length of the window, in complete months up to `as_of`
    """
    return Customers(gather(store, region=region, as_of=as_of, months=months))
