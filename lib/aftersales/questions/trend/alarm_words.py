"""The sentences about weekly alarms, and about how far they can be trusted."""

from __future__ import annotations

from aftersales import words
from aftersales.findings import Finding
from aftersales.questions.trend.facts import Facts
from aftersales.questions.trend.rise_words import risen, row_words
from aftersales.studies.verdict import urgent
from aftersales.words import N_, N_n, say, say_n, sentences

SHOWN = 4  # alarms with a sentence of their own
WEEKS_A_YEAR = 52
DOUBT = 2.0  # times the nominal rate that the whole interval must exceed before we doubt alarms
_MESSAGES = {
    "spike": N_(
        "{measure}, {subject}: a spike in the week of {start}: {count} cases, {ratio} times the "
        "{expected} expected from the weeks before (95 % interval {low}–{high})."
    ),
    "spikes": N_(
        "{measure}, {subject}: a spike since the week of {start}: {count} cases, {ratio} times the "
        "{expected} expected from the weeks before (95 % interval {low}–{high})."
    ),
    "drift": N_(
        "{measure}, {subject}: a drift upwards since the week of {start}, still on: {count} cases, "
        "{ratio} times the {expected} expected from the weeks before (95 % interval {low}–{high})."
    ),
    "both": N_(
        "{measure}, {subject}: a jump that lasts since the week of {start}: {count} cases, {ratio} "
        "times the {expected} expected from the weeks before (95 % interval {low}–{high})."
    ),
}
_SHORT_PAST = N_("Its past is shorter than a year, so only the seven weeks before it are compared.")
_RUNGS = {
    "season": N_("Find out what happened then."),
    "level": N_("Its past is shorter than two years, so no season is taken out."),
    "C2": _SHORT_PAST,
    "C1": _SHORT_PAST,
}
_QUIET = N_n(
    "By week, no alarm is on: the only series watched is within what its past weeks let expect.",
    "By week, no alarm is on: all {n} series watched are within what their past weeks let expect.",
)
_OTHERS = N_n(
    "By week, the only series watched raises no other alarm.",
    "By week, the other series raise no alarm (of {n} watched).",
)
_MORE = N_n(
    "By week, {n} more alarm is on: small, or of a series named above, a part or a sum of one. See "
    "the table of alarms.",
    "By week, {n} more alarms are on: small, or of series named above, parts or sums of them. See "
    "the table of alarms.",
)


def findings(facts: Facts) -> list[Finding]:
    """What is alarming this week."""
    if facts.weekly is None:
        text = say("Not watched by week: that takes tickets, and 30 of them in a series.")
        return [Finding("unknown", text, metric=facts.metric, kind="weekly")]
    standing = urgent(facts.alarms)
    own = standing[standing["said"].eq("")].head(SHOWN)
    found = [_alarm(facts, row) for row in own.itertuples()]
    return [*found, _summary(facts, said=len(found))]


def _alarm(facts: Facts, row) -> Finding:
    message = _MESSAGES["spikes" if row.alarm == "spike" and row.weeks > 1 else row.alarm]
    told = say(message, **row_words(facts, row), start=words.day(row.week))
    text = sentences(told, say(_RUNGS[row.rung]))
    return risen(facts, row, text, kind="alarm", months=row.at_risk / 30)  # of counts, days


def _summary(facts: Facts, *, said: int) -> Finding:
    n, more = len(facts.weekly.names), len(facts.alarms) - said
    messages, count = (_MORE, more) if more else (_OTHERS if said else _QUIET, n)
    text = say_n(*messages, count)
    return Finding("ok", text, metric=facts.metric, judged=max(n - said, 1), kind="weekly")


def trust(facts: Facts) -> list[Finding]:
    """The measured false-alarm rate beside the nominal one."""
    found = facts.calibration
    if found is None:
        text = say("False alarms are not measured: no series is watched by week.")
        return [Finding("unknown", text, metric=facts.metric, kind="calibration")]
    watched = len(facts.weekly.names)
    low, high, nominal = (
        words.percent(x, decimals=2) for x in (found.low, found.high, found.nominal)
    )
    text = say(
        "Of {weeks} simulated weeks in which nothing happens, the detector called {rate} a spike "
        "(95 % interval {span}; it is built for {nominal}) and {drift} a drift. In the {watched} "
        "series watched here that is about {a_year} false spikes a year, and fewer after the "
        "control for many series.",
        watched=words.count(watched),
        a_year=words.cases(found.rate * watched * WEEKS_A_YEAR),
        rate=words.percent(found.rate, decimals=2),
        weeks=words.count(found.weeks),
        span=say("{low} to {high}", low=low, high=high),
        nominal=nominal,
        drift=words.percent(found.drift, decimals=2),
    )
    return [
        Finding(
            "ok" if found.low <= DOUBT * found.nominal else "unknown",
            text,
            metric=facts.metric,
            estimate=found.rate,
            low=found.low,
            high=found.high,
            baseline=found.nominal,
            n=found.weeks,
            unit="share",
            kind="calibration",
        )
    ]
