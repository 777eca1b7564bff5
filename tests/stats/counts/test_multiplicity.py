"""Many tests at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from aftersales.errors import DataError
from aftersales.stats.counts.multiplicity import benjamini_hochberg, holm, pooled_false_discovery

many = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@pytest.mark.slow
@settings(max_examples=25)  # Holm takes statsmodels 20 ms
@given(many)
def test_adjusted_values_agree_with_statsmodels(p):
    np.testing.assert_allclose(benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1])
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


@given(many, st.randoms())
def test_the_order_of_the_tests_does_not_matter(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    shuffled = benjamini_hochberg([p[i] for i in order])

    assert shuffled == pytest.approx(benjamini_hochberg(p)[order])


@given(many)
def test_the_rate_over_many_periods_is_never_less_strict_than_that_of_one(p):
    assert (pooled_false_discovery(p) >= benjamini_hochberg(p)).all()


def test_false_shares_over_many_periods_keep_to_the_rate(rng):
    # 200 series in 1,500 periods, three of them with a clear signal: with Benjamini and Hochberg
    # the false among all discoveries exceed the rate, each period alone does not.
    p = rng.uniform(size=(1500, 200))
    p[:, :3] = 1e-9
    false = {}
    for adjust in (benjamini_hochberg, pooled_false_discovery):
        found = np.array([adjust(row) <= 0.10 for row in p])
        false[adjust] = found[:, 3:].sum() / found.sum()

    assert false[benjamini_hochberg] > 0.115
    assert false[pooled_false_discovery] < 0.11


def test_what_was_not_judged_does_not_count_as_a_test():
    assert benjamini_hochberg([0.02, np.nan, np.nan])[0] == pytest.approx(0.02)
    assert np.isnan(holm([np.nan])[0])


def test_no_test_gives_no_adjusted_value():
    assert benjamini_hochberg([]).size == 0


def test_a_p_above_one_is_an_error():
    with pytest.raises(DataError, match="must lie between 0 and 1"):
        benjamini_hochberg([1.2])
