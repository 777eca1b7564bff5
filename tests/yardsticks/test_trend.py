"""A steady change of the rate."""

from __future__ import annotations

import numpy as np
from yardsticks.trend import trend_test

MONTHS = np.arange(36)


def test_a_steady_rise_is_measured_per_year(rng):
    y = rng.poisson(100 * np.exp(np.log(1.2) / 12 * MONTHS))

    found = trend_test(y, np.ones(36))

    assert found.low < 1.2 < found.high
    assert found.p < 1e-4


def test_level_series_have_no_trend(rng):
    p = np.array([trend_test(rng.poisson(10, 36), np.ones(36)).p for _ in range(200)])

    assert (p < 0.05).mean() <= 0.1
    assert np.isnan(trend_test([1, 2], [1, 1]).p)
