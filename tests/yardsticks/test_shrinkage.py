"""Shrunken rates by moments, beside those by likelihood."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yardsticks.shrinkage import clayton_kaldor, local_marshall, marshall

from aftersales.errors import DataError
from aftersales.stats.counts.shrinkage import gamma_poisson

groups = st.lists(
    st.tuples(st.integers(0, 80), st.floats(0.5, 40)), min_size=2, max_size=15
).filter(lambda rows: sum(y for y, _ in rows) > 0)


@given(rows=groups)
def test_marshalls_estimates_lie_between_the_overall_and_the_own_ratio(rows):
    y, e = np.array(rows).T
    ends = np.sort([y / e, np.full(len(rows), y.sum() / e.sum())], axis=0)

    assert (ends[0] - 1e-9 <= marshall(y, e)).all()
    assert (marshall(y, e) <= ends[1] + 1e-9).all()


@given(rows=groups)
def test_among_neighbours_all_the_local_estimates_are_marshalls(rows):
    # Marshall's between-variance over all places: the same mean, spread and average size.
    y, e = np.array(rows).T
    all_near = np.ones((len(rows), len(rows)))

    assert local_marshall(y, e, all_near).tolist() == pytest.approx(marshall(y, e).tolist())


def test_a_place_without_neighbours_keeps_its_own_ratio():
    line = [[0, 1, 0], [1, 0, 0], [0, 0, 0]]

    assert local_marshall([4, 6, 9], [5.0, 5.0, 3.0], line)[2] == 3


def test_local_estimates_need_a_square_matrix_of_neighbours():
    with pytest.raises(DataError, match="`weights` must be 2 x 2; found the shape"):
        local_marshall([1, 2], [1.0, 1.0], [[0, 1, 0]])


def test_a_group_without_expectation_gets_the_mean_of_all():
    assert marshall([0, 20, 5], [0.0, 5.0, 5.0])[0] == pytest.approx(2.5)


def test_no_case_at_all_gives_zero_everywhere():
    assert marshall([0, 0], [3.0, 4.0]).tolist() == [0, 0]


def test_likelihood_and_moments_find_the_same_prior_in_many_groups(rng):
    count = rng.poisson(8 * rng.gamma(4, 1 / 4, 2000))
    expected = np.full(2000, 8.0)

    one, other = gamma_poisson(count, expected), clayton_kaldor(count, expected)

    assert other.shape == pytest.approx(one.shape, rel=0.1)
    assert other.mean.tolist() == pytest.approx(one.mean.tolist(), rel=0.05, abs=0.02)
