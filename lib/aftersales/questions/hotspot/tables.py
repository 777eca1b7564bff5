"""The tables of the hotspot report, for readers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from aftersales import words
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.hotspot import if_chance, names
from aftersales.questions.hotspot.facts import Facts
from aftersales.questions.no_rows import no_rows
from aftersales.studies.verdict import WATCH_P
from aftersales.words import say


def cell_table(facts: Facts) -> pd.DataFrame:
    """Whole places, then cells: crude and adjusted side by side, the largest excess first."""
    columns = ["cases", "crude_expected", "expected", "excess", "crude_ratio", "ratio"]
    columns += ["low", "high"]
    if facts.cells.empty:
        return no_rows(say("There is nothing to compare."), columns=columns)
    grid, parts = facts.grid, [_largest_first(facts.cells)]
    if len(facts.whole):
        together = {grid.column: say("all together")}
        parts.insert(0, _largest_first(facts.whole).assign(**together))
    if not grid.adjusted:
        columns = [name for name in columns if not name.startswith("crude")]
    shown = pd.concat(parts).reindex(columns=[grid.row, grid.column, *columns])
    return shown.dropna(axis=1, how="all").reset_index(drop=True)


def _largest_first(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[~rows["few"]].sort_values("excess", ascending=False)


def outlet_table(facts: Facts) -> pd.DataFrame:
    """Outlets with enough cases for readers, those that stand out on the bad side first."""
    columns = ["outlet", "metric", "n", "value", "peers", "ratio", "low", "high", "q"]
    known = facts.outlets[~facts.outlets["few"]]
    if known.empty:
        return no_rows(say("No outlet here can be compared with others."), columns=columns)
    shown = known.assign(better=known["ratio"] <= 1, n=known["at_risk"])
    shown = shown.sort_values(["better", "p"]).reset_index(drop=True)
    for name in ("value", "peers"):
        pairs = zip(shown[name], shown["metric"], strict=True)
        shown[name] = [words.amount(value, METRICS[metric].unit) for value, metric in pairs]
    shown["metric"] = [naming.measured(m) for m in shown["metric"]]
    return shown[columns]


def cluster_table(facts: Facts) -> pd.DataFrame:
    """The clusters that touch the region, of each kind with the strongest that chance explains."""
    columns = ["where", "what", "since", "cases", "expected", "ratio", "low", "high", "by_chance"]
    if facts.clusters is None:
        return no_rows(say("The map is not scanned."), columns=columns)
    rows = []
    for part in (facts.clusters.window, facts.clusters.now):
        touching = [row for row in part.itertuples() if set(row.places) & facts.inside]
        shown = sum(row.p <= WATCH_P for row in touching) + 1
        rows += [_cluster(facts, row) for row in touching[:shown]]
    if not rows:
        return no_rows(say("The scan finds no group here."), columns=columns)
    return pd.DataFrame(rows)[columns]


def _cluster(facts: Facts, row: Any) -> dict[str, object]:
    numbers = ("cases", "expected", "ratio", "low", "high")
    return {
        "where": names.where(facts, row.places),
        "what": names.what(facts, row),
        "since": say("whole window") if row.start is None else words.month(row.start),
        "by_chance": _maps(row),
        **{name: getattr(row, name) for name in numbers},
    }


def _maps(row: Any) -> str:
    maps = words.count(round(row.recurrence))
    if row.floor:
        return say("under 1 in {maps}", maps=maps)
    return say("1 in {maps}", maps=maps) if row.recurrence >= 1.5 else say("often")


def chance_table(facts: Facts) -> pd.DataFrame:
    """One row per hotspot, cluster and outlet that is to be acted on or watched.

    ``hotspot`` (its name), ``severity``, and ``if_chance``: a sentence that says how far the
    records would have to be wrong for it to lie within the usual spread.
    """
    columns, rows = ["hotspot", "severity", "if_chance"], if_chance.rows(facts)
    if not rows:
        text = say("No hotspot is named, so there is nothing to explain away.")
        return no_rows(text, columns=columns)
    return pd.DataFrame(rows, columns=columns)
