"""The sentences about series above or below their past, from facts written by hand."""

import numpy as np
import pandas as pd
import pytest

from aftersales.questions.trend import alarm_words, words
from aftersales.studies.alarms.calibration import Calibration

TV = {"part": "tv", "severity": "act"}
FELL = {"fell": True, "ratio": 0.25, "crude_ratio": 0.25, "start": pd.Timestamp("2025-07-01")}


def texts(findings, kind):
    return [f.text for f in findings if f.kind == kind]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (1, "The only series judged stays within what is expected from its own past."),
        (3, "All 3 series judged stay within what is expected from their own past."),
    ],
)
def test_where_nothing_rose_all_series_have_one_sentence(rows, said, facts_of):
    found = words.findings(facts_of(rows=[{}] * rows))
    assert texts(found, "rise") == texts(found, "more") == texts(found, "fall") == []
    assert texts(found, "rest") == [said]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (0, []),
        (1, ["The other series gives no reason to act (of 2 judged)."]),
        (2, ["The other 2 series give no reason to act (of 3 judged)."]),
    ],
)
def test_one_rise_is_said_and_the_others_are_counted(others, said, facts_of):
    found = words.findings(facts_of(rows=[TV, *[{}] * others]))
    assert texts(found, "rise") == [
        "Fault rate, product Television: 250 cases since Aug 2025, 2.50 times the 100 expected "
        "from its past (95 % interval 2.20–2.90). See Root cause for what explains it."
    ]
    assert texts(found, "rest") == said


def test_a_rise_carries_its_row_of_comparison(facts_of):
    (rise,) = [f for f in words.findings(facts_of(rows=[TV | {"cost": 900.0}])) if f.kind == "rise"]
    assert (rise.severity, dict(rise.subject)) == ("act", {"product": "tv"})
    assert (rise.estimate, rise.baseline) == (50.0, 20.0)  # per 1,000 unit-months
    assert (rise.low, rise.high) == pytest.approx((44.0, 58.0))
    assert (rise.ratio, rise.p, rise.q, rise.evidence) == (2.5, 1e-6, 1e-5, "B")
    assert (rise.n, rise.excess, rise.cost) == (5000, 150, 900)


def test_counts_are_cases_a_month_and_have_no_denominator(facts_of):
    facts = facts_of(rows=[TV | {"metric": "ticket_volume"}], metric="ticket_volume")
    (rise,) = [f for f in words.findings(facts) if f.kind == "rise"]
    assert (rise.estimate, rise.baseline, rise.n) == (50.0, 20.0, None)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"expected": 0.0, "ratio": np.inf, "crude_ratio": np.inf},
            "Fault rate, product Television: 250 cases since Aug 2025, and none in its past. See "
            "Root cause for what explains it.",
        ),
        (
            {"comparable": False, "shape": "creep"},
            "Fault rate, product Television: 250 cases since Aug 2025, 2.50 times the 100 expected "
            "from its past (95 % interval 2.20–2.90). Its units were never as old before, so their "
            "age may explain it. It grew month by month.",
        ),
        (
            {"crude_ratio": 3.1, "shape": "jump"},
            "Fault rate, product Television: 250 cases since Aug 2025, 3.10 times the expected "
            "from its past, and 2.50 times the 100 expected at the same age of the units (95 % "
            "interval 2.20–2.90). It came at once. See Root cause for what explains it.",
        ),
        (
            {"months": 1, "start": pd.Timestamp("2025-12-01"), "shape": "jump"},
            "Fault rate, product Television: 250 cases in Dec 2025, 2.50 times the 100 expected "
            "from its past (95 % interval 2.20–2.90). Find out what happened that month.",
        ),
        (
            {"part": "", "metric": "csat_rate"},
            "Customer satisfaction (top two boxes): misses, Beijing: 250 cases since Aug 2025, "
            "2.50 times the 100 expected from its past (95 % interval 2.20–2.90). See Root cause "
            "for what explains it.",
        ),
    ],
)
def test_a_rise_is_said_as_what_it_is(row, said, facts_of):
    assert texts(words.findings(facts_of(rows=[TV | row])), "rise") == [said]


@pytest.mark.parametrize(
    ("echoes", "said"),
    [
        (
            1,
            "1 more series is above its past: a part or a sum of those named, or a smaller rise. "
            "It is in the table below.",
        ),
        (
            2,
            "2 more series are above their past: parts or sums of those named, or smaller rises. "
            "They are in the table below.",
        ),
    ],
)
def test_what_only_echoes_another_rise_is_counted(echoes, said, facts_of):
    found = words.findings(facts_of(rows=[TV, *[{"severity": "watch", "echo": True}] * echoes]))
    assert len(texts(found, "rise")) == 1
    assert [(f.severity, f.text, f.judged) for f in found if f.kind == "more"] == [
        ("ok", said, echoes)
    ]


def test_of_many_rises_six_of_each_severity_are_said(facts_of):
    found = words.findings(facts_of(rows=[TV] * 8 + [{"severity": "watch"}] * 3))
    assert len(texts(found, "rise")) == 6 + 3
    assert [f.judged for f in found if f.kind == "more"] == [2]


def test_one_fall_and_many_are_one_sentence_that_names_three(facts_of):
    one = words.findings(facts_of(rows=[FELL | {"part": "tv"}, {}]))
    assert texts(one, "fall") == [
        "Clearly below its past: Fault rate, product Television (0.25 times the expected since Jul "
        "2025). Check that no cases are missing before calling it an improvement."
    ]
    many = words.findings(facts_of(rows=[FELL | {"part": part} for part in "abcd"]))
    (fall,) = [f for f in many if f.kind == "fall"]
    assert (fall.text.count("product"), fall.judged) == (3, 4)


@pytest.mark.parametrize(
    ("unjudged", "said"),
    [
        (0, []),
        (1, ["1 series has too few cases or too short a past to be judged."]),
        (2, ["2 series have too few cases or too short a past to be judged."]),
    ],
)
def test_series_too_small_to_judge_are_counted(unjudged, said, facts_of):
    found = words.findings(facts_of(rows=[{}], unjudged=unjudged))
    assert texts(found, "too_few") == said


def test_without_a_judged_series_or_any_at_all_that_is_said(facts_of):
    assert texts(words.findings(facts_of(unjudged=4)), "too_few") == [
        "No series has enough cases and enough past to be judged."
    ]
    assert [f.kind for f in words.findings(facts_of())] == ["lacking"]


@pytest.mark.parametrize(
    ("watched", "alarms", "said"),
    [
        (0, [], "Not watched by week: that takes tickets, and 30 of them in a series."),
        (
            1,
            [],
            "By week, no alarm is on: the only series watched is within what its past weeks let "
            "expect.",
        ),
        (
            8,
            [],
            "By week, no alarm is on: all 8 series watched are within what their past weeks let "
            "expect.",
        ),
        (1, [{}], "By week, the only series watched raises no other alarm."),
        (8, [{}], "By week, the other series raise no alarm (of 8 watched)."),
        (
            8,
            [{}, {"said": "month"}],
            "By week, 1 more alarm is on: small, or of a series named above, a part or a sum of "
            "one. See the table of alarms.",
        ),
        (
            8,
            [{}] * 6,
            "By week, 2 more alarms are on: small, or of series named above, parts or sums of "
            "them. See the table of alarms.",
        ),
    ],
)
def test_the_weekly_alarms_are_summed_up(watched, alarms, said, facts_of):
    found = alarm_words.findings(facts_of(alarms=alarms, watched=watched))
    assert texts(found, "weekly") == [said]


@pytest.mark.parametrize(
    ("alarm", "said"),
    [
        ({}, "a spike in the week of 2025-12-25: {size} Find out what happened then."),
        ({"weeks": 2}, "a spike since the week of 2025-12-25: {size} Find out what happened then."),
        (
            {"alarm": "drift", "rung": "level"},
            "a drift upwards since the week of 2025-12-25, still on: {size} Its past is shorter "
            "than two years, so no season is taken out.",
        ),
        (
            {"alarm": "both", "rung": "C2"},
            "a jump that lasts since the week of 2025-12-25: {size} Its past is shorter than a "
            "year, so only the seven weeks before it are compared.",
        ),
    ],
)
def test_an_alarm_is_said_with_its_kind_and_its_past(alarm, said, facts_of):
    size = "250 cases, 2.50 times the 100 expected from the weeks before (95 % interval 2.20–2.90)."
    found = alarm_words.findings(facts_of(alarms=[{"part": "tv"} | alarm], watched=8))
    assert texts(found, "alarm") == ["Fault rate, product Television: " + said.format(size=size)]


def test_the_measured_false_alarms_are_said_beside_the_nominal_ones(facts_of):
    measured = Calibration(0.005, 0.004, 0.003, 0.006, 0.001, 12_000, pd.DataFrame())
    (found,) = alarm_words.trust(facts_of(watched=10, calibration=measured))
    assert found.text == (
        "Of 12,000 simulated weeks in which nothing happens, the detector called 0.40 % a spike "
        "(95 % interval 0.30 % to 0.60 %; it is built for 0.50 %) and 0.10 % a drift. In the 10 "
        "series watched here that is about 2.1 false spikes a year, and fewer after the control "
        "for many series."
    )
    assert found.severity == "ok"
    (none,) = alarm_words.trust(facts_of())
    assert none.text == "False alarms are not measured: no series is watched by week."
