"""The sentences of the root-cause report, from facts written by hand: none, one and many."""

from __future__ import annotations

import pandas as pd
import pytest
from fixtures.causes import lots, one, searched, told

from aftersales.questions.root_cause import words
from aftersales.studies.causes.start import Start


def test_where_nothing_is_found_it_says_how_much_was_looked_at(facts):
    assert told(facts(searched(others=lots(8))), "rest") == [
        "Fault rate: no finding. None of the 8 values of batch has clearly more cases than "
        "comparable ones."
    ]
    assert told(facts(searched(others=lots(1))), "rest") == [
        "Fault rate: no finding. The 1 value of batch does not clearly have more cases than "
        "comparable ones."
    ]
    assert told(facts(searched(others=lots(8))), "cause") == []
    assert told(facts(searched(others=lots(2, few=True))), "rest") == []


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "Fault rate: the 1 other value of batch gives no reason to act."),
        (5, "Fault rate: the 5 other values of batch give no reason to act."),
    ],
)
def test_the_values_beside_a_cause_are_counted(facts, n, text):
    finding = one(facts(searched({("batch", "A"): {}}, lots(n))), "rest")
    assert (finding.text, finding.judged) == (text, n)


def test_nothing_is_said_of_others_where_there_are_none(facts):
    assert told(facts(searched({("batch", "A"): {}})), "rest") == []


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            ["S1"],
            "Supplier S1 is a shadow, not a cause: once batch A is allowed for, it differs no more "
            "than by chance.",
        ),
        (
            ["S1", "S2"],
            "Supplier S1 and supplier S2 are shadows, not causes: once batch A is allowed for, "
            "they differ no more than by chance.",
        ),
    ],
)
def test_shadows_are_told_with_their_cause(facts, values, text):
    shadows = {
        ("supplier", v): {"shadow_of": "batch=A", "raw_p": 0.001 * i} for i, v in enumerate(values)
    }
    finding = one(facts(searched({("batch", "A"): {}}, shadows)), "shadows")
    assert (finding.text, finding.judged) == (text, len(values))


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "1 further value stands out less clearly and was not looked into: batch L0."),
        (
            4,
            "4 further values stand out less clearly and were not looked into, such as batch L0, "
            "batch L1, and batch L2.",
        ),
    ],
)
def test_what_stands_out_less_clearly_is_named(facts, n, text):
    further = [("batch", f"L{i}") for i in range(n)]
    finding = one(facts(searched(others=lots(n + 3, q=0.05), further=further)), "further")
    assert (finding.text, finding.severity) == (text, "watch")
    doubtful = searched(others=lots(n + 3, q=0.5), further=further)
    assert one(facts(doubtful), "further").severity == "ok"


@pytest.mark.parametrize(
    ("n", "few", "young", "lost"),
    [
        (
            1,
            "Fault rate: 1 value has too few cases, or no comparable ones, to be judged.",
            "Fault rate: 1 batch is too young to judge; more than 50 % of its time in service is "
            "below 6 months of age.",
            "1 case could not be joined to a unit and is left out.",
        ),
        (
            2,
            "Fault rate: 2 values have too few cases, or no comparable ones, to be judged.",
            "Fault rate: 2 batches are too young to judge; more than 50 % of their time in service "
            "is below 6 months of age.",
            "2 cases could not be joined to a unit and are left out.",
        ),
    ],
)
def test_what_could_not_be_judged_is_counted(facts, n, few, young, lost):
    names = [f"L{i}" for i in range(n)]
    study = searched(others=lots(2 * n, few=True), young=names, unplaced=n)
    found = facts(study)
    assert told(found, "too_few") == [few]
    assert told(found, "too_young") == [young]
    assert told(found, "unplaced") == [lost]
    assert one(found, "unplaced").n == n


def test_nothing_is_said_where_everything_could_be_judged(facts):
    found = facts(searched(others=lots(3)))
    assert {f.kind for f in words.findings(found)} == {"start", "rest"}


def test_it_says_where_it_starts_and_what_the_causes_explain(facts):
    parts = pd.DataFrame(
        {
            "cause": [("batch", "A"), None],
            "cases": [60, 40],
            "excess": [40, 10],
            "share": [0.8, 0.2],
        }
    )
    start = Start(
        **{"kind": "rise", "metric": "faults_per_1000", "subject": {"product": "tv"}},
        **{"cases": 100.0, "expected": 50.0, "ratio": 2.0, "low": 1.5, "high": 2.6, "p": 1e-6},
        **{"parts": parts, "mix": 0.0},
    )
    study = searched({("batch", "A"): {}}, start=start)
    assert told(facts(study), "start") == [
        "Starts from the worst rise, product Television: 100 faults in 12 months, 2.0 times the 50 "
        "that its rate in the 12 months before would give (95 % interval 1.5–2.6). A change of the "
        "mix of models, ages and regions is no part of that. Of these 50 extra cases: batch A 40 "
        "(80 %); not explained by any cause found here 10 (20 %)."
    ]
    assert told(facts(searched(others=lots(3))), "start") == [
        "Starts from everything: no product and no region of China has clearly more cases than in "
        "the 12 months before, or than the others."
    ]


def test_where_there_is_nothing_to_explain_it_says_so(facts):
    assert told(facts(), "lacking") == [
        "Not judged: no faults or returns are known for the last 12 months, or nothing they could "
        "be compared by."
    ]
    assert [f.kind for f in words.findings(facts())] == ["lacking"]
