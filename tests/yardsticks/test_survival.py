"""Durations of which some are still running."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yardsticks.survival import compare_durations, kaplan_meier, km_quantile

from aftersales.errors import DataError

lives = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40)


@given(lives)
def test_survival_falls_and_lies_within_its_interval(rows):
    curve = kaplan_meier(*zip(*rows, strict=True))

    assert curve["survival"].is_monotonic_decreasing
    inside = curve[curve["survival"] > 0]
    known = inside[inside["low"].notna()]
    assert (known["low"] <= known["survival"] + 1e-12).all()
    assert (known["survival"] <= known["high"] + 1e-12).all()
    assert curve["events"].sum() == sum(ended for _, ended in rows)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40))
def test_without_open_cases_it_is_the_share_of_longer_durations(durations):
    curve = kaplan_meier(durations, [True] * len(durations))

    for row in curve.itertuples():
        assert row.survival == pytest.approx(np.mean(np.array(durations) > row.time))


def test_open_cases_raise_the_median_above_that_of_the_closed_ones():
    durations, closed = [1, 2, 3, 10, 10, 10, 10], [True] * 3 + [False] * 4

    assert np.median([1, 2, 3]) == 2
    assert np.isnan(km_quantile(durations, closed, 0.5)[0])
    assert km_quantile(durations, closed, 0.4)[0] == 3


def test_nothing_closed_yet_gives_no_curve():
    assert kaplan_meier([5, 6], [False, False]).empty
    assert np.isnan(km_quantile([], [], 0.5)).all()


def test_the_interval_of_the_median_covers_it_as_often_as_stated(rng):
    covered = []
    for _ in range(300):
        life, end = rng.exponential(size=60), rng.exponential(scale=2, size=60)
        _, low, high = km_quantile(np.minimum(life, end), life <= end, 0.5)
        covered.append(low <= np.log(2) and not high < np.log(2))

    assert 0.91 <= np.mean(covered) <= 0.985


def test_durations_twice_as_long_are_found(rng):
    found = compare_durations(
        2 * rng.exponential(size=100), [True] * 100, rng.exponential(size=100), [True] * 100
    )

    assert found.low < 2 < found.high
    assert found.p < 0.005


@pytest.mark.slow
def test_equal_durations_are_called_no_more_often_than_stated(rng):
    ended = [True] * 30
    p = [
        compare_durations(rng.exponential(size=30), ended, rng.exponential(size=30), ended).p
        for _ in range(400)
    ]

    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_observed_must_be_true_or_false_for_each_duration():
    with pytest.raises(DataError, match="true or false for each of the 2 durations"):
        kaplan_meier([1, 2], [True])


def test_cases_that_enter_late_are_at_risk_only_from_their_entry():
    # Two cases from the beginning, one known only because it had lasted 3 already.
    curve = kaplan_meier([2, 5, 6], [True, True, False], entry=[0, 0, 3])
    assert curve["at_risk"].tolist() == [2, 2]
    assert curve["survival"].tolist() == [0.5, 0.25]
    with pytest.raises(DataError, match="longer than its `entry`; 1 of 2"):
        kaplan_meier([2, 5], [True, True], entry=[2, 0])


def test_late_entries_do_not_bias_survival(rng):
    life, entry = rng.exponential(10, 4000), rng.uniform(0, 20, 4000)
    seen = life > entry
    curve = kaplan_meier(life[seen], np.ones(seen.sum()), entry=entry[seen]).set_index("time")
    after = curve[curve.index > 1]
    known = after["survival"] / after["survival"].iloc[0]
    at = known.index[known.index.searchsorted(11)]
    assert known[at] == pytest.approx(np.exp(-(at - known.index[0]) / 10), abs=0.06)
