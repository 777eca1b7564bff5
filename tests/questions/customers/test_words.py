"""Sentences word for word from facts made by hand: none, one and many."""

import numpy as np
import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.questions.customers.facts import Facts
from aftersales.questions.customers.words import findings
from aftersales.studies.scope import read_scope

TARGETS = {"csat_rate": Target(min_n=30), "net_promoter_score": Target(min_n=30)}
NOTHING = pd.DataFrame()
COMPARED = {
    "withheld": False,
    "others": 0.8,
    "difference": -0.3,
    "low": -0.41,
    "high": -0.19,
    "ratio": 0.625,
    "p": 1e-6,
    "q": 1e-5,
    "excess": 30.0,
    "severity": "ok",
}
CELL = COMPARED | {
    "touchpoint": "repair",
    "tier": "gold",
    "n": 100,
    "cases": 50,
    "rate": 0.5,
    "rate_low": 0.4,
    "rate_high": 0.6,
    "past": np.nan,
    "metric": "csat_rate",
}
SCORE = COMPARED | {
    "tier": "gold",
    "n": 100,
    "score": 0.0,
    "score_low": -20.0,
    "score_high": 20.0,
    "others": 80.0,
    "difference": -80.0,
    "low": -103.0,
    "high": -57.0,
    "ratio": np.nan,
    "excess": np.nan,
    "metric": "net_promoter_score",
}
# A region without a parent: nothing to compare its whole with.
ALONE = dict.fromkeys(("others", "difference", "low", "high", "ratio", "p", "q", "excess"), np.nan)
LEVEL = CELL | ALONE | {"n": 100, "severity": "unknown"}
WITHHELD = CELL | ALONE | {"withheld": True, "n": 5, "severity": "unknown"}


def rows(*changes, of=CELL):
    return pd.DataFrame([of | change for change in changes])


@pytest.fixture
def facts(company):
    def make(*, region="", by=("touchpoint", "tier"), **tables):
        empty = {"cells": NOTHING, "scores": NOTHING, "levels": rows(LEVEL), "values": NOTHING}
        scope = read_scope(company({}, targets=TARGETS), region=region)
        return Facts(scope=scope, months=12, by=by, declared=True, **empty | tables)

    return make


def texts(facts, kind):
    return [f.text for f in findings(facts) if f.kind == kind]


def test_none_one_and_many_groups_stand_out(facts):
    quiet = facts(cells=rows({"tier": "gold"}, {"tier": "silver"}))
    assert texts(quiet, "unhappy") == []
    assert texts(quiet, "rest") == [
        "None of the 2 groups is clearly less satisfied than what it is compared with."
    ]
    only = facts(cells=rows({}))
    assert texts(only, "rest") == [
        "The only group compared is not clearly less satisfied than what it is compared with."
    ]
    one = facts(cells=rows({"severity": "act"}, {"tier": "silver"}))
    assert texts(one, "unhappy") == [
        "Satisfaction, touchpoint repair, tier gold: 50 % are satisfied, 30 points fewer than "
        "among the others (80 %; 95 % interval 19–41 points, n = 100). Ask these customers what "
        "went wrong."
    ]
    assert texts(one, "rest") == ["The other group gives no reason to act (of 2 compared)."]
    many = facts(cells=rows(*[{"severity": "act", "tier": f"t{i}"} for i in range(7)], {}, {}))
    assert len(texts(many, "unhappy")) == 6
    assert texts(many, "more") == ["1 more group is less satisfied than what it is compared with."]
    assert texts(many, "rest") == ["The other 2 groups give no reason to act (of 9 compared)."]
    more = facts(cells=rows(*[{"severity": "watch", "tier": f"t{i}"} for i in range(9)]))
    assert texts(more, "more") == [
        "3 more groups are less satisfied than what they are compared with."
    ]
    assert texts(more, "rest") == []


def test_an_unhappy_group_carries_the_numbers_of_its_row(facts):
    found = findings(facts(cells=rows({"severity": "act"})))
    (unhappy,) = [f for f in found if f.kind == "unhappy"]
    assert unhappy.to_json() == {
        "id": "unhappy.csat_rate.tier=gold+touchpoint=repair",
        "severity": "act",
        "text": unhappy.text,
        "metric": "csat_rate",
        "subject": {"touchpoint": "repair", "tier": "gold"},
        "estimate": 0.5,
        "low": 0.4,
        "high": 0.6,
        "baseline": 0.8,
        "ratio": 0.625,
        "p": 1e-6,
        "q": 1e-5,
        "n": 100,
        "excess": 30,
        "cost": None,
        "unit": "share",
        "evidence": "C",
        "judged": 1,
        "kind": "unhappy",
    }


def test_the_past_is_told_where_it_is_known_and_is_what_a_group_without_tiers_is_held_against(
    facts,
):
    known = facts(cells=rows({"severity": "watch", "past": 0.75}))
    assert texts(known, "unhappy")[0].endswith(
        "n = 100); in the period before it was 75 %. Ask these customers what went wrong."
    )
    alone = facts(by=("touchpoint",), cells=rows({"severity": "watch"}))
    assert texts(alone, "unhappy") == [
        "Satisfaction, touchpoint repair: 50 % are satisfied, 30 points fewer than in the period "
        "before (80 %; 95 % interval 19–41 points, n = 100). Ask these customers what went wrong."
    ]


def test_none_one_and_many_groups_are_withheld(facts):
    assert texts(facts(cells=rows({})), "withheld") == []
    assert texts(facts(cells=rows({}, WITHHELD)), "withheld") == [
        "1 group has fewer than 30 answers and is withheld."
    ]
    assert texts(facts(cells=rows(WITHHELD, WITHHELD)), "withheld") == [
        "2 groups have fewer than 30 answers and are withheld."
    ]


def test_answers_without_a_group_are_told_from_a_twentieth_of_all(facts):
    assert texts(facts(cells=rows({"n": 96})), "ungrouped") == []
    assert texts(facts(cells=rows({"n": 60})), "ungrouped") == [
        "40 % of the answers do not tell touchpoint and tier; they count in the whole only."
    ]


def test_none_one_and_many_tiers_have_a_low_promoter_score(facts):
    def told(*changes, kind):
        levels = rows(SCORE | ALONE | {"severity": "unknown"})
        return texts(facts(scores=rows(*changes, of=SCORE), levels=levels), kind)

    assert told({}, kind="rest") == [
        "Net promoter score: 1 tier compared with the others gives no reason to act."
    ]
    one = [{"severity": "act"}, {"tier": "silver"}, {"tier": "basic"}]
    assert told(*one, kind="unhappy") == [
        "Net promoter score, tier gold: 0, which is 80 points below the other tiers (80; 95 % "
        "interval 57–103 points below, n = 100). Ask what keeps them from recommending us."
    ]
    assert told(*one, kind="rest") == [
        "Net promoter score: 2 tiers compared with the others give no reason to act."
    ]
    many = [{"severity": "act", "tier": f"t{i}"} for i in range(8)]
    assert told(*many, kind="more") == ["Net promoter score: 2 more tiers are below the others."]
    assert told(*many, kind="rest") == []


def test_a_region_below_and_above_the_rest_of_its_parent(facts):
    below = facts(region="CN-11", levels=rows({"severity": "act"}))
    assert texts(below, "against_parent") == [
        "Customer satisfaction (top two boxes): Beijing is 30 points below the rest of North "
        "(80.0 %; 95 % interval of the difference −41.0 to −19.0 points)."
    ]
    above = {"score": 90.0, "difference": 20.0, "low": 12.0, "high": 28.0}
    assert texts(facts(region="CN-11", levels=rows(above, of=SCORE)), "against_parent") == [
        "Net promoter score: Beijing is 20 points above the rest of North (80; 95 % interval of "
        "the difference +12.0 to +28.0 points)."
    ]
    assert texts(facts(region="CN-11"), "against_parent") == []


def test_levels_and_what_is_said_instead(facts):
    assert texts(facts(), "level") == [
        "All answers of the last 12 months: 50.0 % satisfied (95 % interval 40.0–60.0 %, n = 100)."
    ]
    assert texts(facts(levels=rows({"n": 0, "withheld": True})), "level") == [
        "No satisfaction score was given in the last 12 months."
    ]
    assert texts(facts(levels=rows(WITHHELD)), "level") == [
        "Customer satisfaction (top two boxes): fewer than 30 answers in the last 12 months, too "
        "few to judge."
    ]
    nobody_asked = rows({"n": 0, "withheld": True}, of=SCORE)
    assert texts(facts(levels=nobody_asked), "level") == []


def test_without_answers_and_without_groups_the_report_says_what_it_lacks(facts):
    assert texts(facts(levels=NOTHING), "lacking") == [
        "Not judged: this profile has no table surveys. Map it in sources.yaml to answer this."
    ]
    assert texts(facts(by=()), "lacking") == [
        "Satisfaction cannot be split: table surveys has no column touchpoint, channel or tier."
    ]


def test_the_most_valuable_customers_with_and_without_returns(facts):
    values = pd.DataFrame({"tier": ["high value"], "n": [120], "share": [0.54]})
    assert texts(facts(values=values), "value_tiers") == [
        "No tiers are declared, so customers are grouped by recency, frequency and value: the 120 "
        "most valuable bring 54 % of the amount."
    ]
    assert texts(facts(values=values.assign(rate=0.07)), "value_tiers") == [
        "No tiers are declared, so customers are grouped by recency, frequency and value: the 120 "
        "most valuable bring 54 % of the amount, and 7 % of them returned something."
    ]
