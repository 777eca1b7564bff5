import pandas as pd
import pytest

from aftersales.metrics.counting import company as kept
from aftersales.metrics.families.arrivals import Link, Tables, counted, delays, waits

UNIT = {"tickets": {"unit_id": Link("units", "unit_id", unique=True)}}
AS_OF = pd.Timestamp("2025-06-30")
TICKETS = pd.DataFrame(
    {
        "ticket_id": ["t1", "t2", "t3", "t4", "t5"],
        "opened_at": pd.to_datetime(
            ["2025-03-01 08:00", "2025-03-01 19:00", "2025-03-02 00:00", None, "2025-03-02 12:00"]
        ).as_unit("us"),
        "happened_at": pd.to_datetime(
            ["2025-02-27", "2025-03-01", "2025-01-05", "2025-01-05", "2025-04-01"]
        ).as_unit("us"),
        "resolution_hours": [10.0, 30.0, None, 5.0, 30.0],
        "unit_id": ["u1", "elsewhere", "gone", None, "u1"],
        "region": ["CN-11", "CN-11", "unknown", "CN-11", "CN-44"],
    }
)
UNITS = pd.DataFrame({"unit_id": ["u1", "elsewhere", None], "region": ["CN-11", "CN-44", "CN-11"]})


@pytest.fixture(autouse=True)
def nothing_kept():
    kept.forget()
    yield
    kept.forget()


@pytest.fixture
def opened(store, engine):
    def of(region):
        tables = {"tickets": TICKETS, "units": UNITS}
        return Tables(store(tables, engine=engine), region, AS_OF, UNIT)

    return of


def test_rows_are_counted_by_day_with_those_that_have_no_time(opened):
    found = counted(opened("CN"), "tickets", time="opened_at")
    assert found.days["day"].tolist()[:2] == [
        pd.Timestamp("2025-03-01"),
        pd.Timestamp("2025-03-02"),
    ]
    assert pd.isna(found.days["day"].iloc[2])
    assert found.days["n"].tolist() == [2, 2, 1]
    assert found.n == 5
    none = counted(opened("CN"), "units", time="in_service_at")
    assert none.days["day"].isna().all()
    assert none.n == 3


def test_a_key_meets_its_table_wherever_that_row_lies(opened):
    found = counted(opened("CN-11"), "tickets", time="opened_at")
    assert found.met == {"unit_id": 2}  # one of them lies in CN-44
    assert found.empty == {
        "ticket_id": 0,
        "opened_at": 1,
        "happened_at": 0,
        "resolution_hours": 0,
        "unit_id": 1,
    }
    assert counted(opened("CN"), "tickets", time="opened_at").met == {"unit_id": 3}


def test_rows_of_an_unknown_region_are_counted_apart(opened):
    assert counted(opened("CN"), "tickets", time="opened_at").unknown == 1
    assert counted(opened("CN-11"), "tickets", time="opened_at").unknown == 0


def test_a_key_that_names_several_rows_counts_a_row_once(store):
    orders = pd.DataFrame({"order_line_id": ["a", "b"], "order_id": ["o1", "o1"]})
    tickets = TICKETS.assign(order_id="o1")
    links = {"tickets": {"order_id": Link("orders", "order_id", unique=False)}}
    tables = Tables(store({"tickets": tickets, "orders": orders}), "CN", AS_OF, links)
    found = counted(tables, "tickets", time="opened_at")
    assert (found.n, found.met) == (5, {"order_id": 5})


def test_waits_are_rounded_up_to_days(opened):
    call = {"start": "opened_at", "until": pd.Timestamp("2025-03-01"), "unit": 1 / 24}
    found = waits(opened("CN"), "tickets", "resolution_hours", **call)
    assert found.to_dict("list") == {"days": [1, 2], "n": [1, 1]}


def test_delays_are_counted_in_months_and_none_is_negative(opened):
    found = delays(opened("CN"), "tickets", event="happened_at", report="opened_at", as_of=AS_OF)
    january_2025 = 55 * 12
    assert (found["origin"] - january_2025).tolist() == [0, 1, 2]
    assert found["delay"].tolist() == [2, 1, 0]
    assert found["n"].tolist() == [1, 1, 1]


def test_every_table_is_opened_once(store, monkeypatch):
    tables = Tables(store({"tickets": TICKETS, "units": UNITS}), "CN-11", AS_OF, UNIT)
    asked, scan = [], tables.store.scan
    monkeypatch.setattr(tables.store, "scan", lambda t, **call: asked.append(t) or scan(t, **call))
    for table in ("tickets", "units"):
        counted(tables, table, time="opened_at")
    delays(tables, "tickets", event="happened_at", report="opened_at", as_of=AS_OF)
    assert sorted(asked) == ["tickets", "units"]


@pytest.mark.parametrize("region", ["CN", "CN-N", "CN-11", "CN-12"])
def test_counts_cut_from_the_companys_are_the_same(opened, region):
    alone = counted(opened(region), "tickets", time="opened_at")
    with kept.filling():
        cut = counted(opened(region), "tickets", time="opened_at")
    assert kept._kept
    pd.testing.assert_frame_equal(cut.days, alone.days)
    assert (cut.unknown, cut.empty, cut.met) == (alone.unknown, alone.empty, alone.met)
