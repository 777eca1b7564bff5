import numpy as np
import pandas as pd
import pytest

from aftersales.analyses.arrivals import lags, main_table, table_ends, usual_weeks, weekly
from aftersales.analyses.scope import read_scope
from aftersales.config import Target


def days(n, *, end="2025-12-31", each=1, time="opened_at"):
    when = pd.date_range(end=end, periods=n, unit="us").repeat(each)
    return pd.DataFrame({time: when, "region": "CN-11"})


def test_weeks_of_seven_days_end_on_the_last_day_and_empty_ones_count_zero(company):
    rows = pd.concat([days(3), days(2, end="2025-12-10")])
    weeks = weekly(read_scope(company({"tickets": rows})))
    assert weeks["n"].tolist() == [2, 0, 0, 3]
    assert weeks["week"].iloc[-1] == pd.Timestamp("2025-12-25")


def test_the_main_table_is_tickets_else_orders_else_surveys(company):
    tickets, orders = days(3), days(3, time="ordered_at")
    assert main_table(read_scope(company({"orders": orders, "tickets": tickets}))) == "tickets"
    assert main_table(read_scope(company({"orders": orders}))) == "orders"
    empty = read_scope(company({}))
    assert main_table(empty) == ""
    assert weekly(empty).empty


def test_the_last_four_weeks_are_told_beside_usual_ones_and_the_range_of_a_year():
    weeks = pd.DataFrame({"n": [3.0] + [10.0] * 60 + [20.0] * 4 + [10.0] * 20 + [5.0] * 4})
    found = usual_weeks(weeks)
    assert found == pytest.approx((0.5, 1.0, 2.0))  # the part of a week at the start is not used
    assert np.isnan(usual_weeks(weeks.head(30)).ratio)
    assert np.isnan(usual_weeks(pd.DataFrame({"n": [0.0] * 40})).ratio)


def test_a_table_whose_last_row_is_old_for_its_rhythm_is_stale(company):
    tables = {
        "tickets": days(300, end="2025-11-30"),
        "surveys": days(300, end="2025-12-25", time="answered_at"),
        "returns": pd.DataFrame(
            {"requested_at": pd.date_range("2024-01-01", periods=20, freq="35D", unit="us")}
        ),
        "outlets": pd.DataFrame({"opened_at": days(2, end="2020-01-01")["opened_at"]}),
    }
    found = table_ends(read_scope(company(tables))).set_index("table")
    assert found["stale"].to_dict() == {"tickets": True, "surveys": False, "returns": False}
    assert found.at["tickets", "age"] == 31


def test_how_late_returns_come_is_counted_on_settled_deliveries(company):
    n = 100
    returns = pd.DataFrame(
        {
            "requested_at": days(n, end="2025-03-31")["opened_at"],
            "delivered_at": days(n, end="2025-03-11")["opened_at"],
            "days_to_return": [4.5] * 85 + [19.2] * 15,
            "region": "CN-11",
        }
    )
    fresh = returns.assign(delivered_at=pd.Timestamp("2025-12-20"), days_to_return=1.0)
    scope = read_scope(company({"returns": pd.concat([returns, fresh])}))
    assert lags(scope).to_dict("records") == [
        {"table": "returns", "column": "days_to_return", "n": 100, "median": 5.0, "p90": 20.0}
    ]
    few = {"ticket_volume": Target(min_n=500)}
    assert lags(read_scope(company({"returns": returns}, targets=few))).empty
