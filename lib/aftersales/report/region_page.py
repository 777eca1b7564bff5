"""The page of one region: a minute's reading of what to act on and what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from aftersales import words
from aftersales.data.store import Store
from aftersales.regions import Region
from aftersales.report import board, gather, history
from aftersales.report.frame import company, crumbs, dateline, neighbours, short_title
from aftersales.report.page import render_page, templates
from aftersales.words import say, say_n

SHOWN = 8  # findings in a section; the rest is a link away


def write_region_page(region: Region, *, folder: Path, store: Store, as_of: pd.Timestamp) -> str:
    """HTML of ``<region>/index.html`` from the region's `findings.json`."""
    now = history.read_findings(folder / region.id)
    before = history.previous_findings(folder.parent, period=folder.name, region=region.id)
    findings = gather.region_findings(folder, region.id)
    rendered = [p.name for p in folder.iterdir() if (p / history.FILE).is_file()]
    body = templates().get_template("region.html.j2").render(
        heading=_heading(findings),
        lead=_lead(before),
        totals=board.totals(findings),
        failures=_failures(now),
        sections=_sections(findings, history.gone(before, now), store, first=not before),
        reports=_reports(now),
        children=_children(region, store, rendered),
        word=board.chips(),
        say=_labels(),
    )
    return render_page(
        Markup(body),
        title=f"{region.name(words.language())} · {folder.name}",
        company=company(store),
        dateline=dateline(as_of),
        crumbs=crumbs(store, region.id, rendered=set(rendered)),
        links=neighbours(store, region.id, rendered=rendered, page="index.html"),
    )


def _labels() -> dict[str, str]:
    return {
        "failed": say("Failed"),
        "reports": say("Which reports are there?"),
        "report": say("Report"),
        "status": say("Status"),
        "question": say("Question"),
        "below": say("Which regions lie below?"),
    }


def _heading(findings: list[Mapping[str, Any]]) -> str:
    n = sum(f["severity"] == "act" for f in findings)
    if n == 0:
        return say("Nothing to act on this period")
    return say_n("{n} matter to act on this period", "{n} matters to act on this period", n)


def _lead(before: Mapping[str, Any]) -> str:
    if not before:
        return say("No earlier report to compare with, so nothing is marked as new.")
    return say("Compared with the report of {period}.", period=before["period"])


def _sections(
    findings: list[dict], gone: list[dict], store: Store, *, first: bool
) -> list[dict[str, Any]]:
    act = [f for f in findings if f["severity"] == "act"]
    watch = [f for f in findings if f["severity"] == "watch"]
    unknown = [f for f in findings if f["severity"] == "unknown"]
    made = [
        _section("act", say("What needs action?"), say("Large, and unlikely to be chance."),
                 act, say("Nothing needs action."), store),
        _section("watch", say("What should be watched?"), say("Smaller, or less sure."),
                 watch, say("Nothing to watch."), store),
    ]
    if not first:
        made.append(
            _section("gone", say("What is gone?"),
                     say("Findings of the previous report that this one no longer makes."),
                     gone, say("Everything reported before is still open."), store)
        )
    if unknown:
        made.append(
            _section("unknown", say("What could not be judged?"),
                     say("Too few cases, too early, or no data."), unknown, "", store)
        )
    return made


def _section(
    key: str, title: str, lead: str, findings: list[dict], empty: str, store: Store
) -> dict[str, Any]:
    more = len(findings) - SHOWN
    return {
        "id": key,
        "title": title,
        "lead": lead,
        "findings": [
            board.line(f, href=f"{f['notebook']}.html", currency=store.profile.currency)
            for f in findings[:SHOWN]
        ],
        "empty": empty,
        "more": say_n("{n} more in the reports.", "{n} more in the reports.", more) if more > 0 else "",
    }


def _failures(now: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "report": short_title(name),
            "href": f"{name}.html",
            "message": (entry.get("error") or {}).get("message", "")[:300],
        }
        for name, entry in now.get("notebooks", {}).items()
        if entry["status"] == "failed"
    ]


def _reports(now: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        board.cell(entry, href=f"{name}.html")
        | {"name": short_title(name), "question": entry.get("title", "")}
        for name, entry in now.get("notebooks", {}).items()
    ]


def _children(region: Region, store: Store, rendered: list[str]) -> list[dict[str, str]]:
    return [
        {"name": child.name(words.language()), "href": f"../{child.id}/index.html"}
        for child in store.profile.regions.children(region.id)
        if child.id in rendered
    ]
