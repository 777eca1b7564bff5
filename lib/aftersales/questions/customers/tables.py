"""The tables of the customer report."""

from __future__ import annotations

import pandas as pd

from aftersales.questions import naming
from aftersales.questions.customers.facts import Facts
from aftersales.questions.no_rows import no_rows
from aftersales.words import say

_HIDDEN = ("n", "cases", "rate", "rate_low", "rate_high", "past")
_COMPARED = ("others", "difference", "low", "high", "ratio", "p", "q", "excess")
_REPEATED = ["cases", "ratio", "p", "excess"]  # follow from the others


def cell_table(facts: Facts) -> pd.DataFrame:
    """The cells, the surest difference first; figures of withheld groups are left out."""
    columns = [*facts.by, *_HIDDEN, *_COMPARED, "withheld", "severity"]
    table = facts.cells.reindex(columns=columns)
    hidden = table["withheld"].astype("boolean").fillna(False).to_numpy(bool)
    table[list(_HIDDEN)] = table[list(_HIDDEN)].astype(float)
    table.loc[hidden, list(_HIDDEN)] = float("nan")
    for name in facts.by:
        table[name] = [naming.label(facts.scope, name, v) for v in table[name]]
    table.attrs["unit"] = "share"
    table.attrs["nothing"] = say("These data have no satisfaction scores to compare.")
    return table


def group_table(facts: Facts) -> pd.DataFrame:
    """The cells for readers, without the columns that repeat others."""
    table = cell_table(facts).drop(columns=_REPEATED)
    hidden = table["withheld"].astype("boolean").fillna(False)
    return table if hidden.any() else table.drop(columns="withheld")


def value_table(facts: Facts) -> pd.DataFrame:
    """Tiers by value where none are declared; else why there are none."""
    if len(facts.values):
        names = [naming.label(facts.scope, "tier", t) for t in facts.values["tier"]]
        return facts.values.assign(tier=names)
    if facts.declared:
        return no_rows(say("Tiers are declared, so customers are not grouped by value."))
    return no_rows(say("Not grouped: that takes orders with a customer and an amount."))
