import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.stats.series.forecast import forecast

MONTHS = np.arange(39)


def drawn(rng, mean, dispersion):
    if dispersion == 1:
        return rng.poisson(mean)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion)


def coverage(*, level, dispersion, season, drift, series=200, seed=11):
    """Share of months that fall into the interval, three months ahead of 36."""
    rng = np.random.default_rng(seed)
    hits = []
    for _ in range(series):
        size = 1000 * np.exp(0.02 * MONTHS)
        wave = season * np.cos(2 * np.pi * (MONTHS + rng.integers(12)) / 12)
        walk = np.cumsum(rng.normal(0, drift, MONTHS.size))
        y = drawn(rng, level * size / size.mean() * np.exp(wave + walk), dispersion)
        table = forecast(y[:36], size[:36], ahead=size[36:]).table
        hits.append(((table["low"] <= y[36:]) & (y[36:] <= table["high"])).mean())
    return float(np.mean(hits))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("level", "dispersion", "season", "drift"),
    [(8, 1.0, 0.4, 0.0), (60, 2.0, 0.4, 0.0), (60, 1.0, 0.0, 0.05)],
    ids=["few cases", "noisy and seasonal", "a level that moves"],
)
def test_about_95_of_100_months_lie_in_the_interval(level, dispersion, season, drift):
    found = coverage(level=level, dispersion=dispersion, season=season, drift=drift)
    assert 0.91 <= found <= 0.99  # 600 months: the standard error is about 0.01


def test_a_season_is_carried_on():
    y = np.round(100 * np.exp(0.5 * np.cos(2 * np.pi * np.arange(36) / 12)))
    table = forecast(y, np.ones(36), ahead=np.ones(12)).table
    assert table["expected"].to_numpy() == pytest.approx(y[:12], rel=0.1)
    assert forecast(y, np.ones(36), ahead=[1.0]).rung == "season"


def test_less_than_two_years_and_few_cases_are_not_forecast():
    young = forecast([20] * 23, [1] * 23, ahead=[1, 1, 1])
    rare = forecast([0] * 20 + [1] * 16, [1] * 36, ahead=[1, 1, 1])
    for found in (young, rare):
        assert found.rung == "short"
        assert found.table["expected"].isna().all()
        assert len(found.table) == 3


def test_a_month_without_exposure_is_not_taken_for_one_without_cases():
    gap = [20.0] * 15 + [0.0] * 6 + [20.0] * 15
    size = [1.0] * 15 + [0.0] * 6 + [1.0] * 15
    assert forecast(gap, size, ahead=[1]).table["expected"][0] == pytest.approx(20, rel=0.05)


def test_a_level_that_moved_is_forecast_from_where_it_is_now():
    y = [20] * 24 + [40] * 12
    found = forecast(y, [1] * 36, ahead=[1])
    assert found.table["expected"][0] > 33
    assert found.memory < 0.95


def test_what_lies_further_ahead_is_less_sure_where_the_level_moves():
    rng = np.random.default_rng(4)
    y = rng.poisson(200 * np.exp(np.cumsum(rng.normal(0, 0.1, 36))))
    table = forecast(y, np.ones(36), ahead=np.ones(3)).table
    width = (table["high"] - table["low"]).to_numpy()
    assert (np.diff(width) > 0).all()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=30, max_size=40), st.floats(0.5, 20))
def test_the_unit_of_the_exposure_does_not_matter(y, unit):
    size = np.ones(len(y))
    one = forecast(y, size, ahead=[1.0, 2.0]).table
    other = forecast(y, size * unit, ahead=np.array([1.0, 2.0]) * unit).table
    known = one["expected"].notna()
    assert (one.loc[known, "low"] <= one.loc[known, "high"]).all()
    assert other["expected"].to_numpy() == pytest.approx(
        one["expected"].to_numpy(), rel=1e-6, nan_ok=True
    )
