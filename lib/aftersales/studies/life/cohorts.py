"""Faults within so many months in service: a group, all others, and groups to hold beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.stats.life import service_months as ages

LEAST_SEEN = 0.5  # share of a group's units that must have reached an age to state a figure for it
LEAST_UNITS = 10  # units below which a group or an age says nothing
HORIZONS = (3, 6, 12, 24)  # months in service at which cohorts are compared
SHOWN = 8  # rows
COLUMNS = ["side", "group", "units", *(f"within_{h}" for h in HORIZONS)]


def cohort_table(cells: pd.DataFrame, *, by: str, last: int, least: float) -> pd.DataFrame:
    """Faults per 1,000 units within 3, 6, 12 and 24 months in service, by batch or by start.

    With a batch in question: that batch, all others of its products together, and some of those
    that started in the last two years, spread over them, the newest first; else the quarters in
    which units of the group went into service, and all others.

    Parameters
    ----------
    cells : one row per side, group, cohort and age that has been seen: ``inside`` (1 for the group
        in question), ``group``, and the columns of `stats.life.service_months`
    by : what ``group`` holds, "batch" or "quarter"
    last : the last month, in months since January 1970
    least : unit-months from which a group is shown

    Returns
    -------
    DataFrame, one row per group
        ``side`` ("own", "others", or ``by`` for a single batch or quarter), ``group``, ``units``,
        ``within_3`` ... ``within_24``; NaN where fewer than half of the units are that old, or
        faults of their first months were not recorded: empty is not zero.
    """
    own, others = (cells[cells["inside"] == side] for side in (1, 0))
    table = others if by == "batch" else own
    whole = (
        [("own", "", own), ("others", "", others)] if by == "batch" else [("others", "", others)]
    )
    groups = _groups(table, by=by, last=last, least=least, shown=SHOWN - len(whole))
    single = [(by, group, table[table["group"] == group]) for group in groups]
    rows = [*whole, *single] if by == "batch" else [*single, *whole]
    frame = pd.DataFrame([(s, g, *_within(t)) for s, g, t in rows], columns=COLUMNS)
    return frame[frame["units"] > 0].reset_index(drop=True)


def _groups(rows: pd.DataFrame, *, by: str, last: int, least: float, shown: int) -> list[str]:
    """The groups to show: the last quarters, or batches spread over the last two years."""
    at_risk = rows.groupby("group")["at_risk"].sum()
    cohorts = rows.drop_duplicates(["group", "cohort"])
    cohorts = cohorts.assign(start=cohorts["cohort"] * cohorts["units"])
    sums = cohorts.groupby("group")[["start", "units"]].sum()
    start, units = sums["start"] / sums["units"], sums["units"]
    start = start[(at_risk >= least) & (units >= LEAST_UNITS)].sort_values(kind="stable")
    if by != "batch":
        return list(start.index[-shown:])
    age = last - start
    start = start[(age >= HORIZONS[0]) & (age <= HORIZONS[-1])][::-1]
    places = np.linspace(0, len(start) - 1, min(shown, len(start))).round().astype(int)
    return list(start.index[places])


def _within(cells: pd.DataFrame) -> list[float]:
    """Units, and faults per 1,000 of them within each horizon; NaN where too few are that old."""
    part = ages.by_group(one_group(cells).assign(all=1), by=["all"])
    per_1000, seen = np.full(max(HORIZONS), np.nan), np.zeros(max(HORIZONS))
    part = part[part["age"] < max(HORIZONS)]
    per_1000[part["age"]], seen[part["age"]] = part["per_1000"], part["seen"]
    units = float(part["units"].iloc[0]) if len(part) else 0.0
    known = [(seen[:h] >= LEAST_SEEN).all() for h in HORIZONS]
    shown = [
        float(per_1000[:h].sum()) if k else np.nan for h, k in zip(HORIZONS, known, strict=True)
    ]
    return [units, *shown]


def one_group(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with one row per cohort and age, whatever the group."""
    return cells.groupby(["cohort", "age"], as_index=False)[["units", "at_risk", "claims"]].sum()
