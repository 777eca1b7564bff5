import numpy as np
import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.questions.trend.result import trend
from aftersales.studies.alarms.weekly_alarms import alarms_now
from aftersales.studies.scope import read_scope
from aftersales.studies.series.weekly_series import watch, weekly_exposure

WEEKS = pd.date_range(end="2025-12-25", periods=156, freq="7D", unit="us")
FEW = {"faults_per_1000": Target(min_n=50)}


def panel(*series, exposure=1000.0):
    """Weekly series by number, and their names."""
    rows = [
        pd.DataFrame({"series": i, "week": WEEKS, "count": y, "exposure": exposure})
        for i, y in enumerate(series)
    ]
    names = {"metric": "faults_per_1000", "region": ""}
    parts = [f"part {i}" for i in range(len(series))]
    return pd.concat(rows, ignore_index=True), pd.DataFrame({"part": parts}).assign(**names)


def quiet(seed, level=8.0, season=0.0):
    rng = np.random.default_rng(seed)
    wave = np.exp(season * np.cos(2 * np.pi * np.arange(156) / 52))
    return rng.poisson(level * wave).astype(float)


def said_now(scope, *series):
    """The alarms of a report on these series."""
    counts, names = panel(*series)
    watched = watch(counts, names=names)
    return alarms_now(scope, watched, monthly=pd.DataFrame())


@pytest.mark.slow
def test_quiet_reports_seldom_have_an_alarm(company):
    scope = read_scope(company({}))
    reports = [[quiet(100 * k + i, level=4 + 2 * i) for i in range(8)] for k in range(25)]
    found = [len(said_now(scope, *rows)) > 0 for rows in reports]
    assert sum(found) <= 5  # at most one in ten by chance: 6 or more of 25 in 3 % of such tests


def test_a_season_at_its_peak_is_no_alarm(company):
    scope = read_scope(company({}))
    peaks = [np.roll(quiet(i, level=10, season=0.8), -13 * (i % 4)) for i in range(24)]
    assert said_now(scope, *peaks).empty


def test_a_spike_of_the_last_week_is_an_episode_with_its_excess():
    struck = quiet(3)
    struck[-1] = 30
    counts, names = panel(struck, *[quiet(i) for i in range(10, 20)])
    found = watch(counts, names=names).episodes
    assert found["series"].tolist() == [0]
    assert found.loc[0, "spike"]
    assert found.loc[0, "last"] == WEEKS[-1]
    assert 15 < found.loc[0, "excess"] < 30


def test_a_lasting_rise_is_a_drift_from_about_its_start():
    risen = quiet(4)
    risen[-10:] = np.random.default_rng(1).poisson(14, 10)
    counts, names = panel(risen, *[quiet(i) for i in range(10, 20)])
    found = watch(counts, names=names).episodes
    assert found["series"].tolist() == [0]
    assert found.loc[0, "drift"]
    assert abs(found.loc[0, "start"] - WEEKS[-10]) <= pd.Timedelta(weeks=4)


def test_what_is_over_for_more_than_four_weeks_is_not_now():
    struck = quiet(3)
    struck[-8] = 40
    counts, names = panel(struck, quiet(9))
    assert watch(counts, names=names).episodes.empty


def test_more_series_need_a_stronger_drift():
    counts, names = panel(*[quiet(i) for i in range(3)])
    many, their_names = panel(*[quiet(i) for i in range(60)])
    few_limit = watch(counts, names=names).drift_limit
    assert watch(many, names=their_names).drift_limit > few_limit


def test_a_young_series_stands_on_a_lower_rung():
    size = np.where(np.arange(156) < 156 - 80, 0.0, 1000.0)
    counts, names = panel(np.where(size > 0, quiet(2), 0.0), exposure=size)
    young = watch(counts, names=names)
    assert young.alarms["rung"].iloc[-1] == "level"
    size = np.where(np.arange(156) < 156 - 20, 0.0, 1000.0)
    counts, names = panel(np.where(size > 0, quiet(2), 0.0), exposure=size)
    assert watch(counts, names=names).alarms["rung"].iloc[-1] == "C2"


def test_the_exposures_of_the_weeks_add_up_to_about_those_of_the_months():
    months = pd.date_range("2023-01-01", periods=36, freq="MS")
    frame = pd.DataFrame({"month": months, "n": 1000 * np.exp(0.02 * np.arange(36))})
    weeks = pd.date_range("2023-01-02", "2025-12-22", freq="7D")
    assert weekly_exposure(frame, weeks=weeks).sum() == pytest.approx(frame["n"].sum(), rel=0.01)


def test_months_without_exposure_have_weeks_without():
    months = pd.date_range("2025-01-01", periods=4, freq="MS")
    frame = pd.DataFrame({"month": months, "n": [0.0, 310.0, 0.0, 300.0]})
    weeks = pd.DatetimeIndex(["2025-01-10", "2025-02-10", "2025-03-10", "2025-04-10"])
    assert (weekly_exposure(frame, weeks=weeks) > 0).tolist() == [False, True, False, True]


def test_weeks_before_the_history_have_no_exposure():
    frame = pd.DataFrame({"month": pd.to_datetime(["2025-02-01", "2025-03-01"]), "n": [28.0, 31.0]})
    assert weekly_exposure(frame, weeks=pd.DatetimeIndex(["2025-01-01"])).tolist() == [0.0]


@pytest.fixture(scope="module")
def daily():
    """Fault tickets of a product, as many a day as `rates` says by week from the last one back."""

    def make(product, level, *, last=(), seed=1, days=1000):
        rng = np.random.default_rng(seed)
        end = pd.Timestamp("2025-12-31")
        counts = rng.poisson(level, days)
        for week, rate in enumerate(last):
            counts[days - 7 * (week + 1) : days - 7 * week] = rate
        when = pd.date_range(end=end, periods=days, freq="D", unit="us").repeat(counts)
        rows = {"opened_at": when, "ticket_type": "fault", "product": product, "region": "CN-11"}
        return pd.DataFrame(rows)

    return make


def test_a_spike_that_no_month_shows_is_said_by_week(company, units, daily):
    sets = pd.concat([units(1000, prefix=p, product=p, region="CN-11") for p in ("tv", "radio")])
    rows = pd.concat([daily("tv", 1.0, last=[4]), daily("radio", 1.0, seed=2)])
    result = trend(company({"units": sets, "tickets": rows}, targets=FEW), region="CN-11")
    alarms = result.alarm_table()
    assert alarms["alarm"].tolist()[0] == "spike"
    said = [f for f in result.findings() if f.kind in ("alarm", "rise")]
    assert [dict(f.subject) for f in said] == [{"product": "tv"}]
    (spike,) = said
    if spike.kind == "alarm":
        assert spike.low <= spike.estimate <= spike.high
        assert 0 <= spike.p <= spike.q <= 1


def test_an_alarm_that_the_months_name_already_is_not_said_again(company, units, daily):
    sets = pd.concat([units(1000, prefix=p, product=p, region="CN-11") for p in ("tv", "radio")])
    rows = pd.concat([daily("tv", 1.0, last=[3] * 12), daily("radio", 1.0, seed=2)])
    result = trend(company({"units": sets, "tickets": rows}, targets=FEW), region="CN-11")
    kinds = [f.kind for f in result.findings() if f.severity in ("act", "watch")]
    assert "rise" in kinds
    assert "alarm" not in kinds
    assert len(result.alarm_table()) >= 1
    assert set(result.alarms["said"]) <= {"month", "other"}
