"""Change points: when a level changed for good."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import signal

from aftersales.errors import DataError
from aftersales.stats.series.change_point import change_points
from aftersales.stats.series.pieces import segmentations
from aftersales.stats.series.step import argmax_quantile

NILE = np.loadtxt(Path(__file__).parents[2] / "published" / "nile.txt").ravel()


def autocorrelated(rng: np.random.Generator, n: int, rho: float) -> np.ndarray:
    """A first-order autoregression with variance 1."""
    noise = rng.standard_normal(n + 50) * np.sqrt(1 - rho**2)
    return signal.lfilter([1], [1, -rho], noise)[50:]


def test_the_flow_of_the_nile_falls_after_1898():
    # strucchange 1.5-3 (R): one break, after observation 28 (1898), 95 % interval 25 to 32;
    # residual sum of squares 1597457.19.
    flow = pd.Series(NILE, index=range(1871, 1971))

    found = change_points(flow, cost="normal")

    assert len(found.changes) == 1
    first = found.changes.iloc[0]
    assert (first["position"], first["position_low"], first["position_high"]) == (28, 25, 32)
    assert (first["start"], first["start_low"], first["start_high"]) == (1899, 1896, 1903)
    assert first["difference"] == pytest.approx(849.9722 - 1097.75, abs=1e-4)
    assert first["p"] < 0.001
    assert found.level.loc[[1898, 1899]].tolist() == pytest.approx([1097.75, 849.9722], abs=1e-4)
    assert ((flow - found.level) ** 2).sum() == pytest.approx(1597457.1944, abs=1e-3)


def test_best_divisions_of_the_nile_match_strucchange(reference: Path):
    table = pd.read_csv(reference / "trend_hotspot" / "nile_breakpoints.csv")

    found = segmentations(NILE, np.ones(100), "normal", min_length=15, most=3)

    breaks = [[int(x) for x in str(row).split()] for row in table["bp"].fillna("")]
    assert [list(f.breaks) for f in found] == breaks
    rss = [f.cost + (NILE**2).sum() for f in found]
    assert rss == pytest.approx(table["RSS"].tolist(), abs=0.01)


def test_quality_controls_of_the_turing_set_agree_with_the_annotators(reference: Path):
    # Series 5 is noise throughout; series 3 changes at 178 to 180, series 1 at 143 to 146 (Van den
    # Burg and Williams 2020, arXiv 2003.06222); in series 1 we also split the slow rises around.
    folder = reference / "trend_hotspot"
    quiet, step, steps = (
        change_points(pd.read_csv(folder / f"tcpd_quality_control_{i}.csv")["value"], cost="normal")
        for i in (5, 3, 1)
    )

    assert quiet.changes.empty
    assert quiet.level.nunique() == 1
    assert step.changes["position"].tolist() == [179]
    largest = steps.changes.sort_values("difference").iloc[-1]
    assert largest["position"] == 144


def test_a_step_of_a_rate_is_dated_and_sized():
    months = pd.date_range("2023-01-01", periods=24, freq="MS")
    exposure = np.r_[np.full(18, 1000.0), np.full(6, 2000.0)]
    cases = pd.Series([20, 18, 22] * 6 + [80, 76, 84] * 2, index=months)

    first = change_points(cases, exposure=exposure).changes.iloc[0]

    assert first["start"] == pd.Timestamp("2024-07-01")
    assert (first["before"], first["after"]) == (0.02, 0.04)
    assert first["ratio"] == 2
    assert first["ratio_low"] < 2 < first["ratio_high"]
    assert first["difference_low"] < 0.02 < first["difference_high"]


def test_more_exposure_is_no_change():
    exposure = np.r_[np.full(18, 1000.0), np.full(18, 5000.0)]
    cases = np.r_[[20, 18, 22] * 6, [100, 90, 110] * 6]

    assert change_points(cases, exposure=exposure).changes.empty


def test_a_rise_that_went_back_is_two_changes(rng):
    cases = np.concatenate([rng.poisson(mean, 16) for mean in (20, 40, 20)])

    found = change_points(cases).changes

    assert found["position"].tolist() == pytest.approx([16, 32], abs=1)
    assert found["ratio"].tolist() == pytest.approx([2, 0.5], rel=0.3)


def test_a_single_high_month_is_no_change_of_level():
    cases = np.array([20, 18, 22, 21] * 9)
    cases[20] = 60

    assert change_points(cases).changes.empty


def test_a_season_is_taken_out_before_levels_are_compared(rng):
    mean = 50 * np.exp(0.8 * np.sin(2 * np.pi * np.arange(60) / 12))
    quiet, step = rng.poisson(mean), rng.poisson(mean * np.where(np.arange(60) < 40, 1, 1.6))

    assert change_points(quiet, season=12).changes.empty
    found = change_points(step, season=12).changes
    assert found["position"].tolist() == pytest.approx([40], abs=2)


@pytest.mark.slow
@pytest.mark.parametrize("rho", [-0.3, 0, 0.3, 0.6])
def test_noise_seldom_changes_even_if_autocorrelated(rng, rho):
    found = [
        len(change_points(autocorrelated(rng, 80, rho), cost="normal").changes) for _ in range(50)
    ]

    assert sum(n > 0 for n in found) <= 2


@pytest.mark.parametrize(("mean", "dispersion"), [(0.3, 1), (5, 1), (30, 3)])
def test_quiet_counts_seldom_change_even_if_overdispersed(rng, mean, dispersion):
    size = mean / (dispersion - 1) if dispersion > 1 else 1e6
    p = size / (size + mean)

    found = [len(change_points(rng.negative_binomial(size, p, 60)).changes) for _ in range(50)]

    assert sum(n > 0 for n in found) <= 2


def test_planted_steps_are_found_and_their_intervals_hold(rng):
    series = [np.r_[rng.poisson(20, 36), rng.poisson(34, 12)] for _ in range(40)]

    found = [change_points(x).changes for x in series]

    one = [f.iloc[0] for f in found if len(f) == 1]
    assert len(one) >= 36
    assert sum(f["position_low"] <= 36 <= f["position_high"] for f in one) >= 0.9 * len(one)
    assert sum(f["ratio_low"] <= 1.7 <= f["ratio_high"] for f in one) >= 0.85 * len(one)


def test_turned_round_the_series_changes_at_the_same_place(rng):
    series = np.r_[rng.poisson(20, 30), rng.poisson(40, 20)]

    one, other = change_points(series).changes, change_points(series[::-1]).changes

    assert other["position"].tolist() == [50 - one["position"].iloc[0]]
    assert other["ratio"].tolist() == pytest.approx([1 / one["ratio"].iloc[0]])


def test_the_unit_of_a_measure_does_not_matter(rng):
    series = np.r_[rng.normal(10, 1, 30), rng.normal(14, 1, 20)]

    one, other = (change_points(k * series, cost="normal").changes for k in (1, 1000))
    far = change_points(series + 1e9, cost="normal").changes

    assert one["position"].tolist() == other["position"].tolist() == far["position"].tolist()
    assert one["p"].tolist() == pytest.approx(other["p"].tolist())
    assert one["ratio_low"].tolist() == pytest.approx(other["ratio_low"].tolist())


def test_steps_without_any_noise_are_found_and_no_more():
    series = np.repeat([0.1, 0.7, 0.3], 11)

    assert change_points(series, cost="normal").changes["position"].tolist() == [11, 22]


def test_from_no_case_at_all_the_ratio_has_no_upper_limit():
    first = change_points(np.r_[np.zeros(20), np.full(20, 6)]).changes.iloc[0]

    assert first["position"] == 20
    assert np.isinf(first["ratio"])
    assert np.isnan(first["ratio_low"])


@pytest.mark.parametrize("values", [[0] * 20, [5] * 20, [3, 9], [7]])
def test_a_flat_or_very_short_series_does_not_change(values):
    found = change_points(values)

    assert found.changes.empty
    assert found.to_frame().columns[0] == "start"
    assert len(found.level) == len(values)


def test_the_interval_of_a_date_rests_on_the_published_quantile():
    # Bai 1997, Rev. Econ. Stat. 79:551: 95 % and 97.5 % points 7 (7.69) and 11 (11.03).
    assert [argmax_quantile(q) for q in (0.95, 0.975)] == pytest.approx([7.69, 11.03], abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: change_points([]), "`values` is empty"),
        (lambda: change_points([1, np.nan, 2]), "1 of 3 are missing"),
        (lambda: change_points([1, -2, 2]), "must not be negative"),
        (lambda: change_points([1, 2], exposure=[1, 0]), "cases but no exposure"),
        (lambda: change_points([1, 2], cost="l2"), "`cost` must be"),
        (lambda: change_points([1, 2], cost="normal", season=12), "deseasonalised"),
        (lambda: change_points([1, 2], min_length=1), "`min_length` must be at least 2"),
        (lambda: change_points([1, 2], alpha=0), "`alpha` between 0 and 0.5"),
        (lambda: change_points(np.ones(4000)), "At most 3,000 periods"),
    ],
)
def test_a_series_that_cannot_be_searched_says_why(call, message):
    with pytest.raises(DataError, match=message):
        call()


@pytest.mark.slow
def test_a_late_step_of_a_seasonal_series_is_not_taken_for_a_part_of_its_season():
    rng = np.random.default_rng(2)
    weeks = np.arange(156)
    covered = []
    for turn in range(40):
        mean = 15 * np.exp(0.8 * np.cos(2 * np.pi * (weeks + 13 * turn) / 52))
        y = pd.Series(rng.poisson(np.where(weeks < 100, mean, 1.5 * mean)))
        changes = change_points(y, season=52).changes
        covered.append(((changes["position_low"] <= 100) & (changes["position_high"] >= 100)).any())
    assert np.mean(covered) >= 0.75  # 0.91 with the season known, 0.85 to 0.95 with it estimated
