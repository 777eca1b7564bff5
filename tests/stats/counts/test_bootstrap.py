"""Means with whole clusters resampled."""

from __future__ import annotations

import numpy as np
import pytest

from aftersales.errors import DataError
from aftersales.stats.counts.bootstrap import bootstrap_mean


def test_the_same_seed_gives_the_same_interval():
    values = [1.0, 5.0, 2.0, 9.0]

    assert bootstrap_mean(values, seed=3) == bootstrap_mean(values, seed=3)


def test_alike_values_of_a_customer_count_as_one_piece_of_evidence(rng):
    customer = np.repeat(np.arange(30), 10)
    values = rng.normal(size=30)[customer] + 5

    alone, together = bootstrap_mean(values), bootstrap_mean(values, clusters=customer)

    assert alone[0] == together[0]
    assert together[2] - together[1] > 2 * (alone[2] - alone[1])


def test_a_skewed_mean_is_covered_about_as_often_as_stated(rng):
    costs = rng.exponential(size=(200, 40))
    bounds = [bootstrap_mean(row, n=500) for row in costs]

    assert 0.89 <= np.mean([low <= 1 <= high for _, low, high in bounds]) <= 0.98


def test_very_many_clusters_are_not_resampled(rng):
    values = rng.normal(size=30_000)
    mean, low, high = bootstrap_mean(values)

    assert high - mean == pytest.approx(1.96 / np.sqrt(30_000), rel=0.02)
    assert mean - low == pytest.approx(high - mean)


def test_too_few_values_have_no_interval():
    assert np.isnan(bootstrap_mean([])).all()
    assert bootstrap_mean([4.0])[0] == 4.0
    assert np.isnan(bootstrap_mean([4.0, 5.0], clusters=["a", "a"])[1:]).all()


def test_each_value_needs_its_cluster():
    with pytest.raises(DataError, match="found 1 names for 2 values"):
        bootstrap_mean([1.0, 2.0], clusters=["a"])
