"""The mean cumulative function of repairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yardsticks.recurrence import mean_cumulative

from aftersales.errors import DataError

fleets = st.lists(
    st.tuples(st.integers(1, 30), st.lists(st.floats(0, 1), max_size=4)), min_size=2, max_size=12
)


def history(fleet):
    """Ages of events, their systems, and ends, from (end, share of it at each event)."""
    ends = pd.Series([float(end) for end, _ in fleet])
    rows = [(end * share, i) for i, (end, shares) in enumerate(fleet) for share in shares]
    time, system = zip(*rows, strict=True) if rows else ((), ())
    return np.array(time), np.array(system, dtype=int), ends


@settings(max_examples=20)
@given(fleets)
def test_the_robust_variance_is_that_of_the_systems_own_parts(fleet):
    time, system, ends = history(fleet)
    found = mean_cumulative(time, system, ends=ends)
    for row in found.itertuples():
        total = 0.0
        for s, end in ends.items():
            part = 0.0
            for step in found.itertuples():
                if step.time <= row.time and step.time <= end:
                    own = np.sum((system == s) & (time == step.time))
                    part += (own - step.events / step.at_risk) / step.at_risk
            total += part**2
        assert row.variance_robust == pytest.approx(total, abs=1e-12)


@settings(max_examples=20)
@given(fleets)
def test_it_grows_by_events_over_systems_and_lies_in_its_interval(fleet):
    time, system, ends = history(fleet)
    found = mean_cumulative(time, system, ends=ends)
    assert found["events"].sum() == len(time)
    assert found["at_risk"].is_monotonic_decreasing
    assert (found["low"] <= found["mcf"] + 1e-12).all()
    assert (found["mcf"] <= found["high"] + 1e-12).all()
    if len(found) and (ends == ends[0]).all():
        assert found["mcf"].iloc[-1] == pytest.approx(len(time) / len(ends))


def test_systems_that_enter_late_are_at_risk_from_then_on():
    ends, starts = pd.Series([10.0, 10.0]), pd.Series([0.0, 5.0])
    found = mean_cumulative([2.0, 8.0], [0, 1], ends=ends, starts=starts)
    assert found["at_risk"].tolist() == [1, 2]
    assert found["mcf"].tolist() == [1.0, 1.5]


def test_bad_systems_make_the_robust_variance_larger_and_identical_ones_smaller():
    ends = pd.Series([10.0] * 10)
    bad = mean_cumulative(np.arange(1.0, 9), np.zeros(8, dtype=int), ends=ends).iloc[-1]
    even = mean_cumulative(np.arange(1.0, 11) / 2, np.arange(10), ends=ends).iloc[-1]
    assert bad["variance_robust"] > 5 * bad["variance_independent"]
    assert even["variance_robust"] < 0.1 * even["variance_independent"]


def test_the_interval_uses_the_variance_that_was_asked_for():
    ends, time = pd.Series([10.0] * 4), [1.0, 2.0, 3.0]
    robust, other = (
        mean_cumulative(time, [0, 0, 0], ends=ends, variance=v) for v in ("robust", "independent")
    )
    assert robust["mcf"].equals(other["mcf"])
    assert (robust["high"] > other["high"]).iloc[-1]


def test_events_without_an_observed_system_are_refused():
    ends = pd.Series([10.0], index=["a"])
    assert mean_cumulative([], [], ends=ends).empty
    with pytest.raises(DataError, match="1 of 2 events belong to a system that `ends`"):
        mean_cumulative([1.0, 2.0], ["a", "b"], ends=ends)
    with pytest.raises(DataError, match="lie outside the ages"):
        mean_cumulative([11.0], ["a"], ends=ends)
    with pytest.raises(DataError, match="every system once"):
        mean_cumulative([1.0], ["a"], ends=pd.Series([1.0, 2.0], index=["a", "a"]))
