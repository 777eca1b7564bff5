"""The overall index: what to do first, then one board of regions and questions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from aftersales import words
from aftersales.data.files import write_text
from aftersales.data.store import Store
from aftersales.findings import SEVERITIES
from aftersales.report import board, gather, history
from aftersales.report.frame import company, dateline, short_title
from aftersales.report.page import render_page, templates
from aftersales.words import say, say_n

SHOWN = 12  # findings at the top of the index


def write_index(folder: Path, *, store: Store, as_of: pd.Timestamp) -> Path:
    """Write ``index.html`` over every region that has a `findings.json` in `folder`."""
    regions = [r.id for r in store.profile.regions if (folder / r.id / history.FILE).is_file()]
    contents = {r: history.read_findings(folder / r) for r in regions}
    findings = [f for r in regions for f in gather.region_findings(folder, r)]
    top = same_once(findings, store)
    body = templates().get_template("index.html.j2").render(
        heading=_heading(top),
        lead=_lead(contents),
        totals=board.totals(findings),
        top=[_top_line(f, store) for f in top[:SHOWN]],
        more=_more(len(top) - SHOWN),
        columns=[short_title(n) for n in _notebooks(contents)],
        board=_board(contents, store),
        word=board.chips(),
        say=_labels(),
    )
    page = render_page(
        Markup(body),
        title=f"{company(store)} · {folder.name}",
        company=company(store),
        dateline=dateline(as_of),
        links=_earlier(folder),
        contents=False,
    )
    write_text(folder / "index.html", page)
    return folder / "index.html"


def same_once(findings: list[dict[str, Any]], store: Store) -> list[dict[str, Any]]:
    """Urgent findings of the whole company, most urgent first, each statement once.

    The same statement (notebook and id) can stand in a region's report and in its parent's. It is
    listed for the region where the ratio to the expected is largest; `also` names the others.
    """
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for f in findings:
        if f["severity"] in ("act", "watch"):
            groups.setdefault((f["notebook"], f["id"]), []).append(f)
    kept = []
    for same in groups.values():
        same.sort(key=lambda f: (SEVERITIES.index(f["severity"]), -abs(f.get("ratio") or 0.0)))
        others = [store.profile.regions[f["region"]].name(words.language()) for f in same[1:]]
        kept.append(same[0] | {"also": others})
    return sorted(
        kept,
        key=lambda f: (SEVERITIES.index(f["severity"]), -(f.get("cost") or 0), -(f.get("excess") or 0)),
    )


def _labels() -> dict[str, str]:
    return {
        "nothing": say("No report found anything to act on or to watch."),
        "regions": say("How is each region?"),
        "region": say("Region"),
        "board": say("Each cell opens the report. Its mark is the most urgent finding in it."),
        "legend": say(
            "▲ act · ◆ watch · ● OK · ○ unknown (too few cases, or no data) · ✕ failed. "
            "A number counts the findings of that severity."
        ),
    }


def _heading(top: list[dict[str, Any]]) -> str:
    n = sum(f["severity"] == "act" for f in top)
    if n == 0:
        return say("Nothing to act on this period")
    return say_n("{n} matter to act on this period", "{n} matters to act on this period", n)


def _lead(contents: Mapping[str, Mapping[str, Any]]) -> str:
    entries = [e for c in contents.values() for e in c["notebooks"].values()]
    failed = sum(e["status"] == "failed" for e in entries)
    regions = say_n("{n} region", "{n} regions", len(contents))
    done = say_n("{n} report done", "{n} reports done", len(entries) - failed)
    if failed:
        lost = say_n("{n} report failed", "{n} reports failed", failed)
        return say("{regions}; {done}, {failed}.", regions=regions, done=done, failed=lost)
    return say("{regions}; {done}, none failed.", regions=regions, done=done)


def _more(n: int) -> str:
    return (
        say_n("{n} more finding in the reports below.", "{n} more findings in the reports below.", n)
        if n > 0
        else ""
    )


def _top_line(finding: Mapping[str, Any], store: Store) -> dict[str, Any]:
    also = ""
    if finding["also"]:
        also = say("also in the reports of {regions}", regions=words.listing(finding["also"][:4]))
    return board.line(
        finding,
        href=f"{finding['region']}/{finding['notebook']}.html",
        currency=store.profile.currency,
        place=store.profile.regions[finding["region"]].name(words.language()),
        also=also,
    )


def _notebooks(contents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return sorted({n for c in contents.values() for n in c["notebooks"]})


def _board(contents: Mapping[str, Mapping[str, Any]], store: Store) -> list[dict[str, Any]]:
    tree, columns = store.profile.regions, _notebooks(contents)
    return [
        {
            "name": tree[r].name(words.language()),
            "href": f"{r}/index.html",
            "depth": len(tree.ancestors(r)),
            "cells": [
                board.cell(c["notebooks"][n], href=f"{r}/{n}.html") if n in c["notebooks"] else None
                for n in columns
            ],
        }
        for r, c in contents.items()
    ]


def _earlier(folder: Path) -> list[dict[str, str]]:
    earlier = sorted(
        p.name for p in folder.parent.iterdir() if p.name < folder.name and (p / "index.html").is_file()
    )
    if not earlier:
        return []
    return [{"name": say("Previous period"), "href": f"../{earlier[-1]}/index.html"}]
