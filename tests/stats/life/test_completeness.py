"""How complete recent months are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yardsticks.nowcast import chain_ladder

from aftersales.errors import DataError
from aftersales.stats.life.completeness import completeness, delay_triangle


def observed(counts):
    """The triangle of a table of counts by origin and delay, as known at the last origin."""
    rows = [(o, d, n) for o, row in enumerate(counts) for d, n in enumerate(row)]
    frame = pd.DataFrame(rows, columns=["origin", "delay", "n"])
    return delay_triangle(frame, last=len(counts) - 1, max_delay=len(counts[0]) - 1)


tables = st.lists(
    st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=4, max_size=12
).filter(lambda t: t[0][0] > 0)


@settings(max_examples=30)
@given(tables)
def test_it_is_the_chain_ladder_and_its_intervals_hold_it(counts):
    cells = observed(counts)
    found = completeness(cells).months
    ladder = chain_ladder(cells.cumsum(axis=1).where(cells.notna())).origins
    known = (found["complete"] > 0).to_numpy()
    assert found.loc[known, "expected"].tolist() == pytest.approx(
        ladder.loc[known, "ultimate"].tolist()
    )
    assert (found["complete_low"] <= found["complete"]).all()
    assert (found["complete"] <= found["complete_high"]).all()
    assert (found["low"] <= found["expected"] + 1e-9).all()
    assert (found["expected"] <= found["high"] + 1e-9).all()
    assert (found["low"] >= found["known"]).all()


def test_old_months_are_complete_and_young_ones_are_as_old_ones_were():
    found = completeness(observed([[60, 30, 10]] * 12)).months
    assert found["complete"].tolist() == pytest.approx([1.0] * 10 + [0.9, 0.6])
    assert found["expected"].iloc[-1] == pytest.approx(100)
    assert found["high"].iloc[0] == found["low"].iloc[0] == 100


def test_months_without_any_case_say_little_and_do_not_fail():
    found = completeness(observed([[2, 1, 1]] * 8 + [[0, 0, 0]])).months.iloc[-1]
    assert found["known"] == 0
    assert found["expected"] == 0
    assert found["high"] >= 1
    assert completeness(observed([[1, 0, 1]] * 5)).few
    assert completeness(observed([[0, 0, 0]])).n == 0


def test_months_that_vary_more_than_by_chance_widen_the_interval(rng):
    even = [[60, 30, 10]] * 12
    uneven = [[80, 10, 10], [40, 50, 10]] * 6
    calm, wild = (completeness(observed(t)) for t in (even, uneven))
    assert calm.dispersion == 1
    assert wild.dispersion > 3
    widths = [c.months["complete_high"].iloc[-1] - c.months["complete_low"].iloc[-1]
              for c in (calm, wild)]  # fmt: skip
    assert widths[1] > 1.5 * widths[0]


@pytest.mark.slow
@pytest.mark.parametrize(("mean", "least"), [(5, 0.93), (200, 0.92)])
def test_the_final_number_lies_in_its_interval_as_often_as_stated(rng, mean, least):
    share, inside = np.array([0.5, 0.3, 0.15, 0.05]), []
    for _ in range(60):
        counts = rng.poisson(rng.gamma(50, mean / 50, (24, 1)) * share)
        found = completeness(observed(counts.tolist())).months.set_index("origin")
        for origin in range(21, 24):
            row = found.loc[origin]
            inside.append(row["low"] <= counts[origin].sum() <= row["high"])
    assert np.mean(inside) >= least


def test_reports_before_their_event_are_refused_and_later_ones_not_known():
    rows = pd.DataFrame({"origin": [0, 0, 1], "delay": [0, 5, 1], "n": [4, 2, 3]})
    cells = delay_triangle(rows, last=1, max_delay=2)
    assert np.nansum(cells.to_numpy()) == 4
    with pytest.raises(DataError, match="1 rows of `counts` are reported before"):
        delay_triangle(rows.assign(delay=[0, -1, 1]), last=1, max_delay=2)
