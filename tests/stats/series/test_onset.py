import numpy as np
import pytest

from aftersales.errors import DataError
from aftersales.stats.series.onset import onset


def dated(y, size=None, **options):
    size = np.ones(len(y)) if size is None else size
    options = {"candidates": range(12, len(y)), "up": True} | options
    return onset(y, size, **options)


def test_a_step_is_dated_to_its_first_period_and_called_a_jump():
    found = dated([20] * 24 + [40] * 6)
    assert (found.position, found.shape) == (24, "jump")
    assert found.low <= 24 <= found.high


def test_a_steady_climb_is_called_a_creep():
    found = dated(np.concatenate([np.full(18, 50), 50 * np.exp(np.linspace(0, 1, 18))]).round())
    assert found.shape == "creep"


def test_a_small_change_has_no_clear_shape_and_a_wide_date():
    rng = np.random.default_rng(1)
    found = dated(rng.poisson([8] * 24 + [12] * 6))
    assert found.shape == "unclear"
    assert found.high - found.low >= 3


def test_a_fall_is_not_looked_for_where_a_rise_is():
    assert dated([20] * 24 + [5] * 6, candidates=[24]).position == -1
    assert dated([20] * 24 + [5] * 6, up=False).position == 24


def test_the_date_is_within_its_confidence_set_in_most_series():
    # Eo and Morley 2015, Quant. Econ. 6:463, fig. 2: coverage at or above the nominal 95 %.
    rng = np.random.default_rng(7)
    inside = []
    for _ in range(300):
        found = dated(rng.poisson([15] * 26 + [27] * 10))
        inside.append(found.low <= 26 <= found.high)
    assert np.mean(inside) > 0.92


def test_more_noise_widens_the_dates_it_may_have():
    y = [20] * 24 + [30] * 6
    exact, noisy = dated(y), dated(y, dispersion=4.0)
    assert noisy.low <= exact.low <= exact.high <= noisy.high
    assert noisy.high - noisy.low > exact.high - exact.low


def test_exposure_counts_not_cases_alone():
    size = np.array([1.0] * 24 + [3.0] * 6)
    assert dated([20] * 24 + [60] * 6, size).shape != "jump"


def test_without_a_candidate_nothing_is_dated():
    assert dated([5] * 20, candidates=[]).position == -1


def test_candidates_outside_the_series_are_an_error():
    with pytest.raises(DataError, match="must lie within the series"):
        dated([5] * 20, candidates=[0, 3])
