"""The region page and the index, from `findings.json` files alone."""

from __future__ import annotations

import json
import re

import pytest

from aftersales import words
from aftersales.report.pages import board
from aftersales.report.pages.index_page import index_page, same_once
from aftersales.report.pages.region_page import region_page
from aftersales.report.plan.frame import Frame, crumbs, neighbours, reports


@pytest.fixture
def folder(project):
    made = project.out / "2025-12"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def earlier(project):
    """Write a region's findings of an earlier period."""

    def write(found):
        place = project.out / found["period"] / found["region"]
        place.mkdir(parents=True)
        (place / "findings.json").write_text(json.dumps(found))

    return write


def text_of(page: str) -> str:
    main = page.split("<main", 1)[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def index(project, folder, *contents) -> str:
    return index_page({c["region"]: c for c in contents}, folder=folder, store=project.store)


def region(project, folder, *contents) -> str:
    given = {c["region"]: c for c in contents}
    return region_page(contents[0]["region"], contents=given, folder=folder, store=project.store)


def test_the_index_opens_with_what_to_do(project, folder, content, entry, finding):
    many = content(
        n10_trend=entry(finding("act"), finding("act", "batch B2"), finding("ok", "x y"))
    )

    page = index(project, folder, many)

    assert "2 matters to act on this period" in page
    assert "1 region; 1 report done, none failed." in page
    assert "<b>Everywhere</b>: batch B1 stands out." in page
    assert '<div class="count act"><b>2</b>' in page
    assert '<div class="count ok"><b>1</b>' in page


@pytest.mark.parametrize(
    ("n", "heading"),
    [(0, "Nothing to act on this period"), (1, "1 matter to act on this period")],
)
def test_the_heading_counts_none_and_one(project, folder, content, entry, finding, n, heading):
    page = index(project, folder, content(n10_trend=entry(*[finding()] * n)))

    assert f"<h1>{heading}</h1>" in page


def test_the_same_statement_stands_once_where_it_is_strongest(
    project, folder, content, entry, finding
):
    whole = content("all", n30_root_cause=entry(finding(ratio=2.0)))
    north = content("north", n30_root_cause=entry(finding(ratio=3.0)))
    south = content("south", n30_root_cause=entry(finding("watch", ratio=9.0)))

    page = index(project, folder, whole, north, south)

    assert "<h1>1 matter to act on this period</h1>" in page
    assert "<b>North</b>: batch B1 stands out." in page
    assert "also in the reports of Everywhere and South" in page
    assert page.count("stands out.") == 1


def test_findings_of_different_reports_are_different_statements(project, finding):
    found = [finding() | {"region": "all", "notebook": n} for n in ("10_trend", "20_hotspot")]

    assert len(same_once(found, store=project.store)) == 2


def test_of_many_regions_four_are_named(project, folder, content, entry, finding):
    tree = project.root / "config" / "demo" / "regions.yaml"
    more = "".join(f"  - {{id: r{n}, level: province}}\n" for n in range(5))
    tree.write_text(tree.read_text(encoding="utf-8") + more, encoding="utf-8")
    names = ["all", "north", *(f"r{n}" for n in range(5))]

    page = index(project, folder, *(content(r, n10_trend=entry(finding())) for r in names))

    assert "also in the reports of North, r0, r1, r2, and 2 more regions" in page


def test_the_board_links_every_region_and_report(project, folder, content, entry, finding):
    whole = content("all", n10_trend=entry(finding()), n20_hotspot=entry(finding("ok")))
    north = content("north", n20_hotspot=entry(finding("watch")))

    page = index(project, folder, whole, north)

    for link in ("all/index.html", "all/10_trend.html", "north/20_hotspot.html"):
        assert f'href="{link}"' in page
    assert "north/10_trend.html" not in page
    assert 'aria-label="North, Hotspot, Watch 1"' in page


def test_a_failed_report_is_on_the_index_with_its_message(project, folder, content, entry):
    error = {"cell": 3, "name": "KeyError", "message": "no <model>"}

    page = index(project, folder, content(n10_trend=entry(status="failed", error=error)))

    assert "1 region; 0 reports done, 1 report failed." in page
    assert '<a href="all/10_trend.html">Trend</a>: no &lt;model&gt;' in page


def test_the_index_leads_to_the_period_before(project, folder, content, entry):
    (project.out / "2025-10").mkdir()
    (project.out / "2025-10" / "index.html").write_text("")
    (project.out / "2026-01").mkdir()

    page = index(project, folder, content(n10_trend=entry()))

    assert '<a href="../2025-10/index.html">Previous period</a>' in page


def test_a_region_page_says_new_open_and_gone(project, folder, earlier, content, entry, finding):
    b1, b2, b3 = (finding("act", f"batch B{n}") for n in (1, 2, 3))
    earlier(content(period="2025-11", n10_trend=entry(b1, b2)))
    now = content(n10_trend=entry(b1 | {"periods": 2}, b3 | {"periods": 1}))

    page = text_of(region(project, folder, now))

    assert "Compared with the report of 2025-11: 1 new, 1 still open, 1 gone." in page
    assert "batch B1 stands out. Trend open for 2 periods" in page
    assert "batch B3 stands out. Trend new" in page
    assert "What is gone?" in page
    assert page.index("batch B2") > page.index("What is gone?")


def test_a_first_report_marks_nothing_as_new(project, folder, content, entry, finding):
    page = text_of(region(project, folder, content(n10_trend=entry(finding()))))

    assert "No earlier report to compare with, so nothing is marked as new." in page
    assert "gone" not in page


def test_a_region_page_lists_failures_reports_and_regions_below(
    project, folder, content, entry, finding
):
    error = {"cell": None, "name": "Killed", "message": "It was ended."}
    whole = content("all", n10_trend=entry(status="failed", error=error), n20_hotspot=entry())
    north = content("north", n10_trend=entry())

    page = region(project, folder, whole, north)

    assert '<a href="10_trend.html">Trend</a>: It was ended.' in page
    assert '<a href="../north/index.html">North</a>' in page
    assert "../south/index.html" not in page


def test_a_long_section_says_how_many_more_there_are(project, folder, content, entry, finding):
    many = [finding("watch", f"batch B{n}") for n in range(10)]

    page = region(project, folder, content(n10_trend=entry(*many)))

    assert page.count("stands out.") == 8
    assert "2 more in the reports." in page


def test_pages_are_in_the_readers_language(project, folder, content, entry, finding):
    words.use_language("zh")
    made = content("north", n10_trend=entry(finding()))

    assert "示例" in index(project, folder, made)
    assert "北" in region(project, folder, made)


def test_crumbs_link_only_regions_with_pages(project):
    links = crumbs(project.store, "north", rendered={"north"}, leaf="Trend")

    assert [(link["name"], bool(link["href"])) for link in links] == [
        ("Everywhere", False), ("North", True), ("Trend", False),
    ]  # fmt: skip


def test_neighbours_are_the_siblings_with_the_same_page(project):
    def names(region, rendered):
        links = neighbours(project.store, region, rendered=rendered, page="10_trend.html")
        return [link["name"] for link in links]

    assert names("north", {"north", "south"}) == ["South ›", "Overview"]
    assert names("south", {"north", "south"}) == ["‹ North", "Overview"]
    assert names("south", {"south"}) == ["Overview"]
    assert names("all", {"all", "north"}) == ["Overview"]


def test_every_report_leads_to_the_others_of_its_region():
    assert reports({"20_hotspot", "10_trend"}, here="10_trend") == [
        {"name": "Trend", "href": ""},
        {"name": "Hotspot", "href": "20_hotspot.html"},
    ]


def test_a_frame_that_says_something_else_has_another_key():
    frame = Frame("en", "Demo", "2025-12", "North")

    assert frame.key == Frame("en", "Demo", "2025-12", "North").key
    assert frame.key != Frame("en", "Demo", "2025-12", "North", since={"a": 1}).key


def test_a_cell_shows_the_most_urgent_finding_and_how_many(entry, finding):
    found = [finding("watch"), finding("watch", "batch B2"), finding("unknown", "x y")]

    assert board.cell(entry(*found), href="a")["mark"] == "◆ 2"
    assert board.cell(entry(finding("ok"), finding("unknown")), href="a")["mark"] == "●"
    assert board.cell(entry(finding("unknown")), href="a")["mark"] == "○"
    assert board.cell(entry(), href="a")["mark"] == "○"
    assert board.cell(entry(status="failed"), href="a")["mark"] == "✕"
