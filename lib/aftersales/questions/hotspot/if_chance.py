"""What would have to be true for a hotspot to be chance: in units, in cases, in random maps."""

from __future__ import annotations

from typing import Any

from aftersales import words
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.hotspot import names
from aftersales.questions.hotspot.clusters_here import going_on, own_clusters, same_as
from aftersales.questions.hotspot.facts import Facts
from aftersales.studies.places.doubt import misplaced_cases, missed_share
from aftersales.studies.verdict import URGENT, urgent
from aftersales.words import N_, say

Row = tuple[str, str, str]  # what it is called, its severity, the sentence
_MISSING_UNITS = N_(
    "The register would have to miss {missed} of the units there, or {least} of the {count} "
    "faults would have to belong elsewhere."
)
_MISSING_ORDERS = N_(
    "The records would have to miss {missed} of the orders, or {least} of the {count} "
    "returns would have to belong elsewhere."
)


def rows(facts: Facts) -> list[Row]:
    """A sentence on every cell, cluster and outlet to act on or watch, the most urgent first."""
    found = [*_cells(facts), *_clusters(facts), *_outlets(facts)]
    return sorted(found, key=lambda row: URGENT.index(row[1]))


def _cells(facts: Facts) -> list[Row]:
    if facts.grid is None or not facts.grid.adjusted:
        return []
    found = []
    for row in urgent(facts.cells).itertuples():
        usual = {"expected": max(row.expected, 1e-9), "variance": 1 / max(row.others, 1.0)}
        least = misplaced_cases(row.cases, **usual, dispersion=max(row.dispersion, 1.0))
        cluster = same_as(facts, row)
        maps = "" if cluster is None else _maps(cluster)
        sentence = words.sentences(_records(facts, row, least=least), maps)
        found.append((names.cell(facts, row), row.severity, sentence))
    return found


def _clusters(facts: Facts) -> list[Row]:
    found = []
    for row in [*own_clusters(facts), *going_on(facts)]:
        if row.severity not in URGENT:
            continue
        least = misplaced_cases(row.cases, expected=row.expected, dispersion=row.dispersion)
        sentence = words.sentences(_records(facts, row, least=least), _maps(row))
        found.append((names.cluster(facts, row), row.severity, sentence))
    return found


def _records(facts: Facts, row: Any, *, least: int) -> str:
    if row.low <= 1 or least == 0:
        return say("Little: its interval reaches the usual spread.")
    returns = facts.grid.metric == "return_rate"
    return say(
        _MISSING_ORDERS if returns else _MISSING_UNITS,
        missed=words.percent(missed_share(row.low), decimals=0),
        least=words.count(least),
        count=words.count(row.cases),
    )


def _maps(row: Any) -> str:
    maps = round(row.recurrence)
    if row.floor:
        return say(
            "Of {maps} random maps none holds as strong a cluster anywhere.",
            maps=words.count(maps - 1),
        )
    return say(
        "About one random map in {maps} holds as strong a cluster somewhere.",
        maps=words.count(maps),
    )


def _outlets(facts: Facts) -> list[Row]:
    found = []
    for row in urgent(facts.outlets).itertuples():
        info = METRICS[row.metric]
        place = naming.label(facts.scope, "outlet", row.outlet)
        name = say("{place} · {item}", place=place, item=say(info.title))
        found.append((name, row.severity, _of_outlet(row, duration=info.kind == "duration")))
    return found


def _of_outlet(row: Any, *, duration: bool) -> str:
    if row.low <= 1:
        return say("Little: its interval reaches the usual spread.")
    if duration:
        return say(
            "Its repairs would have to be recorded as taking {times} times as long as they took.",
            times=words.number(row.low, digits=2),
        )
    return say(
        "{least} of the {count} misses would have to be recorded wrongly, or be due to what it "
        "repairs.",
        least=words.count(row.cases * missed_share(row.low)),
        count=words.count(row.cases),
    )
