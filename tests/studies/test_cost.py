import pandas as pd
import pytest

from aftersales.studies.cost import cost_per_case
from aftersales.studies.scope import read_scope

TICKETS = pd.DataFrame(
    {
        "ticket_id": list("abcd"),
        "opened_at": pd.to_datetime(["2025-06-01"] * 3 + ["2023-06-01"]),
        "ticket_type": ["fault", "fault", "enquiry", "fault"],
        "cost": [100.0, 300.0, 2.0, 9_000.0],
    }
)


def test_a_fault_costs_what_fault_tickets_of_the_window_cost_on_average(company):
    scope = read_scope(company({"tickets": TICKETS}))
    assert cost_per_case(scope, "faults_per_1000", months=12) == pytest.approx(200.0)
    assert cost_per_case(scope, "ticket_volume", months=12) == pytest.approx(402 / 3)


def test_there_is_no_price_without_tickets_of_the_kind_without_costs_and_for_returns(company):
    scope = read_scope(company({"tickets": TICKETS}))
    assert cost_per_case(scope, "complaints_per_1000", months=12) is None
    assert cost_per_case(scope, "return_rate", months=12) is None
    assert cost_per_case(scope, "turnaround_days", months=12) is None
    bare = read_scope(company({"tickets": TICKETS.drop(columns="cost")}))
    assert cost_per_case(bare, "faults_per_1000", months=12) is None
