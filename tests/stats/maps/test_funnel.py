"""Funnel plots, Pareto and expected counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats.maps.funnel import funnel, funnel_limits, funnel_proportion
from aftersales.stats.yardsticks.pareto import pareto
from aftersales.stats.yardsticks.standardise import expected_counts


def test_exact_limits_lie_between_neighbouring_poisson_quantiles():
    expected = np.array([3.0, 10.0, 47.5])
    low, high = funnel_limits(expected, level=0.95)

    for edge, q in ((low * expected, 0.025), (high * expected, 0.975)):
        whole = stats.poisson.ppf(q, expected)
        assert (whole - 1 <= edge).all()
        assert (edge <= whole).all()


def test_limits_narrow_with_size_and_widen_with_differences_between_groups():
    low, high = funnel_limits([5, 50, 500])
    wide_low, wide_high = funnel_limits([5, 50, 500], tau2=0.02)

    assert (np.diff(high) < 0).all()
    assert (np.diff(low) > 0).all()
    assert (wide_high[1:] > high[1:]).all()
    assert (wide_low[1:] < low[1:]).all()


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


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20))
def test_pareto_shares_run_up_to_one(values):
    table = pareto(pd.Series(values))

    assert table["value"].is_monotonic_decreasing
    if sum(values):
        assert table["cumulative_share"].iloc[-1] == pytest.approx(1)
    else:
        assert table["share"].isna().all()


cells = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 9), st.integers(1, 99)),
    min_size=1,
    max_size=20,
)


@given(cells)
def test_expected_counts_sum_to_the_observed_ones_in_every_stratum(rows):
    table = pd.DataFrame(rows, columns=["product", "region", "n", "units"])
    expected = expected_counts(table, count="n", exposure="units", strata=["product"])

    both = table.assign(expected=expected).groupby("product")[["n", "expected"]].sum()
    assert both["expected"].tolist() == pytest.approx(both["n"].tolist())


def test_expected_counts_follow_the_mix_of_a_region():
    table = pd.DataFrame(
        {"region": list("rrs"), "product": list("aba"), "n": [1, 9, 3], "units": [10, 10, 10]},
        index=[5, 6, 7],
    )

    adjusted = expected_counts(table, count="n", exposure="units", strata=["product"])
    crude = expected_counts(table, count="n", exposure="units", strata=[])

    assert adjusted.to_dict() == {5: 2, 6: 9, 7: 2}
    assert crude.sum() == pytest.approx(13)
