"""The sentences about weekly alarms, and about how far they can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.telling import rise_numbers
from aftersales.questions.trend.level_words import measured
from aftersales.words import N_, say, say_n, sentences

if TYPE_CHECKING:
    from aftersales.questions.trend.result import Trend

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
_NEXT = N_("Find out what happened then.")
_RUNGS = {
    "season": _NEXT,
    "level": N_("Its past is shorter than two years, so no season is taken out."),
    "C2": N_("Its past is shorter than a year, so only the seven weeks before it are compared."),
    "C1": N_("Its past is shorter than a year, so only the seven weeks before it are compared."),
}


def findings(trend: Trend) -> list[Finding]:
    """What is alarming this week."""
    if trend.weekly is None:
        text = say("Not watched by week: that takes tickets, and 30 of them in a series.")
        return [Finding("unknown", text, metric=trend.metric, kind="weekly")]
    alarms = trend.alarms
    urgent = alarms[alarms["severity"].isin(["act", "watch"]) & alarms["said"].eq("")]
    found = [_alarm(trend, row) for row in urgent.head(SHOWN).itertuples()]
    return [*found, _summary(trend, said=len(found))]


def _alarm(trend: Trend, row) -> Finding:
    subject = {"region": row.region, trend.split_by or "part": row.part}
    subject = {k: v for k, v in subject.items() if v}
    message = "spikes" if row.alarm == "spike" and row.weeks > 1 else row.alarm
    told = say(
        _MESSAGES[message],
        measure=measured(row.metric),
        subject=naming.subject(trend.scope, subject) if subject else naming.region(trend.scope),
        start=words.day(row.week),
        count=words.count(row.count),
        expected=words.cases(row.expected),
        ratio=words.times(row.ratio),
        low=words.times(row.low),
        high=words.times(row.high),
    )
    text = sentences(told, say(_RUNGS[row.rung]))
    return Finding(row.severity, text, subject=subject, kind="alarm", **_numbers(row))


def _numbers(row) -> dict:
    """Rates per exposure over the weeks of the alarm; counts as cases a month."""
    counted = METRICS[row.metric].kind == "count"
    per = (30.0 if counted else 1000.0) / row.n if row.n else float("nan")
    return rise_numbers(row, per=per)


def _summary(trend: Trend, *, said: int) -> Finding:
    alarms, n = trend.alarms, len(trend.weekly.names)
    rest = len(alarms) - said
    if alarms.empty:
        text = say_n(
            "By week, no alarm is on: the only series watched is within what its past weeks let "
            "expect.",
            "By week, no alarm is on: all {n} series watched are within what their past weeks let "
            "expect.",
            n,
        )
    elif rest == 0:
        text = say_n(
            "By week, the only series watched raises no other alarm.",
            "By week, the other series raise no alarm (of {n} watched).",
            n,
        )
    else:
        text = say_n(
            "By week, {n} more alarm is on: small, or of a series named above, a part or a sum of "
            "one. See the table of alarms.",
            "By week, {n} more alarms are on: small, or of series named above, parts or sums of "
            "them. See the table of alarms.",
            rest,
        )
    return Finding("ok", text, metric=trend.metric, judged=max(n - said, 1), kind="weekly")


def trust(trend: Trend) -> list[Finding]:
    """The measured false-alarm rate beside the nominal one."""
    found = trend.calibration
    if found is None:
        text = say("False alarms are not measured: no series is watched by week.")
        return [Finding("unknown", text, metric=trend.metric, kind="calibration")]
    watched = len(trend.weekly.names)
    text = say(
        "Of {weeks} simulated weeks in which nothing happens, the detector called {rate} a spike "
        "(95 % interval {span}; it is built for {nominal}) and {drift} a drift. In the {watched} "
        "series watched here that is about {a_year} false spikes a year, and fewer after the "
        "control for many series.",
        watched=words.count(watched),
        a_year=words.cases(found.rate * watched * WEEKS_A_YEAR),
        rate=words.percent(found.rate, decimals=2),
        weeks=words.count(found.weeks),
        span=say(
            "{low} to {high}",
            low=words.percent(found.low, decimals=2),
            high=words.percent(found.high, decimals=2),
        ),
        nominal=words.percent(found.nominal, decimals=2),
        drift=words.percent(found.drift, decimals=2),
    )
    sure = found.low <= DOUBT * found.nominal
    return [
        Finding(
            "ok" if sure else "unknown",
            text,
            metric=trend.metric,
            estimate=found.rate,
            low=found.low,
            high=found.high,
            baseline=found.nominal,
            n=found.weeks,
            unit="share",
            kind="calibration",
        )
    ]


def alarm_table(alarms: pd.DataFrame, *, split_by: str) -> pd.DataFrame:
    """The alarms as the report shows them."""
    columns = [
        "metric",
        "region",
        "part",
        "alarm",
        "week",
        "count",
        "excess",
        "ratio",
        "low",
        "high",
    ]
    frame = alarms.reindex(columns=[*columns, "q"])
    frame["metric"] = [measured(m) for m in frame["metric"]]
    return named_parts(frame, split_by=split_by)


def named_parts(frame: pd.DataFrame, *, split_by: str) -> pd.DataFrame:
    """Column ``part`` under its own name; columns that name nothing are left out."""
    empty = [c for c in ("region", "part") if len(frame) and not frame[c].astype(bool).any()]
    frame = frame.drop(columns=empty if split_by else [*{*empty, "part"}])
    named = [c for c in ("region", "part") if c in frame]
    frame = frame.assign(**{c: frame[c].replace("", say("all together")) for c in named})
    return frame.rename(columns={"part": split_by})
