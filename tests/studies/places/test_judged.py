"""Clusters and cells, judged."""

from types import SimpleNamespace

import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.studies.places.clusters import Clusters
from aftersales.studies.places.judged import excess_of, is_new, judged_clusters
from aftersales.studies.scope import read_scope

CLUSTER = {"cases": 60, "at_risk": 6000.0, "expected": 20.0, "ratio": 3.0, "p": 0.001}
BEFORE = {"cases_before": 10.0, "expected_before": 12.0}


@pytest.fixture
def judge(company):
    scope = read_scope(company({}, targets={"faults_per_1000": Target(min_n=500)}))

    def judged(*window, now=()):
        tables = (pd.DataFrame([CLUSTER | BEFORE | row for row in rows]) for rows in (window, now))
        found = Clusters(*tables, groups=9, spread=(0.0,))
        return judged_clusters(found, scope, metric="faults_per_1000")

    return judged


def test_a_cluster_has_a_severity_and_its_p_is_its_q(judge):
    window = judge({}, {"ratio": 1.3}, {"p": 0.2}, {"expected": 19.0}, now=[{}]).window
    assert window["severity"].tolist() == ["act", "watch", "ok", "act"]
    assert window["q"].tolist() == [0.001, 0.001, 0.2, 0.001]
    assert window["evidence"].tolist() == ["A", "A", "A", "B"]


def test_groups_below_the_smallest_size_are_not_shown(judge):
    found = judge({"at_risk": 499.0}, {"at_risk": 500.0}, now=[{"at_risk": 499.0}, {}])
    assert found.window["at_risk"].tolist() == [500]
    assert found.now["at_risk"].tolist() == [6000]
    assert judged_clusters(None, None, metric="faults_per_1000") is None


def test_a_cluster_still_going_on_is_new_where_it_has_grown(judge):
    now = judge({}, now=[{}, {"cases_before": 36.0}, {"expected_before": 0.0}]).now
    assert now["new"].tolist() == [True, False, False]
    assert set(now["evidence"]) == {"B"}
    assert not is_new(SimpleNamespace(**CLUSTER, cases_before=0.0, expected_before=0.1))


def test_the_excess_of_hotspots_has_the_error_of_their_counts_and_of_the_others():
    cells = pd.DataFrame(
        {
            "cases": [60.0, 30.0],
            "expected": [20.0, 10.0],
            "others": [100.0, 100.0],
            "dispersion": [1.0, 2.0],
        }
    )
    excess, error = excess_of(cells)
    assert excess == 60
    assert error == pytest.approx((60 + 30 * 2 + 400 / 100 + 100 / 100) ** 0.5)
