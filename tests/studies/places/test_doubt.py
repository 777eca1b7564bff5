"""How wrong the records would have to be for a hotspot to be chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.stats.counts.more_than_expected import excess_ratio
from aftersales.studies.places.doubt import misplaced_cases, missed_share


def test_the_missed_share_brings_the_lower_limit_to_one():
    low = excess_ratio(60, 20.0).low
    exposure = 1 / (1 - missed_share(low))  # times the recorded one
    assert excess_ratio(60, 20.0 * exposure).low == pytest.approx(1, abs=1e-6)


@given(st.integers(0, 400), st.floats(0.5, 200), st.floats(1, 5))
def test_without_the_misplaced_cases_a_count_is_usual_and_with_one_more_it_is_not(count, mu, phi):
    least = misplaced_cases(count, expected=mu, dispersion=phi)
    assert 0 <= least <= count
    if least:
        assert excess_ratio(count - least, mu, dispersion=phi).p > 0.05 - 1e-9
        assert excess_ratio(count - least + 1, mu, dispersion=phi).p <= 0.05 + 1e-9


def test_nothing_has_to_be_wrong_for_a_count_that_is_usual():
    assert misplaced_cases(12, expected=10.0) == 0
    assert missed_share(0.8) == 0
