"""The sentences about cells, from facts written by hand: for none, one and many."""

import pytest

from aftersales import words

QUIET = {
    "severity": "ok",
    "cases": 20.0,
    "all_cases": 20.0,
    "ratio": 1.0,
    "excess": 0.0,
    "crude_ratio": 1.0,
}
FEW = {"few": True, "severity": "unknown"}
HOT_TEXT = (
    "Hotspot, region Beijing, product Television: 60 faults in 12 months, 3.00 times the 20 "
    "expected from units of the same model and age elsewhere (95 % interval 2.01–4.48; crude "
    "2.50). 40 extra cases: see Root cause."
)


def only(answer, kind):
    (found,) = [f for f in answer.findings() if f.kind == kind]
    return found


def test_one_cell_to_act_on_has_its_numbers(answer, told):
    report = answer({"region": "CN-11", "cost": 1200.0}, QUIET)
    assert told(report, "hotspot") == [("act", HOT_TEXT)]
    hot = only(report, "hotspot")
    assert dict(hot.subject) == {"region": "CN-11", "product": "tv"}
    assert (hot.estimate, hot.n, hot.excess, hot.cost) == (10, 6000, 40, 1200)
    assert (hot.baseline, hot.low, hot.high) == pytest.approx((3.333, 6.7, 14.933), abs=1e-3)
    assert (hot.ratio, hot.p, hot.q, hot.evidence) == (3, 1e-6, 1e-5, "A")
    assert told(report, "rest") == [
        ("ok", "The other combination gives no reason to act (of 2 judged).")
    ]


def test_many_cells_are_told_one_by_one_up_to_six_and_then_counted(answer, told):
    many = [{"product": f"P{i}"} for i in range(7)]
    report = answer(*many, QUIET, QUIET, FEW)
    assert len(told(report, "hotspot")) == 6
    assert told(report, "more") == [
        ("watch", "1 more combination stands out too; it is in the table below.")
    ]
    assert told(report, "rest") == [
        ("ok", "The other 2 combinations give no reason to act (of 9 judged).")
    ]
    assert told(report, "too_few") == [("unknown", "1 combination has too few cases to be judged.")]
    report = answer(*many, *({"severity": "watch"} for _ in range(8)), FEW, FEW)
    assert len(told(report, "hotspot")) == 12
    assert told(report, "more") == [
        ("watch", "3 more combinations stand out too; they are in the table below.")
    ]
    assert told(report, "rest") == []
    assert told(report, "too_few") == [
        ("unknown", "2 combinations have too few cases to be judged.")
    ]


def test_no_hotspot_among_one_among_many_and_among_none_that_can_be_judged(answer, told):
    assert told(answer(QUIET), "rest") == [
        (
            "ok",
            "No hotspot: the only combination judged differs no more than places differ anyway.",
        )
    ]
    assert told(answer(QUIET, QUIET), "rest") == [
        ("ok", "No hotspot: none of the 2 combinations judged differs more than places do anyway.")
    ]
    assert told(answer(FEW), "rest") == [
        ("unknown", "No combination has enough cases to be judged.")
    ]


def test_without_cells_the_report_says_what_it_lacks(answer, told):
    assert told(answer(tables=["tickets"]), "lacking") == [
        (
            "unknown",
            "Not judged: that takes several regions, or several products with issues to compare, "
            "and these data have neither.",
        )
    ]


def test_a_region_is_not_named_again_in_its_own_report(answer, told):
    assert told(answer({}, region="CN-11"), "hotspot") == [
        ("act", HOT_TEXT.replace("region Beijing, ", ""))
    ]


def test_a_cell_that_alone_has_cases_has_no_ratio(answer, told):
    alone = {"expected": 0.0, "ratio": float("inf"), "low": 32.0, "high": float("inf")}
    report = answer({"region": "CN-11"} | alone)
    assert told(report, "hotspot") == [
        (
            "act",
            "Hotspot, region Beijing, product Television: 60 cases in 12 months, and hardly any "
            "among comparable ones elsewhere (at least 32 times, 95 % limit).",
        )
    ]
    assert (only(report, "hotspot").low, only(report, "hotspot").high) == (None, None)


def test_returns_are_called_returns(answer, told):
    report = answer({"region": "CN-11"}, metric="return_rate")
    assert told(report, "hotspot") == [
        (
            "act",
            "Hotspot, region Beijing, product Television: 60 returns in 12 months, 3.00 times the "
            "20 expected from orders of the same month elsewhere (95 % interval 2.01–4.48). 40 "
            "extra returns: see Root cause.",
        )
    ]


def test_shares_of_tickets_say_how_much_they_grew_or_that_they_are_new(answer, told):
    shares = {"column": "issue_type", "metric": "ticket_mix", "adjusted": False}
    row = {"region": "CN-11", "issue_type": "noise", "severity": "watch"}
    start = (
        "Region Beijing, issue noise: 60 tickets in 12 months, 3.00 times its share elsewhere "
        "(95 % interval 2.01–4.48)"
    )
    end = (
        " in the 12 months before. These are shares of tickets; nothing says how much was at risk."
    )
    assert told(answer(row | {"growth": 1.5}, **shares), "hotspot") == [
        ("watch", f"{start} and 1.50 times its share{end}")
    ]
    assert told(answer(row | {"growth": float("inf")}, **shares), "hotspot") == [
        ("watch", f"{start}, and none{end}")
    ]
    known = answer(
        row | {"severity": "ok"}, row | {"issue_type": "leak", "severity": "ok"}, **shares
    )
    assert told(known, "structure") == [
        (
            "ok",
            "Tickets are concentrated, and not clearly more than before, in: region Beijing, issue "
            "noise; region Beijing, issue leak.",
        )
    ]
    assert told(known, "rest") == []


def test_the_total_is_of_one_hotspot_or_many_and_has_a_price_where_cases_have_one(answer, told):
    assert told(answer(QUIET), "total") == []
    assert told(answer({}, QUIET), "total") == [
        (
            "ok",
            "The hotspot holds 40 cases beyond the expected (95 % interval 24–56), 50 % of all "
            "cases here.",
        )
    ]
    priced = answer({"cost": 1200.0}, {"cost": 800.0})
    assert told(priced, "total") == [
        (
            "ok",
            "The 2 hotspots together hold 80 cases beyond the expected (95 % interval 57–103), "
            "67 % of all cases here. At the mean cost of a fault here that is CN¥2,000.",
        )
    ]
    assert only(priced, "total").cost == 2000


def test_the_region_is_compared_with_its_siblings(answer, told):
    report = answer(QUIET, region="CN-11", own={"evidence": "A"})
    assert told(report, "among_siblings") == [
        (
            "ok",
            "All products together, Beijing has 3.00 times the cases expected from comparable ones "
            "in the rest of North (95 % interval 2.01–4.48; crude 2.50).",
        )
    ]
    assert only(report, "among_siblings").estimate == 10
    assert told(answer(QUIET, own={"expected": 0.0}), "among_siblings") == []


def test_what_is_only_mix_and_what_is_hidden_is_named(answer, told):
    mix = {"region": "CN-11", "contrast": "mix", "crude_ratio": 1.6}
    hidden = {"region": "CN-12", "contrast": "hidden", "ratio": 1.8}
    report = answer(QUIET | mix, QUIET | hidden, whole=[QUIET | mix])
    assert [text for _, text in told(report, "mix")] == [
        "Stands out in raw figures, but like for like no more than by chance: Beijing · All "
        "products together (crude 1.60, adjusted 1.00) and Beijing · Television (crude 1.60, "
        "adjusted 1.00)."
    ]
    assert [text for _, text in told(report, "hidden")] == [
        "Hidden in raw figures, and stands out like for like: Tianjin · Television (crude 1.00, "
        "adjusted 1.80)."
    ]
    assert told(report, "contrast") == []


def test_agreement_is_of_one_comparison_or_many(answer, told):
    assert told(answer(QUIET), "contrast") == [
        ("ok", "Raw and like-for-like figures tell the same story in the only comparison.")
    ]
    assert told(answer(QUIET, QUIET | {"crude_ratio": 1.05}), "contrast") == [
        (
            "ok",
            "Raw and like-for-like figures tell the same story in all 2 comparisons; product mix "
            "and age move no ratio by more than 5 %.",
        )
    ]


def test_a_hotspot_says_in_which_part_of_it_most_of_the_excess_is(answer, told):
    cell = {"region": "CN-N"}
    inside = answer(cell, window=[{"places": ("CN-11",)}])
    assert told(inside, "hotspot")[0][1].endswith("see Root cause. Most of it is in Beijing.")
    of_model = answer(cell, window=[{"places": ("CN-11", "CN-12"), "model": "T1"}])
    assert told(of_model, "hotspot")[0][1].endswith("Most of it is Television T1.")
    both = answer(cell, window=[{"places": ("CN-11",), "model": "T1"}])
    assert told(both, "hotspot")[0][1].endswith("Most of it is Television T1 in Beijing.")
    small = answer(cell, window=[{"places": ("CN-11",), "excess": 10.0}])
    assert told(small, "hotspot")[0][1].endswith("see Root cause.")


def test_the_sentence_is_chinese_for_a_chinese_reader(answer, told):
    words.use_language("zh")
    try:
        (hot,) = told(answer({"region": "CN-11"}, window=[{}]), "hotspot")
    finally:
        words.use_language("en")
    assert hot == (
        "act",
        "热点（地区 Beijing、产品 tv）：12 个月内故障 60 起，为他处同型号、同机龄产品预期"
        "（20 起）的 3.00 倍（95 % 区间 2.01–4.48；粗比 2.50）。多出 40 起，成因见“根因”报告。",
    )
