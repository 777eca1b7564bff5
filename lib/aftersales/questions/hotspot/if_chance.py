"""What would have to be true for a hotspot to be chance: in units, in cases, in random maps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from aftersales import words
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.hotspot import cluster_words, clusters_here
from aftersales.stats.counts.more_than_expected import count_limits
from aftersales.words import say

if TYPE_CHECKING:
    from aftersales.questions.hotspot.result import Hotspot

COLUMNS = ["hotspot", "severity", "if_chance"]


def chance_frame(result: Hotspot) -> pd.DataFrame:
    """One row per hotspot, cluster and outlet that is to be acted on or watched.

    ``hotspot`` (its name), ``severity``, and ``if_chance``: a sentence that says how far the
    records would have to be wrong for it to lie within the usual spread.
    """
    rows = _cells(result) + _clusters(result) + _outlets(result)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    order = frame["severity"].map({"act": 0, "watch": 1})
    frame = frame.iloc[order.argsort(kind="stable")].reset_index(drop=True)
    frame.attrs["nothing"] = say("No hotspot is named, so there is nothing to explain away.")
    return frame


def missed_share(low: float) -> float:
    """Share of the true exposure that the records would have to miss for a ratio to be usual.

    `low` is the lower end of the ratio's interval: with so many times the recorded exposure the
    interval would reach 1. 0 where it reaches 1 already.

    >>> missed_share(2.0), missed_share(0.9)
    (0.5, 0.0)
    """
    return max(0.0, 1 - 1 / low) if low > 0 else 0.0


def misplaced_cases(
    count: float, *, expected: float, variance: float = 0.0, dispersion: float = 1.0
) -> int:
    """Cases that would have to belong elsewhere for a count to be within the usual range.

    The range is the one that 95 % of counts keep to (`stats.excess.count_limits`).

    >>> misplaced_cases(30, expected=10.0)
    14
    """
    most = count_limits(expected, variance=variance, dispersion=dispersion)[1]
    return max(0, round(count) - most)


def _cells(result: Hotspot) -> list[dict[str, object]]:
    grid = result.grid
    if grid is None or not grid.adjusted or result.cells.empty:
        return []
    urgent = result.cells[result.cells["severity"].isin(["act", "watch"])]
    label, rows = partial(naming.label, result.scope), []
    for row in urgent.itertuples():
        place, item = getattr(row, grid.row), getattr(row, grid.column)
        sentence = _records(
            result,
            low=row.low,
            count=row.compared,
            least=misplaced_cases(
                row.compared,
                expected=max(row.expected, 1e-9),
                variance=1 / max(row.others, 1.0),
                dispersion=max(row.dispersion, 1.0),
            ),
        )
        name = say("{place} · {item}", place=label(grid.row, place), item=label(grid.column, item))
        rows.append(_row(name, row, _join(sentence, _scan_of(result, place, item))))
    return rows


def _scan_of(result: Hotspot, place: str, item: str) -> str:
    """What the scan says of a cell that is a cluster itself; "" where it is none."""
    if result.clusters is None:
        return ""
    held = clusters_here.held_places(result, place)
    for row in clusters_here.unlikely(result.clusters.window).itertuples():
        if set(row.places) == held and row.product == item and not row.model:
            return _maps(row)
    return ""


def _clusters(result: Hotspot) -> list[dict[str, object]]:
    if result.clusters is None:
        return []
    window = clusters_here.unlikely(result.clusters.window).itertuples()
    own = [row for row in window if clusters_here.own_cluster(result, row)]
    rows = []
    for row in [*own, *clusters_here.going_on(result)]:
        severity = clusters_here.severity_of(result, row)
        if severity not in ("act", "watch"):
            continue
        least = misplaced_cases(row.count, expected=row.expected, dispersion=row.dispersion)
        sentence = _records(result, low=row.low, count=row.count, least=least)
        name = _name(result, row)
        rows.append(_row(name, row, _join(sentence, _maps(row)), severity=severity))
    return rows


def _name(result: Hotspot, row) -> str:
    place, item = cluster_words.where(result, row.places), cluster_words.what(result, row)
    if row.start is None:
        return say("{place} · {item}", place=place, item=item)
    since = words.month(row.start)
    return say("{place} · {item} · since {start}", place=place, item=item, start=since)


def _records(result: Hotspot, *, low: float, count: float, least: int) -> str:
    values = {
        "missed": words.percent(missed_share(low), decimals=0),
        "times": words.number(low, digits=2),
        "least": words.count(least),
        "count": words.count(count),
    }
    if low <= 1 or least == 0:
        return say("Little: its interval reaches the usual spread.")
    if result.grid.metric == "return_rate":
        return say(
            "The records would have to miss {missed} of the orders, or {least} of the {count} "
            "returns would have to belong elsewhere.",
            **values,
        )
    return say(
        "The register would have to miss {missed} of the units there, or {least} of the {count} "
        "faults would have to belong elsewhere.",
        **values,
    )


def _maps(row) -> str:
    maps = words.count(round(row.recurrence))
    if row.floor:
        return say(
            "Of {maps} random maps none holds as strong a cluster anywhere.",
            maps=words.count(round(row.recurrence) - 1),
        )
    return say("About one random map in {maps} holds as strong a cluster somewhere.", maps=maps)


def _outlets(result: Hotspot) -> list[dict[str, object]]:
    table = result.outlets
    urgent = table[table["severity"].isin(["act", "watch"])] if len(table) else table
    rows = []
    for row in urgent.itertuples():
        info = METRICS[row.metric]
        name = say(
            "{place} · {item}",
            place=naming.label(result.scope, "outlet", row.outlet),
            item=say(info.title),
        )
        rows.append(_row(name, row, _of_outlet(row, duration=info.kind == "duration")))
    return rows


def _of_outlet(row, *, duration: bool) -> str:
    if row.low <= 1:
        return say("Little: its interval reaches the usual spread.")
    if duration:
        return say(
            "Its repairs would have to be recorded as taking {times} times as long as they took.",
            times=words.number(row.low, digits=2),
        )
    wrong = row.value * row.n
    return say(
        "{least} of the {count} misses would have to be recorded wrongly, or be due to what it "
        "repairs.",
        least=words.count(wrong * missed_share(row.low)),
        count=words.count(wrong),
    )


def _row(name: str, row, sentence: str, *, severity: str = "") -> dict[str, object]:
    return {
        "hotspot": name,
        "severity": severity or row.severity,
        "if_chance": sentence,
    }


def _join(first: str, second: str) -> str:
    return say("{first} {second}", first=first, second=second) if second else first
