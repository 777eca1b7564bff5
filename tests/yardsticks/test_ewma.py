"""Charts with a memory: EWMA and CUSUM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from yardsticks.ewma import cusum_chart, ewma_chart, sample_sd

from aftersales.errors import DataError

MONTHS = pd.date_range("2025-01-01", periods=6, freq="MS")


def piston_rings(reference: Path) -> tuple[pd.Series, float]:
    """Means of 40 samples of 5 rings (Montgomery, table 6.3), sd of a mean from the first 25."""
    samples = pd.read_csv(reference / "trend_hotspot" / "pistonrings_samples.csv", index_col="i")
    return samples.mean(axis=1), sample_sd(samples.iloc[:25]) / np.sqrt(5)


def test_the_weighted_mean_of_piston_rings_matches_qcc(reference: Path):
    wanted = pd.read_csv(reference / "trend_hotspot" / "qcc_ewma_pistonrings.csv")
    means, sd = piston_rings(reference)

    chart = ewma_chart(means, sd=sd, baseline=25)

    assert chart.values.tolist() == pytest.approx(wanted["ewma"].tolist(), abs=1e-10)
    assert chart.lower.tolist() == pytest.approx(wanted["lcl"].tolist(), abs=1e-10)
    assert chart.upper.tolist() == pytest.approx(wanted["ucl"].tolist(), abs=1e-10)
    assert chart.signals["period"].tolist() == [37, 38, 39, 40]


def test_the_cumulative_sums_of_piston_rings_match_qcc(reference: Path):
    wanted = pd.read_csv(reference / "trend_hotspot" / "qcc_cusum_pistonrings.csv")
    means, sd = piston_rings(reference)

    chart = cusum_chart(means, sd=sd, baseline=25)

    assert chart.rise.tolist() == pytest.approx(wanted["pos"].tolist(), abs=1e-8)
    assert (-chart.fall).tolist() == pytest.approx(wanted["neg"].tolist(), abs=1e-8)
    assert chart.signals["period"].tolist() == [37, 38, 39, 40]


def test_a_cumulative_sum_of_a_small_shift_matches_the_textbook():
    # Montgomery, ch. 9, table 9.2: 30 values, centre 10, sd 1; C+ passes 5 at period 29.
    values = [9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34]
    values += [9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84]
    values += [10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52]

    frame = cusum_chart(pd.Series(values), centre=10, sd=1).to_frame()

    assert frame["rise"].iloc[[3, 4, 28, 29]].round(2).tolist() == [1.16, 2.82, 5.28, 5.30]
    assert frame["signal"].to_numpy().nonzero()[0].tolist() == [28, 29]
    assert (frame["started"].iloc[28] + 1) == 23  # the textbook's estimate: after period 22


def test_weight_one_gives_the_plain_chart():
    values = pd.Series([1.0, 3.0, 2.0, 4.0, 1.0, 9.0], index=MONTHS)

    chart = ewma_chart(values, weight=1, centre=2, sd=1)

    assert chart.values.tolist() == values.tolist()
    assert chart.upper.tolist() == [5] * 6
    assert chart.to_frame()["period"].tolist() == MONTHS.tolist()


def test_a_noisy_period_counts_for_wider_limits():
    chart = ewma_chart(pd.Series([0.0, 0.0, 0.0]), centre=0, sd=[1, 3, 1])

    half = 3 * 0.2 * np.sqrt(9 + 0.64)
    assert chart.upper.iloc[1] == pytest.approx(half)


def test_a_lasting_small_shift_is_found_though_no_period_stands_out(rng):
    quiet, shifted = rng.normal(0, 1, 50), rng.normal(1, 1, 50)
    values = pd.Series(np.concatenate([quiet, shifted]))

    ewma, cusum = ewma_chart(values, centre=0, sd=1), cusum_chart(values, centre=0, sd=1)

    assert 50 <= ewma.signals["period"].iloc[0] < 75
    assert 50 <= cusum.signals["period"].iloc[0] < 75
    assert cusum.signals["worse"].all()


def test_quiet_series_seldom_signal(rng):
    # Expected: one false signal in about 500 periods of either chart.
    values = [pd.Series(rng.normal(0, 1, 50)) for _ in range(100)]

    assert sum(len(ewma_chart(v, centre=0, sd=1).signals) > 0 for v in values) <= 18
    assert sum(len(cusum_chart(v, centre=0, sd=1).signals) > 0 for v in values) <= 18


def test_rise_and_fall_mirror_each_other(rng):
    values = pd.Series(rng.normal(0, 1, 40))

    one, other = cusum_chart(values, centre=0, sd=1), cusum_chart(-values, centre=0, sd=1)

    assert one.rise.tolist() == pytest.approx(other.fall.tolist())
    assert one.fall.tolist() == pytest.approx(other.rise.tolist())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ewma_chart(pd.Series([1.0])), "at least 2 periods for its limits; found 1"),
        (lambda: ewma_chart(pd.Series([1.0, 2.0]), weight=0), "`weight` must be above 0"),
        (lambda: ewma_chart(pd.Series([2.0, 2.0])), "does not vary"),
        (lambda: cusum_chart(pd.Series([1.0, 2.0]), shift=0), "must be positive"),
        (lambda: cusum_chart(pd.Series([1.0, 2.0]), sd=[1, 2, 3]), "each of the 2 periods"),
        (lambda: cusum_chart(pd.Series([1.0, 2.0]), baseline=3), "a baseline of 3"),
        (lambda: sample_sd([[1.0], [2.0]]), "2 to 10 values"),
    ],
)
def test_a_chart_that_cannot_be_drawn_says_why(call, message):
    with pytest.raises(DataError, match=message):
        call()
