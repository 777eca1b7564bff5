"""The tables of a trend report as readers see them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales import words
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.naming import measured
from aftersales.questions.no_rows import no_rows
from aftersales.questions.trend.facts import Facts
from aftersales.studies.series.echoes import PLACE
from aftersales.words import say

_SERIES = [*PLACE, "start", "cases", "expected", "excess", "cost", "ratio", "low", "high", "q"]
_SERIES += ["severity"]
_ALARMS = [*PLACE, "alarm", "week", "cases", "excess", "ratio", "low", "high", "q"]
_CHANGES = [*PLACE, "since", "between", "ratio", "ratio_low", "ratio_high", "shape"]
_OURS = ["comparable", "shape", "fell", "echo"]  # what only the sentences need


def judged_table(facts: Facts) -> pd.DataFrame:
    """One row of comparison per judged series, most urgent first; regions and parts by their id.

    Columns as `judged_series.judged_table`, but ``part`` has the name of what the rates are split
    by, such as ``product``.
    """
    return _split(facts, facts.table.drop(columns=_OURS))


def series_table(facts: Facts) -> pd.DataFrame:
    """The judged series, most urgent first; what names nothing or is not known is left out."""
    if facts.table.empty:
        return no_rows(say("No series has enough cases and enough past to be judged."))
    shown = _named(facts, facts.table[_SERIES])
    return shown if shown["cost"].notna().any() else shown.drop(columns="cost")


def alarm_table(facts: Facts) -> pd.DataFrame:
    """The weekly alarms that are on now, most excess cases first."""
    if facts.weekly is None:
        return no_rows(say("No series is watched by week."))
    if facts.alarms.empty:
        return no_rows(say("No alarm is on."))
    return _named(facts, facts.alarms[_ALARMS])


def change_table(facts: Facts) -> pd.DataFrame:
    """Changes of the main rate and dates of what rose: the day or month, and what it may be."""
    known = [f for f in (facts.main_changes, facts.rises) if f is not None and len(f)]
    if not known and facts.main_changes is None:
        return no_rows(say("Too few cases or too short a past to look for changes."))
    if not known:
        return no_rows(say("No level changed by more than chance gives."))
    frame = pd.concat(known, ignore_index=True)
    dates = [_dates(row) for row in frame.itertuples()]
    frame = frame.assign(since=[s for s, _ in dates], between=[b for _, b in dates])
    return _named(facts, frame[_CHANGES])


def _dates(row) -> tuple[str, str]:
    write = words.day if row.by == "week" else words.month
    low, high = write(row.start_low), write(row.start_high)
    return write(row.start), low if low == high else say("{low} to {high}", low=low, high=high)


def forecast_table(facts: Facts) -> pd.DataFrame:
    """The next three months of the main rate; counts are their own rate."""
    if not facts.outlook.known:
        return no_rows(say("No forecast: that takes two years of history and 30 cases."))
    info, table = METRICS[facts.metric], facts.outlook.table
    if info.kind == "count":
        return table.drop(columns=["rate", "rate_low", "rate_high"])
    table = table.copy()
    table.attrs["unit"] = naming.as_share(info.unit)
    return table


def calibration_table(facts: Facts) -> pd.DataFrame:
    """The kinds of series that were simulated; the season as its highest over its lowest week."""
    if facts.calibration is None:
        return no_rows(say("No series is watched by week."))
    table = facts.calibration.table.rename(columns={"wave": "peak_to_trough"})
    table["peak_to_trough"] = np.exp(2 * table["peak_to_trough"]).round(1)
    return table


def _named(facts: Facts, frame: pd.DataFrame) -> pd.DataFrame:
    """Series by the names of their metric, region and part; what is all in every row is left out.

    ``metric`` holds what was counted, such as the misses of a metric that is good when high.
    """
    frame = frame.assign(metric=[measured(m) for m in frame["metric"]])
    for column, attribute in (("region", "region"), ("part", facts.split_by)):
        if not frame[column].astype(bool).any():
            frame = frame.drop(columns=column)
            continue
        names = [naming.label(facts.scope, attribute, v) if v else "" for v in frame[column]]
        frame = frame.assign(**{column: [name or say("all together") for name in names]})
    return _split(facts, frame)


def _split(facts: Facts, frame: pd.DataFrame) -> pd.DataFrame:
    """Column ``part`` under its own name; without it where nothing is split."""
    if not facts.split_by:
        return frame.drop(columns="part", errors="ignore")
    return frame.rename(columns={"part": facts.split_by})
