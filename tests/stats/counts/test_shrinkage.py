"""Rates pulled towards the rate of all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import DataError
from aftersales.stats.counts.shrinkage import gamma_poisson

groups = st.lists(
    st.tuples(st.integers(0, 80), st.floats(0.5, 40)), min_size=2, max_size=15
).filter(lambda rows: sum(y for y, _ in rows) > 0)


@given(rows=groups)
def test_estimates_lie_between_the_prior_and_the_groups_own_ratio(rows):
    y, e = np.array(rows).T
    found = gamma_poisson(y, e)

    centre = found.shape / found.rate if np.isfinite(found.shape) else y.sum() / e.sum()
    ends = np.sort([y / e, np.full(len(rows), centre)], axis=0)
    assert (ends[0] - 1e-9 <= found.mean).all()
    assert (found.mean <= ends[1] + 1e-9).all()
    assert (found.low <= found.mean + 1e-12).all()
    assert (found.mean <= found.high + 1e-12).all()


def test_small_groups_are_pulled_further():
    found = gamma_poisson([4, 40, 5, 2, 60, 3], [2, 20, 10, 4, 60, 9])

    assert found.mean[0] < found.mean[1] < 2


def test_groups_that_vary_by_chance_only_all_get_the_overall_ratio():
    found = gamma_poisson([10] * 8, [10] * 8)

    assert found.shape == np.inf
    assert found.mean.tolist() == pytest.approx([1.0] * 8)


@pytest.mark.slow
def test_the_prior_is_recovered_from_many_groups(rng):
    risk = rng.gamma(4, 1 / 4, 2000)
    found = gamma_poisson(rng.poisson(8 * risk), np.full(2000, 8.0))

    assert (found.shape, found.rate) == pytest.approx((4, 4), rel=0.2)
    assert np.mean((found.low <= risk) & (risk <= found.high)) == pytest.approx(0.95, abs=0.02)


def test_a_group_without_expectation_gets_the_mean_of_all():
    found = gamma_poisson([0, 20, 5], [0.0, 5.0, 5.0])

    assert found.mean[0] == pytest.approx(found.shape / found.rate)


def test_no_case_at_all_gives_zero_everywhere():
    assert gamma_poisson([0, 0], [3.0, 4.0]).mean.tolist() == [0, 0]


def test_no_expectation_at_all_is_an_error():
    with pytest.raises(DataError, match="No group has expected cases"):
        gamma_poisson([0, 0], [0, 0])
