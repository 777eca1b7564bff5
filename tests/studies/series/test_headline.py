import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.studies.scope import read_scope
from aftersales.studies.series.headline import control, peers

MONTHS = pd.date_range("2024-01-01", periods=24, freq="MS")
FEW = {"faults_per_1000": Target(min_n=50)}


def monthly(bad, n):
    return pd.DataFrame({"month": MONTHS, "bad": float(bad), "n": float(n)})


def compared(company, region, *, own, parent, whole, metric="faults_per_1000"):
    scope = read_scope(company({}, targets=FEW), region=region)
    return peers(scope, metric, own=own, parent=parent, company=whole)


def test_a_province_is_held_against_the_rest_of_its_parent_and_of_the_company(company):
    tables = {"own": monthly(20, 1000), "parent": monthly(30, 2000), "whole": monthly(60, 5000)}
    found = compared(company, "CN-11", **tables).set_index("of")
    assert list(found.index) == ["parent", "company"]
    assert found["ratio"].tolist() == pytest.approx([2.0, 2.0])  # 20 to 10 per 1,000 in both
    assert found["cases"].tolist() == [240, 240]  # of the last twelve months
    assert found["expected"].tolist() == pytest.approx([120, 120])
    assert (found["low"] < 2).all()
    assert found["evidence"].tolist() == ["C", "C"]


def test_where_the_parent_is_the_company_there_is_one_peer(company):
    tables = {"own": monthly(20, 1000), "parent": monthly(60, 5000), "whole": monthly(60, 5000)}
    assert compared(company, "CN-N", **tables)["of"].tolist() == ["company"]


def test_without_a_rest_or_a_rate_there_is_no_peer(company):
    own, whole = monthly(20, 1000), monthly(60, 5000)
    alone = {"own": own, "parent": own, "whole": whole}  # nothing else in its parent
    assert compared(company, "CN-11", **alone).empty
    tables = {"own": own, "parent": whole, "whole": whole}
    assert compared(company, "CN", **tables).empty
    assert compared(company, "CN-11", metric="csat_rate", **tables).empty


def test_the_control_chart_takes_its_limits_from_all_but_the_last_year():
    risen = monthly(20, 1000).assign(bad=[20.0] * 12 + [60.0] * 12)
    chart = control("faults_per_1000", risen)
    assert (chart.centre, chart.baseline) == (pytest.approx(20.0, rel=0.05), 12)
    assert chart.to_frame()["signal"].tolist() == [False] * 12 + [True] * 12
    assert control("faults_per_1000", risen.head(0)) is None
