"""A run is prepared once, and every report says the same as without."""

from __future__ import annotations

import pandas as pd
import pytest

from aftersales.metrics.counting import company
from aftersales.profile.config import Target
from aftersales.questions.customers.result import customers
from aftersales.questions.hotspot.result import hotspot
from aftersales.questions.prepare import prepare
from aftersales.questions.registry import Question

COMPARED = ("CN", "CN-N", "CN-12")
REGIONS = ("CN", "CN-N", "CN-S", "CN-11", "CN-12", "CN-44")


@pytest.fixture(autouse=True)
def nothing_kept():
    company.forget()
    yield
    company.forget()


@pytest.fixture
def store(company, faults, units):
    """Faults that rise in CN-11, and answers by tier everywhere."""
    parts, fleets, answers = [], [], []
    for n, region in enumerate(("CN-11", "CN-12", "CN-44")):
        fleet = units(200, prefix=region, region=region, product="tv")
        ids = [f"{region}{i % 200}" for i in range(240 + 60 * n)]
        parts.append(faults(ids, months=36, region=region, product="tv"))
        fleets.append(fleet)
        scores = [5.0] * (60 - 10 * n) + [2.0] * (20 + 10 * n)
        answers.append(pd.DataFrame({"score": scores, "region": region}))
    surveys = pd.concat(answers, ignore_index=True)
    surveys = surveys.assign(
        instrument="csat",
        touchpoint=["repair", "call"] * (len(surveys) // 2),
        answered_at=pd.Timestamp("2025-06-10").as_unit("us"),
    )
    tables = {"tickets": pd.concat(parts), "units": pd.concat(fleets), "surveys": surveys}
    return company(tables, targets={"csat_rate": Target(min_n=10)})


def runs(name, regions=REGIONS, **parameters):
    return [(name, {"region": region, "as_of": "", **parameters}) for region in regions]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "analysis"), [("20_hotspot", hotspot), ("40_customer_segment", customers)]
)
def test_a_prepared_report_says_the_same(store, name, analysis):
    alone = {region: analysis(store, region=region).findings() for region in COMPARED}
    company.forget()

    packed = prepare(store, runs=runs(name))
    company.forget()
    company.unpack(packed)

    assert company._kept
    assert {region: analysis(store, region=region).findings() for region in COMPARED} == alone


def test_one_region_as_deep_as_there_is_stands_for_all(store, monkeypatch):
    asked = []

    class Result:
        def findings(self):
            return []

    def analysis(store, *, region="", as_of=None, months=12):
        asked.append((region, as_of, months))
        return Result()

    monkeypatch.setattr(Question, "answer", lambda question: analysis)
    prepare(store, runs=[*runs("10_trend", months=6), *runs("10_trend", months=24)])

    day = pd.Timestamp("2025-12-31")
    assert asked == [("CN-11", day, 6), ("CN-11", day, 24)]


def test_a_few_reports_and_unknown_notebooks_are_not_prepared(store):
    prepare(store, runs=[*runs("40_customer_segment", REGIONS[:3]), *runs("99_of_the_user")])

    assert not company._kept


def test_an_analysis_that_fails_leaves_the_others(store):
    too_late = [(name, p | {"as_of": "2031-01-31"}) for name, p in runs("20_hotspot")]

    prepare(store, runs=[*too_late, *runs("40_customer_segment")])

    assert company._kept
