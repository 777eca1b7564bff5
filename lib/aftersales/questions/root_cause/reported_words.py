"""The sentences about reports, where nothing is known of what is at risk."""

from __future__ import annotations

from typing import Any

from aftersales import words
from aftersales.findings import Finding
from aftersales.questions.root_cause.facts import Facts
from aftersales.questions.root_cause.names import pair_name, pair_subject
from aftersales.questions.telling import Nouns, counted, rest
from aftersales.words import N_n, capital, say

NAMED = 3  # pairs that get a sentence of their own
_PAIRS = Nouns(
    more=None,
    quiet=N_n(
        "{n} pair of a product and an issue was compared; it has no more reports than its share.",
        "{n} pairs of a product and an issue were compared; none has surely more reports than its "
        "share.",
    ),
    rest=N_n(
        "{n} other pair of a product and an issue gives no reason to look closer.",
        "{n} other pairs of a product and an issue give no reason to look closer.",
    ),
)
_STANDING = N_n(
    "{n} pair of a product and an issue has more reports than its share, and not surely more than "
    "before: {pairs}. One product has parts that others lack, so only a change would be news.",
    "{n} pairs of a product and an issue have more reports than their share, and not surely more "
    "than before; first {pairs}. One product has parts that others lack, so only a change would be "
    "news.",
)


def pairs(facts: Facts) -> list[Finding]:
    """Signals that grew, those that stand as before, and the rest."""
    if facts.reported is None:
        return []
    grown, standing = facts.reported.grown.head(NAMED), facts.reported.standing
    crude = {"evidence": "C"}
    found = [_grown(facts, row) for row in grown.itertuples()]
    if len(standing):
        names = [pair_name(facts, row) for row in standing.head(NAMED).itertuples()]
        found.append(
            counted(
                "ok",
                _STANDING,
                len(standing),
                metric="",
                kind="reported_as_before",
                fields=crude,
                pairs=words.listing_wide(names),
            )
        )
    total, named = len(facts.reported.table), len(grown) + len(standing)
    return found + rest(
        total, named=named, metric="", nouns=_PAIRS, kind="reported_rest", fields=crude
    )


def _grown(facts: Facts, row: Any) -> Finding:
    text = say(
        "{pair}: {n} reports, {ratio} times as many as its share of all reports would give "
        "(at least {low} times), and more than in the {months} months before. Reports are "
        "compared with reports: how many units there are is not known.",
        pair=pair_name(facts, row),
        n=words.count(row.cases),
        ratio=words.number(row.ratio, digits=2),
        low=words.number(row.low, digits=2),
        months=facts.months,
    )
    return Finding(
        "watch",
        capital(text),
        subject=pair_subject(facts, row),
        ratio=row.ratio,
        low=row.low,
        p=row.p,
        evidence="C",
        kind="reported",
    )
