"""The sentences of the second look, word for word."""

from dataclasses import replace

import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.questions.hotspot.excess_words import excess_of
from aftersales.questions.hotspot.result import hotspot
from aftersales.studies.places.clusters import COLUMNS, Clusters

FEW = {"faults_per_1000": Target(min_n=50)}
PLACES = ("CN-11", "CN-12", "CN-44")
ONE = {
    "places": ("CN-11",),
    "product": "tv",
    "model": "",
    "start": None,
    "count": 60,
    "at_risk": 6000.0,
    "expected": 20.0,
    "excess": 40.0,
    "ratio": 3.0,
    "low": 2.3,
    "high": 3.9,
    "dispersion": 1.0,
    "llr": 25.0,
    "p": 0.001,
    "recurrence": 1000.0,
    "floor": True,
    "count_before": float("nan"),
    "expected_before": float("nan"),
}


@pytest.fixture
def report(company, units, faults):
    """A report of a region, with the clusters that a test gives it: all places are alike."""
    sets = pd.concat([units(500, prefix=f"{p}-", product="tv", region=p) for p in PLACES])
    of = [(f"{p}-{i}", p) for p in PLACES for i in range(20)]
    tickets = faults([u for u, _ in of], product="tv").assign(region=[p for _, p in of])
    store = company({"units": sets, "tickets": tickets}, targets=FEW)

    def make(*window, now=(), region=""):
        tables = (
            pd.DataFrame([ONE | row for row in rows], columns=COLUMNS) for rows in (window, now)
        )
        found = Clusters(*tables, groups=1234, spread=(0.0, 0.0, 0.0))
        return replace(hotspot(store, region=region), clusters=found)

    return make


def told(result, kind):
    return [(f.severity, f.text) for f in result.findings() if f.kind == kind]


def test_a_cluster_that_no_cell_names_is_a_finding(report):
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


def test_a_cluster_of_all_places_of_a_region_has_its_name(report):
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


def test_a_report_of_a_part_says_that_the_cluster_reaches_beyond(report):
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


def test_clusters_elsewhere_and_those_of_chance_are_not_told(report):
    quiet = [
        (
            "ok",
            "Scan of the map: among 1,234 groups of places and products of the company, none "
            "stands out in Tianjin beyond what is named here.",
        )
    ]
    assert told(report({}, region="CN-12"), "cluster_none") == quiet
    assert told(report({"places": ("CN-12",), "p": 0.2}, region="CN-12"), "cluster_none") == quiet


def test_a_cluster_still_going_on_is_told_only_where_it_is_new(report):
    start = {"start": pd.Timestamp("2025-10-01")}
    new = report(now=[start | {"count_before": 10.0, "expected_before": 12.0}])
    assert [text for _, text in told(new, "cluster_now")] == [
        "New and still going on, Beijing, Television: 60 cases since Oct 2025, 3.00 times the 20 "
        "expected (95 % interval 2.30–3.90), up from 0.83 times before; by chance fewer than one "
        "map in 1,000 holds as strong a cluster."
    ]
    old = report(now=[start | {"count_before": 36.0, "expected_before": 12.0}])
    assert told(old, "cluster_now") == []


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


def test_the_excess_of_hotspots_has_the_error_of_their_counts_and_of_the_others():
    cells = pd.DataFrame(
        {
            "compared": [60.0, 30.0],
            "expected": [20.0, 10.0],
            "others": [100.0, 100.0],
            "dispersion": [1.0, 2.0],
        }
    )
    excess, error = excess_of(cells)
    assert excess == 60
    assert error == pytest.approx((60 + 30 * 2 + 400 / 100 + 100 / 100) ** 0.5)
