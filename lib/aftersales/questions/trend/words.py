"""The sentences of the trend report."""

from __future__ import annotations

from functools import partial

from aftersales import words
from aftersales.findings import Finding
from aftersales.questions import naming
from aftersales.questions.telling import Nouns, counted, each_urgent, rest
from aftersales.questions.trend import alarm_words, date_words, level_words
from aftersales.questions.trend.facts import Facts
from aftersales.questions.trend.rise_words import risen, row_words
from aftersales.studies.verdict import urgent
from aftersales.words import N_, N_n, say, sentences

FALLS_NAMED = 3
_NOUNS = Nouns(
    more=N_n(
        "{n} more series is above its past: a part or a sum of those named, or a smaller rise. "
        "It is in the table below.",
        "{n} more series are above their past: parts or sums of those named, or smaller rises. "
        "They are in the table below.",
    ),
    quiet=N_n(
        "The only series judged stays within what is expected from its own past.",
        "All {n} series judged stay within what is expected from their own past.",
    ),
    rest=N_n(
        "The other series gives no reason to act (of {total} judged).",
        "The other {n} series give no reason to act (of {total} judged).",
    ),
    few=N_n(
        "{n} series has too few cases or too short a past to be judged.",
        "{n} series have too few cases or too short a past to be judged.",
    ),
)
_SHAPES = {
    "jump": N_("It came at once."),
    "creep": N_("It grew month by month."),
}


def findings(facts: Facts) -> list[Finding]:
    """All sentences of the report."""
    if not facts.series:
        return [naming.lacking(facts.scope, metric=facts.metric, table="tickets")]
    more = [*alarm_words.findings(facts), *date_words.findings(facts), *level_words.findings(facts)]
    if facts.table.empty:
        text = say("No series has enough cases and enough past to be judged.")
        return [Finding("unknown", text, metric=facts.metric, kind="too_few"), *more]
    few = len(facts.series) - len(facts.table)
    if few:
        more.append(counted("unknown", _NOUNS.few, few, metric=facts.metric, kind="too_few"))
    return [*_judged(facts), *more]


def _judged(facts: Facts) -> list[Finding]:
    """The rises that say something of their own, how many more, the falls, and all others."""
    table, metric = facts.table, facts.metric
    standing = urgent(table)
    own = standing[~standing["echo"].astype(bool)]
    found = each_urgent(own, partial(_rise, facts))
    more = len(standing) - len(found)
    if more:
        severity = "ok" if found else "watch"
        found.append(counted(severity, _NOUNS.more, more, metric=metric, kind="more"))
    others = rest(len(table), named=len(standing), metric=metric, nouns=_NOUNS)
    return [*found, *_falls(facts), *others]


def _rise(facts: Facts, row) -> Finding:
    dates = {"start": words.month(row.start), "crude": words.times(row.crude_ratio)}
    told = say(_message(row), **row_words(facts, row), **dates)
    return risen(facts, row, sentences(told, *_next(row)), kind="rise", months=row.months)


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


def _falls(facts: Facts) -> list[Finding]:
    """Series clearly below their past, the surest first: good news, or cases not yet known."""
    fell = facts.table[facts.table["fell"].astype(bool)]
    if fell.empty:
        return []
    names = [
        say(
            "{measure}, {subject} ({ratio} times the expected since {start})",
            **row_words(facts, row),
            start=words.month(row.start),
        )
        for row in fell[~fell["echo"].astype(bool)].head(FALLS_NAMED).itertuples()
    ]
    text = say(
        "Clearly below its past: {names}. Check that no cases are missing before calling it an "
        "improvement.",
        names=words.listing_wide(names),
    )
    return [Finding("ok", text, metric=facts.metric, judged=len(fell), kind="fall")]
