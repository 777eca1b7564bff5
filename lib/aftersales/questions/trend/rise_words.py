"""A series above its past as a finding: the same words and numbers by month and by week."""

from __future__ import annotations

from typing import Any

from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.telling import in_words, numbers
from aftersales.questions.trend.facts import Facts
from aftersales.words import say, sentences


def risen(
    facts: Facts, row: Any, message: str, *more: str, kind: str, months: float, **values: str
) -> Finding:
    """The finding of one row of comparison.

    Rates are told per exposure, counts as cases a month. Of a metric that is good when high, the
    numbers are its misses, as in the sentence.

    Parameters
    ----------
    message : with {measure}, {subject}, {count}, {expected}, {ratio}, {low}, {high} and those of
        `values`
    more : sentences that follow
    months : length of the time the cases are of
    """
    subject = facts.subject_of(row)
    told = say(
        message,
        measure=naming.measured(row.metric),
        subject=naming.whom(facts.scope, subject),
        **in_words(row),
        **values,
    )
    info = METRICS[row.metric]
    n, size = (None, months) if info.kind == "count" else (row.at_risk, row.at_risk)
    per = (1000.0 if info.kind == "rate" else 1.0) / size if size else float("nan")
    shown = numbers(row, metric=row.metric, per=per, baseline=row.expected * per, n=n)
    text = sentences(told, *more)
    return Finding(row.severity, text, subject=subject, kind=kind, **shown)
