"""The limits of a funnel plot."""

from __future__ import annotations

import numpy as np
from scipy import stats

from aftersales.stats.maps.funnel import funnel_limits


def test_exact_limits_lie_between_neighbouring_poisson_quantiles():
    expected = np.array([3.0, 10.0, 47.5])
    low, high = funnel_limits(expected, level=0.95)

    for edge, q in ((low * expected, 0.025), (high * expected, 0.975)):
        whole = stats.poisson.ppf(q, expected)
        assert (whole - 1 <= edge).all()
        assert (edge <= whole).all()


def test_limits_narrow_with_size_and_widen_with_differences_between_groups():
    low, high = funnel_limits([5, 50, 500])
    wide_low, wide_high = funnel_limits([5, 50, 500], tau2=0.02)

    assert (np.diff(high) < 0).all()
    assert (np.diff(low) > 0).all()
    assert (wide_high[1:] > high[1:]).all()
    assert (wide_low[1:] < low[1:]).all()
