"""The charts of the data-quality report."""

from __future__ import annotations

from matplotlib.axes import Axes

from aftersales import plot
from aftersales.questions.quality.facts import Facts
from aftersales.words import say


def coverage(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Rows by table and month, each table against its own busiest month."""
    rows = facts.coverage
    if rows.empty:
        return plot.nothing(say("No table has rows for this region."), ax=ax)
    most = rows.groupby("table")["n"].transform("max")
    frame = rows.assign(share=rows["n"] / most, period=rows["month"])
    return plot.coverage(frame, row="table", ax=ax)


def weeks(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Rows by week; a low end means that the last weeks are not complete yet."""
    if facts.weeks.empty:
        return plot.nothing(say("There are no rows to count by week."), ax=ax)
    frame = facts.weeks.tail(52).rename(columns={"week": "period", "n": "count"})
    ylabel = say("Rows of table {table} by week", table=facts.main_table)
    return plot.bars(frame, ylabel=ylabel, ax=ax)
