"""New, still open, gone: what earlier periods say about this one."""

from __future__ import annotations

import json

import pytest

from aftersales.report.plan import history


@pytest.fixture
def write(tmp_path):
    def _write(content):
        folder = tmp_path / content["period"] / content["region"]
        folder.mkdir(parents=True)
        (folder / history.FILE).write_text(json.dumps(content))

    return _write


def previous(tmp_path, period="2025-12"):
    return history.previous_findings(tmp_path, period=period, region="all")


def test_without_an_earlier_period_there_is_nothing_to_compare_with(tmp_path):
    assert previous(tmp_path) == {}
    assert previous(tmp_path / "not there") == {}
    assert history.open_periods({}, "10_trend") is None


def test_the_latest_earlier_period_counts_and_never_a_later_one(tmp_path, write, content, entry):
    for period in ("2025-10", "2025-11", "2025-12", "2026-01"):
        write(content(period=period, n10_trend=entry(title=period)))

    found = previous(tmp_path)

    assert found["period"] == "2025-11"
    assert found["notebooks"]["10_trend"]["title"] == "2025-11"


def test_folders_that_are_no_periods_are_passed_over(tmp_path, write, content, entry):
    write(content(period="0old", n10_trend=entry()))

    assert previous(tmp_path) == {}


def test_a_report_that_failed_is_looked_for_in_the_period_before(tmp_path, write, content, entry):
    write(content(period="2025-10", n10_trend=entry(title="Oct"), n20_hotspot=entry(title="Oct")))
    write(content(period="2025-11", n10_trend=entry(status="failed"), n20_hotspot=entry()))

    found = previous(tmp_path)

    assert found["period"] == "2025-11"
    assert found["notebooks"]["10_trend"]["title"] == "Oct"
    assert found["notebooks"]["20_hotspot"]["title"] == "What is it?"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 99}'])
def test_a_damaged_file_counts_as_none(tmp_path, text):
    (tmp_path / history.FILE).write_text(text)

    assert history.read_findings(tmp_path) == {}


def test_periods_open_are_those_of_urgent_findings(content, entry, finding):
    old = finding("act", "batch B1") | {"periods": 3}
    first = finding("watch", "batch B2") | {"periods": None}
    calm = finding("ok", "batch B3")
    found = history.open_periods(content(n10_trend=entry(old, first, calm)), "10_trend")

    assert found == {old["id"]: 3, first["id"]: 1}


def test_gone_is_what_was_urgent_and_is_not_said_any_more(content, entry, finding):
    b1, b2, b3 = (finding("act", f"batch B{n}") for n in (1, 2, 3))
    before = content(n10_trend=entry(b1, b2, b3))
    now = content(n10_trend=entry(b1, b2 | {"severity": "ok"}))

    assert [f["id"] for f in history.gone(before, now)] == [b2["id"], b3["id"]]


def test_nothing_is_gone_from_a_report_that_failed_or_did_not_run(content, entry, finding):
    before = content(n10_trend=entry(finding()), n20_hotspot=entry(finding()))

    assert history.gone(before, content(n10_trend=entry(status="failed"))) == []
