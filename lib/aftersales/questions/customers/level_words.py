"""The sentences about a region's satisfaction as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.words import N_, say

if TYPE_CHECKING:
    from aftersales.questions.customers.result import Segment


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


def level_words(result: Segment, row: Any) -> list[Finding]:
    """The metric of one row of `Segment.levels`, and how it compares with the parent's rest."""
    return [*_level(result, row), *_against_parent(result, row)]


def _level(result: Segment, row) -> list[Finding]:
    """The metric over all answers, those without a tier or touchpoint included."""
    if row.n == 0 or row.withheld:
        text = _too_few(result, row)
        return [Finding("unknown", text, metric=row.metric, kind="level")] if text else []
    values = {"months": result.months, "n": words.count(row.n)}
    if row.metric == "csat_rate":
        text = say(
            "All answers of the last {months} months: {rate} satisfied (95 % interval {span}, n = "
            "{n}).",
            rate=words.percent(row.value),
            span=words.span(row.value_low, row.value_high, "share"),
            **values,
        )
    else:
        text = say(
            "Net promoter score of the last {months} months: {score} (95 % interval {span}, n = "
            "{n}).",
            score=words.number(row.value, digits=2),
            span=words.span(row.value_low, row.value_high),
            **values,
        )
    return [Finding("ok", text, kind="level", **_numbers(row))]


def _too_few(result: Segment, row) -> str:
    """What is said instead of a level; nothing of a score that nobody was asked for."""
    if row.n > 0:
        return say(
            "{measure}: fewer than {least} answers in the last {months} months, too few to judge.",
            measure=say(METRICS[row.metric].title),
            least=result.scope.profile.target(row.metric).min_n,
            months=result.months,
        )
    if row.metric == "csat_rate":
        return say("No satisfaction score was given in the last {n} months.", n=result.months)
    return ""


def _numbers(row) -> dict:
    return {
        "metric": row.metric,
        "estimate": row.value,
        "low": row.value_low,
        "high": row.value_high,
        "n": row.n,
        "unit": METRICS[row.metric].unit,
    }


def _against_parent(result: Segment, row) -> list[Finding]:
    """The region's answers against those of the rest of its parent."""
    scope = result.scope
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
    return [
        Finding(
            row.severity,
            text,
            baseline=row.others,
            ratio=row.value / row.others if share and row.others else None,
            p=row.p,
            q=row.q,
            excess=-row.difference * row.n if share else None,
            evidence="C",
            kind="against_parent",
            **_numbers(row),
        )
    ]
