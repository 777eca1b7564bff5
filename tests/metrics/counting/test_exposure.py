"""Units, users and orders at risk."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.metrics.counting.exposure import exposure_at_risk, units_at_risk

AS_OF = pd.Timestamp("2024-04-15")  # half of April has passed


def units() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit_id": ["a", "b", "c", "d", "e"],
            "product": ["tv", "tv", None, "tv", "tv"],
            "in_service_at": pd.to_datetime(["2024-01-20", None, "2024-02-02", None, "2024-05-01"]),
            "shipped_at": pd.to_datetime(["2024-01-01", "2024-02-10", None, None, "2024-04-01"]),
            "warranty_months": [1.0, 2.0, np.nan, np.nan, 12.0],
        }
    )


def test_a_unit_counts_half_in_its_first_month_and_the_last_month_as_far_as_it_went(engine):
    result = units_at_risk(engine(units()), by=["product"], as_of=AS_OF)

    assert result["product"].fillna("-").tolist() == ["tv"] * 4 + ["-"] * 3
    assert result["at_risk"].tolist() == [0.5, 1.5, 2.0, 1.0, 0.5, 1.0, 0.5]
    assert result["month"].tolist() == [pd.Timestamp(2024, m, 1) for m in (1, 2, 3, 4, 2, 3, 4)]


def test_units_that_never_started_are_left_out_and_counted(engine):
    result = units_at_risk(engine(units()), by=[], as_of=AS_OF)

    assert result.attrs["units_without_start"] == 1
    assert result["at_risk"].tolist() == [0.5, 2.0, 3.0, 1.5]


def test_months_before_the_start_are_cut_off_but_their_units_stay_at_risk():
    result = units_at_risk(units(), by=[], start=pd.Timestamp("2024-03-07"), as_of=AS_OF)

    assert result["month"].tolist() == [pd.Timestamp("2024-03-01"), pd.Timestamp("2024-04-01")]
    assert result["at_risk"].tolist() == [3.0, 1.5]


def test_units_out_of_warranty_are_no_longer_at_risk(engine):
    # a: half January, half February; b: half February, March, half of April's half; c: for ever.
    result = units_at_risk(engine(units()), by=[], as_of=AS_OF, in_warranty=True)

    assert result["at_risk"].tolist() == [0.5, 1.5, 2.0, 0.75]


def test_age_bands_split_the_units_by_completed_months():
    one = units().iloc[:1]  # in service on 20 January

    result = units_at_risk(one, by=[], as_of=AS_OF, age_bands=[0, 1, 2])

    rows = list(zip(result["month"].dt.month, result["age"], result["at_risk"], strict=True))
    assert rows == [
        (1, 0, 0.5),
        (2, 0, 0.5),
        (2, 1, 0.5),
        (3, 1, 0.5),
        (3, 2, 0.5),
        (4, 2, 0.5),
    ]


@given(
    starts=st.lists(st.integers(0, 30), min_size=1, max_size=30),
    edges=st.lists(st.integers(1, 20), max_size=3),
)
def test_age_bands_sum_to_the_whole(starts, edges):
    first = pd.Timestamp("2022-01-15")
    moments = [first + pd.DateOffset(months=m) for m in starts]
    table = pd.DataFrame({"in_service_at": pd.to_datetime(moments)})
    as_of = pd.Timestamp("2024-06-30")

    whole = units_at_risk(table, by=[], as_of=as_of)
    parts = units_at_risk(table, by=[], as_of=as_of, age_bands=[0, *edges])

    summed = parts.groupby("month")["at_risk"].sum()
    assert summed.to_numpy() == pytest.approx(whole["at_risk"].to_numpy())


def test_the_exposure_table_is_summed_by_month_and_later_periods_are_unknown(engine):
    table = pd.DataFrame(
        {
            "period": pd.to_datetime(["2024-03-01", "2024-03-15", "2024-04-01", "2024-05-01"]),
            "version": ["V1", "V1", "V2", "V2"],
            "at_risk": [10.0, 5.0, 7.5, 99.0],
        }
    )

    result = exposure_at_risk(engine(table), by=["version"], as_of=AS_OF)

    assert result["version"].tolist() == ["V1", "V2"]
    assert result["at_risk"].tolist() == [15.0, 7.5]
