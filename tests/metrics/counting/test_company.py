"""What all regions share is computed once, and gives the numbers that each region gives alone."""

from __future__ import annotations

import narwhals as nw
import pandas as pd
import pytest

from aftersales.metrics import METRICS, at_risk, available, measure
from aftersales.metrics.additive import ADDITIVE
from aftersales.metrics.counting import company as module
from aftersales.metrics.counting.company import cut, filling, forget, once, pack, unpack
from aftersales.metrics.counting.engines import collect, one, reduce, total
from aftersales.metrics.counting.rows import Rows

REGIONS = (None, "CN", "CN-N", "CN-44")
PER_1000 = ("faults_per_1000", "complaints_per_1000")


@pytest.fixture(autouse=True)
def nothing_kept():
    forget()
    yield
    forget()


def questions(key, tables):
    """Ways to ask for a metric: of all, of one place, of places at a level, of looked-up groups."""
    asked = [
        {"region": None, "by": []},
        {"region": "CN-44", "by": ["product"], "months": 9},
        {"region": "CN-N", "by": ["product", "region"]},
        {"region": "CN", "by": ["region"], "level": "macro", "months": 9},
        {"region": "CN-N", "by": ["tier"]},
    ]
    return [question for question in asked if available(key, tables, by=question["by"])]


@pytest.mark.slow
@pytest.mark.parametrize("monthly", [False, True])
@pytest.mark.parametrize("key", [*ADDITIVE, *PER_1000, "turnaround_days", "repeat_repair_rate"])
def test_a_region_cut_from_the_company_is_the_region_measured_alone(company, key, monthly):
    tables = company(seed=len(key))
    asked = questions(key, tables)
    alone = [measure(key, tables, monthly=monthly, **question) for question in asked]

    with filling():
        cut = [measure(key, tables, monthly=monthly, **question) for question in asked]

    for own, other in zip(alone, cut, strict=True):
        pd.testing.assert_frame_equal(own, other, rtol=1e-12, atol=0)
        assert own.attrs == other.attrs


def test_those_at_risk_are_the_same_too(company):
    tables = company()
    alone = [at_risk(tables, region=region, by=["product", "region"]) for region in REGIONS]

    with filling():
        cut = [at_risk(tables, region=region, by=["product", "region"]) for region in REGIONS]

    for own, other in zip(alone, cut, strict=True):
        pd.testing.assert_frame_equal(own, other)
        assert own.attrs == other.attrs


def test_the_company_is_read_once_for_all_regions(company, monkeypatch):
    tables, read = company(), []
    scan = type(tables).scan

    def counted(self, table, **options):
        read.append(table)
        return scan(self, table, **options)

    monkeypatch.setattr(type(tables), "scan", counted)

    with filling():
        for region in REGIONS:
            measure("ticket_volume", tables, region=region, by=["product"])

    assert read == ["tickets"]


def test_what_was_packed_serves_another_process_without_reading(company, monkeypatch):
    tables = company()
    alone = measure("csat_rate", tables, region="CN-44", by=["tier"], monthly=True)
    with filling():
        measure("csat_rate", tables, region="CN-N", by=["tier"], monthly=True)
    packed = pack()
    forget()

    unpack(packed)
    monkeypatch.setattr(type(tables), "scan", None)

    found = measure("csat_rate", tables, region="CN-44", by=["tier"], monthly=True)
    pd.testing.assert_frame_equal(found, alone)


def test_where_nothing_is_prepared_only_the_region_is_read_and_whatever_is_coarser_is_added_up(
    company, monkeypatch
):
    tables, read = company(), []
    scan = type(tables).scan

    def counted(self, table, *, region=None):
        read.append((table, region))
        return scan(self, table, region=region)

    monkeypatch.setattr(type(tables), "scan", counted)
    finest = measure("ticket_volume", tables, region="CN-N", by=["product", "region"])
    for region, by in (("CN-N", ["product"]), ("CN-N", []), ("CN-11", ["product"])):
        found = measure("ticket_volume", tables, region=region, by=by)
        rows = finest[finest["region"].eq(region) | (region == "CN-N")]
        assert found["n_tickets"].sum() == rows["n_tickets"].sum()

    assert read == [("tickets", "CN-N")]


def test_counts_too_large_to_keep_are_made_again(company, monkeypatch):
    tables = company()
    alone = measure("ticket_volume", tables, region="CN-44", by=["unit_id"])
    forget()
    monkeypatch.setattr(module, "LARGEST", 10)

    with filling():
        cut = measure("ticket_volume", tables, region="CN-44", by=["unit_id"])

    pd.testing.assert_frame_equal(cut, alone)
    assert not [kept for found in module._kept.values() for kept in found]


def test_other_data_are_never_taken_for_these(company):
    with filling():
        for seed in (0, 1):
            alone = company(seed)
            cut = measure("ticket_volume", alone, by=["product"])
            assert cut["n"].sum() == len(alone.tables["tickets"].query("opened_at < '2025-07-01'"))


def test_a_shared_result_is_computed_once_and_cannot_be_spoilt(company):
    calls = []

    def compute():
        calls.append(1)
        return {"table": pd.DataFrame({"n": [1, 2]}), "rest": (pd.Series([1.0]),)}

    first = once(company(), ("peers", 12), compute)
    first["table"]["n"] = 0
    first["rest"][0].iloc[0] = -1.0
    again = once(company(), ("peers", 12), compute)

    assert calls == [1]
    assert again["table"]["n"].tolist() == [1, 2]
    assert again["rest"][0].tolist() == [1.0]
    once(company(), ("peers", 6), compute)
    assert len(calls) == 2


def test_any_count_can_be_cut(company):
    def still_open(rows, keys):
        rows = rows.with_columns(_open=one(nw.col("closed_at").is_null()))
        return collect(reduce(rows, keys, n=nw.len(), n_open=total("_open")), sort=keys)

    tables = company()
    asked = [Rows(tables, region, tables.as_of) for region in REGIONS]
    call = {"key": ("open",), "by": ["product"], "count": still_open}
    alone = [cut(rows, "tickets", **call) for rows in asked]
    forget()
    with filling():
        shared = [cut(rows, "tickets", **call) for rows in asked]

    for own, other in zip(alone, shared, strict=True):
        pd.testing.assert_frame_equal(own, other)


def test_every_additive_metric_is_in_the_registry():
    assert set(ADDITIVE) <= set(METRICS)
