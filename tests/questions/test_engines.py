"""A whole report gives the same findings whichever engine reads the tables."""

from __future__ import annotations

import pytest

from aftersales.data.store.store import open_store
from aftersales.metrics.counting import company
from aftersales.profile.config import read_profile
from aftersales.questions.hotspot.result import hotspot
from aftersales.questions.trend.result import trend


@pytest.mark.slow
@pytest.mark.parametrize("ask", [trend, hotspot], ids=["10_trend", "20_hotspot"])
@pytest.mark.parametrize("engine", ["spark", "pandas"])
def test_a_report_is_the_same_on_every_engine(small_sample, root, ask, engine):
    if engine == "spark":
        pytest.importorskip("pyspark", reason='needs the extra: pip install ".[spark]"')
    profile = read_profile("sample", root=root)
    found = []
    for name in ("duckdb", engine):
        company.forget()  # counts made with one engine would serve the other
        tables = open_store(profile, processed=small_sample.processed, engine=name)
        found.append([f.to_json() for f in ask(tables, region="CN-S").findings()])
    company.forget()

    assert found[0] == found[1]
    assert len(found[0]) > 3
