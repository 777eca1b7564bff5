"""The charts of the customer report."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from aftersales import plot
from aftersales.questions import naming
from aftersales.questions.customers.facts import Facts
from aftersales.questions.customers.tables import cell_table
from aftersales.studies.verdict import URGENT
from aftersales.words import say


def satisfied(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Share of satisfied answers by touchpoint and tier, with intervals."""
    if facts.cells.empty:
        return plot.nothing(say("These data have no satisfaction scores."), ax=ax)
    table = cell_table(facts)
    frame = table.assign(
        touchpoint=table[facts.by[0]],
        tier=table[facts.by[-1]],
        score=table["rate"],
        score_low=table["rate_low"],
        score_high=table["rate_high"],
        significant=table["severity"].isin(URGENT),
    ).sort_values(["touchpoint", "tier"])
    return plot.score_dots(frame, xlabel=say("Satisfied answers (4 or 5 of 5)"), ax=ax)


def scores(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Net promoter score by tier."""
    if facts.scores.empty:
        return plot.nothing(say("These data have no recommendation scores."), ax=ax)
    shown = facts.scores[~facts.scores["withheld"]].sort_values("tier")
    if shown.empty:
        return plot.nothing(say("Every group is too small to be shown."), ax=ax)
    frame = pd.DataFrame(
        {
            "name": [naming.label(facts.scope, "tier", v) for v in shown["tier"]],
            "ratio": shown["score"].to_numpy(),
            "low": shown["score_low"].to_numpy(),
            "high": shown["score_high"].to_numpy(),
            "n": shown["n"].to_numpy(),
            "significant": shown["severity"].isin(URGENT).to_numpy(),
        }
    )
    xlabel = say("Net promoter score (95 % interval)")
    return plot.interval_dots(frame, xlabel=xlabel, log=False, reference=0.0, ax=ax)
