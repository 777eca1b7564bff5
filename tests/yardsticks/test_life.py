"""The Weibull distribution from failed and working units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from yardsticks.life import fit_weibull

from aftersales.errors import DataError

lives = st.lists(
    st.tuples(st.floats(0.1, 100), st.booleans(), st.floats(0, 0.09)), min_size=4, max_size=25
)


def loglik(theta, time, failed, entry):
    """The log likelihood, written out."""
    eta, beta = np.exp(theta)
    late = stats.weibull_min.logsf(time, beta, scale=eta)
    early = stats.weibull_min.logsf(entry, beta, scale=eta)
    density = stats.weibull_min.logpdf(time, beta, scale=eta)
    return np.where(failed, density, late).sum() - early.sum()


@given(lives)
def test_no_other_life_and_shape_explain_the_data_better(rows):
    time, failed, entry = map(np.array, zip(*rows, strict=True))
    fit = fit_weibull(time, failed, entry=entry, interval="wald")
    if fit.problem not in ("", "few failures"):
        return
    best = np.log([fit.eta, fit.beta])
    assert fit.loglik == pytest.approx(loglik(best, time, failed, entry), rel=1e-9)
    for step in np.random.default_rng(1).normal(0, 0.05, (20, 2)):
        assert loglik(best + step, time, failed, entry) <= fit.loglik + 1e-9


def test_likelihood_bounds_are_where_the_likelihood_ratio_test_rejects():
    time, failed = [3.0, 5, 8, 9, 12, 12, 12], np.array([1, 1, 0, 1, 1, 0, 0], dtype=bool)
    fit = fit_weibull(time, failed, level=0.9)
    limit = fit.loglik - stats.chi2.ppf(0.9, 1) / 2

    for eta in (fit.eta_low, fit.eta_high):
        found = optimize.minimize_scalar(
            lambda b, eta=eta: -loglik([np.log(eta), b], np.array(time), failed, np.zeros(7)),
            bounds=(-3, 3),
            method="bounded",
        )
        assert -found.fun == pytest.approx(limit, abs=1e-4)
    for beta in (fit.beta_low, fit.beta_high):
        found = optimize.minimize_scalar(
            lambda x, beta=beta: -loglik([x, np.log(beta)], np.array(time), failed, np.zeros(7)),
            bounds=(0, 6),
            method="bounded",
        )
        assert -found.fun == pytest.approx(limit, abs=1e-4)


def test_the_unit_of_time_and_the_order_of_rows_do_not_matter(rng):
    time, failed = rng.weibull(2, 30) * 10, rng.random(30) < 0.6
    days = fit_weibull(time, failed)
    hours = fit_weibull(24 * time[::-1], failed[::-1])
    assert hours.eta / 24 == pytest.approx(days.eta)
    assert hours.beta == pytest.approx(days.beta)
    assert hours.eta_high / 24 == pytest.approx(days.eta_high, rel=1e-4)


def test_a_row_may_stand_for_many_units(rng):
    time, failed = np.repeat([2.0, 4.0, 5.0], [3, 2, 7]), np.repeat([1, 1, 0], [3, 2, 7])
    one, many = fit_weibull(time, failed), fit_weibull([2.0, 4, 5], [1, 1, 0], weights=[3, 2, 7])
    assert (many.eta, many.beta, many.n_failed) == pytest.approx((one.eta, one.beta, 5))


def test_units_that_entered_late_make_no_difference_to_the_life_that_is_found(rng):
    # 400 units of life 10 and shape 2, half of them bought used: only survivors of their first
    # years are seen. Ignoring that would make units look longer-lived.
    life = 10 * rng.weibull(2, 1200)
    entry = rng.uniform(0, 8, 1200)
    life, entry = life[life > entry][:400], entry[life > entry][:400]
    fit = fit_weibull(life, np.ones(400), entry=entry)
    assert fit.eta_low < 10 < fit.eta_high
    assert fit.beta_low < 2 < fit.beta_high
    assert fit_weibull(life, np.ones(400)).eta_low > 10


@pytest.mark.parametrize(
    ("time", "failed", "problem"),
    [
        ([1.0, 2.0], [0, 0], "no failures"),
        ([2.0, 2.0, 1.0], [1, 1, 0], "one age only"),
        ([1.0, 2.0, 3.0], [1, 1, 0], "few failures"),
        (np.arange(1.0, 11), np.ones(10), ""),
    ],
)
def test_a_fit_that_cannot_be_read_as_it_is_says_so(time, failed, problem):
    fit = fit_weibull(time, failed)
    assert fit.problem == problem
    assert np.isfinite(fit.eta) == (problem in ("", "few failures"))
    assert len(fit.life([0.1])) == len(fit.failed([1.0])) == 1


def test_without_failures_a_lower_bound_of_life_follows_from_an_assumed_shape():
    # Ten units, 100 hours each, exponential: 1000 hours / -log(0.05).
    fit = fit_weibull(np.full(10, 100.0), np.zeros(10), assumed_beta=1.0)
    assert fit.eta_low == pytest.approx(1000 / -np.log(0.05))
    assert np.isnan(fit.eta)


def test_the_share_failed_and_the_life_of_a_share_are_inverse(rng):
    fit = fit_weibull(10 * rng.weibull(2, 40), np.ones(40))
    b10 = fit.life([0.1]).iloc[0]
    back = fit.failed([b10["life"]]).iloc[0]
    assert back["failed"] == pytest.approx(0.1)
    assert b10["low"] < b10["life"] < b10["high"]
    assert back["low"] < 0.1 < back["high"]
    assert fit.failed([0.0])["failed"].tolist() == [0.0]


def test_durations_that_make_no_sense_are_refused():
    with pytest.raises(DataError, match="longer than its `entry`; 1 of 2"):
        fit_weibull([1.0, 3.0], [1, 1], entry=[2.0, 0.0])
    with pytest.raises(DataError, match="true or false"):
        fit_weibull([1.0, 3.0], [1, 2])
    with pytest.raises(DataError, match="between 0 and 1"):
        fit_weibull([1.0, 3.0], [1, 1]).life([0.0])
