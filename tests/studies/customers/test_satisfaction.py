import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.studies.customers.satisfaction import (
    PROMOTERS,
    among_others,
    compared,
    grade,
    score_difference,
)

CELLS = pd.DataFrame(
    {
        "touchpoint": ["a", "a", "b"],
        "tier": ["x", "y", "x"],
        "n": [60, 40, 50],
        "count": [30, 36, 40],
    }
)


def test_the_others_are_those_of_the_same_touchpoint():
    others = among_others(CELLS, within=["touchpoint"])
    assert others["n"].tolist() == [40, 60, 0]
    assert others["count"].tolist() == [36, 30, 0]
    assert among_others(CELLS, within=[])["n"].tolist() == [90, 110, 100]


def test_a_group_below_min_n_is_withheld_and_does_not_show_as_the_others_of_its_only_peer():
    table = CELLS.head(2).assign(n=[60, 20], count=[30, 18])
    found = compared(table, among_others(table, within=["touchpoint"]), min_n=30)
    assert found["withheld"].tolist() == [False, True]
    assert found["others"].isna().all()
    assert found["difference"].isna().all()


def test_a_difference_has_its_interval_and_p():
    # Newcombe 1998, Stat. Med. 17:873, table II, column a: 56/70 - 48/80 = 0.2 (0.0524, 0.3339).
    table = pd.DataFrame({"n": [70.0], "count": [56.0]})
    others = pd.DataFrame({"n": [80.0], "count": [48.0]})
    found = compared(table, others, min_n=30).iloc[0]
    assert found["difference"] == pytest.approx(0.2)
    assert (found["low"], found["high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_scores_are_compared_with_the_answers_of_the_others_taken_together():
    table = pd.DataFrame({"n": [50, 100], "n_promoters": [10, 60], "n_passives": [30, 30]})
    table = table.assign(n_detractors=[10, 10], score=[0.0, 50.0])
    table = table.assign(score_low=[-17.0, 37.0], score_high=[17.0, 62.0])
    rest = table[list(PROMOTERS)].iloc[::-1].reset_index(drop=True)
    found = score_difference(table, rest, min_n=30)
    assert found["others"].tolist() == pytest.approx([50.0, 0.0])
    assert found["difference"].tolist() == pytest.approx([-50.0, 50.0])
    assert (found["p"] < 0.001).all()
    assert (found["low"] < found["difference"]).all()
    small = score_difference(table, rest, min_n=60)
    assert small["difference"].isna().all()


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_group_that_is_happier_than_the_others_is_never_urgent(difference, p, q):
    found = grade(difference, p=p, q=q, act=0.1, watch=0.05)
    assert found in ("act", "watch", "ok")
    if difference >= 0:
        assert found == "ok"


def test_what_was_not_compared_is_unknown():
    assert grade(math.nan, p=0.01, q=0.01, act=0.1, watch=0.05) == "unknown"
