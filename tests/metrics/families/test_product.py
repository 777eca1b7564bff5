"""Faults, complaints and claims per 1,000 units at risk."""

import pandas as pd
import pytest

from aftersales.metrics.counting.exposure import units_at_risk
from aftersales.metrics.families.product import (
    claims_per_1000,
    complaints_per_1000,
    dead_on_arrival_rate,
    faults,
    faults_per_1000,
)

AS_OF = pd.Timestamp("2024-04-15")


def units() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit_id": ["a", "b", "c", None],
            "batch": ["B1", "B1", None, "B9"],
            "in_service_at": pd.to_datetime(
                ["2024-01-20", "2024-02-10", "2024-02-02", "2024-02-02"]
            ),
        }
    )


def tickets() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit_id": ["a", "a", "c", "gone", None, "b", "a"],
            "ticket_type": ["fault"] * 5 + ["complaint", "fault"],
            "product": ["tv"] * 7,
            "opened_at": pd.to_datetime(
                [
                    "2024-02-01",
                    "2024-03-20",
                    "2024-03-01",
                    "2024-03-02",
                    "2024-03-02",
                    "2024-03-03",
                    "2024-04-16",  # after as_of
                ]
            ),
        }
    )


def test_faults_are_counted_by_the_attributes_of_their_unit(engine):
    result = faults(engine(tickets()), by=["batch"], as_of=AS_OF, units=engine(units()))

    assert result["n_faults"].tolist() == [2, 1]
    assert result["batch"].isna().tolist() == [False, True]
    assert result.attrs["without_unit"] == 2


def test_faults_of_all_tickets_are_those_with_a_unit_and_those_without():
    by_unit = faults(tickets(), by=["batch", "month"], as_of=AS_OF, units=units())
    whole = faults(tickets(), by=[], as_of=AS_OF)

    assert by_unit["n_faults"].sum() + by_unit.attrs["without_unit"] == whole["n_faults"].item()


def test_faults_per_1000_divides_by_unit_months(engine):
    exposure = units_at_risk(units().iloc[:3], by=["batch"], as_of=AS_OF)

    result = faults_per_1000(
        engine(tickets()), exposure=exposure, by=["batch"], as_of=AS_OF, units=engine(units())
    )

    # B1: 0.5 + 1.5 + 2 + 1 unit-months; no batch: 0.5 + 1 + 0.5. Exact limits of 2 and of 1
    # events are 0.2422-7.2247 and 0.0253-5.5716 (Garwood 1936).
    assert result["n"].tolist() == [5.0, 2.0]
    assert result["n_faults"].tolist() == [2, 1]
    assert result["rate"].tolist() == [400.0, 500.0]
    assert result["rate_low"].tolist() == pytest.approx([48.44, 12.66], abs=0.01)
    assert result["rate_high"].tolist() == pytest.approx([1444.94, 2785.82], abs=0.01)


def test_months_without_a_fault_have_a_rate_of_zero_with_an_upper_limit(engine):
    exposure = units_at_risk(units().iloc[:3], by=["batch"], as_of=AS_OF)

    result = faults_per_1000(
        engine(tickets()),
        exposure=exposure,
        by=["batch", "month"],
        as_of=AS_OF,
        units=engine(units()),
    )

    january = result.iloc[0]
    assert (january["n"], january["n_faults"], january["rate"]) == (0.5, 0, 0.0)
    assert january["rate_high"] == pytest.approx(1000 * 3.6889 / 0.5, rel=1e-4)
    assert len(result) == 7


def test_only_tickets_of_the_months_of_the_exposure_count():
    exposure = pd.DataFrame({"month": pd.to_datetime(["2024-03-01"]), "at_risk": [100.0]})

    result = faults_per_1000(tickets(), exposure=exposure, by=[], as_of=AS_OF)

    assert result["n_faults"].item() == 4


def test_faults_without_exposure_keep_their_count_but_have_no_rate():
    exposure = pd.DataFrame({"product": ["radio"], "at_risk": [100.0]})

    result = faults_per_1000(tickets(), exposure=exposure, by=["product"], as_of=AS_OF)

    assert result["product"].tolist() == ["radio", "tv"]
    assert result["n_faults"].tolist() == [0, 5]
    assert result["rate"].isna().tolist() == [False, True]


def test_complaints_count_complaints_only():
    exposure = pd.DataFrame({"at_risk": [1000.0]})

    result = complaints_per_1000(tickets(), exposure=exposure, by=[], as_of=AS_OF)

    assert result.loc[0, ["n_complaints", "rate"]].tolist() == [1, 1.0]


def test_claims_are_counted_at_the_age_of_the_unit(engine):
    repairs = tickets().drop(columns=["ticket_type", "product"])

    result = claims_per_1000(
        engine(repairs), units=engine(units().iloc[:3]), by=[], as_of=AS_OF, last_month=4
    )

    # a is 12 days old, then 60; c is 28 days old; b's complaint at 22 days is a claim here.
    assert result["months_in_service"].tolist() == [0, 1, 2, 3]
    assert result["n_claims"].tolist() == [3, 1, 0, 0]
    assert result["n"].tolist() == [3.0, 2.5, 1.25, 0.25]
    assert result["cumulative"].tolist() == [1000.0, 1400.0, 1400.0, 1400.0]


def test_dead_on_arrival_leaves_out_units_too_young_to_judge(engine):
    fleet = pd.DataFrame(
        {
            "unit_id": ["a", "b", "c", "d"],
            "in_service_at": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-04-01", None]),
        }
    )
    calls = pd.DataFrame(
        {
            "unit_id": ["a", "a", "b", "c"],
            "ticket_type": ["fault", "fault", "fault", "fault"],
            "opened_at": pd.to_datetime(["2024-01-31", "2024-02-01", "2024-02-01", "2024-04-02"]),
        }
    )

    result = dead_on_arrival_rate(engine(fleet), tickets=engine(calls), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_dead", "rate"]].tolist() == [2, 1, 0.5]
    assert result["mature"].item() == pytest.approx(2 / 3)
