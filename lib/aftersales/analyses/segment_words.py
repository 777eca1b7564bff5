"""The sentences of the customer report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales import words
from aftersales.analyses.scope import lacking
from aftersales.findings import Finding
from aftersales.words import say, say_n

if TYPE_CHECKING:
    from aftersales.analyses.segment import Segment

SHOWN = 6


def findings(result: Segment) -> list[Finding]:
    """All sentences of the report."""
    found = []
    if result.by:
        found += _satisfaction(result)
    else:
        found.append(
            lacking(result.scope, metric="csat_rate", table="surveys", columns=("instrument",))
        )
    if not result.scores.empty:
        found += _scores(result)
    if not result.values.empty:
        found.append(_values(result))
    return found


def _satisfaction(result: Segment) -> list[Finding]:
    cells = result.cells
    if cells.empty:
        text = say("No satisfaction score was given in the last {n} months.", n=result.months)
        return [Finding("unknown", text, metric="csat_rate", kind="level")]
    found = [
        _unhappy(result, row)
        for severity in ("act", "watch")
        for row in cells[cells["severity"].eq(severity)].head(SHOWN).itertuples()
    ]
    judged = cells[cells["p"].notna()]
    n = len(judged) - len(found)
    if len(judged) and n == len(judged):
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
            total=words.count(len(judged)),
        )
    if len(judged):
        found.append(Finding("ok", text, metric="csat_rate", judged=max(n, 1), kind="rest"))
    return [*found, _level(result), *_withheld(result)]


def _unhappy(result: Segment, row) -> Finding:
    subject = {name: getattr(row, name) for name in result.by}
    values = {
        "subject": result.scope.subject(subject),
        "rate": words.percent(row.rate, decimals=0),
        "others": words.percent(row.others, decimals=0),
        "points": words.count(abs(row.difference) * 100),
        "low": words.count(abs(row.high) * 100),
        "high": words.count(abs(row.low) * 100),
        "n": words.count(row.n),
    }
    if "tier" not in result.by:
        text = say(
            "Satisfaction, {subject}: {rate} are satisfied, {points} points fewer than in the "
            "period before ({others}; 95 % interval {low}–{high} points, n = {n}). Ask these "
            "customers what went wrong.",
            **values,
        )
    elif row.past == row.past:
        text = say(
            "Satisfaction, {subject}: {rate} are satisfied, {points} points fewer than among the "
            "others ({others}; 95 % interval {low}–{high} points, n = {n}); in the period before "
            "it was {past}. Ask these customers what went wrong.",
            past=words.percent(row.past, decimals=0),
            **values,
        )
    else:
        text = say(
            "Satisfaction, {subject}: {rate} are satisfied, {points} points fewer than among the "
            "others ({others}; 95 % interval {low}–{high} points, n = {n}). Ask these customers "
            "what went wrong.",
            **values,
        )
    return Finding(
        row.severity,
        text,
        metric="csat_rate",
        subject=subject,
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


def _level(result: Segment) -> Finding:
    from aftersales.stats.intervals import wilson

    n, hits = result.cells["n"].sum(), result.cells["count"].sum()
    low, high = wilson(hits, n)
    text = say(
        "All answers of the last {months} months: {rate} satisfied (95 % interval {span}, n = "
        "{n}).",
        months=result.months,
        rate=words.percent(hits / n if n else None),
        span=words.span(low, high, "share"),
        n=words.count(n),
    )
    return Finding(
        "ok",
        text,
        metric="csat_rate",
        estimate=hits / n if n else None,
        low=low,
        high=high,
        n=n,
        unit="share",
        kind="level",
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


def _scores(result: Segment) -> list[Finding]:
    found = []
    table = result.scores
    for row in table[table["severity"].isin(["act", "watch"])].itertuples():
        text = say(
            "Net promoter score, {subject}: {score}, which is {points} points below the other "
            "tiers ({others}; 95 % interval {low}–{high} points below, n = {n}). Ask what keeps "
            "them from recommending us.",
            subject=result.scope.subject({"tier": row.tier}),
            score=words.count(row.score),
            points=words.count(abs(row.difference)),
            others=words.count(row.others),
            low=words.count(abs(row.high)),
            high=words.count(abs(row.low)),
            n=words.count(row.n),
        )
        found.append(
            Finding(
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
        )
    judged = int(table["p"].notna().sum())
    if judged > len(found):
        text = say_n(
            "Net promoter score: {n} tier compared with the others gives no reason to act.",
            "Net promoter score: {n} tiers compared with the others give no reason to act.",
            judged - len(found),
        )
        found.append(
            Finding(
                "ok", text, metric="net_promoter_score", judged=judged - len(found), kind="rest"
            )
        )
    return found


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
