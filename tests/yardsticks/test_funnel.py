"""Funnel plots with over-dispersion."""

from __future__ import annotations

import numpy as np
import pytest
from yardsticks.funnel import funnel, funnel_proportion

from aftersales.errors import DataError


def test_quiet_groups_are_outside_as_often_as_stated(rng):
    expected = rng.uniform(3, 60, 400)
    table = funnel(rng.poisson(expected), expected).table

    assert (table["p"] < 0.05).mean() == pytest.approx(0.05, abs=0.03)
    assert ((table["ratio"] > table["high_998"]) | (table["ratio"] < table["low_998"])).sum() <= 4


def test_groups_that_differ_anyway_get_a_wider_funnel(rng):
    expected = rng.uniform(20, 200, 300)
    y = rng.poisson(expected * rng.lognormal(sigma=0.4, size=300))

    found = funnel(y, expected)

    assert 0.01 < found.tau2 < 0.04  # all of it is 0.04; winsorising leaves the tails outside
    assert (found.table["p"] < 0.05).mean() < 0.2
    assert (funnel(y, expected, dispersion=False).table["p"] < 0.05).mean() > 0.3


def test_a_hotspot_among_quiet_groups_stays_outside(rng):
    expected = np.full(30, 40.0)
    y = rng.poisson(expected)
    y[7] = 120

    assert funnel(y, expected).table["p"].idxmin() == 7
    assert funnel(y, expected).table["p"].min() < 0.001


def test_a_group_without_expectation_has_no_place_in_the_funnel():
    table = funnel([0, 5], [0, 5]).table

    assert table.loc[0].isna().all()
    with pytest.raises(DataError, match="No group has expected cases"):
        funnel([0], [0])


def test_proportions_stand_around_their_common_rate(rng):
    n = rng.integers(30, 400, 200)
    found = funnel_proportion(rng.binomial(n, 0.2), n)

    assert found.target == pytest.approx(0.2, abs=0.01)
    assert (found.table["p"] < 0.05).mean() == pytest.approx(0.05, abs=0.04)
    assert found.table[["low_95", "high_95"]].stack().between(0, 1).all()


def test_proportions_can_be_held_against_a_target():
    found = funnel_proportion([9, 5, 0], [10, 10, 0], target=0.5, dispersion=False)

    assert found.table["p"].round(4).tolist()[:2] == [0.0117, 1.0]
    assert found.table.loc[2].isna().all()
