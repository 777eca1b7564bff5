"""Seasons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import DataError
from aftersales.stats.series.season import decompose_season, deseasonalise

MONTHS = np.arange(36)
WAVE = np.exp(0.6 * np.sin(2 * np.pi * MONTHS / 12))


@given(st.lists(st.floats(-100, 100), min_size=24, max_size=48))
def test_trend_season_and_remainder_sum_to_the_series(values):
    found = decompose_season(pd.Series(values))

    if np.ptp(values) > 0:
        total = found.trend + found.seasonal + found.remainder
        assert total.tolist() == pytest.approx(values, abs=1e-8)
        assert 0 <= found.seasonal_strength <= 1
        assert 0 <= found.trend_strength <= 1


def test_the_dates_of_the_series_are_kept():
    index = pd.date_range("2023-01-01", periods=36, freq="MS")

    frame = decompose_season(pd.Series(WAVE, index=index)).to_frame()

    assert frame.columns.tolist() == ["period", "value", "trend", "seasonal", "remainder"]
    assert frame["period"].tolist() == index.tolist()


def test_a_wave_is_a_season_and_noise_is_not(rng):
    noise = rng.normal(size=(100, 48))

    assert decompose_season(pd.Series(WAVE) + 0.1 * noise[0, :36]).supported
    assert sum(decompose_season(pd.Series(row)).supported for row in noise) <= 4


def test_a_drifting_series_is_not_taken_for_a_season(rng):
    called = 0
    for _ in range(150):
        values = np.zeros(60)
        for t in range(1, 60):
            values[t] = 0.5 * values[t - 1] + rng.normal()
        called += decompose_season(pd.Series(values[12:])).supported

    assert called <= 9  # 6 %; a plain F test calls many more


def test_a_series_shorter_than_two_cycles_is_not_judged():
    found = decompose_season(pd.Series(range(23), dtype=float))

    assert np.isnan(found.p)
    assert not found.supported
    assert found.trend.isna().all()
    assert np.isnan(deseasonalise([5] * 23, [1] * 23).attrs["p"])


def test_a_constant_or_empty_series_has_no_season():
    assert not decompose_season(pd.Series([2.0] * 36)).supported
    assert not decompose_season(pd.Series([], dtype=float)).supported


def test_counts_at_random_are_rarely_called_seasonal(rng):
    series = rng.poisson(10, (150, 36))
    called = [deseasonalise(y, np.ones(36)).attrs["supported"] for y in series]

    assert sum(called) <= 5


def test_a_seasonal_rate_is_found_behind_a_growing_fleet(rng):
    fleet = 1000 * np.exp(0.03 * MONTHS)
    y = rng.poisson(0.03 * fleet * WAVE)

    found = deseasonalise(y, fleet)

    assert found.attrs["supported"]
    assert found["factor"].tolist() == pytest.approx(WAVE.tolist(), rel=0.2)
    assert np.log(found["factor"].iloc[:12]).mean() == pytest.approx(0, abs=1e-9)
    spread = np.log(found["adjusted_rate"]).std() / np.log(found["rate"]).std()
    assert spread < 0.6


def test_without_a_season_the_rates_stay_as_they_are():
    found = deseasonalise([2, 4, 6], [10, 10, 10])

    assert found["factor"].tolist() == [1, 1, 1]
    assert found["adjusted_rate"].tolist() == found["rate"].tolist()


def test_a_period_without_exposure_has_no_rate():
    found = deseasonalise(pd.Series([2, 0], index=["a", "b"]), [10, 0])

    assert found.index.tolist() == ["a", "b"]
    assert np.isnan(found["rate"]["b"])


def test_a_series_without_a_case_has_no_season():
    found = deseasonalise([0] * 36, [10] * 36)

    assert not found.attrs["supported"]
    assert (found["adjusted_rate"] == 0).all()


def test_a_gap_in_the_series_is_an_error():
    with pytest.raises(DataError, match="1 of 3 are missing or infinite, the first at position 1"):
        decompose_season(pd.Series([1.0, np.nan, 2.0]))


def test_a_periodic_season_is_the_same_in_every_cycle():
    rng = np.random.default_rng(4)
    values = pd.Series(WAVE * 20 + rng.normal(0, 2, 36))

    found = decompose_season(values, periodic=True)

    season = found.seasonal.to_numpy().reshape(3, 12)
    np.testing.assert_array_equal(season, season[[0, 0, 0]])
    total = found.trend + found.seasonal + found.remainder
    assert total.tolist() == pytest.approx(values.tolist())
