import numpy as np
import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.studies.arrivals.days import day_counts, opened
from aftersales.studies.arrivals.lateness import (
    lags,
    late_reports,
    main_table,
    table_ends,
    usual_weeks,
    weekly,
)
from aftersales.studies.scope import read_scope


def days(n, *, end="2025-12-31", each=1, time="opened_at"):
    when = pd.date_range(end=end, periods=n, unit="us").repeat(each)
    return pd.DataFrame({time: when, "region": "CN-11"})


def weeks_of(scope):
    return weekly(scope, days=day_counts(opened(scope)))


def late_of(store):
    scope = read_scope(store)
    return late_reports(scope, tables=opened(scope))


def test_weeks_of_seven_days_end_on_the_last_day_and_empty_ones_count_zero(company):
    rows = pd.concat([days(3), days(2, end="2025-12-10")])
    weeks = weeks_of(read_scope(company({"tickets": rows})))
    assert weeks["n"].tolist() == [2, 0, 0, 3]
    assert weeks["week"].iloc[-1] == pd.Timestamp("2025-12-25")


def test_the_main_table_is_tickets_else_orders_else_surveys(company):
    tickets, orders = days(3), days(3, time="ordered_at")
    assert main_table(read_scope(company({"orders": orders, "tickets": tickets}))) == "tickets"
    assert main_table(read_scope(company({"orders": orders}))) == "orders"
    empty = read_scope(company({}))
    assert main_table(empty) == ""
    assert weeks_of(empty).empty


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
    scope = read_scope(company(tables))
    found = table_ends(scope, days=day_counts(opened(scope))).set_index("table")
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
    assert lags(scope, tables=opened(scope)).to_dict("records") == [
        {"table": "returns", "column": "days_to_return", "n": 100, "median": 5.0, "p90": 20.0}
    ]
    few = {"ticket_volume": Target(min_n=500)}
    scope = read_scope(company({"returns": returns}, targets=few))
    assert lags(scope, tables=opened(scope)).empty


def reported(event, *, after_days, n=30, as_of="2025-12-31"):
    """`n` cases of one day, one after the other reported so many days later, known by `as_of`."""
    waits = pd.to_timedelta(np.resize(after_days, n), unit="D")
    rows = pd.DataFrame({"opened_at": pd.Timestamp(event), "reported_at": event + waits})
    return rows[rows["reported_at"] <= as_of].assign(region="CN-11")


def test_months_are_as_complete_as_older_ones_were_at_their_age(company):
    months = pd.date_range("2025-01-15", periods=12, freq="31D").normalize()
    rows = pd.concat([reported(day, after_days=[0, 31, 0, 62]) for day in months])
    late = late_of(company({"tickets": rows}))
    assert late["table"].unique().tolist() == ["tickets"]
    assert late["month"].tolist() == list(pd.date_range("2025-10-01", periods=3, freq="MS"))
    assert late["complete"].tolist() == pytest.approx([1.0, 0.75, 0.5], abs=0.03)
    assert late["known"].tolist() == [30, 23, 15]
    assert (late["low"] <= 30).all()
    assert (late["high"] >= 30).all()


def test_tables_with_one_date_or_few_cases_have_no_completeness(company):
    assert late_of(company({"tickets": days(100)})).empty
    few = reported(pd.Timestamp("2025-06-10"), after_days=[0, 40], n=19)
    assert late_of(company({"tickets": few})).empty
