"""When did the level change: the main rate over all its history, and every series that rose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from aftersales.stats.series.change_point import change_points
from aftersales.stats.series.onset import onset
from aftersales.stats.series.season import deseasonalise
from aftersales.studies.series.echoes import PLACE
from aftersales.studies.series.monthly import YEAR, Series
from aftersales.studies.series.weekly_series import SEASON, Weekly
from aftersales.studies.verdict import urgent

COLUMNS = [
    *(*PLACE, "start", "start_low", "start_high"),
    *("ratio", "ratio_low", "ratio_high", "p", "shape", "by"),
]
FEWEST = 12  # periods below which nothing is searched
SHORTEST = 4  # periods on either side of a change whose shape is asked for
DATED = 8  # series that rose and are dated in the table, the most urgent first


def main_changes(metric: str, monthly: pd.DataFrame, weekly: Weekly | None) -> pd.DataFrame | None:
    """Change points of the main rate, season and exposure allowed for; by week where known.

    None where there is too little to look for them. One row per change: ``start`` with its
    interval, ``ratio`` of the rate after to before with its interval, ``p``, ``shape`` of a single
    change (see `stats.onset`; of several each is a step), ``by`` "week" or "month".
    """
    found, by = None, "month"
    if weekly is not None:
        names = weekly.names
        own = names[names["metric"].eq(metric) & names["region"].eq("") & names["part"].eq("")]
        rows = weekly.counts[weekly.counts["series"].isin(own.index)]
        found, by = _changes(rows.rename(columns={"exposure": "n"}), "week", SEASON), "week"
    if found is None and len(monthly):
        rows = monthly.rename(columns={"bad": "count"})
        found, by = _changes(rows, "month", YEAR), "month"
    if found is None:
        return None
    named = found.assign(metric=metric, region="", part="", by=by)
    return named[COLUMNS]


def _changes(rows: pd.DataFrame, period: str, season: int) -> pd.DataFrame | None:
    """None where there is too little to look for a change."""
    rows = rows[rows["n"] > 0]
    if len(rows) < FEWEST or rows["count"].sum() <= 0:
        return None
    y, n = rows["count"].to_numpy(float), rows["n"].to_numpy(float)
    counts = pd.Series(y, index=pd.DatetimeIndex(rows[period]))
    changes = change_points(counts, exposure=n, season=season).changes
    return changes.assign(shape=_shape(y, n, changes, season) if len(changes) == 1 else "jump")


def _shape(y: np.ndarray, n: np.ndarray, changes: pd.DataFrame, season: int) -> str:
    """Whether the one change came at once."""
    size = n * deseasonalise(y, n, period=season)["factor"].to_numpy()
    places = range(SHORTEST, len(y) - SHORTEST)
    return onset(y, size, candidates=places, up=bool(changes["ratio"].iloc[0] > 1)).shape


def dated_rises(
    table: pd.DataFrame, series: Sequence[Series], *, main: pd.DataFrame | None
) -> pd.DataFrame:
    """The dates of the urgent series of a report, by month; columns as `main_changes`.

    `table` and `series` as `judged_series.judged_table` gives them; ``ratio`` is against what the
    past lets expect. The whole that the changes `main` date already is left out.
    """
    rows = []
    known = {tuple(s.place.values()): s for s in series}
    done = () if main is None or main.empty else (main["metric"].iloc[0], "", "")
    for row in urgent(table).head(DATED).to_dict("records"):
        place = tuple(row[c] for c in PLACE)
        found = known.get(place)
        if place == done or found is None or found.onset is None:
            continue
        low, high = (found.frame["month"].iloc[k] for k in (found.onset.low, found.onset.high))
        rows.append(
            {
                **{c: row[c] for c in (*PLACE, "start", "ratio", "p")},
                **{"start_low": low, "start_high": high},
                **{"ratio_low": row["low"], "ratio_high": row["high"]},
                **{"shape": found.onset.shape, "by": "month"},
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)
