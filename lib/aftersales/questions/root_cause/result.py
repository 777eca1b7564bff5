"""What best explains it: attribute values with too many cases, and those that only look guilty."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from aftersales.data.store.store import Store
from aftersales.findings import Finding
from aftersales.questions.root_cause import charts, steps, tables, words
from aftersales.questions.root_cause.facts import Facts, every_row, gather


class RootCause(Facts):
    """The searched studies of a region, as findings, figures and tables."""

    def to_frame(self) -> pd.DataFrame:
        """Every value of every study, causes first; see `studies.causes.searched.rows_of`."""
        return every_row(self)

    def findings(self) -> list[Finding]:
        """What it starts from, causes, shadows, what could not be judged; most urgent first."""
        return words.findings(self)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Crude and adjusted ratio of the strongest values; right of the dashed line is worse."""
        return charts.ratios(self, ax=ax)

    def plot_age(self, *, ax: Axes | None = None) -> Axes:
        """Faults per 1,000 units up to each month in service: the worst cause and all others."""
        return charts.ages(self, ax=ax)

    def cause_table(self) -> pd.DataFrame:
        """Causes, worst first: counts, crude and adjusted ratio, share of the rise, grade."""
        return tables.cause_table(self)

    def check_table(self) -> pd.DataFrame:
        """Each cause and check: whether it passed, in words."""
        return tables.check_table(self)

    def cleared_table(self) -> pd.DataFrame:
        """Values that look guilty at first sight and are not, and why."""
        return tables.cleared_table(self)

    def chain_table(self) -> pd.DataFrame:
        """The traceability chain of each cause."""
        return tables.chain_table(self)

    def age_table(self) -> pd.DataFrame:
        """Faults per 1,000 units within 3 to 24 months in service, by batch or by start."""
        return tables.age_table(self)

    def action_table(self) -> pd.DataFrame:
        """What to do about each cause, its size and cost, and the evidence it needs."""
        return tables.action_table(self)

    def step_table(self) -> pd.DataFrame:
        """From collecting to tracing: data, tool and decision of each step, filled in."""
        return steps.step_table(self)

    def value_table(self) -> pd.DataFrame:
        """Every judged value for readers: counts, crude and adjusted ratio."""
        return tables.value_table(self)


def root_cause(
    store: Store,
    *,
    region: str = "",
    as_of: str | pd.Timestamp | None = "",
    months: int = 12,
    focus: str = "",
) -> RootCause:
    """Search the attributes of units, versions and orders for what explains an excess of cases.

    Three studies, each where the tables allow it: faults by attributes of the unit (batch,
    supplier, process, plant, warehouse, model, region, quarter of production and the profile's
    own), faults by version, returns by attributes of the order. A value is compared with the other
    values in the same product, model, age band, month and child region, so that season, age and mix
    do not pass for a cause. Values with less exposure than the target's `min_n` are not judged.

    Parameters
    ----------
    region : id in the profile's tree; "" is the root
    as_of : last complete day; "" or None is that of the data
    months : length of the window, in complete months up to `as_of`
    focus : only what has these values, such as "product=washer" or "product=washer, region=CN-44";
        "" searches everything and starts from the worst rise or hotspot
    """
    facts = gather(store, region=region, as_of=as_of, months=months, focus=focus)
    return RootCause(**vars(facts))
