"""Observed over expected."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats.counts.intervals import rate_ratio
from aftersales.stats.counts.more_than_expected import count_limits, excess_ratio

positive = st.floats(0.05, 500)


@given(y=st.integers(0, 500), mu=positive, v=st.floats(0, 0.5), phi=st.floats(1, 5))
def test_the_ratio_lies_within_its_interval_and_p_agrees_with_it(y, mu, v, phi):
    found = excess_ratio(y, mu, variance=v, dispersion=phi, df=30)

    assert found.low <= found.ratio <= found.high
    if abs(found.p - 0.05) > 1e-6:
        assert (found.p < 0.05) == (not found.low <= 1 <= found.high)


def test_with_a_known_expectation_it_is_the_exact_poisson_test():
    upper = stats.poisson.sf(9, 4.0) + stats.poisson.pmf(9, 4.0) / 2

    assert excess_ratio(9, 4.0).p == pytest.approx(2 * upper)


@given(a=st.integers(1, 100), b=st.integers(1, 100), share=st.floats(0.05, 20))
def test_with_an_expectation_from_a_count_it_is_the_conditional_test(a, b, share):
    found = excess_ratio(a, b * share, variance=1 / b)

    assert tuple(found) == pytest.approx(tuple(rate_ratio(a, share, b, 1.0, mid_p=True)), rel=1e-5)


def test_dispersion_and_doubt_about_the_expectation_widen_the_interval():
    plain = excess_ratio(40, 20)
    for more in ({"dispersion": 2}, {"variance": 0.05}, {"dispersion": 1.0, "df": 5}):
        wider = excess_ratio(40, 20, **more)
        assert wider.low < plain.low
        assert wider.high > plain.high
        assert wider.p > plain.p


def test_over_dispersed_counts_are_called_as_often_as_stated(rng):
    mean, phi, n = 10.0, 2.0, 100_000
    y = rng.negative_binomial(mean / (phi - 1), 1 / phi, n)
    table = excess_ratio(np.arange(y.max() + 1), mean, dispersion=phi)

    assert (table.p[y] < 0.05).mean() == pytest.approx(0.05, abs=0.012)
    assert (table.p[y] < 0.005).mean() == pytest.approx(0.005, abs=0.002)


def test_nothing_expected_cannot_be_judged():
    assert np.isnan(excess_ratio(0, 0)).all()
    assert np.isnan(excess_ratio(3, 0).ratio)


def test_no_case_has_ratio_zero_and_an_upper_bound():
    found = excess_ratio(0, 3.0)

    assert (found.ratio, found.low) == (0, 0)
    assert found.high == pytest.approx(-np.log(0.05) / 3, rel=1e-6)  # mid-p: half of e^-mu


@given(mu=st.floats(0, 2000), phi=st.floats(1, 4), v=st.floats(0, 0.2))
def test_counts_within_the_limits_are_just_those_not_called(mu, phi, v):
    low, high = count_limits(mu, dispersion=phi, variance=v, df=20)

    if mu > 0:
        noise = {"dispersion": phi, "variance": v, "df": 20}
        edge = excess_ratio([low, high, high + 1], mu, **noise).p
        assert (edge[:2] >= 0.05).all()
        assert edge[2] < 0.05
        assert low == 0 or excess_ratio(low - 1, mu, **noise).p < 0.05
    else:
        assert (low, high) == (0, 0)


def test_a_dispersion_below_one_is_an_error():
    with pytest.raises(DataError, match="`dispersion` must be at least 1"):
        excess_ratio(1, 1, dispersion=0.5)
