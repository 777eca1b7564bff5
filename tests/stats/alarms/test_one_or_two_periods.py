"""One p for a high period, alone or with the one before, and the evidence of a lasting rise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aftersales.stats.alarms.baseline import tail
from aftersales.stats.alarms.drift import rise_evidence
from aftersales.stats.alarms.one_or_two_periods import surge_limit, surge_p


def test_the_p_of_a_surge_is_exact_when_mean_and_spread_are_known():
    rng = np.random.default_rng(5)
    mean, before, noise = 3.0, 5.0, 2.0
    now = stats.nbinom.rvs(mean, 0.5, size=200_000, random_state=rng).astype(float)
    past = stats.nbinom.rvs(before, 0.5, size=200_000, random_state=rng).astype(float)
    full = [np.full(now.shape, value) for value in (mean, before, noise)]

    p = surge_p(now, past, *full)

    for level in (0.005, 0.02, 0.1):
        reached = p[p <= level].max()  # counts reach only some values of p
        assert (p <= level).mean() == pytest.approx(reached, rel=0.05)


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.1, 20), st.floats(1, 5))
def test_a_higher_count_is_never_less_conspicuous(count, before, mean, noise):
    parts = [np.array([value], dtype=float) for value in (before, mean, mean, noise)]
    one, more = (surge_p(np.array([c], dtype=float), *parts)[0] for c in (count, count + 1))

    assert 0 < more <= one * (1 + 1e-9) <= 1 + 1e-8
    limit = surge_limit(*parts, alpha=0.01)
    assert surge_p(limit, *parts)[0] > 0.01 >= surge_p(limit + 1, *parts)[0]


def test_tail_and_evidence_agree_with_the_negative_binomial_of_scipy():
    count, mean, noise = np.array([0.0, 3.0, 9.0]), np.full(3, 4.0), np.full(3, 2.5)
    size, p = 4.0 / 1.5, 1 / 2.5

    assert tail(count, mean, noise) == pytest.approx(stats.nbinom.sf(count - 1, size, p))
    raised = stats.nbinom.logpmf(count, 2 * size, p) - stats.nbinom.logpmf(count, size, p)
    assert rise_evidence(count, mean, noise, ratio=2.0) == pytest.approx(raised)
