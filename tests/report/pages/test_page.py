"""The frame around every page."""

from __future__ import annotations

from aftersales import words
from aftersales.report.pages.page import failure_note, render_page, style_sheet, table_of_contents


def page(body: str = "<h1>A</h1>", **more):
    usual = {"title": "T", "company": "Demo & Sons", "dateline": "2025-12"}
    return render_page(body, **(usual | more))


def test_a_page_names_its_language_and_its_width():
    assert '<html lang="en">' in page()
    words.use_language("zh")
    assert '<html lang="zh-CN">' in page()
    assert 'name="viewport"' in page()


def test_names_are_escaped_and_the_body_is_not():
    text = page("<h1>A</h1>", title="<b>")

    assert "Demo &amp; Sons" in text
    assert "<title>&lt;b&gt;</title>" in text
    assert "<h1>A</h1>" in text


def test_a_page_needs_nothing_from_anywhere():
    text = page()

    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    assert "<script" not in text
    assert "url(" not in style_sheet()


def test_the_table_of_contents_leads_to_the_questions():
    body = '<h2 id="q1">Is <em>A</em> &amp; B true?</h2><h2>no id</h2><h2 id="q2">C?</h2>'

    assert [e["id"] for e in table_of_contents(body)] == ["q1", "q2"]
    assert '<a href="#q1">Is A &amp; B true?</a>' in page(body)
    assert 'class="toc"' not in page(body, contents=False)


def test_the_last_crumb_is_the_page_itself():
    text = page(crumbs=[{"name": "All", "href": "../i.html"}, {"name": "North", "href": ""}])

    assert '<a href="../i.html">All</a> › <strong aria-current="page">North</strong>' in text


def test_the_style_has_a_print_a_dark_and_a_phone_version():
    css = style_sheet()

    assert "@media print" in css
    assert "details.code { display: none; }" in css.split("@media print")[1]
    assert "prefers-color-scheme: dark" in css
    assert "@media (max-width: 860px)" in css


def test_a_failure_says_where_and_what():
    error = {"cell": 4, "name": "KeyError", "message": "'<model>'"}

    note = failure_note(error)

    assert "This report failed in code cell 4." in note
    assert "KeyError: &#39;&lt;model&gt;&#39;" in note
    assert "This report failed." in failure_note(error | {"cell": None})


def test_a_failure_that_we_explain_ourselves_has_no_name_of_an_error():
    note = failure_note({"cell": None, "name": "Killed", "message": "It was ended."})

    assert "<code>It was ended.</code>" in note
