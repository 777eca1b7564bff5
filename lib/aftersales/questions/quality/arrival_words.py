"""The sentences on whether the last weeks are complete, and how late things become known."""

from __future__ import annotations

import pandas as pd

from aftersales import words
from aftersales.findings import Finding, Severity
from aftersales.questions.quality.facts import Facts
from aftersales.words import N_, say, say_n

LOW_WEEKS, HIGH_WEEKS = 0.75, 1.5  # last four weeks over usual ones, and out of a year's range
COMPLETE = 0.99  # share of a month known, from which it can be read like an older one
_LATE = {
    "days_to_return": N_(
        "Nine in ten returns are requested by day {days} after delivery (median {median}): goods "
        "delivered in the last {days} days can still come back."
    ),
    "turnaround_days": N_(
        "Nine in ten repairs are finished by day {days} (median {median}): of those opened in the "
        "last {days} days many are still open."
    ),
    "resolution_hours": N_(
        "Nine in ten tickets are resolved by day {days} (median {median}): of those opened in the "
        "last {days} days many are still open."
    ),
}
_LATE_RETURNS = N_(
    "Of the returns that deliveries of {month} will bring, about {share} ({span}) are known: "
    "{known} so far, {expected} ({low}–{high}) in the end. Known of the months before: {before}."
)
_LATE_REPORTS = N_(
    "Table {table}: of what happened in {month}, about {share} ({span}) is reported: {known} cases "
    "so far, {expected} ({low}–{high}) in the end. Reported of the months before: {before}."
)


def findings(facts: Facts) -> list[Finding]:
    """The last weeks, tables that ended, cases still to come, and usual waits."""
    return [*_weeks(facts), *_stale(facts), *_late_reports(facts), *_late(facts)]


def _weeks(facts: Facts) -> list[Finding]:
    ratio, low, high = facts.usual
    if ratio != ratio:
        text = say("There are too few weeks of data to say whether the last ones are complete.")
        return [Finding("unknown", text, kind="completeness")]
    values = {
        "ratio": words.percent(ratio, decimals=0),
        "table": facts.main_table,
        "low": words.percent(low, decimals=0),
        "high": words.percent(high, decimals=0),
    }
    severity: Severity = "watch"
    if ratio < min(LOW_WEEKS, low):
        text = say(
            "The last four weeks have {ratio} of the usual number of rows ({table}). They may be "
            "incomplete: do not read the end of a series as an improvement.",
            **values,
        )
    elif ratio > max(HIGH_WEEKS, high):
        text = say(
            "The last four weeks have {ratio} of the usual number of rows ({table}). Where "
            "cleaning found no more copies than usual, this is a real rise: look at what changed.",
            **values,
        )
    else:
        text = say(
            "The last four weeks have {ratio} of the usual number of rows ({table}); in the year "
            "before, four weeks had between {low} and {high}.",
            **values,
        )
        severity = "ok"
    return [Finding(severity, text, estimate=ratio, unit="share", kind="completeness")]


def _stale(facts: Facts) -> list[Finding]:
    """Tables whose last row is older than their own rhythm explains."""
    return [
        Finding(
            "watch",
            say_n(
                "The last row of table {table} is {n} day old ({day}), much older than usual: "
                "later ones may be missing.",
                "The last row of table {table} is {n} days old ({day}), much older than usual: "
                "later ones may be missing.",
                row.age,
                table=row.table,
                day=words.day(row.last),
            ),
            subject={"table": row.table},
            estimate=row.age,
            baseline=row.usual,
            unit="days",
            kind="stale",
        )
        for row in facts.ends.itertuples()
        if row.stale
    ]


def _late(facts: Facts) -> list[Finding]:
    """Late arrivals: how long it takes until nine in ten cases are known."""
    told = set(facts.late["table"])
    return [
        Finding(
            "ok",
            say(_LATE[row.column], days=words.count(row.p90), median=words.count(row.median)),
            subject={"table": row.table},
            estimate=row.p90,
            n=row.n,
            unit="days",
            kind="late",
        )
        for row in facts.lags.itertuples()
        if row.table not in told or row.column != "days_to_return"
    ]


def _late_reports(facts: Facts) -> list[Finding]:
    """How complete the last three months are, for every table with two dates."""
    pairs = facts.late.groupby(["table", "event", "report"], sort=False)
    return [_late_report(str(table), months) for (table, *_), months in pairs]


def _late_report(table: str, months: pd.DataFrame) -> Finding:
    last = months.iloc[-1]
    values = {
        "table": table,
        "month": words.month(last["month"]),
        "share": _known(last["complete"]),
        "span": words.span(last["complete_low"], last["complete_high"], "share"),
        "known": words.count(last["known"]),
        "expected": words.cases(last["expected"]),
        "low": words.count(last["low"]),
        "high": words.count(last["high"]),
        "before": words.listing(
            [
                say("{month} {share}", month=words.month(m), share=_known(c))
                for m, c in zip(months["month"][-2::-1], months["complete"][-2::-1], strict=True)
            ]
        ),
    }
    if months["complete"].min() >= COMPLETE:
        text = say(
            "Table {table}: reports come so soon that the last three months are complete to at "
            "least {least}.",
            table=table,
            least=words.percent(months["complete"].min()),
        )
    elif table == "returns":
        text = say(_LATE_RETURNS, **values)
    else:
        text = say(_LATE_REPORTS, **values)
    return Finding(
        "ok",
        text,
        subject={"table": table},
        estimate=last["complete"],
        low=last["complete_low"],
        high=last["complete_high"],
        n=last["known"],
        unit="share",
        kind="late_reports",
    )


def _known(share: float) -> str:
    """A share of cases known; 100 % only where all are."""
    return words.percent(share, decimals=1 if 0.995 <= share < 1 else 0)
