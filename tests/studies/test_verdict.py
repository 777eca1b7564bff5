import math

from hypothesis import given
from hypothesis import strategies as st

from aftersales.profile.config import Target
from aftersales.studies.verdict import judge, judge_difference

SURE = {"p": 1e-6, "q": 1e-5, "cases": 100, "target": Target()}


def test_what_is_good_when_high_is_judged_by_the_inverse_ratio():
    assert judge(0.5, good="high", **SURE) == "act"
    assert judge(2.0, good="high", **SURE) == "ok"
    assert judge(0.0, good="high", **SURE) == "act"


def test_nobody_is_sent_out_for_fewer_than_ten_cases():
    assert judge(5.0, **SURE | {"cases": 9}) == "watch"
    assert judge(5.0, **SURE | {"cases": 10}) == "act"


def test_a_large_ratio_that_may_be_chance_is_watched_or_not():
    assert judge(3.0, **SURE | {"p": 0.01, "q": 0.05}) == "watch"
    assert judge(3.0, **SURE | {"p": 0.01, "q": 0.2}) == "ok"
    assert judge(3.0, **SURE | {"p": 0.06, "q": 0.06}) == "ok"


def test_an_infinite_ratio_is_the_largest_and_a_missing_one_is_unknown():
    assert judge(math.inf, **SURE) == "act"
    assert judge(math.nan, **SURE) == "unknown"
    assert judge(2.0, **SURE | {"q": math.nan}) == "unknown"


def test_a_share_is_judged_by_its_difference_where_the_target_says_how_large_one_matters():
    target = Target(act_ratio=1.5, act_difference=0.10, watch_difference=0.05)
    call = SURE | {"target": target}
    assert judge(1.2, difference=0.12, **call) == "act"
    assert judge(4.0, difference=0.06, **call) == "watch"
    assert judge(4.0, difference=0.01, **call) == "ok"
    assert judge(4.0, **call) == "act"  # without a difference the ratio counts


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_group_that_is_happier_than_the_others_is_never_urgent(difference, p, q):
    found = judge_difference(difference, p=p, q=q, act=0.1, watch=0.05)
    assert found in ("act", "watch", "ok")
    if difference >= 0:
        assert found == "ok"


def test_a_difference_that_was_not_measured_is_unknown():
    assert judge_difference(math.nan, p=0.01, q=0.01, act=0.1, watch=0.05) == "unknown"
