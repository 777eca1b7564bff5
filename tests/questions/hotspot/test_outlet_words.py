"""The sentences about outlets, from facts written by hand: for none, one and many."""

import pytest

SHARE = {
    "metric": "sla_attainment_rate",
    "cases": 40.0,
    "at_risk": 100,
    "value": 0.4,
    "value_low": 0.31,
    "value_high": 0.5,
    "peers": 0.1,
    "ratio": 4.0,
    "low": 2.8,
    "high": 5.72,
    "excess": 30.0,
}
QUIET = {"severity": "ok"}
FEW = {"few": True, "severity": "unknown"}


def outlets(answer, *rows):
    return answer(outlets=rows)


def test_a_slow_outlet_and_one_that_is_late_have_their_numbers(answer, told):
    report = outlets(answer, {}, SHARE | {"outlet": "O2", "severity": "watch"})
    assert told(report, "outlet") == [
        (
            "act",
            "Outlet O1, Turnaround time: 8.88 days in the median, 3.06 times that of its peers "
            "(2.90 days; 95 % interval 2.70–3.48, n = 60). Ask what holds repairs up there.",
        ),
        (
            "watch",
            "Outlet O2, SLA attainment: 40.0 % of cases miss it, 4.00 times the share of its peers "
            "(10.0 %; 95 % interval 2.80–5.72, n = 100), not adjusted for what it repairs.",
        ),
    ]
    slow, late = (f for f in report.findings() if f.kind == "outlet")
    assert (slow.estimate, slow.low, slow.high, slow.baseline) == (8.88, 8.0, 9.5, 2.9)
    assert (slow.excess, slow.unit, slow.n) == (None, "days", 60)
    assert (late.estimate, late.low, late.high, late.excess) == (0.4, 0.31, 0.5, 30)
    assert late.evidence == "C"


def test_repeat_repairs_are_no_misses(answer, told):
    repeat = SHARE | {"metric": "repeat_repair_rate"}
    assert told(outlets(answer, repeat), "outlet") == [
        (
            "act",
            "Outlet O1, Repeat repair rate: 40.0 %, 4.00 times that of its peers (10.0 %; 95 % "
            "interval 2.80–5.72, n = 100), not adjusted for what it repairs.",
        )
    ]


def test_the_first_six_are_told_and_the_others_counted_as_no_reason_to_act(answer, told):
    report = outlets(answer, *[{"outlet": f"O{i}"} for i in range(8)], QUIET, FEW)
    assert len(told(report, "outlet")) == 6
    assert told(report, "outlets") == [
        ("ok", "Outlets: 1 of 9 comparisons with other outlets give no reason to act.")
    ]


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "Outlets: 1 comparison rests on too few cases to be judged."),
        (2, "Outlets: 2 comparisons rest on too few cases to be judged."),
    ],
)
def test_comparisons_of_too_few_cases_are_counted(answer, told, n, text):
    report = outlets(answer, *[FEW] * n)
    assert told(report, "outlets_few") == [("unknown", text)]
    assert told(report, "outlets") == []


def test_without_outlets_nothing_is_said_of_them(answer, told):
    assert [f for f in answer().findings() if f.kind.startswith("outlet")] == []


def test_what_would_make_it_chance_is_said_of_each_that_stands_out(answer):
    late = SHARE | {"outlet": "O2", "severity": "watch"}
    edge = {"outlet": "O3", "severity": "watch", "low": 0.98}
    assert outlets(answer, late, edge, {}, QUIET).chance_table().to_dict("records") == [
        {
            "hotspot": "O1 · Turnaround time",
            "severity": "act",
            "if_chance": "Its repairs would have to be recorded as taking 2.7 times as long as "
            "they took.",
        },
        {
            "hotspot": "O2 · SLA attainment",
            "severity": "watch",
            "if_chance": "26 of the 40 misses would have to be recorded wrongly, or be due to what "
            "it repairs.",
        },
        {
            "hotspot": "O3 · Turnaround time",
            "severity": "watch",
            "if_chance": "Little: its interval reaches the usual spread.",
        },
    ]
    nothing = outlets(answer, QUIET).chance_table()
    assert nothing.empty
    assert nothing.attrs["nothing"] == ("No hotspot is named, so there is nothing to explain away.")
