"""What a cell displays: sentences with their evidence, as HTML, as text and as data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from aftersales import words
from aftersales.display import show, tables
from aftersales.errors import RequestError
from aftersales.findings import FINDINGS_MIME, Finding
from aftersales.profile.config import Profile
from aftersales.profile.regions import Region, RegionTree

BATCH = Finding(
    "act",
    "Batch B2407 fails 3.4 times as often as other batches of its age.",
    metric="faults_per_1000",
    subject={"batch": "B2407"},
    kind="cause",
    estimate=3.4,
    low=2.8,
    high=4.1,
    n=3118,
    p=1e-8,
    q=1e-7,
    excess=90.4,
    cost=12_345.0,
    unit="times",
    evidence="A",
)
OTHERS = Finding("ok", "The other 7 series are within <their> limits.", judged=7)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    words.use_language("en")
    yield
    tables.use_profile(None)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The bundles that reach the notebook."""
    bundles: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: bundles.append(data))
    return bundles


def test_findings_are_attached_as_data_most_urgent_first(shown: list):
    show.show([OTHERS, BATCH])
    (bundle,) = shown
    assert [f["id"] for f in bundle[FINDINGS_MIME]["findings"]] == [
        "cause.faults_per_1000.batch=B2407",
        "all",
    ]
    assert bundle[FINDINGS_MIME]["findings"][0] == BATCH.to_json()


def test_a_terminal_reads_the_sentence_and_what_stands_behind_it(shown: list):
    show.show([BATCH, OTHERS])
    assert shown[0]["text/plain"] == (
        "▲ Act: Batch B2407 fails 3.4 times as often as other batches of its age.\n"
        "  Evidence A · 95 % interval 2.80–4.10 · n = 3,118 · q (FDR) < 0.001 · "
        "90 cases more than expected\n"
        "● OK: The other 7 series are within <their> limits.\n"
        "  7 series judged"
    )


def test_one_finding_needs_no_list(shown: list):
    show.show(BATCH)
    assert len(shown[0][FINDINGS_MIME]["findings"]) == 1


def test_text_in_findings_is_escaped(shown: list):
    show.show([OTHERS])
    assert "within &lt;their&gt; limits" in shown[0]["text/html"]
    assert "<their>" not in shown[0]["text/html"]


def test_the_list_has_the_markup_of_the_reports():
    html = show.findings_html([OTHERS.to_json()])
    assert html == (
        '<ul class="findings">\n'
        '<li class="finding ok" data-id="all"><span class="chip">● OK</span>'
        "<p>The other 7 series are within &lt;their&gt; limits.</p>"
        '<span class="meta"><span>7 series judged</span></span></li>\n'
        "</ul>"
    )


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (None, ""),
        ({}, "<span>new</span>"),
        ({BATCH.id: 1}, "<span>new</span>"),
        ({BATCH.id: 3}, "<span>open for 3 periods</span>"),
    ],
)
def test_the_age_of_a_finding_is_said_where_it_is_known(since: dict | None, said: str):
    html = show.findings_html([BATCH.to_json(), OTHERS.to_json()], since=since)
    assert said in html
    assert ("new</span>" in html or "open for" in html) == bool(said)
    assert html.count("<span>new</span>") <= 1  # never for the series that are in order


def test_costs_are_shown_in_the_currency_of_the_profile():
    html = show.findings_html([BATCH.to_json()], currency="EUR")
    assert "estimated cost €12,345" in html


def test_a_p_value_stands_in_where_no_q_is_known():
    finding = Finding("watch", "Rising.", p=0.02).to_json()
    assert show.evidence(finding) == ["p = 0.020"]


def test_an_empty_list_is_an_error_that_says_what_to_return():
    with pytest.raises(RequestError, match=r"empty list of findings.* severity"):
        show.show([])


@pytest.mark.parametrize("thing", [{"a": 1}, "text", [1, 2], None])
def test_anything_else_is_an_error_that_names_it(thing: object):
    with pytest.raises(RequestError, match=r"list of findings or a pandas DataFrame, not "):
        show.show(thing)


def test_a_table_is_shown_as_html_and_text(shown: list):
    show.show(pd.DataFrame({"product": ["washer"], "n": [1200]}), title="A & B")
    assert set(shown[0]) == {"text/html", "text/plain"}
    assert "<strong>A &amp; B</strong>" in shown[0]["text/html"]
    assert shown[0]["text/plain"] == "product    n\n washer 1200"


def test_tables_use_the_names_of_the_loaded_project(shown: list):
    tree = RegionTree({"CN-44": Region("CN-44", "province", {"en": "Guangdong"})})
    tables.use_profile(Profile("test", Path(), tree, {}, {}))
    show.show(pd.DataFrame({"region": ["CN-44"]}))
    assert "Guangdong" in shown[0]["text/html"]
