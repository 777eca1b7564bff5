"""The overall index: what to do first, then one board of regions and questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from aftersales import words
from aftersales.data.store.store import Store
from aftersales.findings import SEVERITIES
from aftersales.questions.registry import short_title
from aftersales.report.pages import board, gather
from aftersales.report.pages.page import render_page, templates
from aftersales.report.plan import history
from aftersales.report.plan.frame import company, dateline
from aftersales.words import say, say_n

SHOWN = 12  # findings at the top of the index
SHOWN_FAILURES = 6  # failed reports above them; the board marks all
SHOWN_REGIONS = 4  # other regions named after a finding
Contents = Mapping[str, Mapping[str, Any]]  # region -> its findings.json


def index_page(contents: Contents, *, folder: Path, store: Store) -> str:
    """HTML of ``index.html`` over all regions that have findings in `folder`."""
    findings = [f for content in contents.values() for f in gather.region_findings(content)]
    top = same_once(findings, store=store)
    calm = [f for f in findings if f["severity"] not in history.URGENT]
    template = templates().get_template("index.html.j2")
    body = template.render(
        heading=board.heading(top),
        lead=_lead(contents),
        totals=board.totals([*top, *calm]),
        failures=_failures(contents, store)[:SHOWN_FAILURES],
        top=[_top_line(f, store) for f in top[:SHOWN]],
        more=_more(len(top) - SHOWN),
        columns=[short_title(n) for n in _notebooks(contents)],
        board=_board(contents, store),
        word=board.chips(),
        say=_labels(),
    )
    return render_page(
        Markup(body),
        title=f"{company(store)} · {folder.name}",
        company=company(store),
        dateline=dateline(max((c["as_of"] for c in contents.values()), default=folder.name)),
        links=_earlier(folder),
        contents=False,
    )


def same_once(findings: Sequence[Mapping[str, Any]], *, store: Store) -> list[dict[str, Any]]:
    """Urgent findings of the whole company, most urgent first, each statement once.

    The same statement (notebook and id) can stand in a region's report and in its parent's. It is
    listed for the region where the ratio to the expected is largest; `also` names the others.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for f in findings:
        if f["severity"] in history.URGENT:
            groups.setdefault((f["notebook"], f["id"]), []).append(f)
    kept = []
    for same in groups.values():
        first, *others = sorted(same, key=lambda f: (_rank(f), -abs(f.get("ratio") or 0.0)))
        kept.append(dict(first) | {"also": [_name(f["region"], store) for f in others]})
    return sorted(kept, key=lambda f: (_rank(f), -(f.get("cost") or 0), -(f.get("excess") or 0)))


def _rank(finding: Mapping[str, Any]) -> int:
    return SEVERITIES.index(finding["severity"])


def _name(region: str, store: Store) -> str:
    return store.profile.regions[region].name(words.language())


def _labels() -> dict[str, str]:
    return {
        "failed": say("Failed"),
        "nothing": say("No report found anything to act on or to watch."),
        "counted": say("A finding that stands in the reports of several regions counts once."),
        "regions": say("How is each region?"),
        "region": say("Region"),
        "board": say("Each cell opens the report. Its mark is the most urgent finding in it."),
        "legend": say(
            "▲ act · ◆ watch · ● OK · ○ unknown (too few cases, or no data) · ✕ failed. "
            "A number counts the findings of that severity."
        ),
    }


def _lead(contents: Contents) -> str:
    entries = [e for c in contents.values() for e in c["notebooks"].values()]
    failed = sum(e["status"] == "failed" for e in entries)
    regions = say_n("{n} region", "{n} regions", len(contents))
    done = say_n("{n} report done", "{n} reports done", len(entries) - failed)
    if failed:
        lost = say_n("{n} report failed", "{n} reports failed", failed)
        return say("{regions}; {done}, {failed}.", regions=regions, done=done, failed=lost)
    return say("{regions}; {done}, none failed.", regions=regions, done=done)


def _failures(contents: Contents, store: Store) -> list[dict[str, str]]:
    return [
        failure
        for region, content in contents.items()
        for failure in board.failures(content, folder=f"{region}/", place=_name(region, store))
    ]


def _more(n: int) -> str:
    if n <= 0:
        return ""
    return say_n(
        "{n} more finding in the reports below.", "{n} more findings in the reports below.", n
    )


def _top_line(finding: Mapping[str, Any], store: Store) -> dict[str, Any]:
    return board.line(
        finding,
        href=f"{finding['region']}/{finding['notebook']}.html",
        currency=store.profile.currency,
        place=_name(finding["region"], store),
        also=_also(finding["also"]),
    )


def _also(regions: Sequence[str]) -> str:
    if not regions:
        return ""
    named, more = list(regions[:SHOWN_REGIONS]), len(regions) - SHOWN_REGIONS
    if more > 0:
        named.append(say_n("{n} more region", "{n} more regions", more))
    return say("also in the reports of {regions}", regions=words.listing(named))


def _notebooks(contents: Contents) -> list[str]:
    return sorted({n for c in contents.values() for n in c["notebooks"]})


def _board(contents: Contents, store: Store) -> list[dict[str, Any]]:
    columns = _notebooks(contents)
    return [
        {
            "name": _name(r, store),
            "href": f"{r}/index.html",
            "depth": len(store.profile.regions.ancestors(r)),
            "cells": [
                board.cell(c["notebooks"][n], href=f"{r}/{n}.html") | {"column": short_title(n)}
                if n in c["notebooks"]
                else None
                for n in columns
            ],
        }
        for r, c in contents.items()
    ]


def _earlier(folder: Path) -> list[dict[str, str]]:
    periods = history.earlier_periods(folder.parent, period=folder.name)
    made = [p for p in periods if (folder.parent / p / "index.html").is_file()]
    if not made:
        return []
    return [{"name": say("Previous period"), "href": f"../{made[-1]}/index.html"}]
