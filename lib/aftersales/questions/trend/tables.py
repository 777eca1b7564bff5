"""The tables of the trend report as readers see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aftersales.questions import naming
from aftersales.questions.no_rows import no_rows
from aftersales.questions.trend.level_words import measured
from aftersales.studies.alarms.calibration import Calibration
from aftersales.words import say

if TYPE_CHECKING:
    from aftersales.questions.trend.result import Trend

COLUMNS = ["metric", "region", "start", "count", "expected", "excess", "cost", "ratio"]
COLUMNS += ["low", "high", "q", "severity"]


def series_table(trend: Trend) -> pd.DataFrame:
    """The judged series, most urgent first; what names nothing or is not known is left out.

    ``metric`` holds what was counted, such as the misses of a metric that is good when high; a
    series of all regions or products says so.
    """
    if trend.table.empty:
        return no_rows(say("No series has enough cases and enough past to be judged."))
    names = ["region", trend.split_by] if trend.split_by else ["region"]
    table = trend.table.assign(metric=[measured(m) for m in trend.table["metric"]])
    names = [c for c in names if table[c].astype(bool).any()]
    for name in names:
        table[name] = [
            naming.label(trend.scope, name, v) if v else say("all together") for v in table[name]
        ]
    columns = [c for c in COLUMNS if c != "region" and c in table]
    shown = table[[columns[0], *names, *columns[1:]]]
    return shown if shown["cost"].notna().any() else shown.drop(columns="cost")


def calibration_table(found: Calibration | None) -> pd.DataFrame:
    """The kinds of series that were simulated; the season as its highest over its lowest week."""
    if found is None:
        return no_rows(say("No series is watched by week."))
    table = found.table.rename(columns={"wave": "peak_to_trough"})
    table["peak_to_trough"] = np.exp(2 * table["peak_to_trough"]).round(1)
    return table
