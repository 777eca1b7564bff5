"""Run-off triangles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yardsticks.nowcast import chain_ladder

from aftersales.errors import DataError


def triangle(counts):
    """Cumulative triangle of a square of counts by origin and age."""
    cells = np.asarray(counts, dtype=float).cumsum(axis=1)
    size = len(cells)
    cells[np.add.outer(np.arange(size), np.arange(size)) >= size] = np.nan
    return pd.DataFrame(cells)


squares = st.lists(
    st.lists(st.integers(1, 500), min_size=5, max_size=5), min_size=5, max_size=5
).map(triangle)


@settings(max_examples=25)
@given(squares, st.sampled_from([0.1, 7.0]))
def test_amounts_in_another_unit_give_the_same_in_that_unit(cells, unit):
    one, other = chain_ladder(cells), chain_ladder(cells * unit)
    assert other.ibnr == pytest.approx(one.ibnr * unit)
    assert other.mack_se == pytest.approx(one.mack_se * unit)
    assert one.ibnr == pytest.approx(one.origins["ibnr"].sum())
    assert (one.origins["low"] <= one.origins["ultimate"] + 1e-9).all()
    assert (one.origins["ultimate"] <= one.origins["high"] + 1e-9).all()


def test_origins_that_develop_alike_leave_no_doubt():
    found = chain_ladder(triangle(np.outer([10, 20, 30, 40], [4, 3, 2, 1])))
    assert found.origins["ultimate"].tolist() == pytest.approx([100, 200, 300, 400])
    assert found.mack_se == pytest.approx(0, abs=1e-6)


def test_the_oldest_origin_is_complete():
    first = chain_ladder(triangle([[5, 1, 3], [4, 4, 1], [2, 1, 1]])).origins.iloc[0]
    assert (first["ibnr"], first["mack_se"]) == (0, 0)
    assert first["low"] == first["latest"] == first["high"]


@pytest.mark.parametrize(
    ("counts", "problem"),
    [
        ([[3, 1, 1], [2, 1, 1], [0, 1, 1]], "an origin has no case yet"),
        ([[3, 1, 1], [0, 2, 1], [4, 1, 1]], "an origin without a case at an age has some later"),
        (
            [[0, 1, 1], [0, 2, 1], [4, 1, 1]],
            "no origin has a case at an age after which cases came",
        ),
        ([[3, 1], [2, 1]], "too few origins to measure how much factors vary"),
    ],
)
def test_counts_too_small_for_macks_error_have_none_and_it_is_said_why(counts, problem):
    found = chain_ladder(triangle(counts))
    assert found.problem == problem
    assert np.isnan(found.mack_se)


def test_a_triangle_with_gaps_or_in_the_wrong_order_is_refused():
    cells = triangle([[3, 1, 1], [2, 1, 1], [1, 1, 1]])
    with pytest.raises(DataError, match="oldest first"):
        chain_ladder(cells[::-1])
    with pytest.raises(DataError, match="with gaps"):
        chain_ladder(cells.mask(np.eye(3, dtype=bool)))
    with pytest.raises(DataError, match="known up to age 2 of 3"):
        chain_ladder(cells.iloc[1:])
