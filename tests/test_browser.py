"""The sample's pages in a real browser: every link from the index, on a laptop and on a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag

import pytest

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAPTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
# What sticks out to the right, but for what scrolls inside a box of its own.
STICKING_OUT = """() => [...document.querySelectorAll('main *')]
    .filter(e => !e.closest('.scroll, pre') && e.getClientRects().length
        && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map(e => e.tagName + '.' + e.className)"""


@pytest.fixture(scope="module")
def browser() -> Iterator:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium on the path: install the package chromium to run this")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


class Watched:
    """A browser page that notes what goes wrong and everything it asks for."""

    def __init__(self, browser, *, size: dict, scheme: str = "light") -> None:
        self.context = browser.new_context(viewport=size, color_scheme=scheme)
        self.page = self.context.new_page()
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self._console(said))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _console(self, said) -> None:
        if said.type in ("error", "warning"):
            self.wrong.append(f"console: {said.text}")

    def links(self) -> list[str]:
        """Addresses of the other pages that this one links to."""
        found = self.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
        return list(dict.fromkeys(urldefrag(address).url for address in found))


def walk(browser, index: Path, **how) -> tuple[Watched, list[str]]:
    """Open the index and every page that can be reached from it; what was seen."""
    watched = Watched(browser, **how)
    waiting, seen = [index.as_uri()], []
    while waiting:
        address = waiting.pop(0)
        seen.append(address)
        watched.page.goto(address)
        waiting += [a for a in watched.links() if a not in (*seen, *waiting)]
        width = watched.page.evaluate("document.documentElement.scrollWidth")
        if width > how["size"]["width"]:
            watched.wrong.append(f"{address} is {width} px wide")
        watched.wrong += [f"{address}: {e}" for e in watched.page.evaluate(STICKING_OUT)]
    return watched, seen


@pytest.mark.parametrize(
    ("size", "scheme"),
    [(LAPTOP, "light"), (PHONE, "light"), (PHONE, "dark")],
    ids=["laptop", "phone", "phone in the dark"],
)
def test_every_page_opens_offline_and_fits(browser, rendered_sample, size, scheme):
    made = sorted(path.as_uri() for path in rendered_sample.pages.rglob("*.html"))

    watched, seen = walk(browser, rendered_sample.pages / "index.html", size=size, scheme=scheme)

    assert watched.wrong == []
    assert [a for a in watched.asked if not a.startswith(("file://", "data:"))] == []
    assert sorted(seen) == made


def test_the_index_leads_to_every_region_by_clicking(browser, rendered_sample):
    watched = Watched(browser, size=LAPTOP)
    index = (rendered_sample.pages / "index.html").as_uri()
    watched.page.goto(index)
    regions = watched.page.locator("table.board th[scope=row] a").all_inner_texts()

    assert len(regions) == 3
    for region in regions:
        watched.page.goto(index)
        watched.page.click(f"table.board th[scope=row] a:text-is('{region}')")
        assert region in watched.page.title()
    assert watched.wrong == []


def test_every_figure_can_be_heard(browser, rendered_sample):
    watched = Watched(browser, size=LAPTOP)
    heard = []
    for path in sorted((rendered_sample.pages / "CN-S").glob("*.html")):
        watched.page.goto(path.as_uri())
        figures = watched.page.locator("figure").all()
        for figure in figures:
            assert figure.get_by_role("img").first.get_attribute("aria-label"), path.name
        heard += figures

    assert len(heard) >= 5


def test_a_contents_entry_leads_to_its_question_and_code_folds_open(browser, rendered_sample):
    watched = Watched(browser, size=LAPTOP)
    watched.page.goto((rendered_sample.pages / "CN-S" / "10_trend.html").as_uri())

    entry = watched.page.locator("nav.toc a").nth(2)
    entry.click()
    target = watched.page.locator(f"h2{entry.get_attribute('href')}")

    assert target.inner_text() == entry.inner_text()
    assert target.bounding_box()["y"] < LAPTOP["height"]
    code = watched.page.locator("details.code").first
    assert not code.locator("pre").is_visible()
    code.locator("summary").click()
    assert code.locator("pre").is_visible()


def test_code_is_not_printed(browser, rendered_sample):
    watched = Watched(browser, size=LAPTOP)
    watched.page.goto((rendered_sample.pages / "CN-S" / "10_trend.html").as_uri())
    watched.page.emulate_media(media="print")

    assert not watched.page.locator("details.code").first.is_visible()
    assert not watched.page.locator("nav.toc").is_visible()
    assert watched.page.locator("ul.findings").first.is_visible()


def test_figures_stay_readable_in_the_dark(browser, rendered_sample):
    watched = Watched(browser, size=LAPTOP, scheme="dark")
    watched.page.goto((rendered_sample.pages / "CN-S" / "10_trend.html").as_uri())

    background = "e => getComputedStyle(e).backgroundColor"
    paper = watched.page.locator("body").evaluate(background)
    card = watched.page.locator("figure svg").first.evaluate(background)

    assert paper == "rgb(20, 23, 29)"
    assert card == "rgb(253, 253, 251)"
