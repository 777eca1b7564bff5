"""The tables of the data-quality report."""

from __future__ import annotations

import pandas as pd

from aftersales.questions.quality.facts import Facts
from aftersales.words import say

_LATE = ["table", "month", "known", "complete", "complete_low", "complete_high", "expected"]


def late_table(facts: Facts) -> pd.DataFrame:
    """The last three months of tables that become known late: known, complete, expected."""
    names = {"low": "expected_low", "high": "expected_high"}
    table = facts.late.rename(columns=names)[[*_LATE, *names.values()]]
    table.attrs["nothing"] = say("No table has both the day of an event and of its report.")
    return table


def rejected_table(facts: Facts) -> pd.DataFrame:
    """The steps of cleaning that rejected rows: table, reason, number of rows."""
    table = facts.rejected.copy()
    table.attrs["nothing"] = say("No row was rejected.")
    return table
