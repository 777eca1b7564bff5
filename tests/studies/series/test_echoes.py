import pandas as pd

from aftersales.studies.series.echoes import echoes, holds


def row(region="", part="", *, ratio=2.0, excess=100.0, metric="faults_per_1000"):
    span = {"low": ratio - 0.3, "high": ratio + 0.3, "excess": excess}
    return {"metric": metric, "region": region, "part": part, "ratio": ratio, **span}


def test_a_whole_holds_its_parts_and_no_others():
    assert holds(row(), row("CN-11", "tv"))
    assert holds(row("CN-11"), row("CN-11", "tv"))
    assert not holds(row("CN-11"), row("CN-12", "tv"))
    assert not holds(row("CN-11"), row(part="tv"))
    assert not holds(row(), row("CN-11", metric="complaints_per_1000"))


def test_a_part_that_rose_as_the_whole_did_echoes_it():
    assert echoes(pd.DataFrame([row(), row("CN-11", ratio=2.2)])) == [False, True]


def test_a_whole_that_rose_by_one_part_echoes_that_part():
    part = row("CN-11", ratio=4.0, excess=80.0)
    assert echoes(pd.DataFrame([row(), part])) == [True, False]
    assert echoes(pd.DataFrame([row(), part | {"excess": 40.0}])) == [False, False]


def test_a_fall_is_echoed_downwards():
    whole, part = row(ratio=0.8, excess=-100.0), row("CN-11", ratio=0.2, excess=-90.0)
    assert echoes(pd.DataFrame([whole, part])) == [True, False]


def test_series_of_their_own_echo_nobody():
    assert echoes(pd.DataFrame([row("CN-11"), row("CN-12"), row(part="tv")])) == [False] * 3
    assert echoes(pd.DataFrame([row()]).head(0)) == []
