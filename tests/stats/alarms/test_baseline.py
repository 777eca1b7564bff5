"""What the past lets expect, with outbreaks in it and without."""

from __future__ import annotations

import numpy as np
import pytest

from aftersales.stats.alarms.baseline import Baseline, fit_baseline, terms


def quiet(rng, *, series, mean, noise, weeks=260):
    shape = (series, weeks)
    return rng.poisson(rng.gamma(np.full(shape, mean / (noise - 1))) * (noise - 1)).astype(float)


def fitted(counts) -> Baseline:
    x, prior = terms(counts.shape[1], season=52)
    used = np.ones(counts.shape, dtype=bool)
    return fit_baseline(counts, np.ones_like(counts), used, past=x, prior=prior, ahead=x[-1:])


def test_past_outbreaks_hardly_move_expectation_and_spread():
    rng = np.random.default_rng(1)
    counts = quiet(rng, series=40, mean=10.0, noise=1.5)
    dirty = counts.copy()
    for week in (60, 61, 120, 121, 180):
        dirty[:, week] += 25

    clean, found = fitted(counts), fitted(dirty)

    assert (found.rate / clean.rate).mean() == pytest.approx(1, abs=0.03)
    assert (found.dispersion / clean.dispersion).mean() == pytest.approx(1, abs=0.06)


def test_leaving_out_outliers_does_not_make_quiet_series_look_tame():
    rng = np.random.default_rng(2)
    counts = quiet(rng, series=300, mean=4.0, noise=3.0)

    fit = fitted(counts)

    assert fit.dispersion.mean() == pytest.approx(3.0, rel=0.05)
    assert fit.rate.mean() == pytest.approx(4.0, rel=0.05)


def test_a_handful_of_cases_makes_no_season():
    counts = np.zeros((1, 260))
    counts[0, [0, 52, 104]] = 1  # three cases, all in the same week of the year

    x, prior = terms(260, season=52)
    used = np.ones(counts.shape, dtype=bool)
    fit = fit_baseline(counts, np.ones_like(counts), used, past=x, prior=prior, ahead=x[:52])

    assert np.isfinite(fit.rate).all()
    assert fit.rate.max() < 0.2


def test_a_past_without_a_case_expects_one_over_all_of_it():
    assert fitted(np.zeros((1, 200))).rate[0, 0] == pytest.approx(1 / 200)


def test_many_high_weeks_are_what_the_series_is_like():
    rng = np.random.default_rng(4)
    counts = quiet(rng, series=1, mean=10.0, noise=1.5)
    counts[0, ::5] *= 4  # one week in five

    assert fitted(counts).dispersion[0] > 5


def test_a_level_that_changed_long_ago_is_the_level_now():
    rng = np.random.default_rng(6)
    counts = quiet(rng, series=20, mean=40.0, noise=1.3, weeks=390)
    counts[:, 150:] = np.round(counts[:, 150:] * 0.6)  # lower for the last 240 weeks

    assert fitted(counts).rate.mean() == pytest.approx(24.0, rel=0.08)
