"""The tables and their page."""

import datetime

import pandas as pd
import pyarrow as pa
import pytest

from aftersales.data.mapping import schema
from aftersales.errors import DataError


def test_every_table_of_the_design_is_there():
    assert list(schema.TABLES) == [
        *("tickets", "ticket_steps", "units", "repairs", "orders", "returns", "surveys"),
        *("customers", "subscriptions", "versions", "usage", "exposure", "actions", "outlets"),
    ]


@pytest.mark.parametrize("name", schema.TABLES)
def test_times_keys_orders_and_joins_name_columns_that_exist(name):
    columns = schema.columns(name)

    assert columns[schema.time_column(name)] == "date"
    assert set(schema.key(name)) <= set(columns)
    assert all(columns[one] == "date" for pair in schema.time_order(name) for one in pair)
    assert all(column in schema.columns(table) for table, column in schema.joins(name).values())


@pytest.mark.parametrize("name", schema.TABLES)
def test_every_column_has_a_meaning(name):
    assert all(column.description for column in schema.table(name).columns.values())


def test_a_time_that_orders_may_empty_is_never_required():
    later = [(t, b) for t in schema.TABLES for _, b in schema.time_order(t)]

    assert not [(t, b) for t, b in later if b in schema.required(t)]


def test_arrow_keeps_the_zone_of_times_although_pandera_is_loaded():
    east = datetime.timezone(datetime.timedelta(hours=8))
    times = pa.array([datetime.datetime(2024, 1, 31, 8, tzinfo=east)], pa.timestamp("s", "UTC"))

    assert times[0].as_py().hour == 0


def test_an_unknown_table_is_named_with_the_nearest_one():
    with pytest.raises(DataError, match='no table "ticket"; did you mean "tickets"'):
        schema.table("ticket")


def test_a_processed_table_is_checked_for_kinds_and_closed_lists():
    table = pd.DataFrame(
        {
            "ticket_id": ["1"],
            "opened_at": pd.to_datetime(["2024-01-31"]).astype("datetime64[us]"),
            "ticket_type": ["fault"],
            "severity": pd.array([1], "Int64"),
        }
    )

    schema.table("tickets").validate(table)
    with pytest.raises(schema.pa.errors.SchemaError):
        schema.table("tickets").validate(table.assign(ticket_type="break-down"))
    with pytest.raises(schema.pa.errors.SchemaError):
        schema.table("tickets").validate(table.assign(opened_at="2024-01-31"))
    with pytest.raises(schema.pa.errors.SchemaError):
        schema.table("tickets").validate(table.assign(severity=pd.array([5], "Int64")))
