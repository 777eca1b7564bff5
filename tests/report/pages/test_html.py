"""From an executed notebook to the body of a page."""

from __future__ import annotations

import re

import nbformat
import pytest

from aftersales.findings import FINDINGS_MIME
from aftersales.report.pages.html import (
    fold_silent_cells,
    gather_findings,
    notebook_body,
    title_of,
    translate_notebook,
)


def output(**data: object) -> nbformat.NotebookNode:
    mime = {"html": "text/html", "svg": "image/svg+xml", "findings": FINDINGS_MIME}
    return nbformat.v4.new_output("display_data", data={mime[k]: v for k, v in data.items()})


@pytest.fixture
def shown(notebook, finding):
    """A notebook that showed findings, then a figure."""
    made = notebook("result = 1", "show()", "plot()")
    found = [finding("act", "batch B1"), finding("watch", "batch B2")]
    made.cells[-3].outputs = [output(findings={"findings": found}, html="<p>for JupyterLab</p>")]
    made.cells[-1].outputs = [output(svg='<svg role="img" aria-label="A line."></svg>')]
    return made


def test_a_page_shows_findings_with_their_age(shown, finding):
    body = notebook_body(shown, since={finding()["id"]: 2})

    assert "batch B1 stands out." in body
    assert "open for 2 periods" in body
    assert "for JupyterLab" not in body


def test_without_an_earlier_report_nothing_is_new(shown):
    assert "new" not in notebook_body(shown, since=None)


def test_a_figure_is_in_the_page_as_it_was_drawn(shown):
    body = notebook_body(shown, since=None)

    assert re.search(r'<figure class="scroll" tabindex="0"><svg [^>]*aria-label="A line."', body)


def test_questions_have_ids_that_do_not_depend_on_the_language(shown):
    body = notebook_body(shown, since=None)

    assert [f'<h2 id="q{n}">' in body for n in (1, 2, 3, 4)] == [True, True, True, False]


def test_code_without_output_is_folded_into_the_next_cell_with_output(shown):
    folded = fold_silent_cells(shown)
    code = [cell for cell in folded.cells if cell.cell_type == "code"]

    assert [cell.source.splitlines()[-1] for cell in code] == ["show()", "plot()"]
    assert "result = 1" in code[0].source
    assert "months: int = 12" in code[0].source


def test_code_is_escaped_and_can_be_folded_open(notebook):
    made = notebook('"<b>" < 1')
    made.cells[-1].outputs = [output(html="<p>x</p>")]

    assert "&lt;b&gt;&#34; &lt; 1</code></pre></details>" in notebook_body(made, since=None)


def test_a_warning_is_folded_away(notebook):
    made = notebook("x")
    made.cells[-1].outputs = [nbformat.v4.new_output("stream", name="stderr", text="odd <data>")]

    body = notebook_body(made, since=None)

    assert "<summary>Messages while running</summary><pre>odd &lt;data&gt;</pre>" in body


def test_findings_are_gathered_once_each_in_the_order_shown(shown):
    again = nbformat.from_dict(shown)
    again.cells[-1].outputs = again.cells[-3].outputs

    assert [f["subject"]["batch"] for f in gather_findings(again)] == ["B1", "B2"]


def test_the_title_is_the_first_heading(notebook):
    assert title_of(notebook()) == "What is it?"
    assert title_of(nbformat.v4.new_notebook()) == ""
    assert title_of(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("")])) == ""


def test_translation_leaves_the_notebook_as_it_was(notebook):
    made = notebook("1")
    before = nbformat.writes(made)

    translate_notebook(made)

    assert nbformat.writes(made) == before
