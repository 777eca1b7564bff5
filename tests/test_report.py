"""The sample's reports, made as a user makes them."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from aftersales.command.cli import run_command
from aftersales.report.plan.plan import list_notebooks

NOTEBOOKS = list(list_notebooks(Path(__file__).resolve().parents[1]))
REGIONS = {"CN-S": NOTEBOOKS, "CN": NOTEBOOKS[-1:], "CN-SW": NOTEBOOKS[-1:]}
REPORTS = [f"{region}/{name}" for region, names in REGIONS.items() for name in names]
PAGES = ["index", *(f"{region}/index" for region in REGIONS), *REPORTS]
VOID = {"meta", "link", "br", "hr", "img", "input", "path", "use"}


class Outline(HTMLParser):
    """What a page is made of, and what is wrong with it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: Counter[str] = Counter()
        self.headings: list[int] = []
        self.wrong: list[str] = []
        self.anchors: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids.update([given["id"]] if "id" in given else [])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "svg" and not given.get("aria-label"):
            self.wrong.append("a figure without a description")
        if tag == "img" and not given.get("alt"):
            self.wrong.append("an image without a description")
        if tag == "th" and given.get("scope") not in ("col", "row"):
            self.wrong.append("a heading of a table without scope")
        for key in ("href", "src", "xlink:href"):
            if re.match(r"(https?:)?//", given.get(key) or ""):
                self.wrong.append(f"external: {given[key]}")
        if tag == "a":
            self.anchors.append(given["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> out of place in line {self.getpos()[0]}")


def read(sample, page: str) -> str:
    return (sample.pages / f"{page}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_well_made(rendered_sample, page):
    outline = Outline(read(rendered_sample, page))

    assert outline.wrong == []
    assert outline.open == []
    assert [name for name, n in outline.ids.items() if n > 1] == []
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert set(outline.headings[1:]) <= {2}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(rendered_sample, page):
    outline = Outline(read(rendered_sample, page))
    folder = (rendered_sample.pages / page).parent

    for anchor in outline.anchors:
        file, _, place = anchor.partition("#")
        assert not file or (folder / file).is_file(), anchor
        assert not place or place in outline.ids, anchor


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_answers_first_and_ends_with_where_it_comes_from(rendered_sample, report):
    page = read(rendered_sample, report)

    assert page.index('<ul class="findings">') < page.index("<h2")
    assert page.index("What this does not show") < page.index('class="provenance"')
    assert "sha256 " in page
    assert 'class="failed' not in page


@pytest.mark.parametrize("report", REPORTS)
def test_nothing_stored_names_the_machine_or_the_moment(rendered_sample, report):
    for ending in ("html", "ipynb"):
        text = (rendered_sample.pages / f"{report}.{ending}").read_text(encoding="utf-8")
        assert str(rendered_sample.processed.parent) not in text
        assert str(Path.home()) + "/" not in text
        assert "papermill" not in text


def test_the_findings_of_a_region_are_kept_as_data(rendered_sample):
    text = (rendered_sample.pages / "CN-S" / "findings.json").read_text(encoding="utf-8")
    found = json.loads(text)

    assert found["schema"] == 1
    assert (found["profile"], found["region"], found["period"]) == ("sample", "CN-S", "2025-12")
    assert found["as_of"] == "2025-12-31"
    assert list(found["notebooks"]) == NOTEBOOKS
    for report in found["notebooks"].values():
        assert report["status"] == "ok"
        assert report["findings"]
        assert {f["severity"] for f in report["findings"]} <= {"act", "watch", "ok", "unknown"}


def test_the_index_opens_every_report_of_every_region(rendered_sample):
    anchors = Outline(read(rendered_sample, "index")).anchors

    assert {f"{region}/index.html" for region in REGIONS} <= set(anchors)
    assert {f"{report}.html" for report in REPORTS} <= set(anchors)


def test_regions_lead_to_their_parent_and_their_siblings(rendered_sample):
    anchors = Outline(read(rendered_sample, "CN-SW/40_customer_segment")).anchors

    assert "../CN/index.html" in anchors
    assert "../CN-S/40_customer_segment.html" in anchors


def test_a_stored_report_opens_as_a_notebook(rendered_sample):
    path = rendered_sample.pages / "CN-S" / f"{NOTEBOOKS[1]}.ipynb"

    nbformat.validate(nbformat.read(path, as_version=4))


def test_the_same_command_again_reuses_every_report(rendered_sample, root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    where = ["--processed", str(rendered_sample.processed), "--out", str(rendered_sample.out)]

    status = run_command(["render", *where, "--language", "en", "--region", "CN-S"])

    assert status == 0
    table = capsys.readouterr().out.splitlines()[1:-1]
    assert [line.split()[:4] for line in table] == [[n, "0", "1", "0"] for n in NOTEBOOKS]
