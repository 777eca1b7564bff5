"""Durations, with cases that are still open counted for as long as they have lasted."""

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yardsticks.survival import km_quantile

from aftersales.metrics.families.durations import (
    cell_hours,
    grid_cell,
    quantiles,
    resolution_hours,
    response_hours,
    turnaround_days,
)

AS_OF = pd.Timestamp("2024-01-31")


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=30))
def test_the_grid_is_as_fine_as_it_says(hours):
    table = nw.from_native(pd.DataFrame({"h": hours}))

    found = cell_hours(table.select(c=grid_cell(nw.col("h"))).to_native()["c"].to_numpy())

    for value, rounded in zip(hours, found, strict=True):
        step = next(s for end, s in ((12, 1 / 12), (168, 1), (1440, 6), (9999, 24)) if value < end)
        assert abs(value - rounded) <= step / 2 + 1e-9


def test_whole_days_are_exact_on_every_engine(engine):
    days = pd.DataFrame({"h": 24.0 * np.arange(0, 400)})
    lazy = nw.from_native(engine(days)).lazy()

    cells = lazy.select("h", c=grid_cell(nw.col("h"))).collect(backend="pandas").to_native()

    assert cell_hours(cells["c"].to_numpy(dtype=float)).tolist() == cells["h"].tolist()


def test_quantiles_of_closed_repairs_are_those_of_the_sample(engine):
    repairs = pd.DataFrame(
        {
            "outlet": ["A"] * 10 + ["B"],
            "opened_at": pd.to_datetime(["2024-01-01"] * 11),
            "turnaround_days": [float(d) for d in range(1, 11)] + [3.0],
        }
    )

    result = turnaround_days(engine(repairs), by=["outlet"], as_of=AS_OF)

    assert result["n"].tolist() == result["n_closed"].tolist() == [10, 1]
    assert result["median"].tolist() == [5.5, 3.0]
    assert result["p90"].tolist() == [9.5, 3.0]


def test_open_tickets_count_for_as_long_as_they_have_lasted(engine):
    # Freireich et al. (1963), 6-MP arm: 21 remission times in weeks, + still in remission, as
    # printed in Kalbfleisch and Prentice (1980), p. 205. The Kaplan-Meier median is 23.
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    running = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    end = AS_OF + pd.Timedelta(days=1)
    opened = [end - pd.Timedelta(days=40)] * len(ended)
    opened += [end - pd.Timedelta(days=d) for d in running]
    tickets = pd.DataFrame(
        {
            "opened_at": pd.to_datetime(opened),
            "resolution_hours": [24.0 * d for d in ended] + [None] * len(running),
        }
    )

    result = resolution_hours(engine(tickets), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_resolved"]].tolist() == [21, 9]
    assert result["median"].item() == 23 * 24
    assert result["median_low"].item() == 13 * 24
    assert np.isnan(result["median_high"].item())
    assert np.isnan(result["p90"].item())


def test_what_happened_after_the_last_day_has_not_happened_yet(engine):
    tickets = pd.DataFrame(
        {
            "opened_at": pd.to_datetime(
                ["2024-01-31 12:00", "2024-01-31 12:00", "2024-02-01 00:00"]
            ),
            "response_hours": [11.0, 13.0, 1.0],
        }
    )

    result = response_hours(engine(tickets), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_responded"]].tolist() == [2, 1]
    assert result["median"].item() == 11.0


@given(st.integers(0, 10_000))
def test_all_groups_at_once_equal_one_group_at_a_time(seed):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "g": rng.choice(["a", "b", "c"], 60),
            "_cell": rng.integers(0, 30, 60),
            "_done": rng.random(60) < 0.7,
        }
    )
    cells = rows.groupby(["g", "_cell"], as_index=False).agg(
        _n=("_done", "size"), _done=("_done", "sum")
    )

    result = quantiles(cells, by=["g"], count="n_done").set_index("g")

    for group, part in rows.groupby("g"):
        for name, q in (("median", 0.5), ("p90", 0.9)):
            expected = km_quantile(cell_hours(part["_cell"]), part["_done"], q)
            found = result.loc[group, [name, f"{name}_low", f"{name}_high"]].to_numpy(float)
            assert found == pytest.approx(np.array(expected), nan_ok=True)
