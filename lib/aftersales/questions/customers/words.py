"""The sentences of the customer report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales import words
from aftersales.findings import Finding
from aftersales.questions import naming
from aftersales.questions.customers.level_words import level_words
from aftersales.words import say, say_n
from aftersales.words.attributes import attribute

if TYPE_CHECKING:
    from aftersales.questions.customers.result import Segment

SHOWN = 6  # sentences for separate groups of one severity
UNGROUPED = 0.05  # share of answers without a group from which that is said


def findings(result: Segment) -> list[Finding]:
    """All sentences of the report."""
    if result.levels.empty:
        columns = ("instrument", "score", "answered_at")
        found = [naming.lacking(result.scope, metric="csat_rate", table="surveys", columns=columns)]
    else:
        found = [f for row in result.levels.itertuples() for f in _metric(result, row)]
    if not result.values.empty:
        found.append(_values(result))
    return found


def _metric(result: Segment, level) -> list[Finding]:
    """Satisfaction or score: its groups, then the region as a whole."""
    groups = _satisfaction(result) if level.metric == "csat_rate" else _scores(result)
    return [*groups, *level_words(result, level)]


def _satisfaction(result: Segment) -> list[Finding]:
    cells = result.cells
    if not result.by:
        text = say(
            "Satisfaction cannot be split: table surveys has no column touchpoint, channel or tier."
        )
        return [Finding("unknown", text, metric="csat_rate", kind="lacking")]
    if cells.empty:
        return []
    urgent = cells[cells["severity"].isin(["act", "watch"])]
    parts = [urgent[urgent["severity"].eq(s)].head(SHOWN) for s in ("act", "watch")]
    found = [_unhappy(result, row) for part in parts for row in part.itertuples()]
    judged = int(cells["p"].notna().sum())
    n = judged - len(urgent)
    if urgent.empty:
        text = say_n(
            "The only group compared is not clearly less satisfied than what it is compared with.",
            "None of the {n} groups is clearly less satisfied than what it is compared with.",
            n,
        )
    else:
        text = say_n(
            "The other group gives no reason to act (of {total} compared).",
            "The other {n} groups give no reason to act (of {total} compared).",
            n,
            total=words.count(judged),
        )
    if n:
        found.append(Finding("ok", text, metric="csat_rate", judged=n, kind="rest"))
    return [*found, *_withheld(result), *_without_group(result)]


def _unhappy(result: Segment, row) -> Finding:
    return Finding(
        row.severity,
        _sentence(result, row),
        metric="csat_rate",
        subject={name: getattr(row, name) for name in result.by},
        estimate=row.rate,
        low=row.rate_low,
        high=row.rate_high,
        baseline=row.others,
        ratio=row.rate / row.others if row.others else None,
        p=row.p,
        q=row.q,
        n=row.n,
        excess=-row.difference * row.n,
        unit="share",
        evidence="C",
        kind="unhappy",
    )


def _sentence(result: Segment, row) -> str:
    """Of an unhappy group: how many are satisfied, and of those it is compared with."""
    values = {
        "subject": naming.subject(result.scope, {name: getattr(row, name) for name in result.by}),
        "rate": words.percent(row.rate, decimals=0),
        "others": words.percent(row.others, decimals=0),
        "points": words.count(abs(row.difference) * 100),
        "low": words.count(abs(row.high) * 100),
        "high": words.count(abs(row.low) * 100),
        "n": words.count(row.n),
    }
    if "tier" not in result.by:
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


def _withheld(result: Segment) -> list[Finding]:
    n = int(result.cells["withheld"].sum())
    if n == 0:
        return []
    text = say_n(
        "{n} group has fewer than {least} answers and is withheld.",
        "{n} groups have fewer than {least} answers and are withheld.",
        n,
        least=result.scope.profile.target("csat_rate").min_n,
    )
    return [Finding("unknown", text, metric="csat_rate", judged=n, kind="withheld")]


def _without_group(result: Segment) -> list[Finding]:
    """Answers that belong to no group, e.g. of customers without a tier."""
    level = result.levels[result.levels["metric"] == "csat_rate"].iloc[0]
    share = 1 - result.cells["n"].sum() / level["n"] if level["n"] else 0.0
    if level["withheld"] or share < UNGROUPED:
        return []
    text = say(
        "{share} of the answers do not tell {attributes}; they count in the whole only.",
        share=words.percent(share, decimals=0),
        attributes=words.listing([attribute(name) for name in result.by]),
    )
    return [
        Finding("unknown", text, metric="csat_rate", estimate=share, unit="share", kind="ungrouped")
    ]


def _scores(result: Segment) -> list[Finding]:
    table = result.scores
    if table.empty:
        return []
    urgent = table[table["severity"].isin(["act", "watch"])]
    found = [_score(result, row) for row in urgent.itertuples()]
    n = int(table["p"].notna().sum()) - len(found)
    if n == 0:
        return found
    text = say_n(
        "Net promoter score: {n} tier compared with the others gives no reason to act.",
        "Net promoter score: {n} tiers compared with the others give no reason to act.",
        n,
    )
    return [*found, Finding("ok", text, metric="net_promoter_score", judged=n, kind="rest")]


def _score(result: Segment, row) -> Finding:
    text = say(
        "Net promoter score, {subject}: {score}, which is {points} points below the other "
        "tiers ({others}; 95 % interval {low}–{high} points below, n = {n}). Ask what keeps "
        "them from recommending us.",
        subject=naming.subject(result.scope, {"tier": row.tier}),
        score=words.count(row.score),
        points=words.count(abs(row.difference)),
        others=words.count(row.others),
        low=words.count(abs(row.high)),
        high=words.count(abs(row.low)),
        n=words.count(row.n),
    )
    return Finding(
        row.severity,
        text,
        metric="net_promoter_score",
        subject={"tier": row.tier},
        estimate=row.score,
        low=row.score_low,
        high=row.score_high,
        baseline=row.others,
        p=row.p,
        q=row.q,
        n=row.n,
        unit="points",
        evidence="C",
        kind="unhappy",
    )


def _values(result: Segment) -> Finding:
    top = result.values.iloc[0]
    if "rate" in result.values:
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
        "ok", text, metric="return_rate", n=top["n"], kind="value_tiers", judged=len(result.values)
    )
