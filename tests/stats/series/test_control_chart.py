"""Control charts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aftersales.errors import DataError
from aftersales.stats.series.control_chart import (
    assurance,
    c_chart,
    individuals_chart,
    overdispersion,
    p_chart,
    u_chart,
)

MONTHS = pd.date_range("2025-01-01", periods=12, freq="MS")


def test_a_frame_has_one_row_per_period_and_keeps_the_dates():
    frame = u_chart(pd.Series([5] * 12, index=MONTHS), [100] * 12).to_frame()

    columns = ["period", "value", "signal", "lower", "centre", "upper"]
    assert frame.columns.tolist() == columns
    assert frame["period"].tolist() == MONTHS.tolist()


def test_a_small_period_has_wider_limits():
    chart = p_chart([5, 5, 50], [50, 50, 500])

    assert chart.upper.iloc[0] > chart.upper.iloc[2]


def test_limits_come_from_the_baseline_only():
    counts = [10] * 11 + [40]

    everything = u_chart(counts, [100] * 12, laney=False)
    past = u_chart(counts, [100] * 12, laney=False, baseline=11)

    assert (everything.centre, past.centre) == (0.125, 0.1)
    assert past.signals["value"].tolist() == [0.4]
    assert past.baseline == 11


def test_a_signal_is_worse_when_it_lies_on_the_bad_side():
    low_is_good = u_chart([10] * 11 + [40], [100] * 12, baseline=11)
    high_is_good = u_chart([10] * 11 + [40], [100] * 12, baseline=11, good="high")

    assert low_is_good.signals["worse"].tolist() == [True]
    assert high_is_good.signals["worse"].tolist() == [False]


def test_the_unit_of_the_rate_moves_values_and_limits_alike():
    one, thousand = u_chart([4, 6], [10, 10]), u_chart([4, 6], [10, 10], per=1000)

    assert thousand.values.tolist() == [400, 600]
    assert thousand.upper.tolist() == pytest.approx((1000 * one.upper).tolist())


def test_plain_limits_stand_while_counts_vary_by_chance_alone(rng):
    kinds = [u_chart(rng.poisson(20, 24), np.ones(24)).kind for _ in range(200)]

    assert kinds.count("u") >= 190


def test_counts_that_vary_more_than_chance_get_laneys_limits(rng):
    chart = u_chart(rng.negative_binomial(10, 1 / 6, 36), np.ones(36))

    assert chart.kind == "u'"
    assert chart.sigma_z > 1.5
    assert chart.overdispersion.p < 0.01


def test_a_period_without_exposure_has_no_value_and_no_signal():
    chart = p_chart([5, 0, 6], [50, 0, 50])

    assert np.isnan(chart.values.iloc[1])
    assert not chart.to_frame()["signal"].iloc[1]


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


def test_no_case_at_all_gives_a_chart_at_zero():
    chart = u_chart([0, 0], [10, 10])

    assert (chart.centre, chart.kind) == (0, "u")
    assert np.isnan(overdispersion([0, 0], [10, 10]).ratio)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: individuals_chart(pd.Series([1.0])), "at least 2 periods for its limits; found 1"),
        (lambda: individuals_chart(pd.Series([1.0, np.nan])), "1 of 2 are missing"),
        (lambda: p_chart([3], [2]), "`hits` must not exceed `n`"),
        (lambda: u_chart([1, 2], [0, 10]), "1 rows have cases but no exposure"),
        (lambda: u_chart([0, 0], [0, 0]), "no exposure in its baseline"),
        (lambda: assurance(u_chart([1, 0], [1, 0]), target=1), "limits of the last period"),
        (lambda: u_chart([1, 2], [1, 1], baseline=3), "found 2 and a baseline of 3"),
    ],
)
def test_a_chart_that_cannot_be_drawn_says_why(call, message):
    with pytest.raises(DataError, match=message):
        call()
