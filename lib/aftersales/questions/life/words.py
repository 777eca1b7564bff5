"""The sentences of the life view: what is still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aftersales import words
from aftersales.findings import Finding, Severity
from aftersales.words import say, sentences

if TYPE_CHECKING:
    from aftersales.questions.life.result import Life

MUCH_UNSEEN = 0.3  # share of the expected faults at ages that no unit of the group has reached


def findings(result: Life) -> list[Finding]:
    """One finding: faults expected in the next months, beside those at the others' rates."""
    ahead = result.ahead
    more = ahead.low > ahead.usual
    severity: Severity = "unknown" if ahead.few else "watch" if more else "ok"
    return [
        Finding(
            severity,
            _text(result),
            metric="faults_per_1000",
            subject=dict(result.where),
            estimate=ahead.expected,
            low=ahead.low,
            high=ahead.high,
            baseline=ahead.usual,
            n=ahead.units,
            kind="ahead",
        )
    ]


def _text(result: Life) -> str:
    ahead = result.ahead
    to = result.scope.last_month + pd.DateOffset(months=len(ahead.months))
    values = {
        "units": words.count(ahead.units),
        "name": result.name,
        "month": words.month(to),
        "expected": words.cases(ahead.expected),
        "low": words.count(ahead.low),
        "high": words.count(ahead.high),
        "usual": words.cases(ahead.usual),
    }
    if ahead.few:
        return say(
            "Too few faults so far to foresee those of {name} ({units} units): between {low} and "
            "{high} up to {month}; {usual} at the rates of comparable units.",
            **values,
        )
    text = say(
        "Of the {units} units of {name} in service, {expected} faults are to be expected up to "
        "{month} if nothing changes (between {low} and {high}); {usual} at the rates of "
        "comparable units.",
        **values,
    )
    if ahead.unseen <= MUCH_UNSEEN:
        return text
    more = say(
        "{share} of them come at ages that no unit of the group has reached yet.",
        share=words.percent(ahead.unseen, decimals=0),
    )
    return sentences(text, more)
