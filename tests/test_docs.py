"""Pages that are made from the code are what the code makes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import overview
import pytest

from aftersales import words
from aftersales.data.mapping import columns, schema
from aftersales.metrics import registry
from aftersales.questions.registry import QUESTIONS

ROOT = Path(__file__).resolve().parents[1]
MADE = {
    "docs/tables.md": partial(columns.page, schema.TABLES.values()),
    "docs/metrics.md": registry.docs,
    "docs/notebooks.md": overview.docs,
}


@pytest.mark.parametrize("page", MADE)
def test_the_page_is_what_the_code_makes(page):
    assert (ROOT / page).read_text(encoding="utf-8") == MADE[page](), "run `make docs`"


@pytest.mark.parametrize("page", MADE)
def test_the_page_is_english_whatever_the_reader_speaks(page):
    english = MADE[page]()
    words.use_language("zh")
    assert MADE[page]() == english


def test_everything_a_result_offers_is_said():
    rows = [line for line in overview.docs().splitlines() if line.startswith("| ") and "`" in line]
    silent = [row for row in rows if row.endswith("|  |")]
    assert len(rows) > 3 * len(QUESTIONS)
    assert not silent, "no docstring"
