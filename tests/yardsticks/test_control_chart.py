"""Charts of single values, proportions and counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from yardsticks.control_chart import assurance, c_chart, individuals_chart, p_chart

from aftersales.errors import DataError
from aftersales.stats.series.control_chart import u_chart


def test_a_small_period_has_wider_limits():
    chart = p_chart([5, 5, 50], [50, 50, 500])

    assert chart.upper.iloc[0] > chart.upper.iloc[2]


def test_a_chart_of_counts_matches_the_circuit_board_example():
    # Montgomery, Introduction to Statistical Quality Control, ch. 7: nonconformities in 26
    # samples of 100 circuit boards; centre 19.85, limits 6.48 and 33.21, samples 6 and 20 outside.
    found = [21, 24, 16, 12, 15, 5, 28, 20, 31, 25, 20, 24, 16]
    found += [19, 10, 17, 13, 22, 18, 39, 30, 24, 16, 19, 17, 15]

    chart = c_chart(found, laney=False)

    limits = chart.lower.iloc[0], chart.centre, chart.upper.iloc[0]
    assert limits == pytest.approx((6.48144717, 19.84615385, 33.21086053), abs=1e-8)
    assert (chart.signals["period"] + 1).tolist() == [6, 20]
    assert (chart.kind, c_chart(found).kind) == ("c", "c'")


@pytest.mark.parametrize(
    ("target", "good", "answer"),
    [
        (20, "low", "met"),
        (5, "low", "varies"),
        (0, "low", "missed"),
        (20, "high", "missed"),
        (0, "high", "met"),
    ],
)
def test_a_target_is_met_missed_or_left_to_chance(target, good, answer):
    assert assurance(c_chart([5, 6, 4, 5], good=good), target=target) == answer


def test_a_constant_measure_has_limits_of_no_width():
    chart = individuals_chart(pd.Series([3.0, 3.0, 3.0]))

    assert (chart.lower, chart.upper) == (3, 3)
    assert chart.signals.empty


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: individuals_chart(pd.Series([1.0])), "at least 2 periods for its limits; found 1"),
        (lambda: individuals_chart(pd.Series([1.0, np.nan])), "1 of 2 are missing"),
        (lambda: p_chart([3], [2]), "`hits` must not exceed `n`"),
        (lambda: assurance(u_chart([1, 0], [1, 0]), target=1), "limits of the last period"),
    ],
)
def test_a_chart_that_cannot_be_drawn_says_why(call, message):
    with pytest.raises(DataError, match=message):
        call()
