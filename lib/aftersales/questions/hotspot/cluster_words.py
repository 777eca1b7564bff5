"""The sentences of the second look: clusters of places and products."""

from __future__ import annotations

from typing import Any

from aftersales import words
from aftersales.findings import Finding
from aftersales.questions import naming
from aftersales.questions.hotspot import names
from aftersales.questions.hotspot.clusters_here import (
    covers,
    going_on,
    held_places,
    most_of,
    own_clusters,
    reaching_beyond,
)
from aftersales.questions.hotspot.facts import Facts
from aftersales.questions.telling import in_words, numbers
from aftersales.words import say


def findings(facts: Facts) -> list[Finding]:
    """Clusters of the company that lie in the region, or that the region is part of."""
    if facts.clusters is None:
        return [_not_scanned(facts)] if facts.grid is not None else []
    started = going_on(facts)
    own = [row for row in own_clusters(facts) if not any(covers(s, row) for s in started)]
    found = [_cluster(facts, row) for row in own] + [_alive(facts, row) for row in started]
    return found + [_part(facts, row) for row in reaching_beyond(facts)] or [_none(facts)]


def mostly_in(facts: Facts, cell: Any) -> str:
    """A sentence that says in which part of a cell its excess is; "" where it is all over it."""
    row = most_of(facts, cell)
    if row is None:
        return ""
    values = {"where": names.where(facts, row.places), "what": names.what(facts, row)}
    if not row.model:
        return say("Most of it is in {where}.", **values)
    if set(row.places) == held_places(facts, getattr(cell, facts.grid.row)):
        return say("Most of it is {what}.", **values)
    return say("Most of it is {what} in {where}.", **values)


def by_chance(row: Any) -> str:
    """How often random maps hold as much."""
    maps = words.count(round(row.recurrence))
    if row.floor:
        return say("by chance fewer than one map in {maps} holds as strong a cluster", maps=maps)
    return say("by chance about one map in {maps} holds as strong a cluster", maps=maps)


def _values(facts: Facts, row: Any) -> dict[str, object]:
    return in_words(row) | {
        "where": names.where(facts, row.places),
        "what": names.what(facts, row),
        "months": facts.months,
        "chance": by_chance(row),
    }


def _cluster(facts: Facts, row: Any) -> Finding:
    text = say(
        "Cluster, {where}, {what}: {count} cases in {months} months, {ratio} times the "
        "{expected} expected if all places were alike (95 % interval {low}–{high}); {chance}.",
        **_values(facts, row),
    )
    return _finding(facts, row, text, kind="cluster")


def _alive(facts: Facts, row: Any) -> Finding:
    text = say(
        "New and still going on, {where}, {what}: {count} cases since {start}, {ratio} times the "
        "{expected} expected (95 % interval {low}–{high}), up from {before} times before; "
        "{chance}.",
        start=words.month(row.start),
        before=words.times(row.cases_before / row.expected_before),
        **_values(facts, row),
    )
    return _finding(facts, row, text, kind="cluster_now")


def _finding(facts: Facts, row: Any, text: str, *, kind: str) -> Finding:
    per = facts.grid.per / max(row.at_risk, 1.0)
    call = {"metric": facts.grid.metric, "per": per, "baseline": per * row.expected}
    fields = numbers(row, **call, n=row.at_risk)
    return Finding(row.severity, text, subject=_subject(facts, row), kind=kind, **fields)


def _subject(facts: Facts, row: Any) -> dict[str, str]:
    region = names.region_of(facts, row.places) or "+".join(row.places)
    parts = {"region": region, facts.grid.column: row.product, "model": row.model}
    if region == facts.scope.region.id:
        parts.pop("region")
    return {key: value for key, value in parts.items() if value}


def _part(facts: Facts, row: Any) -> Finding:
    text = say(
        "{region} is part of a cluster that reaches beyond it: {where}, {what}, {ratio} times the "
        "expected together; {chance}.",
        region=naming.region(facts.scope),
        **_values(facts, row),
    )
    subject, metric = _subject(facts, row), facts.grid.metric
    return Finding("ok", text, metric=metric, subject=subject, p=row.p, kind="cluster_part")


def _none(facts: Facts) -> Finding:
    """No cluster but those that are named already."""
    text = say(
        "Scan of the map: among {groups} groups of places and products of the company, "
        "none stands out in {region} beyond what is named here.",
        groups=words.count(facts.clusters.groups),
        region=naming.region(facts.scope),
    )
    return Finding("ok", text, metric=facts.grid.metric, kind="cluster_none")


def _not_scanned(facts: Facts) -> Finding:
    if facts.grid.adjusted:
        text = say("The map is not scanned: that takes three places.")
    else:
        text = say(
            "The map is not scanned: without units in service or orders nothing says how many "
            "cases to expect."
        )
    return Finding("unknown", text, metric=facts.grid.metric, kind="cluster_none")
