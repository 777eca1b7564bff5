"""The sentences of the customer report."""

from __future__ import annotations

from functools import partial
from typing import Any

from aftersales import words
from aftersales.findings import Finding
from aftersales.questions import naming
from aftersales.questions.customers.facts import Facts
from aftersales.questions.customers.level_words import level_words
from aftersales.questions.telling import Nouns, counted, difference_numbers, told
from aftersales.words import N_n, say
from aftersales.words.attributes import attribute

UNGROUPED = 0.05  # share of answers without a group from which that is said
_GROUPS = Nouns(
    more=N_n(
        "{n} more group is less satisfied than what it is compared with.",
        "{n} more groups are less satisfied than what they are compared with.",
    ),
    quiet=N_n(
        "The only group compared is not clearly less satisfied than what it is compared with.",
        "None of the {n} groups is clearly less satisfied than what it is compared with.",
    ),
    rest=N_n(
        "The other group gives no reason to act (of {total} compared).",
        "The other {n} groups give no reason to act (of {total} compared).",
    ),
)
_ALIKE = N_n(
    "Net promoter score: {n} tier compared with the others gives no reason to act.",
    "Net promoter score: {n} tiers compared with the others give no reason to act.",
)
_TIERS = Nouns(
    more=N_n(
        "Net promoter score: {n} more tier is below the others.",
        "Net promoter score: {n} more tiers are below the others.",
    ),
    quiet=_ALIKE,
    rest=_ALIKE,
)
_WITHHELD = N_n(
    "{n} group has fewer than {least} answers and is withheld.",
    "{n} groups have fewer than {least} answers and are withheld.",
)


def findings(facts: Facts) -> list[Finding]:
    """All sentences of the report."""
    if facts.levels.empty:
        columns = ("instrument", "score", "answered_at")
        found = [naming.lacking(facts.scope, metric="csat_rate", table="surveys", columns=columns)]
    else:
        found = [f for row in facts.levels.itertuples() for f in _metric(facts, row)]
    if not facts.values.empty:
        found.append(_values(facts))
    return found


def _metric(facts: Facts, level) -> list[Finding]:
    """Satisfaction or score: its groups, then the region as a whole."""
    groups = _satisfaction(facts) if level.metric == "csat_rate" else _scores(facts)
    return [*groups, *level_words(facts, level)]


def _satisfaction(facts: Facts) -> list[Finding]:
    cells = facts.cells
    if not facts.by:
        text = say(
            "Satisfaction cannot be split: table surveys has no column touchpoint, channel or tier."
        )
        return [Finding("unknown", text, metric="csat_rate", kind="lacking")]
    if cells.empty:
        return []
    groups = told(cells, partial(_unhappy, facts), metric="csat_rate", nouns=_GROUPS)
    return [*groups, *_withheld(facts), *_without_group(facts)]


def _unhappy(facts: Facts, row: Any) -> Finding:
    subject = {name: getattr(row, name) for name in facts.by}
    text, numbers = _sentence(facts, row), difference_numbers(row)
    return Finding(row.severity, text, subject=subject, kind="unhappy", **numbers)


def _sentence(facts: Facts, row) -> str:
    """Of an unhappy group: how many are satisfied, and of those it is compared with."""
    values = {
        "subject": naming.subject(facts.scope, {name: getattr(row, name) for name in facts.by}),
        "rate": words.percent(row.rate, decimals=0),
        "others": words.percent(row.others, decimals=0),
        "points": words.count(abs(row.difference) * 100),
        "low": words.count(abs(row.high) * 100),
        "high": words.count(abs(row.low) * 100),
        "n": words.count(row.n),
    }
    if "tier" not in facts.by:
        return say(
            "Satisfaction, {subject}: {rate} are satisfied, {points} points fewer than in the "
            "period before ({others}; 95 % interval {low}–{high} points, n = {n}). Ask these "
            "customers what went wrong.",
            **values,
        )
    if row.past == row.past:
        return say(
            "Satisfaction, {subject}: {rate} are satisfied, {points} points fewer than among the "
            "others ({others}; 95 % interval {low}–{high} points, n = {n}); in the period before "
            "it was {past}. Ask these customers what went wrong.",
            past=words.percent(row.past, decimals=0),
            **values,
        )
    return say(
        "Satisfaction, {subject}: {rate} are satisfied, {points} points fewer than among the "
        "others ({others}; 95 % interval {low}–{high} points, n = {n}). Ask these customers "
        "what went wrong.",
        **values,
    )


def _withheld(facts: Facts) -> list[Finding]:
    n = int(facts.cells["withheld"].sum())
    if n == 0:
        return []
    least = facts.scope.profile.target("csat_rate").min_n
    return [counted("unknown", _WITHHELD, n, metric="csat_rate", kind="withheld", least=least)]


def _without_group(facts: Facts) -> list[Finding]:
    """Answers that belong to no group, e.g. of customers without a tier."""
    level = facts.levels[facts.levels["metric"] == "csat_rate"].iloc[0]
    share = 1 - facts.cells["n"].sum() / level["n"] if level["n"] else 0.0
    if level["withheld"] or share < UNGROUPED:
        return []
    text = say(
        "{share} of the answers do not tell {attributes}; they count in the whole only.",
        share=words.percent(share, decimals=0),
        attributes=words.listing([attribute(name) for name in facts.by]),
    )
    return [
        Finding("unknown", text, metric="csat_rate", estimate=share, unit="share", kind="ungrouped")
    ]


def _scores(facts: Facts) -> list[Finding]:
    if facts.scores.empty:
        return []
    metric = "net_promoter_score"
    return told(facts.scores, partial(_score, facts), metric=metric, nouns=_TIERS)


def _score(facts: Facts, row) -> Finding:
    text = say(
        "Net promoter score, {subject}: {score}, which is {points} points below the other "
        "tiers ({others}; 95 % interval {low}–{high} points below, n = {n}). Ask what keeps "
        "them from recommending us.",
        subject=naming.subject(facts.scope, {"tier": row.tier}),
        score=words.count(row.score),
        points=words.count(abs(row.difference)),
        others=words.count(row.others),
        low=words.count(abs(row.high)),
        high=words.count(abs(row.low)),
        n=words.count(row.n),
    )
    subject, numbers = {"tier": row.tier}, difference_numbers(row)
    return Finding(row.severity, text, subject=subject, kind="unhappy", **numbers)


def _values(facts: Facts) -> Finding:
    top = facts.values.iloc[0]
    if "rate" in facts.values:
        text = say(
            "No tiers are declared, so customers are grouped by recency, frequency and value: the "
            "{n} most valuable bring {share} of the amount, and {rate} of them returned something.",
            n=words.count(top["n"]),
            share=words.percent(top["share"], decimals=0),
            rate=words.percent(top["rate"], decimals=0),
        )
    else:
        text = say(
            "No tiers are declared, so customers are grouped by recency, frequency and value: the "
            "{n} most valuable bring {share} of the amount.",
            n=words.count(top["n"]),
            share=words.percent(top["share"], decimals=0),
        )
    return Finding(
        "ok", text, metric="return_rate", n=top["n"], kind="value_tiers", judged=len(facts.values)
    )
