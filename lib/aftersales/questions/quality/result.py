"""Can we trust this period's data: coverage, what cleaning did, keys that join, the last weeks."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from aftersales.data.store.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.questions.quality import charts, tables, words
from aftersales.questions.quality.facts import Facts, gather


@dataclass(frozen=True)
class Quality:
    """The answer: what limits the other reports, and the tables and charts behind it."""

    facts: Facts

    def to_frame(self) -> pd.DataFrame:
        """One row per table."""
        return self.facts.tables

    def findings(self) -> list[Finding]:
        """What limits the other reports; most urgent first."""
        return by_severity(words.findings(self.facts))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        return charts.coverage(self.facts, ax=ax)

    def plot_weeks(self, *, ax: Axes | None = None) -> Axes:
        """Rows of the main table by week, beside the usual number."""
        return charts.weeks(self.facts, ax=ax)

    def late_table(self) -> pd.DataFrame:
        return tables.late_table(self.facts)

    def log_table(self) -> pd.DataFrame:
        """The cleaning log: the steps that changed or counted something."""
        return self.facts.log

    def rejected_table(self) -> pd.DataFrame:
        return tables.rejected_table(self.facts)

    def join_table(self) -> pd.DataFrame:
        """How many keys meet the table they point to."""
        return self.facts.joins

    def missing_table(self) -> pd.DataFrame:
        """Share of empty cells by column, the emptiest first."""
        return self.facts.missing


def quality(
    store: Store, *, region: str = "", as_of: str | pd.Timestamp = "", months: int = 36
) -> Quality:
    """Describe the tables behind a region's reports.

    Parameters
    ----------
    region : id in the profile's tree; "" is the root
    as_of : last complete day; "" is that of the data
    months : months of coverage shown, up to `as_of`
    """
    return Quality(gather(store, region=region, as_of=as_of, months=months))
