"""Times as other programs write them become local times of the profile."""

import datetime

import pandas as pd
import pyarrow as pa
import pytest

from aftersales.data.read.cells.times import TIME, dates, exchanged, moved
from aftersales.errors import ConfigError

SHANGHAI = "Asia/Shanghai"


def read(cell: str, *formats: str, **how) -> datetime.datetime | None:
    return dates(pa.array([cell]), formats=formats, timezone=SHANGHAI, **how)[0].as_py()


@pytest.mark.parametrize(
    ("cell", "formats"),
    [
        ("2024-03-01 10:00:00 UTC", ["%Y-%m-%d %H:%M:%S UTC"]),
        ("2024-03-01T10:00:00Z", ["%Y-%m-%dT%H:%M:%SZ"]),
        ("2024-03-01T10:00:00+0000", ["%Y-%m-%dT%H:%M:%S%z"]),
        ("2024-03-01T10:00:00.000Z", []),
        ("2024-03-01T10:00:00Z", []),
        ("2024-03-01T10:00Z", []),
        ("2024-03-01 10:00:00 UTC", []),
        ("2024-03-01 10:00:00+00", []),
        ("2024-03-01T12:00:00.0000000+02:00", []),
        ("20240301T100000Z", []),
        ("1709287200", ["epoch_s"]),
        ("1709287200000", ["epoch_ms"]),
    ],
)
def test_a_time_with_an_offset_is_moved_to_the_zone_of_the_profile(cell, formats):
    assert read(cell, *formats) == datetime.datetime(2024, 3, 1, 18)


def test_a_time_without_offset_may_be_declared_to_be_of_another_zone():
    assert read("2024-03-01 10:00", written_in="UTC") == datetime.datetime(2024, 3, 1, 18)
    assert read("2024-03-01 10:00") == datetime.datetime(2024, 3, 1, 10)


@pytest.mark.parametrize(
    ("cell", "form", "hour"),
    [
        ("2024/3/1 下午 3:00", "%Y/%m/%d %p %I:%M", 15),
        ("2024/3/1 上午 3:00", "%Y/%m/%d %p %I:%M", 3),
        ("2024/3/1 下午 3:00", "%Y/%m/%d 下午 %I:%M", 15),
        ("2024/3/1 上午 12:00", "%Y/%m/%d 上午 %I:%M", 0),
        ("2024/3/1 中午 12:00", "%Y/%m/%d %p %I:%M", 12),
        ("2024/3/1 3:00 PM", "%Y/%m/%d %I:%M %p", 15),
        ("2024/3/1 3:00 p.m.", "%Y/%m/%d %I:%M %p", 15),
    ],
)
def test_the_half_of_a_day_is_read_in_chinese_and_english(cell, form, hour):
    assert read(cell, form) == datetime.datetime(2024, 3, 1, hour)


def test_a_slot_of_hours_is_no_offset():
    assert read("2024-03-01 10:00-12:00") is None


def test_a_true_date_of_a_workbook_is_read_beside_declared_formats():
    form = "%Y年%m月%d日"

    assert read("2024-03-05 00:00:00", form) == datetime.datetime(2024, 3, 5)
    assert read("45356.5", form, serials=True) == datetime.datetime(2024, 3, 5, 12)
    assert read("45356.5", form) is None


def test_iso_is_not_tried_where_the_declared_form_has_the_day_before_the_month():
    assert read("2024-01-31", "%Y-%d-%m") is None


def test_an_hour_that_the_clocks_leave_out_or_repeat_has_one_reading():
    times = pa.array(pd.to_datetime(["2024-03-31 02:30", "2024-10-27 02:30"]), TIME)

    assert moved(times, "Europe/Berlin", "UTC").to_pylist() == [
        datetime.datetime(2024, 3, 31, 1),
        datetime.datetime(2024, 10, 27, 0, 30),
    ]


def test_exchanging_day_and_month_twice_changes_nothing():
    days = pa.array(pd.date_range("2023-12-20", "2025-01-20", unit="us"), TIME)
    low = days.filter(pa.array([day.as_py().day <= 12 for day in days]))

    assert exchanged(exchanged(low)).equals(low)
    assert exchanged(low)[0].as_py() == datetime.datetime(2024, 1, 1)


def test_a_format_that_duckdb_does_not_know_is_refused():
    with pytest.raises(ConfigError, match="is not a date format"):
        read("x", "%Y %Q")
