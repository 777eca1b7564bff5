"""Nothing is lost: rows read = kept + duplicates + rejected, on any garbage."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales.errors import DataError

CELL = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n\0"), max_size=8
)
DATE = st.sampled_from(["2024-01-01", "2024-02-31", "1890-01-01", "2099-01-01", "", "?", "x"])
ROW = st.tuples(
    st.one_of(st.sampled_from(["T1", "T2", "T3", ""]), CELL),
    st.one_of(DATE, CELL),
    st.one_of(DATE, CELL),
    st.one_of(st.sampled_from(["广东", "fault", "-1", "1e9", "nan", "9" * 30]), CELL),
)
BROKEN = ["too;few", "one;two;three;four;five;six"]
COLUMNS = {
    "ticket_id": "id",
    "opened_at": "opened",
    "closed_at": "closed",
    "region": "any",
    "ticket_type": "any",
    "cost": {"from": "any", "scale": 0.01, "min": 0, "max": 1000},
    "severity": "any",
    "reopened": "any",
    "customer_id": {"from": "any", "personal": "pseudonym"},
    "description": "any",
}
TABLE = {
    "files": ["tickets.csv"],
    "delimiter": ";",
    "columns": COLUMNS,
    "content_key": ["opened_at", "description"],
    "reject": [{"where": "\"any\" = 'fault'", "reason": "a rule"}],
    "missing": ["?"],
    "also": {"place": "place"},
}
GOOD = ["2024-01-01", "2024-01-02", "CN-44"]  # keeps the table from being rejected as a whole


@pytest.mark.slow
@given(
    rows=st.lists(st.one_of(ROW, st.sampled_from(BROKEN)), max_size=12), copies=st.integers(0, 3)
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_kept_duplicate_or_rejected(company, rows, copies):
    lines = [_line([f"good-{i}", *GOOD[:2], f"{GOOD[2]} {i}"]) for i in range(14)]
    lines += [row if isinstance(row, str) else _line(row) for row in rows]
    lines = [line if line in BROKEN else f"{line};n{i}" for i, line in enumerate(lines)]
    lines += lines[:copies]
    company.write("tickets.csv", "\n".join(["id;opened;closed;any;place", *lines]) + "\n")
    try:
        store = company.clean({"tickets": TABLE}, as_of="2024-12-31")
    except DataError:  # refused as a whole, with a sentence
        return
    found = store.manifest["tables"]["tickets"]
    rejected = store.rejected("tickets")
    kept = store.scan("tickets").collect("pandas").to_native()
    assert found["read"] == found["kept"] + found["duplicates"] + found["rejected"]
    assert (len(kept), len(rejected)) == (found["kept"], found["rejected"])
    assert found["duplicates"] >= copies
    assert found["inputs"][0]["rows"] == found["read"]
    _check_lines(rejected, lines)


def _check_lines(rejected, lines):
    """File and line of a rejected row point to the row as it stands in the source."""
    assert set(rejected["file"]) <= {"tickets.csv"}
    assert rejected["reason"].str.len().gt(0).all()
    for line, place in zip(rejected["line"], rejected["place"], strict=True):
        source = lines[line - 2]
        assert source in BROKEN if pd.isna(place) else source.endswith(f";{place}")


def _line(cells):
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="").writerow(cells)
    return text.getvalue()
