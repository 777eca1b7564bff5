"""Tables for readers: words, rounded numbers, intervals beside their value."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aftersales import words
from aftersales.display.tables import table_html, table_text, use_names
from aftersales.profile.config import Profile
from aftersales.profile.regions import Region, RegionTree


@pytest.fixture(autouse=True)
def _english() -> None:
    words.use_language("en")


@pytest.fixture
def profile() -> Profile:
    tree = RegionTree({"CN-44": Region("CN-44", "province", {"en": "Guangdong", "zh": "广东"})})
    labels = {"product": {"washer": {"en": "Washing machine"}}}
    return Profile("test", Path(), tree, {}, {}, currency="CNY", labels=labels)


def cells(html: str) -> list[list[str]]:
    """Rows of the table as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [
        [unescape(re.sub("<[^>]+>", "", c)) for c in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in rows
    ]


def test_an_interval_is_printed_beside_its_value():
    frame = pd.DataFrame({"rate": [0.071], "rate_low": [0.05], "rate_high": [0.1], "n": [1200]})
    assert cells(table_html(frame, unit="share")) == [
        ["Rate", "n"],
        ["7.1 % (5.0–10.0 %)", "1,200"],
    ]


def test_a_bare_interval_belongs_to_the_ratio():
    frame = pd.DataFrame({"crude": [3.9], "ratio": [3.4], "low": [2.8], "high": [4.1]})
    assert cells(table_html(frame)) == [["Crude ratio", "Ratio"], ["3.90", "3.40 (2.80–4.10)"]]


def test_values_are_called_by_the_names_of_the_profile(profile: Profile):
    frame = pd.DataFrame({"region": ["CN-44"], "product": ["washer"], "cost": [12345.6]})
    assert cells(table_html(frame, profile=profile))[1] == [
        "Guangdong",
        "Washing machine",
        "CN¥12,346",
    ]


def test_every_kind_of_value_is_written_for_readers():
    frame = pd.DataFrame(
        {
            "month": pd.to_datetime(["2025-07-01"]),
            "released_at": pd.to_datetime(["2025-03-09"]),
            "share": [0.625],
            "q": [1e-9],
            "expected": [37.62],
            "signal": [True],
            "severity": ["act"],
            "ratio": [np.nan],
        }
    )
    assert cells(table_html(frame))[1] == [
        "Jul 2025", "2025-03-09", "62.5 %", "< 0.001", "38", "yes", "Act", "–",
    ]  # fmt: skip


def test_a_missing_value_has_no_interval():
    frame = pd.DataFrame({"rate": [np.nan], "rate_low": [np.nan], "rate_high": [np.nan]})
    assert cells(table_html(frame))[1] == ["–"]


def test_rows_that_are_not_printed_are_counted_and_in_the_data():
    html = table_html(pd.DataFrame({"n": range(40)}), rows=25)
    assert len(cells(html)) == 26
    assert "15 more rows are in the data below." in html
    assert "\n39\n" in html


def test_the_data_below_a_table_end_at_500_rows_and_say_so():
    html = table_html(pd.DataFrame({"n": range(600)}))
    assert "the first 500 rows" in html
    assert "\n499\n" in html
    assert "\n500\n" not in html


def test_names_and_headings_are_escaped():
    html = table_html(pd.DataFrame({"<b>": ["<script>alert(1)</script>"]}))
    assert "<script" not in html
    assert "<b>" not in html


def test_a_table_without_rows_says_so():
    empty = pd.DataFrame({"n": []})
    assert "No rows." in table_html(empty)
    assert table_text(empty) == "No rows."
    empty.attrs["nothing"] = "No alarm is on."
    assert "No alarm is on." in table_html(empty)
    assert table_text(empty) == "No alarm is on."


def test_an_index_with_names_becomes_columns():
    frame = pd.DataFrame({"n": [1]}, index=pd.Index(["washer"], name="product"))
    assert cells(table_html(frame))[0] == ["Product", "n"]


def test_the_text_of_a_table_ends_with_the_number_of_rows_left_out():
    text = table_text(pd.DataFrame({"rate": np.linspace(0, 1, 30)}), rows=2)
    assert text == "  rate\n     0\n0.0345\n28 more rows"


def test_an_interval_that_reaches_below_zero_has_no_dash_beside_its_sign():
    frame = pd.DataFrame({"difference": [-0.08], "low": [-0.12], "high": [-0.045]})
    frame.attrs["unit"] = "share"
    assert cells(table_html(frame))[1] == ["-8.0 % (-12.0 % … -4.5 %)"]


def test_an_empty_name_is_a_dash_and_a_metric_has_its_title():
    use_names("metric", {"csat_rate": "Satisfied customers"})
    frame = pd.DataFrame({"metric": ["csat_rate"], "region": [""]})
    assert cells(table_html(frame))[1] == ["Satisfied customers", "–"]
