"""The frame around every page: header, table of contents, one style sheet, nothing external."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aftersales import words
from aftersales.words import say

MESSAGE_LENGTH = 600  # characters of an error message that a page shows
OUR_ERRORS = ("Killed", "Memory", "Timeout")  # their messages are sentences for readers
TEMPLATES = Path(__file__).parent / "templates"
_HEADING = re.compile(r'<h2[^>]*\bid="([^"]+)"[^>]*>(.*?)</h2>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


@lru_cache
def templates() -> Environment:
    """Jinja templates of the pages; values are escaped unless marked safe."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )


def render_page(
    body: str,
    *,
    title: str,
    company: str,
    dateline: str,
    crumbs: Sequence[Mapping[str, str]] = (),
    links: Sequence[Mapping[str, str]] = (),
    reports: Sequence[Mapping[str, str]] = (),
    contents: bool = True,
) -> str:
    """A complete HTML page around `body`.

    `crumbs` lead from the country to this page, `links` to its neighbours, and `reports` are those
    of the region; each has ``name`` and ``href`` (an empty ``href`` is the page itself). The table
    of contents lists the ``<h2>`` headings of `body`.
    """
    template = templates().get_template("page.html.j2")
    return template.render(
        lang="zh-CN" if words.language() == "zh" else "en",
        title=title,
        company=company,
        dateline=dateline,
        crumbs=crumbs,
        links=links,
        reports=reports,
        toc=table_of_contents(body) if contents else [],
        body=Markup(body),
        css=Markup(style_sheet()),
        words={
            "skip": say("Skip to the text"),
            "navigation": say("Pages"),
            "contents": say("Contents"),
            "reports": say("Which reports are there?"),
        },
    )


@lru_cache
def style_sheet() -> str:
    """The one style sheet, which every page carries."""
    return (TEMPLATES / "report.css").read_text(encoding="utf-8")


def failure_note(error: Mapping[str, Any]) -> str:
    """The note at the top of a report that failed: which cell, which message."""
    where = say("This report failed.")
    if error.get("cell"):
        where = say("This report failed in code cell {cell}.", cell=error["cell"])
    message = error["message"][:MESSAGE_LENGTH]
    if error["name"] not in OUR_ERRORS:
        message = f"{error['name']}: {message}"
    template = templates().get_template("failure.html.j2")
    return template.render(word=say("Failed"), where=where, message=message)


def table_of_contents(body: str) -> list[dict[str, str]]:
    """``id`` and ``text`` of every second-level heading.

    >>> table_of_contents('<h2 id="a-b">A <em>b</em>?</h2>')
    [{'id': 'a-b', 'text': 'A b?'}]
    """
    return [
        {"id": key, "text": html.unescape(_TAG.sub("", inner)).strip()}
        for key, inner in _HEADING.findall(body)
    ]
