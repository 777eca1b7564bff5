import numpy as np
import pandas as pd
import pytest

from aftersales import words
from aftersales.profile.config import Target
from aftersales.questions.trend.result import trend
from aftersales.studies.scope import read_scope
from aftersales.studies.series.change_dates import main_changes
from aftersales.studies.series.outlook import outlook

MONTHS = pd.date_range("2023-01-01", periods=36, freq="MS")
FEW = {"faults_per_1000": Target(min_n=50), "csat_rate": Target(min_n=30)}


def monthly(bad, n=1000.0):
    return pd.DataFrame({"month": MONTHS[36 - len(bad) :], "bad": np.asarray(bad, float), "n": n})


@pytest.fixture
def scope(company):
    return read_scope(company({}))


def test_the_three_months_after_the_last_complete_one_are_forecast(scope):
    found = outlook(scope, "faults_per_1000", monthly([20] * 36))
    assert [f"{m:%Y-%m}" for m in found.table["month"]] == ["2026-01", "2026-02", "2026-03"]
    assert found.table["rate"].to_numpy() == pytest.approx([20, 20, 20], rel=0.02)
    assert (found.table["rate_low"] < 20).all()
    assert (found.table["rate_high"] > 20).all()


def test_those_at_risk_go_on_growing(scope):
    found = outlook(scope, "faults_per_1000", monthly([20] * 36, n=1000.0 + 10 * np.arange(36)))
    assert found.table["at_risk"].tolist() == pytest.approx([1360, 1370, 1380])


def test_counts_are_forecast_by_the_days_of_the_month(scope):
    days = MONTHS.days_in_month.to_numpy(float)
    found = outlook(scope, "ticket_volume", monthly(10 * days, n=days))
    assert "at_risk" not in found.table
    assert found.table["rate"].tolist() == pytest.approx([310, 280, 310], rel=0.01)


def test_a_share_stays_between_0_and_1_with_its_interval_the_right_way_round(scope):
    found = outlook(scope, "csat_rate", monthly([2] * 36, n=50.0))  # 2 of 50 unhappy
    assert found.table["rate"].to_numpy() == pytest.approx([0.96] * 3, rel=0.01)
    assert (found.table["rate_low"] <= found.table["rate"]).all()
    assert (found.table["rate_high"] <= 1).all()


def test_a_rate_that_ended_before_and_a_short_one_are_not_forecast(scope):
    ended = monthly([20] * 36).iloc[:-2]
    for frame in (ended, monthly([20] * 20), monthly([])):
        assert not outlook(scope, "faults_per_1000", frame).known


def test_the_forecast_is_said_with_its_intervals(company, monthly_rows):
    result = trend(company({"tickets": monthly_rows([20] * 36)}))
    (found,) = [f for f in result.findings() if f.kind == "forecast"]
    low, high = found.low, found.high
    assert found.text.startswith(
        "Tickets, forecast if nothing changes (cases a month, with 95 % prediction intervals): Jan "
        "2026 2"
    )
    assert low < found.estimate < high
    assert len(result.plot().lines) > 1  # the course, and the forecast that goes on from it


def test_what_is_too_short_to_forecast_says_so(company, monthly_rows):
    result = trend(company({"tickets": monthly_rows([20] * 15)}))
    (found,) = [f for f in result.findings() if f.kind == "forecast"]
    assert (found.severity, found.text) == (
        "unknown",
        "Tickets: no forecast, which takes two years of history and 30 cases.",
    )


def test_a_change_of_level_is_dated_by_month_where_there_are_no_weeks():
    found = main_changes("faults_per_1000", monthly([40] * 24 + [80] * 12), None)
    assert found["start"].tolist() == [pd.Timestamp("2025-01-01")]
    assert found["ratio"].tolist() == pytest.approx([2.0])
    assert found["by"].tolist() == ["month"]
    assert found["shape"].tolist() == ["jump"]


def test_a_season_alone_changes_no_level():
    wave = 100 * np.exp(0.6 * np.cos(2 * np.pi * np.arange(36) / 12))
    assert main_changes("faults_per_1000", monthly(wave.round()), None).empty


def test_too_short_a_series_is_not_searched_for_changes():
    assert main_changes("faults_per_1000", monthly([5] * 8), None) is None


def test_a_step_is_dated_within_four_weeks_and_said(company, units):
    rng = np.random.default_rng(8)
    rates = np.where(np.arange(1096) < 900, 1.5, 3.0)
    days = pd.date_range("2023-01-01", periods=1096, freq="D", unit="us")
    rows = pd.DataFrame({"opened_at": days.repeat(rng.poisson(rates)), "ticket_type": "fault"})
    tables = {"units": units(3000), "tickets": rows}
    result = trend(company(tables, targets=FEW))
    (row,) = result.main_changes.to_dict("records")
    assert abs(row["start"] - days[900]) <= pd.Timedelta(weeks=4)
    assert row["start_low"] <= days[900] <= row["start_high"] + pd.Timedelta(days=7)
    assert row["ratio_low"] < 2.0 < row["ratio_high"]
    (said,) = [f.text for f in result.findings() if f.kind == "change_point"]
    assert said.startswith("Fault rate: the level changed once, season taken out: about 2025-0")
    assert f"to {words.times(row['ratio'])} times the level before" in said
    assert result.change_table()["since"].iloc[0].startswith("2025-0")
