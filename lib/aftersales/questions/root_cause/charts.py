"""The figures of the root-cause report."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from aftersales import plot
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.root_cause.facts import Facts, every_row
from aftersales.questions.root_cause.names import cause_name, cohort_name, pair_name
from aftersales.studies.life.cohorts import LEAST_UNITS
from aftersales.studies.verdict import STABLE_EXPECTED
from aftersales.words import say

SHOWN = 14  # values in the figure
PAIRS_SHOWN = 12


def ratios(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Crude and adjusted ratio of the strongest values; right of the dashed line is worse."""
    if not facts.searched and facts.reported is not None:
        return _pairs(facts, ax=ax)
    shown = _strongest(facts)
    if shown.empty:
        return plot.nothing(say("No attribute could be judged."), ax=ax)
    return plot.interval_dots(
        shown, xlabel=say("Rate ratio to comparable cases (95 % interval)"), ax=ax
    )


def _strongest(facts: Facts) -> pd.DataFrame:
    """Causes, worst first, their shadows, and other values with enough cases; by study."""
    table = every_row(facts)
    if table.empty:
        return table
    named = table["rank"].notna() | table["shadow_of"].ne("")
    sound = ~table["few"] & table["ratio"].gt(0) & table["expected"].ge(STABLE_EXPECTED)
    table = table[(named | sound) & np.isfinite(table["ratio"])].copy()
    table["first"] = -table["excess"].where(table["rank"].notna())
    table["no_shadow"] = table["shadow_of"].eq("")  # shadows right after the causes
    table = table.sort_values(["first", "no_shadow", "p"], na_position="last").head(SHOWN)
    names = {k: cause_name(facts.scope, k, s.parts) for s in facts.searched for k in s.causes.index}
    keys = list(zip(table["attribute"], table["value"], strict=True))
    causes = table["rank"].notna()
    return table.assign(
        name=[
            names[key] if cause else naming.subject(facts.scope, dict([key]))
            for key, cause in zip(keys, causes, strict=True)
        ],
        group=[say(METRICS[metric].title) for metric in table["metric"]],
        crude=table["crude_ratio"],
        significant=causes,
    ).sort_values(["group"], kind="stable")


def _pairs(facts: Facts, *, ax: Axes | None) -> Axes:
    """The surest pairs: reports over what their share would give, shrunken, with 90 %."""
    top = facts.reported.table.head(PAIRS_SHOWN)
    if top.empty:
        return plot.nothing(say("No pair of a product and an issue could be compared."), ax=ax)
    top = top.assign(
        name=[pair_name(facts, row) for row in top.itertuples()], significant=top["signal"]
    )
    xlabel = say("Reports over what their share would give (90 % interval)")
    return plot.interval_dots(top, xlabel=xlabel, ax=ax)


def ages(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Faults per 1,000 units so far, by months in service: the worst cause and all others."""
    if facts.life is None:
        return plot.nothing(say("No cause was found among units whose age is known."), ax=ax)
    curves = facts.life.curves
    curves = curves[curves["at_risk"] >= LEAST_UNITS]
    sides = {1: cohort_name(facts), 0: cohort_name(facts, "others")}
    shown = pd.DataFrame({"cohort": curves["inside"].map(sides), "age": curves["age"] + 1})
    for name, column in {"rate": "mcf", "rate_low": "low", "rate_high": "high"}.items():
        shown[name] = 1000 * curves[column].fillna(0.0)
    return plot.age_curve(
        shown.reset_index(drop=True),
        ylabel=say("Faults per 1,000 units so far"),
        xlabel=say("Months in service"),
        ax=ax,
    )
