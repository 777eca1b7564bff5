"""Control charts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aftersales.errors import DataError
from aftersales.stats.series.control_chart import overdispersion, u_chart

MONTHS = pd.date_range("2025-01-01", periods=12, freq="MS")


def test_a_frame_has_one_row_per_period_and_keeps_the_dates():
    frame = u_chart(pd.Series([5] * 12, index=MONTHS), [100] * 12).to_frame()

    columns = ["period", "value", "signal", "lower", "centre", "upper"]
    assert frame.columns.tolist() == columns
    assert frame["period"].tolist() == MONTHS.tolist()


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
    chart = u_chart([5, 0, 6], [50, 0, 50])

    assert np.isnan(chart.values.iloc[1])
    assert not chart.to_frame()["signal"].iloc[1]


def test_no_case_at_all_gives_a_chart_at_zero():
    chart = u_chart([0, 0], [10, 10])

    assert (chart.centre, chart.kind) == (0, "u")
    assert np.isnan(overdispersion([0, 0], [10, 10]).ratio)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: u_chart([1, 2], [0, 10]), "1 rows have cases but no exposure"),
        (lambda: u_chart([0, 0], [0, 0]), "no exposure in its baseline"),
        (lambda: u_chart([1, 2], [1, 1], baseline=3), "found 2 and a baseline of 3"),
    ],
)
def test_a_chart_that_cannot_be_drawn_says_why(call, message):
    with pytest.raises(DataError, match=message):
        call()
