"""The sentences about a region's satisfaction as a whole."""

from __future__ import annotations

from typing import Any

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.customers.facts import Facts
from aftersales.questions.telling import difference_numbers, level_numbers
from aftersales.words import N_, say

_AGAINST = {  # is it below the others?
    True: N_(
        "{measure}: {region} is {points} points below the rest of {parent} ({others}; 95 % "
        "interval of the difference {low} to {high} points)."
    ),
    False: N_(
        "{measure}: {region} is {points} points above the rest of {parent} ({others}; 95 % "
        "interval of the difference {low} to {high} points)."
    ),
}


def level_words(facts: Facts, row: Any) -> list[Finding]:
    """The metric of one row of `Facts.levels`, and how it compares with the parent's rest."""
    return [*_level(facts, row), *_against_parent(facts, row)]


def _level(facts: Facts, row) -> list[Finding]:
    """The metric over all answers, those without a tier or touchpoint included."""
    if row.n == 0 or row.withheld:
        text = _too_few(facts, row)
        return [Finding("unknown", text, metric=row.metric, kind="level")] if text else []
    values = {"months": facts.months, "n": words.count(row.n)}
    if row.metric == "csat_rate":
        text = say(
            "All answers of the last {months} months: {rate} satisfied (95 % interval {span}, n = "
            "{n}).",
            rate=words.percent(row.rate),
            span=words.span(row.rate_low, row.rate_high, "share"),
            **values,
        )
    else:
        text = say(
            "Net promoter score of the last {months} months: {score} (95 % interval {span}, n = "
            "{n}).",
            score=words.number(row.score, digits=2),
            span=words.span(row.score_low, row.score_high),
            **values,
        )
    return [Finding("ok", text, kind="level", **level_numbers(row))]


def _too_few(facts: Facts, row) -> str:
    """What is said instead of a level; nothing of a score that nobody was asked for."""
    if row.n > 0:
        return say(
            "{measure}: fewer than {least} answers in the last {months} months, too few to judge.",
            measure=say(METRICS[row.metric].title),
            least=facts.scope.profile.target(row.metric).min_n,
            months=facts.months,
        )
    if row.metric == "csat_rate":
        return say("No satisfaction score was given in the last {n} months.", n=facts.months)
    return ""


def _against_parent(facts: Facts, row) -> list[Finding]:
    """The region's answers against those of the rest of its parent."""
    scope = facts.scope
    if row.difference != row.difference or scope.parent is None:
        return []
    share = row.metric == "csat_rate"
    scale = 100.0 if share else 1.0
    text = say(
        _AGAINST[row.difference < 0],
        measure=say(METRICS[row.metric].title),
        region=naming.region(scope),
        parent=naming.region(scope, scope.parent.id),
        points=words.number(abs(round(row.difference * scale, 1)), digits=2),
        low=words.signed(round(row.low * scale, 1)),
        high=words.signed(round(row.high * scale, 1)),
        others=words.percent(row.others) if share else words.number(row.others, digits=2),
    )
    return [Finding(row.severity, text, kind="against_parent", **difference_numbers(row))]
