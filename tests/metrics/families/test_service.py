"""Repairs that hold, promises kept, tickets that come back."""

import pandas as pd
import pytest

from aftersales.errors import DataError
from aftersales.metrics.families.service import (
    escalation_rate,
    first_contact_resolution_rate,
    first_time_fix_rate,
    no_fault_found_rate,
    reopen_rate,
    repeat_repair_rate,
    sla_attainment_rate,
)

AS_OF = pd.Timestamp("2024-03-31")


def day(*moments: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(moments), format="ISO8601"))


def repairs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit_id": ["u", "u", "u", "v", "v", None, "w"],
            "fault_code": ["F1", "F2", "F1", "F1", "F1", "F1", None],
            "outcome": ["repaired", "no_fault_found", None, "repaired", "x", "y", "z"],
            "opened_at": day(
                "2024-01-01",
                "2024-01-20",
                "2024-01-30",
                "2024-01-01",
                "2024-03-20",
                "2024-01-01",
                "2024-01-01",
            ),
            "closed_at": day(
                "2024-01-02", "2024-01-21", "2024-03-01", "2024-01-02", None, "2024-01-02", None
            ),
        }
    )


def test_a_repair_holds_when_the_unit_stays_away_for_the_window(engine):
    result = first_time_fix_rate(engine(repairs()), by=["unit_id"], as_of=AS_OF)

    # u: both early repairs were followed within 30 days, the third is judged on the last day;
    # v: back after 78 days; w is still open; the repair without a unit cannot be judged.
    assert result["unit_id"].tolist() == ["u", "v", "w"]
    assert result["n"].tolist() == [3, 1, 0]
    assert result["n_held"].tolist() == [1, 1, 0]
    assert result["mature"].tolist() == [1.0, 0.5, 0.0]
    assert result["rate"].isna().tolist() == [False, False, True]


def test_repairs_too_recent_to_judge_are_left_out(engine):
    result = first_time_fix_rate(engine(repairs()), by=[], as_of=pd.Timestamp("2024-03-30"))

    assert result["n"].item() == 3
    assert result["n_held"].item() == 1


def test_a_repeat_is_the_same_fault_of_the_same_unit(engine):
    result = repeat_repair_rate(engine(repairs()), by=["unit_id"], as_of=AS_OF)

    # u came back with F1 28 days after the first repair was closed; F2 in between is another.
    assert result[["n", "n_repeated"]].to_numpy().tolist() == [[3, 1], [1, 0]]


def test_without_fault_codes_any_return_of_the_unit_is_a_repeat(engine):
    result = repeat_repair_rate(engine(repairs()), by=[], as_of=AS_OF, fault=None)
    held = first_time_fix_rate(engine(repairs()), by=[], as_of=AS_OF)

    assert result["n_repeated"].item() == held["n"].item() - held["n_held"].item()


def test_no_fault_found_is_a_share_of_closed_repairs_with_an_outcome(engine):
    result = no_fault_found_rate(engine(repairs()), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_no_fault", "rate"]].tolist() == [4, 1, 0.25]


def tickets() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "opened_at": day(
                "2024-01-01", "2024-01-01", "2024-01-01", "2024-03-30", "2024-03-29", "2024-04-02"
            ),
            "closed_at": day("2024-01-02", "2024-01-09", None, "2024-03-30", None, "2024-04-03"),
            "resolution_hours": [72.0, 72.5, None, 1.0, None, 1.0],
            "priority": ["high", "low", "high", "low", "none", "low"],
            "contacts": [1, 2, 1, None, 1, 1],
            "reopened": pd.array([True, None, True, False, False, True], dtype="boolean"),
            "escalated": [False, True, True, True, False, True],
        }
    )


def test_open_and_past_due_counts_as_missed_and_not_yet_due_is_left_out(engine):
    result = sla_attainment_rate(engine(tickets()), by=[], as_of=AS_OF, sla_hours=72)

    # Due: the three of 1 January and the one of 29 March, exactly 72 hours old; met: one.
    assert result.loc[0, ["n", "n_met", "rate"]].tolist() == [4, 1, 0.25]
    assert result["mature"].item() == 0.8


def test_each_priority_has_its_own_agreed_time(engine):
    agreed = {"high": 24, "low": 96}

    result = sla_attainment_rate(engine(tickets()), by=["priority"], as_of=AS_OF, sla_hours=agreed)

    assert result["priority"].tolist() == ["high", "low"]
    assert result[["n", "n_met"]].to_numpy().tolist() == [[2, 0], [1, 1]]


def test_tickets_that_close_after_the_last_day_are_still_open(engine):
    table = engine(tickets())

    reopened = reopen_rate(table, by=[], as_of=AS_OF)
    escalated = escalation_rate(table, by=[], as_of=AS_OF)

    assert reopened.loc[0, ["n", "n_reopened"]].tolist() == [3, 1]
    assert escalated.loc[0, ["n", "n_escalated"]].tolist() == [3, 2]


def test_first_contact_resolution_needs_the_number_of_contacts(engine):
    result = first_contact_resolution_rate(engine(tickets()), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_first_contact", "rate"]].tolist() == [2, 1, 0.5]


def test_a_missing_column_is_an_error_that_names_the_metric():
    with pytest.raises(DataError, match='reopen_rate needs the column "reopened" of table tickets'):
        reopen_rate(tickets().drop(columns="reopened"), by=[], as_of=AS_OF)
