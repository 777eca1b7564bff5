"""Intervals of proportions, rates and scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import DataError
from aftersales.stats.counts.intervals import (
    nps,
    poisson_exact,
    proportion_difference,
    rate_ratio,
    wilson,
)

small = st.integers(0, 200)


@given(hits=small, others=small)
def test_a_proportion_lies_within_its_wilson_interval(hits, others):
    n = hits + others
    low, high = wilson(hits, n)

    if n == 0:
        assert np.isnan([low, high]).all()
    else:
        assert 0 <= low <= hits / n <= high <= 1


@given(hits=small, others=small)
def test_the_interval_of_the_opposite_outcome_is_the_mirror_image(hits, others):
    n = hits + others + 1
    low, high = wilson(hits, n)

    assert wilson(n - hits, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@given(count=small, exposure=st.floats(0.01, 1e6))
def test_a_rate_lies_within_its_interval_whatever_the_unit_of_exposure(count, exposure):
    low, high = poisson_exact(count, exposure=exposure)

    assert low <= count / exposure <= high
    assert poisson_exact(count, exposure=exposure / 12) == pytest.approx((12 * low, 12 * high))


@given(a=small, ea=st.floats(1, 1e4), b=small, eb=st.floats(1, 1e4), mid=st.booleans())
def test_exchanging_the_groups_inverts_the_rate_ratio(a, ea, b, eb, mid):
    one, two = rate_ratio(a, ea, b, eb, mid_p=mid), rate_ratio(b, eb, a, ea, mid_p=mid)

    assert one.p == pytest.approx(two.p, abs=1e-9)
    if a and b:
        assert one.low <= one.ratio <= one.high
        assert (1 / two.high, 1 / two.low) == pytest.approx((one.low, one.high), rel=1e-6)


def test_a_rate_ratio_is_significant_just_when_its_interval_excludes_one():
    a = np.arange(60)
    for mid_p in (False, True):
        found = rate_ratio(a, 1.0, 20, 1.0, mid_p=mid_p)
        excluded = (found.low > 1) | (found.high < 1)
        assert (excluded == (found.p < 0.05)).all()


def test_a_rate_ratio_without_exposure_is_not_a_number():
    assert np.isnan(rate_ratio(0, 0, 5, 100)).all()


def test_without_any_case_nothing_is_known_about_the_rate_ratio():
    found = rate_ratio(0, 10, 0, 10)

    assert (found.low, found.high, found.p) == (0, np.inf, 1)


def test_cases_on_one_side_only_give_an_interval_open_above():
    found = rate_ratio(5, 10, 0, 10)

    assert found.ratio == np.inf
    assert 0 < found.low < found.high == np.inf


@given(a=small, b=small, c=small, d=small)
def test_a_difference_of_proportions_lies_within_its_interval(a, b, c, d):
    n, m = a + b + 1, c + d + 1
    found = proportion_difference(a, n, c, m)

    assert -1 <= found.low <= found.difference <= found.high <= 1
    assert 0 <= found.p <= 1
    back = proportion_difference(c, m, a, n)
    assert (-back.high, -back.low) == pytest.approx((found.low, found.high))


def test_small_groups_are_compared_by_fishers_exact_test():
    # Fisher's tea lady: 3 of 4 cups right.
    assert proportion_difference(3, 4, 1, 4).p == pytest.approx(0.4857, abs=5e-5)


@given(up=small, same=small, down=small)
def test_a_net_promoter_score_lies_within_its_interval_between_the_extremes(up, same, down):
    score, low, high = nps(up, same, down)

    if up + same + down:
        assert -100 - 1e-9 <= low <= score + 1e-9
        assert score - 1e-9 <= high <= 100 + 1e-9
        assert nps(down, same, up) == pytest.approx((-score, -high, -low), abs=1e-6)
    else:
        assert np.isnan([score, low, high]).all()


def test_answers_that_are_all_alike_still_leave_doubt():
    score, low, high = nps(5, 0, 0)

    assert (score, high) == (100, pytest.approx(100))
    assert low < 30


def test_intervals_of_scores_work_element_by_element():
    score, low, high = nps([10, 0], [0, 0], [10, 0])

    assert score.tolist() == pytest.approx([0, np.nan], nan_ok=True)
    assert (low[0], high[0]) == pytest.approx((-high[0], high[0]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson(5, 3), "`hits` must not exceed `n`; it does in 1 of 1 rows."),
        (lambda: wilson(-1, 3), "`hits` must not be negative; the smallest value is -1."),
        (lambda: wilson(np.nan, 3), "1 of 1 are missing or infinite, the first at position 0."),
        (lambda: wilson("x", 3), "`hits` must hold numbers; found 'x'."),
        (lambda: wilson(1, 3, level=95), "`level` must lie between 0 and 1; found 95."),
    ],
)
def test_impossible_numbers_are_errors_that_say_what_is_wrong(call, message):
    with pytest.raises(DataError, match=message.split("(")[0].replace(".", r"\.")):
        call()
