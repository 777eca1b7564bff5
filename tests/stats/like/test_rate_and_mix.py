"""Rate and mix."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import DataError, RequestError
from aftersales.stats.like.rate_and_mix import rate_and_mix

HOW = {"by": ["product"], "count": "n", "exposure": "units"}


def table(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["product", "n", "units"])


groups = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 50), st.integers(1, 500)),
    min_size=1,
    max_size=8,
)


@given(groups, groups)
def test_rate_and_mix_sum_exactly_to_the_change(before, after):
    found = rate_and_mix(table(before), table(after), **HOW)

    assert found.rate_effect + found.mix_effect == pytest.approx(found.change, abs=1e-12)
    assert found.table["total"].sum() == pytest.approx(found.change, abs=1e-12)
    assert found.rate_low <= found.rate_effect <= found.rate_high


@given(groups, groups)
def test_the_way_back_has_the_opposite_effects(before, after):
    there = rate_and_mix(table(before), table(after), **HOW)
    back = rate_and_mix(table(after), table(before), **HOW)

    assert back.rate_effect == pytest.approx(-there.rate_effect, abs=1e-12)
    assert back.mix_effect == pytest.approx(-there.mix_effect, abs=1e-12)


@given(groups, groups)
def test_the_order_of_the_rows_does_not_matter(before, after):
    one = rate_and_mix(table(before), table(after), **HOW).table
    two = rate_and_mix(table(before[::-1]), table(after[::-1]), **HOW).table

    pd.testing.assert_frame_equal(one, two)


def test_equal_rates_in_other_shares_are_all_mix():
    found = rate_and_mix(
        table([("a", 10, 100), ("b", 40, 100)]), table([("a", 5, 50), ("b", 60, 150)]), **HOW
    )

    assert (found.rate_effect, found.mix_effect) == pytest.approx((0, 0.075))
    assert found.to_frame()["mix_effect"].tolist() == pytest.approx(
        [0.046875, 0.028125]  # 25 points of share, at 18.75 and 11.25 points from the mean rate
    )


def test_other_rates_in_equal_shares_are_all_rate():
    found = rate_and_mix(
        table([("a", 10, 100), ("b", 40, 100)]), table([("a", 20, 100), ("b", 40, 100)]), **HOW
    )

    assert (found.rate_effect, found.mix_effect) == pytest.approx((0.05, 0))
    assert found.to_frame()["product"].tolist() == ["a", "b"]


def test_a_new_group_is_mix_because_it_had_no_rate_before():
    found = rate_and_mix(table([("a", 10, 100)]), table([("a", 10, 100), ("b", 30, 100)]), **HOW)

    row = found.table.set_index("product").loc["b"]
    assert row["rate_effect"] == 0
    assert np.isnan(row["rate_before"])
    assert found.mix_effect == pytest.approx(0.1)


def test_unknown_products_are_a_group_of_their_own():
    found = rate_and_mix(table([(None, 1, 10), ("a", 1, 10)]), table([("a", 1, 10)]), **HOW)

    assert found.table["product"].isna().sum() == 1
    assert found.table["exposure_before"].sum() == 20


@pytest.mark.slow
def test_the_interval_of_the_rate_effect_covers_it_as_often_as_stated(rng):
    size = np.array([100.0, 300.0]), np.array([200.0, 200.0])
    covered = []
    for _ in range(200):
        sides = [
            table(list(zip("ab", rng.poisson([0.1, 0.2] * units), units, strict=True)))
            for units in size
        ]
        found = rate_and_mix(*sides, **HOW)
        covered.append(found.rate_low <= 0 <= found.rate_high)

    assert 0.9 <= np.mean(covered) <= 0.99


def test_a_side_without_exposure_is_an_error():
    with pytest.raises(DataError, match="There is no exposure before"):
        rate_and_mix(table([]), table([("a", 1, 10)]), **HOW)


def test_a_misspelt_column_is_named_with_the_nearest_one():
    with pytest.raises(RequestError, match='no column "prodct"; did you mean "product"'):
        rate_and_mix(table([]), table([]), by=["prodct"], count="n", exposure="units")
