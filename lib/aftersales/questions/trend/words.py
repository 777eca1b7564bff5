"""The sentences of the trend report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from aftersales import words
from aftersales.findings import Finding, Severity
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.telling import rise_numbers
from aftersales.questions.trend import alarm_words, date_words, level_words
from aftersales.questions.trend.level_words import measured
from aftersales.studies.verdict import ACT_P, ACT_Q
from aftersales.words import N_, say, say_n, sentences

if TYPE_CHECKING:
    from aftersales.questions.trend.result import Trend

SHOWN = 6  # sentences for separate rises of one severity; further ones are counted in one
FALLS_NAMED = 3
_SHAPES = {
    "jump": N_("It came at once."),
    "creep": N_("It grew month by month."),
}
ECHO = 0.5  # share of a whole's excess that one of its parts must hold to speak for it


def findings(trend: Trend) -> list[Finding]:
    """All sentences of the report."""
    table = trend.table
    if not trend.series:
        return [naming.lacking(trend.scope, metric=trend.metric, table="tickets")]
    if table.empty:
        more = [*alarm_words.findings(trend), *date_words.findings(trend)]
        return [_nothing_judged(trend), *more, *level_words.findings(trend)]
    urgent = table[table["severity"].isin(["act", "watch"])]
    own = _without_echoes(urgent, trend.split_by)
    shown = [row for row in own if row.severity == "act"][:SHOWN]
    shown += [row for row in own if row.severity == "watch"][:SHOWN]
    found = [_rise(trend, row) for row in shown]
    found += _more(trend, urgent, said=len(shown)) + _falls(trend)
    if len(urgent) < len(table):
        found.append(_rest(trend, urgent=len(urgent)))
    found += alarm_words.findings(trend) + date_words.findings(trend)
    return [*found, *level_words.findings(trend), *_too_short(trend)]


def subject_of(row: Any, split_by: str) -> dict[str, str]:
    """The attributes that name a series, without the empty ones."""
    keys = ["region", split_by] if split_by else ["region"]
    return {k: getattr(row, k) for k in keys if getattr(row, k)}


def _without_echoes(urgent: pd.DataFrame, split_by: str) -> list:
    """The rises that say something of their own.

    A part of a series that rose as the whole did (its ratio is within the whole's interval)
    echoes it; the whole is enough. A whole that rose mostly by one of its parts, and less than it,
    echoes that part.
    """
    rows = list(urgent.itertuples())
    subjects = [subject_of(row, split_by) for row in rows]
    pairs = list(zip(rows, subjects, strict=True))

    def echoes(row, subject) -> bool:
        same = [(o, s) for o, s in pairs if o.metric == row.metric]
        of_whole = any(s.items() < subject.items() and _as_whole(row, o) for o, s in same)
        of_part = any(s.items() > subject.items() and _by_part(row, o) for o, s in same)
        return of_whole or of_part

    return [row for row, subject in pairs if not echoes(row, subject)]


def _as_whole(part, whole) -> bool:
    return whole.low <= part.ratio <= whole.high


def _by_part(whole, part) -> bool:
    further = part.ratio > whole.high if whole.ratio > 1 else part.ratio < whole.low
    return further and abs(part.excess) >= ECHO * abs(whole.excess)


def _rise(trend: Trend, row) -> Finding:
    subject = subject_of(row, trend.split_by)
    values = {
        "measure": measured(row.metric),
        "subject": _whom(trend, subject),
        "ratio": words.times(row.ratio),
        "crude": words.times(row.crude_ratio),
        "low": words.times(row.low),
        "high": words.times(row.high),
        "start": words.month(row.start),
        "count": words.count(row.count),
        "expected": words.cases(row.expected),
    }
    text = sentences(say(_message(row), **values), *_next(row))
    return Finding(row.severity, text, subject=subject, kind="rise", **_numbers(row))


def _message(row) -> str:
    """What a rise is said with: since when, and whether the age of the units plays a part."""
    if row.expected == 0:
        return N_("{measure}, {subject}: {count} cases since {start}, and none in its past.")
    if not row.comparable:
        return N_(
            "{measure}, {subject}: {count} cases since {start}, {ratio} times the {expected} "
            "expected from its past (95 % interval {low}–{high}). Its units were never as old "
            "before, so their age may explain it."
        )
    if row.ratio != row.crude_ratio:
        return N_(
            "{measure}, {subject}: {count} cases since {start}, {crude} times the expected from "
            "its past, and {ratio} times the {expected} expected at the same age of the units "
            "(95 % interval {low}–{high})."
        )
    if row.months == 1:
        return N_(
            "{measure}, {subject}: {count} cases in {start}, {ratio} times the {expected} expected "
            "from its past (95 % interval {low}–{high})."
        )
    return N_(
        "{measure}, {subject}: {count} cases since {start}, {ratio} times the {expected} "
        "expected from its past (95 % interval {low}–{high})."
    )


def _next(row) -> list[str]:
    """How it came, where that is clear, and what to do."""
    known = row.expected > 0 and row.months > 1 and row.shape in _SHAPES
    came = [say(_SHAPES[row.shape])] if known else []
    if row.expected > 0 and not row.comparable:
        return came
    if row.expected > 0 and row.months == 1 and row.ratio == row.crude_ratio:
        return [*came, say("Find out what happened that month.")]
    return [*came, say("See Root cause for what explains it.")]


def _numbers(row) -> dict:
    """What stands behind a rise: rates per exposure, counts as cases a month.

    Of a metric that is good when high these are its misses, as in the sentence.
    """
    info = METRICS[row.metric]
    counted = info.kind == "count"
    size = row.months if counted else row.n
    per = {"rate": 1000.0}.get(info.kind, 1.0) / size if size else float("nan")
    return rise_numbers(row, per=per)


def _whom(trend: Trend, subject: Mapping[str, str]) -> str:
    if not subject:
        return naming.region(trend.scope)
    return naming.subject(trend.scope, subject)


def _more(trend: Trend, urgent: pd.DataFrame, *, said: int) -> list[Finding]:
    """The rises without a sentence of their own: echoes, and those beyond the first few."""
    n = len(urgent) - said
    if n == 0:
        return []
    text = say_n(
        "{n} more series is above its past: a part or a sum of those named, or a smaller rise. "
        "It is in the table below.",
        "{n} more series are above their past: parts or sums of those named, or smaller rises. "
        "They are in the table below.",
        n,
    )
    severity: Severity = "watch" if said == 0 else "ok"
    return [Finding(severity, text, metric=trend.metric, judged=n, kind="more")]


def _falls(trend: Trend) -> list[Finding]:
    """Series clearly below their past, the surest first: good news, or cases not yet known."""
    table, target = trend.table, trend.scope.profile.target
    small = [1 / target(m).watch_ratio for m in table["metric"]]
    fell = table[table["p"].le(ACT_P) & table["q"].le(ACT_Q) & table["ratio"].le(small)]
    if fell.empty:
        return []
    own = _without_echoes(fell, trend.split_by)
    names = [
        say(
            "{measure}, {subject} ({ratio} times the expected since {start})",
            measure=measured(row.metric),
            subject=_whom(trend, subject_of(row, trend.split_by)),
            ratio=words.times(row.ratio),
            start=words.month(row.start),
        )
        for row in own[:FALLS_NAMED]
    ]
    text = say(
        "Clearly below its past: {names}. Check that no cases are missing before calling it an "
        "improvement.",
        names=words.listing_wide(names),
    )
    return [Finding("ok", text, metric=trend.metric, judged=len(fell), kind="fall")]


def _rest(trend: Trend, *, urgent: int) -> Finding:
    n, total = len(trend.table) - urgent, len(trend.table)
    if urgent == 0:
        text = say_n(
            "The only series judged stays within what is expected from its own past.",
            "All {n} series judged stay within what is expected from their own past.",
            total,
        )
    else:
        text = say_n(
            "The other series gives no reason to act (of {total} judged).",
            "The other {n} series give no reason to act (of {total} judged).",
            n,
            total=words.count(total),
        )
    return Finding("ok", text, judged=max(n, 1), metric=trend.metric, kind="rest")


def _too_short(trend: Trend) -> list[Finding]:
    n = sum(s.change is None for s in trend.series)
    if n == 0:
        return []
    text = say_n(
        "{n} series has too few cases or too short a past to be judged.",
        "{n} series have too few cases or too short a past to be judged.",
        n,
    )
    return [Finding("unknown", text, metric=trend.metric, judged=n, kind="too_few")]


def _nothing_judged(trend: Trend) -> Finding:
    text = say("No series has enough cases and enough past to be judged.")
    return Finding("unknown", text, metric=trend.metric, kind="too_few")
