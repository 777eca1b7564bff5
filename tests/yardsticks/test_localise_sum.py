"""Causes of a sum that missed its forecast: many and small, found in noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from yardsticks.localise_sum import localise_sum

from aftersales.errors import DataError

SIZES = (10, 12, 10, 8)
NAMES = {"dims": ["a", "b", "c", "d"], "actual": "actual", "forecast": "forecast"}


def plan(rng: np.random.Generator, *, noise: float) -> pd.DataFrame:
    codes = np.indices(SIZES).reshape(len(SIZES), -1)
    table = pd.DataFrame(dict(zip("abcd", codes, strict=True)))
    table["forecast"] = rng.weibull(0.8, len(table)) * 100 * (rng.random(len(table)) > 0.2)
    return table.assign(actual=table["forecast"] * (1 + rng.normal(0, noise, len(table))).clip(0))


def lost(table: pd.DataFrame, inside: pd.Series, share: float) -> pd.DataFrame:
    return table.assign(actual=table["actual"].where(~inside, table["forecast"] * (1 - share)))


def places(found) -> set[frozenset]:
    return {frozenset(cause.where.items()) for cause in found}


def test_causes_of_different_size_and_depth_are_all_named(rng):
    table = plan(rng, noise=0.15)
    table = lost(table, (table["a"] == 3) & (table["c"] == 5), 0.4)
    table = lost(table, table["b"] == 7, 0.25)
    table = lost(table, (table["a"] == 1) & (table["d"] == 2) & (table["c"] == 0), -0.8)

    found = localise_sum(table, **NAMES)

    assert places(found) == {
        frozenset({("a", 3), ("c", 5)}),
        frozenset({("b", 7)}),
        frozenset({("a", 1), ("c", 0), ("d", 2)}),
    }
    size = {len(cause.where): cause.severity for cause in found}
    assert size == pytest.approx({2: 0.4, 1: 0.25, 3: -0.8}, abs=0.05)
    assert all(c.deviation == pytest.approx(c.actual - c.forecast) for c in found)


def test_affected_children_are_named_when_their_parent_is_only_partly_affected(rng):
    table = plan(rng, noise=0.02)
    inside = (table["a"] == 2) & table["d"].isin([0, 1, 2, 3, 4])  # five of eight

    found = localise_sum(lost(table, inside, 0.5), **NAMES)

    assert places(found) == {frozenset({("a", 2), ("d", d)}) for d in range(5)}


def test_a_cause_of_most_leaves_does_not_hide_itself_in_the_noise(rng):
    table = plan(rng, noise=0.1)

    found = localise_sum(lost(table, table["d"].isin([1, 2, 3, 4, 5]), 0.3), **NAMES)

    assert places(found) == {frozenset({("d", d)}) for d in (1, 2, 3, 4, 5)}
    assert found.noise == pytest.approx(0.1, abs=0.02)


def test_noise_alone_gives_no_finding(rng):
    silent = [not localise_sum(plan(rng, noise=noise), **NAMES) for noise in (0.01, 0.05, 0.1) * 3]
    assert sum(silent) >= 8


def test_row_order_and_split_rows_do_not_matter(rng):
    table = plan(rng, noise=0.1)
    table = lost(table, table["b"] == 7, 0.25)
    half = table.assign(actual=table["actual"] / 2, forecast=table["forecast"] / 2)

    one = localise_sum(table, **NAMES).to_frame()
    two = localise_sum(pd.concat([half, half]).sample(frac=1, random_state=1), **NAMES).to_frame()

    pd.testing.assert_frame_equal(one, two)


def test_direction_leaves_the_other_side_alone(rng):
    table = plan(rng, noise=0.05)
    table = lost(lost(table, table["a"] == 1, 0.3), table["b"] == 2, -0.3)

    assert places(localise_sum(table, direction="fewer", **NAMES)) == {frozenset({("a", 1)})}
    assert all(c.severity < 0 for c in localise_sum(table, direction="more", **NAMES))


def test_leaves_without_forecast_and_empty_tables_are_no_finding():
    empty = pd.DataFrame({name: [] for name in ("a", "b", "c", "d", "actual", "forecast")})

    assert len(localise_sum(empty, **NAMES)) == 0
    row = pd.DataFrame({"a": [1], "b": [1], "c": [1], "d": [1], "actual": [5.0], "forecast": [0.0]})
    assert len(localise_sum(row, **NAMES)) == 0
    with pytest.raises(DataError, match="negative"):
        localise_sum(row.assign(actual=-1.0), **NAMES)
