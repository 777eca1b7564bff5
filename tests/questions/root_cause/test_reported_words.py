"""The sentences about reports, from facts written by hand: none, one and many."""

from __future__ import annotations

import pandas as pd
import pytest
from fixtures.causes import one, told

from aftersales.studies.reported.pairs import Reported


def pairs(*, grown=0, standing=0, quiet=0):
    kinds = [(True, True)] * grown + [(True, False)] * standing + [(False, False)] * quiet
    rows = [
        ("product", f"P{i}", "I1", 40.0, 4.0, 2.5, 6.2, 0.001, signal, grew)
        for i, (signal, grew) in enumerate(kinds)
    ]
    names = ["attribute", "value", "event", "cases", "ratio", "low", "high", "p", "signal", "grew"]
    return Reported("issue_type", pd.DataFrame(rows, columns=names))


def test_without_anything_at_risk_the_pairs_that_grew_are_told(facts):
    found = facts(reported=pairs(grown=1, quiet=2), lacks=("units", ()))
    assert told(found, "reported") == [
        "Product P0, issue I1: 40 reports, 4.0 times as many as its share of all reports would "
        "give (at least 2.5 times), and more than in the 12 months before. Reports are compared "
        "with reports: how many units there are is not known."
    ]
    assert told(found, "reported_rest") == [
        "2 other pairs of a product and an issue give no reason to look closer."
    ]
    assert told(found, "lacking") == [
        "Not judged: this profile has no table units. Map it in sources.yaml to answer this."
    ]


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (
            1,
            "1 pair of a product and an issue has more reports than its share, and not surely more "
            "than before: product P0, issue I1. One product has parts that others lack, so only a "
            "change would be news.",
        ),
        (
            4,
            "4 pairs of a product and an issue have more reports than their share, and not surely "
            "more than before; first product P0, issue I1; product P1, issue I1; product P2, issue "
            "I1. One product has parts that others lack, so only a change would be news.",
        ),
    ],
)
def test_pairs_that_were_as_loud_before_are_no_news(facts, n, text):
    finding = one(facts(reported=pairs(standing=n)), "reported_as_before")
    assert (finding.text, finding.judged, finding.evidence) == (text, n, "C")


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (
            1,
            "1 pair of a product and an issue was compared; it has no more reports than its share.",
        ),
        (
            3,
            "3 pairs of a product and an issue were compared; none has surely more reports than "
            "its share.",
        ),
    ],
)
def test_quiet_pairs_are_counted(facts, n, text):
    assert told(facts(reported=pairs(quiet=n)), "reported_rest") == [text]
