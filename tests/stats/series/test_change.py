"""Has the rate of a series changed?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import DataError
from aftersales.stats.counts.intervals import rate_ratio
from aftersales.stats.series.change import spike, step_change

MONTHS = np.arange(36)
SUMMER = np.where(np.isin(MONTHS % 12, [5, 6, 7]), 2.5, 1.0)


def p_values(series, **how) -> np.ndarray:
    return np.array([step_change(y, np.full(len(y), 100.0), **how).p for y in series])


def test_a_lasting_rise_is_found_with_its_size(rng):
    mean = np.where(MONTHS >= 31, 38, 20)

    found = step_change(rng.poisson(mean), np.ones(36), recent=5)

    assert found.p < 1e-6
    assert found.low < 1.9 < found.high
    assert found.count > found.limit_high


def test_the_season_of_an_earlier_year_is_not_a_rise(rng):
    series = rng.poisson(20 * SUMMER[:32], (60, 32))  # ends in August

    judged = [step_change(y, np.ones(32), recent=3) for y in series]

    assert {j.rung for j in judged} == {"season"}
    assert sum(j.p < 0.05 for j in judged) <= 8
    assert np.mean([j.ratio for j in judged]) == pytest.approx(1, abs=0.1)
    assert step_change(series[0], np.ones(32), recent=3, season=0).ratio > 1.5


@pytest.mark.slow
@pytest.mark.parametrize(("mean", "dispersion"), [(2, 1), (2, 3), (20, 1.5), (200, 3)])
def test_quiet_series_are_called_about_as_often_as_stated(rng, mean, dispersion):
    if dispersion == 1:
        series = rng.poisson(mean, (300, 36))
    else:
        series = rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, (300, 36))

    p = p_values(series, recent=3)

    assert (p <= 0.005).mean() <= 0.0201  # 6 of 300; nominally 1.5, and what chance adds
    assert 0.005 <= (p <= 0.05).mean() <= 0.09


def test_an_old_outbreak_neither_hides_nor_makes_a_change(rng):
    y = rng.poisson(20, 36)
    y[10] = 90

    assert step_change(y, np.ones(36), recent=3).p > 0.005
    y[-3:] = 45
    assert step_change(y, np.ones(36), recent=3).p < 0.005


def test_correlated_neighbours_widen_the_limits(rng):
    level = np.zeros(36)
    for t in range(1, 36):
        level[t] = 0.8 * level[t - 1] + rng.normal(scale=0.15)
    y = rng.poisson(200 * np.exp(level))

    found = step_change(y, np.ones(36), recent=6, season=0)

    assert found.autocorrelation > 0.3
    assert found.limit_high - found.expected > 2 * np.sqrt(6 * found.expected / 6)


@given(
    y=st.lists(st.integers(0, 60), min_size=10, max_size=30),
    scale=st.floats(0.01, 1000),
)
def test_the_unit_of_exposure_does_not_matter(y, scale):
    size = np.linspace(1, 2, len(y))
    one, other = (step_change(y, size * k, recent=2, season=0) for k in (1.0, scale))

    for name in ("ratio", "low", "high", "p", "expected"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-4, nan_ok=True)


@given(y=st.lists(st.integers(0, 60), min_size=8, max_size=40), recent=st.integers(1, 4))
def test_the_ratio_lies_within_its_interval_and_agrees_with_p_and_limits(y, recent):
    found = step_change(y, np.ones(len(y)), recent=recent)

    if np.isfinite(found.ratio):
        assert found.low <= found.ratio <= found.high
        assert found.ratio == pytest.approx(found.count / found.expected)
    if np.isfinite(found.limit_high) and np.isfinite(found.p):
        assert (found.p < 0.05) == (not found.limit_low <= found.count <= found.limit_high)


def test_a_past_without_noise_is_compared_exactly():
    found = step_change([10] * 12 + [30], [100] * 13, recent=1)

    assert found.p == pytest.approx(rate_ratio(30, 1, 120, 12, mid_p=True).p)


def test_a_short_past_gives_a_ratio_and_no_p():
    found = step_change([5, 5, 5, 20], [100] * 4, recent=1)

    assert (found.ratio, found.rung, found.periods) == (pytest.approx(4), "short", 3)
    assert np.isnan(found.p)


def test_first_cases_ever_are_judged_exactly():
    found = step_change([0] * 12 + [6], [100] * 13, recent=1)

    assert (found.ratio, found.high) == (np.inf, np.inf)
    assert found.p == pytest.approx((1 / 13) ** 6, rel=1e-3)  # mid-p doubled: all six cases here


def test_a_series_without_a_case_has_no_ratio():
    found = step_change([0] * 13, [100] * 13, recent=1)

    assert np.isnan(found.ratio)
    assert found.p == 1


def test_periods_without_exposure_are_left_out():
    with_gap = step_change([0] * 6 + [10] * 12 + [30], [0] * 6 + [100] * 13, recent=1, season=0)
    without = step_change([10] * 12 + [30], [100] * 13, recent=1, season=0)

    assert with_gap.periods == 12
    assert with_gap.ratio == pytest.approx(without.ratio)
    assert np.isnan(step_change([5] * 12 + [0], [100] * 12 + [0], recent=1).ratio)


def test_a_spike_is_the_last_period_alone():
    y = [10, 12, 9, 11, 10, 8, 12, 10, 30]

    assert spike(y, [1] * 9) == step_change(y, [1] * 9, recent=1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: step_change([1, 2], [1, 1], recent=2), "found 2 of 2"),
        (lambda: step_change([], [], recent=1), "found 1 of 0"),
        (lambda: step_change([1.0, np.nan], [1, 1], recent=1), "1 of 2 are missing"),
        (lambda: step_change([1, 2], [0, 1], recent=1), "1 rows have cases but no exposure"),
    ],
)
def test_a_series_that_cannot_be_judged_says_why(call, message):
    with pytest.raises(DataError, match=message):
        call()
