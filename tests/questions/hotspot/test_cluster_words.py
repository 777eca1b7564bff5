"""The sentences of the second look, word for word."""

import pandas as pd
import pytest


@pytest.fixture
def report(answer):
    """A report with clusters, of places that are alike in all their cells."""

    def make(*window, now=(), region=""):
        usual = {"severity": "ok", "ratio": 1.0, "excess": 0.0}
        return answer(usual, region=region, window=window, now=now)

    return make


def test_a_cluster_that_no_cell_names_is_a_finding(report, told):
    result = report({})
    assert told(result, "cluster") == [
        (
            "act",
            "Cluster, Beijing, Television: 60 cases in 12 months, 3.00 times the 20 expected if "
            "all places were alike (95 % interval 2.30–3.90); by chance fewer than one map in "
            "1,000 holds as strong a cluster.",
        )
    ]
    (found,) = [f for f in result.findings() if f.kind == "cluster"]
    assert dict(found.subject) == {"region": "CN-11", "product": "tv"}
    assert found.low < found.estimate < found.high


def test_a_cluster_of_all_places_of_a_region_has_its_name(report, told):
    rows = {
        "places": ("CN-11", "CN-12"),
        "product": "",
        "p": 0.02,
        "recurrence": 50.0,
        "floor": False,
    }
    (text,) = [text for _, text in told(report(rows), "cluster")]
    assert text.startswith("Cluster, North, all products together: 60 cases")
    assert text.endswith("by chance about one map in 50 holds as strong a cluster.")


def test_a_report_of_a_part_says_that_the_cluster_reaches_beyond(report, told):
    result = report({"places": ("CN-11", "CN-44")}, region="CN-11")
    assert told(result, "cluster") == []
    assert told(result, "cluster_part") == [
        (
            "ok",
            "Beijing is part of a cluster that reaches beyond it: Beijing and Guangdong, "
            "Television, 3.00 times the expected together; by chance fewer than one map in "
            "1,000 holds as strong a cluster.",
        )
    ]


def test_clusters_elsewhere_and_those_of_chance_are_not_told(report, told):
    quiet = [
        (
            "ok",
            "Scan of the map: among 1,234 groups of places and products of the company, none "
            "stands out in Tianjin beyond what is named here.",
        )
    ]
    assert told(report({}, region="CN-12"), "cluster_none") == quiet
    assert told(report({"places": ("CN-12",), "p": 0.2}, region="CN-12"), "cluster_none") == quiet


def test_a_cluster_still_going_on_is_told_only_where_it_is_new(report, told):
    start = {"start": pd.Timestamp("2025-10-01")}
    before = {"cases_before": 10.0, "expected_before": 12.0}
    new = report(now=[start | before | {"new": True}])
    assert [text for _, text in told(new, "cluster_now")] == [
        "New and still going on, Beijing, Television: 60 cases since Oct 2025, 3.00 times the 20 "
        "expected (95 % interval 2.30–3.90), up from 0.83 times before; by chance fewer than one "
        "map in 1,000 holds as strong a cluster."
    ]
    assert told(report(now=[start | before]), "cluster_now") == []


def test_the_table_ends_with_the_strongest_that_chance_explains(report):
    quiet = {"places": ("CN-12",), "p": 0.3, "recurrence": 3.3, "floor": False}
    table = report({}, quiet, quiet | {"places": ("CN-44",)}).cluster_table()
    assert table["where"].tolist() == ["Beijing", "Tianjin"]
    assert table["by_chance"].tolist() == ["under 1 in 1,000", "1 in 3"]


def test_what_would_have_to_be_true_is_said_of_each_hotspot(report):
    (row,) = report({}).chance_table().to_dict("records")
    assert row == {
        "hotspot": "Beijing · Television",
        "severity": "act",
        "if_chance": "The register would have to miss 57 % of the units there, or 31 of the 60 "
        "faults would have to belong elsewhere. Of 999 random maps none holds as strong a cluster "
        "anywhere.",
    }
