"""Units and claims by the month in which service began, and by age."""

import pandas as pd
import pytest

from aftersales.metrics.families.service_life import (
    aged_claims,
    claim_pairs,
    claims_by_age,
    cohorts,
    faults_of_sides,
)

AS_OF = pd.Timestamp("2024-04-30")
UNITS = pd.DataFrame(
    {
        "unit_id": ["a", "b", "c", "d", "e"],
        "batch": ["x", "x", "y", "y", "y"],
        "in_service_at": pd.to_datetime(
            ["2024-01-10", "2024-01-20", "2024-03-01", None, "2024-06-01"]
        ),
        "shipped_at": pd.to_datetime([None, None, None, "2024-02-02", None]),
    }
)
CLAIMS = pd.DataFrame(
    {
        "unit_id": ["a", "a", "b", "gone", None, "c", "c"],
        "opened_at": pd.to_datetime(
            ["2024-01-12", "2024-04-20", "2024-01-15", "2024-02-01", "2024-02-01", "2024-04-02",
             "2024-05-02"]
        ),
    }
)  # fmt: skip


def test_units_count_in_the_month_they_went_into_service_or_were_shipped():
    found = cohorts(UNITS, by=["batch"], as_of=AS_OF)
    january = (2024 - 1970) * 12
    assert found.to_dict("split")["data"] == [
        ["x", january, 2],
        ["y", january + 1, 1],
        ["y", january + 2, 1],
    ]


def test_claims_get_the_age_of_their_unit_in_completed_months():
    aged = aged_claims(CLAIMS, units=UNITS, by=["batch"], as_of=AS_OF)
    found = claims_by_age(aged, by=["batch"])
    january = (2024 - 1970) * 12
    assert found[["batch", "cohort", "age", "claims"]].to_dict("split")["data"] == [
        ["x", january, 0, 2],  # one of them before its start of service
        ["x", january, 3, 1],
        ["y", january + 2, 1, 1],
    ]
    assert (found["month"] - january).tolist() == [0, 3, 3]


def test_pairs_of_claims_of_a_unit_are_counted_in_both_orders_and_with_themselves():
    aged = aged_claims(CLAIMS, units=UNITS, by=[], as_of=AS_OF)
    found = claim_pairs(aged, by=[]).set_index(["age", "age_2"])["n"].to_dict()
    assert found == {(0, 0): 2, (0, 3): 1, (3, 0): 1, (3, 3): 1, (1, 1): 1}


@pytest.mark.parametrize("by", [[], ["batch"]])
def test_no_claims_give_empty_tables(by):
    aged = aged_claims(CLAIMS.head(0), units=UNITS, by=by, as_of=AS_OF)
    assert claims_by_age(aged, by=by).empty
    assert claim_pairs(aged, by=by).empty


def test_a_group_stands_beside_the_other_units_of_its_products(engine):
    units = UNITS.assign(product=["tv", "tv", "tv", "radio", "tv"])
    tickets = CLAIMS.assign(ticket_type="fault")
    asked = {"units": engine(units), "by": ["product"], "first": 0, "as_of": AS_OF}
    sides = faults_of_sides(engine(tickets), conditions=[("batch", ["x"], True)], **asked)
    assert sides.units.groupby("inside")["units"].sum().to_dict() == {0: 1, 1: 2}  # no radio
    assert sides.claims.groupby("inside")["claims"].sum().to_dict() == {0: 1, 1: 3}
    assert faults_of_sides(engine(tickets), conditions=[("batch", ["z"], True)], **asked) is None
