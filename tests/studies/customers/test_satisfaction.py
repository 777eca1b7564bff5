import pandas as pd
import pytest

from aftersales.studies.customers.answers import PROMOTERS
from aftersales.studies.customers.satisfaction import among_others, compared, score_difference

CELLS = pd.DataFrame(
    {
        "touchpoint": ["a", "a", "b"],
        "tier": ["x", "y", "x"],
        "n": [60, 40, 50],
        "cases": [30, 36, 40],
    }
)


def test_the_others_are_those_of_the_same_touchpoint():
    others = among_others(CELLS, within=["touchpoint"])
    assert others["n"].tolist() == [40, 60, 0]
    assert others["cases"].tolist() == [36, 30, 0]
    assert among_others(CELLS, within=[])["n"].tolist() == [90, 110, 100]


def test_a_group_below_min_n_is_withheld_and_does_not_show_as_the_others_of_its_only_peer():
    table = CELLS.head(2).assign(n=[60, 20], cases=[30, 18])
    found = compared(table, among_others(table, within=["touchpoint"]), min_n=30)
    assert found["withheld"].tolist() == [False, True]
    assert found["others"].isna().all()
    assert found["difference"].isna().all()


def test_a_difference_has_its_interval_and_p():
    # Newcombe 1998, Stat. Med. 17:873, table II, column a: 56/70 - 48/80 = 0.2 (0.0524, 0.3339).
    table = pd.DataFrame({"n": [70.0], "cases": [56.0]})
    others = pd.DataFrame({"n": [80.0], "cases": [48.0]})
    found = compared(table, others, min_n=30).iloc[0]
    assert found["difference"] == pytest.approx(0.2)
    assert (found["low"], found["high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found["ratio"] == pytest.approx(0.8 / 0.6)
    assert found["excess"] == pytest.approx(-14)  # more are satisfied than of 70 others


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
