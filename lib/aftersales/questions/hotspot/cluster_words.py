"""The sentences and the table of the second look: clusters of places and products."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.hotspot.clusters_here import (
    covers,
    going_on,
    held_places,
    is_most_of,
    is_new,
    own_cluster,
    severity_of,
    unlikely,
)
from aftersales.questions.no_rows import no_rows
from aftersales.studies.places.judged import STABLE_EXPECTED
from aftersales.studies.verdict import WATCH_P
from aftersales.words import say, say_n

if TYPE_CHECKING:
    from aftersales.questions.hotspot.result import Hotspot

NAMED = 5  # regions of a cluster that are named one by one


def findings(result: Hotspot) -> list[Finding]:
    """Clusters of the company that lie in the region, or that the region is part of."""
    if result.clusters is None:
        return [_not_scanned(result)] if result.grid is not None else []
    window, now = (unlikely(part) for part in (result.clusters.window, result.clusters.now))
    inside = set(result.scope.profile.regions.members(result.scope.region.id))
    touching = [row for row in now.itertuples() if set(row.places) & inside and is_new(row)]
    started = going_on(result)
    own = [row for row in window.itertuples() if own_cluster(result, row)]
    found = [_cluster(result, r) for r in own if not any(covers(s, r) for s in started)]
    found += [_alive(result, row) for row in started]
    wider = [row for row in window.itertuples() if set(row.places) & inside] + touching
    found += [_part(result, row) for row in wider if not set(row.places) <= inside]
    return found or [_none(result)]


def mostly_in(result: Hotspot, cell: Any) -> str:
    """A sentence that says in which part of a cell its excess is; "" where it is all over it."""
    if result.clusters is None:
        return ""
    for row in unlikely(result.clusters.window).itertuples():
        if is_most_of(result, cell, row):
            values = {"where": where(result, row.places), "what": what(result, row)}
            if not row.model:
                return say("Most of it is in {where}.", **values)
            if set(row.places) == held_places(result, getattr(cell, result.grid.row)):
                return say("Most of it is {what}.", **values)
            return say("Most of it is {what} in {where}.", **values)
    return ""


def region_of(result: Hotspot, places: tuple[str, ...]) -> str:
    """The region that holds just these places; "" where it takes several."""
    if len(places) == 1:
        return places[0]
    return next(
        (r.id for r in result.scope.profile.regions if held_places(result, r.id) == set(places)), ""
    )


def where(result: Hotspot, places: tuple[str, ...]) -> str:
    """The places of a cluster in words."""
    if one := region_of(result, places):
        return naming.region(result.scope, one)
    names = [naming.region(result.scope, p) for p in places]
    if len(names) <= NAMED:
        return words.listing(names)
    return say_n(
        "{names} and {n} more region",
        "{names} and {n} more regions",
        len(names) - NAMED + 1,
        names=words.listing_plain(names[: NAMED - 1]),
    )


def what(result: Hotspot, row: Any) -> str:
    """The products of a cluster in words."""
    label, column = partial(naming.label, result.scope), result.grid.column
    if not row.product:
        return say("all products together")
    product = label(column, row.product)
    if not row.model:
        return product
    return say("{product} {model}", product=product, model=label("model", row.model))


def by_chance(row: Any) -> str:
    """How often random maps hold as much."""
    maps = words.count(round(row.recurrence))
    if row.floor:
        return say("by chance fewer than one map in {maps} holds as strong a cluster", maps=maps)
    return say("by chance about one map in {maps} holds as strong a cluster", maps=maps)


def _values(result: Hotspot, row) -> dict[str, object]:
    return {
        "where": where(result, row.places),
        "what": what(result, row),
        "count": words.count(row.count),
        "expected": words.cases(row.expected),
        "ratio": words.times(row.ratio),
        "low": words.times(row.low),
        "high": words.times(row.high),
        "months": result.months,
        "chance": by_chance(row),
    }


def _cluster(result: Hotspot, row) -> Finding:
    text = say(
        "Cluster, {where}, {what}: {count} cases in {months} months, {ratio} times the "
        "{expected} expected if all places were alike (95 % interval {low}–{high}); {chance}.",
        **_values(result, row),
    )
    return _finding(result, row, text, kind="cluster")


def _alive(result: Hotspot, row) -> Finding:
    text = say(
        "New and still going on, {where}, {what}: {count} cases since {start}, {ratio} times the "
        "{expected} expected (95 % interval {low}–{high}), up from {before} times before; "
        "{chance}.",
        start=words.month(row.start),
        before=words.times(row.count_before / row.expected_before),
        **_values(result, row),
    )
    return _finding(result, row, text, kind="cluster_now")


def _finding(result: Hotspot, row, text: str, *, kind: str) -> Finding:
    info = METRICS[result.grid.metric]
    rate = (1000.0 if info.kind == "rate" else 1.0) / max(row.at_risk, 1.0)
    baseline = rate * row.expected
    return Finding(
        severity_of(result, row),
        text,
        metric=info.key,
        subject=_subject(result, row),
        estimate=baseline * row.ratio,
        low=baseline * row.low,
        high=baseline * row.high,
        baseline=baseline,
        ratio=row.ratio,
        p=row.p,
        q=row.p,
        n=row.at_risk,
        excess=row.excess,
        unit=info.unit,
        evidence="A" if row.expected >= STABLE_EXPECTED and kind == "cluster" else "B",
        kind=kind,
    )


def _subject(result: Hotspot, row) -> dict[str, str]:
    region = region_of(result, row.places) or "+".join(row.places)
    parts = {"region": region, result.grid.column: row.product, "model": row.model}
    if region == result.scope.region.id:
        parts.pop("region")
    return {key: value for key, value in parts.items() if value}


def _part(result: Hotspot, row) -> Finding:
    text = say(
        "{region} is part of a cluster that reaches beyond it: {where}, {what}, {ratio} times the "
        "expected together; {chance}.",
        region=naming.region(result.scope),
        **_values(result, row),
    )
    subject = _subject(result, row)
    metric = result.grid.metric
    return Finding("ok", text, metric=metric, subject=subject, p=row.p, kind="cluster_part")


def _none(result: Hotspot) -> Finding:
    """No cluster but those that are named already."""
    text = say(
        "Scan of the map: among {groups} groups of places and products of the company, "
        "none stands out in {region} beyond what is named here.",
        groups=words.count(result.clusters.groups),
        region=naming.region(result.scope),
    )
    return Finding("ok", text, metric=result.grid.metric, kind="cluster_none")


def _not_scanned(result: Hotspot) -> Finding:
    if result.grid.adjusted:
        text = say("The map is not scanned: that takes three places.")
    else:
        text = say(
            "The map is not scanned: without units in service or orders nothing says how many "
            "cases to expect."
        )
    return Finding("unknown", text, metric=result.grid.metric, kind="cluster_none")


def cluster_frame(result: Hotspot) -> pd.DataFrame:
    """The clusters that touch the region, for readers, and the strongest that is none."""
    columns = ["where", "what", "since", "count", "expected", "ratio", "low", "high", "by_chance"]
    if result.clusters is None:
        return no_rows(say("The map is not scanned."), columns=columns)
    inside = set(result.scope.profile.regions.members(result.scope.region.id))
    rows = []
    for part, name in ((result.clusters.window, ""), (result.clusters.now, "now")):
        touching = [r for r in part.itertuples() if set(r.places) & inside]
        shown = sum(r.p <= WATCH_P for r in touching) + 1
        rows += [_row(result, r, now=bool(name)) for r in touching[:shown]]
    if not rows:
        return no_rows(say("The scan finds no group here."), columns=columns)
    return pd.DataFrame(rows, columns=columns)


def _row(result: Hotspot, row, *, now: bool) -> dict[str, object]:
    return {
        "where": where(result, row.places),
        "what": what(result, row),
        "since": words.month(row.start) if now else say("whole window"),
        "count": row.count,
        "expected": row.expected,
        "ratio": row.ratio,
        "low": row.low,
        "high": row.high,
        "by_chance": _maps(row),
    }


def _maps(row) -> str:
    maps = words.count(round(row.recurrence))
    if row.floor:
        return say("under 1 in {maps}", maps=maps)
    return say("1 in {maps}", maps=maps) if row.recurrence >= 1.5 else say("often")
