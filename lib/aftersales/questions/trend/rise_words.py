"""A series above its past, in the same words and numbers by month and by week."""

from __future__ import annotations

from typing import Any

from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.telling import in_words, numbers
from aftersales.questions.trend.facts import Facts


def row_words(facts: Facts, row: Any) -> dict[str, str]:
    """What sentences name of a row: ``measure``, ``subject`` and its numbers."""
    subject = naming.whom(facts.scope, facts.subject_of(row))
    return {"measure": naming.measured(row.metric), "subject": subject, **in_words(row)}


def risen(facts: Facts, row: Any, text: str, *, kind: str, months: float) -> Finding:
    """The finding of a row whose cases are of so many `months`.

    Rates are told per exposure, counts as cases a month. Of a metric that is good when high, the
    numbers are its misses, as in the sentence.
    """
    info = METRICS[row.metric]
    n, size = (None, months) if info.kind == "count" else (row.at_risk, row.at_risk)
    per = (1000.0 if info.kind == "rate" else 1.0) / size if size else float("nan")
    values = numbers(row, metric=row.metric, per=per, baseline=row.expected * per, n=n)
    return Finding(row.severity, text, subject=facts.subject_of(row), kind=kind, **values)
