"""The way in and out of a metric."""

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import DataError
from aftersales.metrics.counting import engines
from aftersales.metrics.counting.engines import (
    collect,
    first_day,
    hours_until,
    merge_groups,
    month_index,
    month_of,
    reduce,
    scan,
    total,
    with_poisson_interval,
    with_wilson_interval,
)

AS_OF = pd.Timestamp("2025-06-30")


def test_a_missing_column_is_named_with_its_table_the_metric_and_the_nearest_one(engine):
    repairs = engine(pd.DataFrame({"closed": [1]}))

    with pytest.raises(DataError) as error:
        scan(repairs, needs=["closed_at"], table="repairs", metric="first_time_fix_rate")

    assert str(error.value) == (
        'Metric first_time_fix_rate needs the column "closed_at" of table repairs, which is not '
        'there; did you mean "closed"? Map it in sources.yaml, or leave this metric out.'
    )


def test_every_engine_gives_the_same_types(engine):
    rows = pd.DataFrame(
        {
            "product": ["b", None, "a"],
            "n_faults": [1, 2, 3],
            "at": pd.to_datetime(["2024-02-03 10:00", "2024-01-31 00:00", "2024-02-29 23:59"]),
            "hours": [0.5, np.nan, 2.0],
        }
    )
    lazy = scan(engine(rows), needs=["product", "month"], time="at")

    result = collect(
        reduce(
            lazy,
            ["product", "month"],
            n=nw.len(),
            n_faults=total("n_faults"),
            hours=total("hours"),
        ),
        sort=["product"],
    )

    expected = pd.DataFrame(
        {
            "product": pd.Series(["a", "b", None], dtype="str"),
            "month": pd.to_datetime(["2024-02-01", "2024-02-01", "2024-01-01"]).as_unit("us"),
            "n": [1, 1, 1],
            "n_faults": [3, 1, 2],
            "hours": [2.0, 0.5, 0.0],
        }
    )
    pd.testing.assert_frame_equal(result, expected)


def test_no_groups_give_one_row_even_without_data(engine):
    rows = engine(pd.DataFrame({"x": [1]})[["x"]])
    lazy = scan(rows, needs=["x"]).filter(nw.col("x") > 1)

    result = collect(reduce(lazy, [], n=nw.len(), n_x=total("x")), sort=[])

    assert result.to_dict("records") == [{"n": 0, "n_x": 0}]


@given(
    moment=st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-12-31")),
    until=st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-12-31")),
)
def test_hours_by_calendar_parts_equal_the_difference_of_times(moment, until):
    moment, until = pd.Timestamp(moment), pd.Timestamp(until)
    table = nw.from_native(pd.DataFrame({"at": [moment]}))
    by_calendar = engines._hours_by_calendar(nw.col("at").dt, until)

    hours = table.select(h=by_calendar).to_native()["h"].iloc[0]

    assert hours == pytest.approx((until - moment).total_seconds() / 3600, abs=1e-8)


def test_hours_and_months_agree_on_every_engine_over_leap_years(engine):
    moments = ["1999-12-31 23:59:59", "2000-02-29 12:00:00", "2024-02-28 00:00:01", None]
    rows = pd.DataFrame({"at": pd.to_datetime(moments)})
    lazy = nw.from_native(engine(rows)).lazy()

    result = collect(
        lazy.select(hours=hours_until(lazy, "at", AS_OF), month=month_index("at")), sort=["hours"]
    )

    spans = [(AS_OF - at).total_seconds() / 3600 for at in rows["at"].dropna()]
    assert result["hours"].dropna().tolist() == pytest.approx(sorted(spans), abs=1e-8)
    assert result["month"].dropna().tolist() == [649, 361, 359]


def test_months_are_counted_from_january_1970_and_back():
    months = pd.to_datetime(["1969-12-01", "1970-01-01", "2025-06-01"])
    assert first_day([month_of(m) for m in months]).tolist() == [m.to_pydatetime() for m in months]


def test_rates_without_a_denominator_are_missing_not_zero():
    frame = pd.DataFrame({"n": [0, 4], "n_x": [0, 1]})

    proportion = with_wilson_interval(frame, hits="n_x")
    rate = with_poisson_interval(frame, count="n_x")

    for result in (proportion, rate):
        assert result.loc[0, ["rate", "rate_low", "rate_high"]].isna().all()
        assert result.loc[1, "rate_low"] < result.loc[1, "rate"] < result.loc[1, "rate_high"]


def test_merged_tables_hold_the_groups_of_both_with_missing_groups_matched():
    left = pd.DataFrame({"p": ["a", None], "n": [1.5, 2.5]})
    right = pd.DataFrame({"p": [None, "b"], "n_x": [7, 8]})

    merged = merge_groups(left, right, by=["p"])

    assert merged["n"].tolist() == [1.5, 0.0, 2.5]
    assert merged["n_x"].tolist() == [0, 8, 7]
    assert merged["n_x"].dtype == "int64"
