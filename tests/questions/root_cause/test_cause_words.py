"""The sentences about one cause, from facts written by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fixtures.causes import one, searched, told

from aftersales.stats.causes.search import Where
from aftersales.stats.life.claims_ahead import ClaimsAhead
from aftersales.studies.life.life import Life


def test_a_cause_is_told_with_its_numbers(facts):
    finding = one(facts(searched({("batch", "A"): {}}, verdict={"cost": 2000.0})), "cause")
    assert finding.text == (
        "Batch A: 60 faults in 12 months, 3.0 times the 20 expected from comparable units (95 % "
        "interval 2.2–4.1). It accounts for 40 extra faults. Hold the remaining stock of the "
        "batch and trace its parts."
    )
    assert finding.id == "cause.faults_per_1000.batch=A"
    assert (finding.estimate, finding.baseline) == pytest.approx((60, 20))
    assert (finding.low, finding.high) == pytest.approx((20 * 2.2, 20 * 4.1))
    assert (finding.n, finding.excess, finding.cost) == (1000, 40, 2000)
    assert (finding.severity, finding.evidence) == ("act", "A")


def test_returns_have_words_of_their_own(facts):
    study = searched(
        {("warehouse", "W1"): {}}, metric="return_rate", per=1.0, verdict={"evidence": "B"}
    )
    assert told(facts(study), "cause") == [
        "Warehouse W1: 60 returns in 12 months, 3.0 times the 20 expected from comparable orders "
        "(95 % interval 2.2–4.1). It is associated with 40 extra returns. Inspect storage, "
        "packing and handling at the warehouse."
    ]


def test_a_cause_without_reason_to_act_has_no_next_step(facts):
    quiet = searched({("batch", "A"): {}}, verdict={"severity": "ok", "units": np.nan})
    assert told(facts(quiet), "cause") == [
        "Batch A: 60 faults in 12 months, 3.0 times the 20 expected from comparable units (95 % "
        "interval 2.2–4.1). It accounts for 40 extra faults."
    ]


def test_hardly_any_case_elsewhere_is_said_instead_of_a_ratio(facts):
    alone = {"expected": 0.2, "ratio": 300.0, "low": 79.0, "high": 900.0, "excess": 59.8}
    finding = one(facts(searched({("batch", "A"): alone})), "cause")
    assert finding.text == (
        "Batch A: 60 faults in 12 months, and hardly any among comparable units (at least 79 "
        "times, 95 % limit). Hold the remaining stock of the batch and trace its parts."
    )
    assert finding.low < 60 < finding.high  # of the rate itself: per 1,000 of 1,000


def test_a_cause_in_a_part_says_where_and_what_the_rest_does(facts):
    where = (Where("plant", ("P1",), True, 1.1, 0.001),)
    study = searched({("batch", "A"): {}}, parts={("batch", "A"): where})
    finding = one(facts(study), "cause")
    assert finding.text.startswith("Batch A with plant P1: 60 faults")
    assert "Elsewhere batch A has 1.1 times the cases expected." in finding.text
    assert dict(finding.subject) == {"batch": "A", "plant": "P1"}
    worse = (Where("plant", ("P1",), False, 1.8, 0.001),)
    study = searched({("batch", "A"): {}}, parts={("batch", "A"): worse})
    text = one(facts(study), "cause").text
    assert text.startswith("Batch A without plant P1:")
    assert "Elsewhere the rate of batch A is 60 % of that." in text


def test_what_is_in_doubt_is_said_one_and_two(facts):
    for flags, text in (
        (("few",), "In doubt: cases are few."),
        (("few", "young"), "In doubt: cases are few and its units are young."),
    ):
        study = searched({("batch", "A"): {}}, verdict={"flags": flags, "evidence": "C"})
        assert text in one(facts(study), "cause").text


def test_a_young_cause_has_a_sentence_and_an_old_one_has_none(facts):
    young = searched({("batch", "A"): {}}, verdict={"young": 0.9, "young_rest": 0.2})
    assert told(facts(young), "young") == [
        "Batch A is young: 90 % of its time in service is below 6 months of age, of the others' "
        "20 %. Ages are compared with like ages; what it does later is not known."
    ]
    assert told(facts(searched({("batch", "A"): {}})), "young") == []


def test_columns_that_cases_lack_or_alone_have_are_pointed_out(facts):
    missing = pd.DataFrame(
        {"cases": [0.5, 0.1, 0.0], "at_risk": [0.1, 0.9, 0.0], "unequal": [True, True, False]},
        index=["batch", "climate", "plant"],
    ).assign(only_cases=[False, True, False])
    assert told(facts(searched({("batch", "A"): {}}, missing=missing)), "incomplete") == [
        "Batch is missing for 50 % of the cases and 10 % of the time at risk: the ratios of its "
        "values may be too high or too low.",
        "Climate is filled in for 90 % of the cases and 10 % of the time at risk: its values look "
        "guilty because only failures have one. It is not judged.",
    ]


def ahead(**own):
    numbers = {"expected": 45.2, "low": 31.0, "high": 60.0, "units": 150.0, "claims": 40}
    numbers |= {"unseen": 0.1, "variation": 0.1, "usual": 9.1, "few": False, "level": 0.95}
    return ClaimsAhead(months=pd.DataFrame({"ahead": [1, 2, 3]}), **(numbers | own))


def with_life(facts, **own):
    study = searched({("batch", "A"): {}})
    view = Life({"batch": "A"}, pd.DataFrame(), pd.DataFrame(), ahead(**own))
    return facts(study, worst=study.causes.iloc[0], life=view)


def test_what_is_to_come_of_the_worst_cause_is_as_sure_as_the_cause(facts):
    finding = one(with_life(facts), "ahead")
    assert finding.text == (
        "Of the 150 units of batch A in service, 45 faults are to be expected up to Mar 2026 if "
        "nothing changes (between 31 and 60); 9.1 at the rates of comparable units."
    )
    assert (finding.severity, finding.evidence, finding.q) == ("watch", "A", 1e-5)
    assert one(with_life(facts, low=5.0), "ahead").severity == "ok"
    unseen = one(with_life(facts, unseen=0.4), "ahead").text
    assert unseen.endswith(" 40 % of them come at ages that no unit of the group has reached yet.")
    few = one(with_life(facts, few=True), "ahead")
    assert few.severity == "unknown"
    assert few.text == (
        "Too few faults so far to foresee those of batch A (150 units): between 31 and 60 up to "
        "Mar 2026; 9.1 at the rates of comparable units."
    )
