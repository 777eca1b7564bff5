import pandas as pd

from aftersales.studies.scope import read_scope
from aftersales.studies.series.monthly_tables import monthly_table, parts, series_of, split, total

MONTHS = pd.date_range("2025-01-01", periods=2, freq="MS")


def test_rows_with_a_missing_attribute_count_in_the_whole_only():
    table = pd.DataFrame(
        {
            "product": ["tv", None, "tv"],
            "month": [MONTHS[0], MONTHS[0], MONTHS[1]],
            "bad": [1, 2, 4],
            "n": [10.0, 20.0, 30.0],
        }
    )
    ((subject, whole),) = split(table, by=[], months=MONTHS)
    assert subject == {}
    assert whole["bad"].tolist() == [3, 4]
    ((subject, tv),) = split(table, by=["product"], months=MONTHS)
    assert subject == {"product": "tv"}
    assert tv["bad"].tolist() == [1, 4]


def test_the_exposure_of_a_sum_of_counts_is_its_days_however_many_parts_it_has():
    table = pd.DataFrame(
        {
            "product": ["tv", "tv", "radio"],
            "month": [MONTHS[0], MONTHS[1], MONTHS[1]],
            "bad": [5, 5, 5],
            "n": [5, 5, 5],
        }
    )
    ((_, whole),) = split(table, by=[], months=MONTHS, counted=True)
    assert whole["n"].tolist() == [31, 28]  # not twice the days once a second product begins
    found = split(table, by=["product"], months=MONTHS, counted=True)
    series = {subject["product"]: frame for subject, frame in found}
    assert series["radio"]["n"].tolist() == [0, 28]  # before its first case it has no past


def test_what_a_rate_is_judged_by_depends_on_children_and_on_what_splits_it(company):
    rows = pd.DataFrame({"opened_at": pd.to_datetime(["2025-01-05"]), "region": ["CN-11"]})
    store = company({"tickets": rows})
    by = {"product", "region"}
    assert [set(p) for p in parts(read_scope(store), split_by="product")] == [
        set(),
        {"product"},
        {"region"},
        by,
    ]
    assert parts(read_scope(store, region="CN-11"), split_by="product") == [[], ["product"]]
    assert parts(read_scope(store, region="CN-S"), split_by="") == [[]]  # a single child is itself


def test_regions_are_the_children_and_unknown_ones_count_in_the_whole_only(company):
    rows = pd.DataFrame(
        {
            "opened_at": pd.to_datetime(["2025-12-05"] * 4),
            "region": ["CN-11", "CN-44", "CN", "unknown"],
        }
    )
    store = company({"tickets": rows})
    table = monthly_table(read_scope(store), "ticket_volume", by=["region"], months=1)
    named = table.dropna(subset=["region"])
    assert dict(zip(named["region"], named["bad"], strict=True)) == {"CN-N": 1, "CN-S": 1}
    assert table["bad"].sum() == 4
    assert total(read_scope(store), "ticket_volume", months=1)["bad"].tolist() == [4]


def test_an_incomplete_month_is_left_out(company, monthly_rows):
    store = company({"tickets": monthly_rows([3] * 14)}, as_of="2025-12-20")
    table = total(read_scope(store), "ticket_volume", months=13)
    assert table["month"].iloc[-1] == pd.Timestamp("2025-11-01")


def test_parts_that_a_metric_cannot_be_split_into_are_left_out(company, monthly_rows):
    store = company({"tickets": monthly_rows([5] * 24)})  # no product, no region
    found = series_of(
        read_scope(store), "ticket_volume", by=[[], ["product"], ["region"]], months=24
    )
    assert [s.subject for s in found] == [{}]


def test_a_whole_split_two_ways_is_measured_once_for_each(company, monthly_rows):
    tickets = pd.concat(
        [
            monthly_rows([4] * 24, product=p, region=r)
            for p in ("tv", "radio")
            for r in ("CN-11", "CN-44")
        ]
    )
    store = company({"tickets": tickets})
    scope = read_scope(store)
    found = series_of(scope, "ticket_volume", by=parts(scope, split_by="product"), months=24)
    subjects = [tuple(sorted(s.subject.items())) for s in found]
    assert len(subjects) == len(set(subjects)) == 1 + 2 + 2 + 4
    assert all(s.frame["bad"].sum() == 24 * 16 / 4 ** (len(s.subject) / 2) for s in found)
