"""The page of one region: a minute's reading of what to act on and what has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from aftersales import words
from aftersales.data.store.store import Store
from aftersales.questions.registry import short_title
from aftersales.report.pages import board, gather
from aftersales.report.pages.page import render_page, templates
from aftersales.report.plan import history
from aftersales.report.plan.frame import company, crumbs, dateline, neighbours, reports
from aftersales.words import say, say_n

SHOWN = 8  # findings in a section; the rest is a link away


def region_page(
    region: str, *, contents: Mapping[str, Mapping[str, Any]], folder: Path, store: Store
) -> str:
    """HTML of ``<region>/index.html``; `contents` is region -> its `findings.json`."""
    now = contents[region]
    before = history.previous_findings(folder.parent, period=folder.name, region=region)
    findings = gather.region_findings(now)
    gone = history.gone(before, now)
    name = store.profile.regions[region].name(words.language())
    template = templates().get_template("region.html.j2")
    body = template.render(
        heading=board.heading(findings),
        lead=_lead(findings, gone, before),
        totals=board.totals(findings),
        failures=board.failures(now),
        sections=_sections(findings, gone, store, first=not before),
        reports=_reports(now),
        children=_children(region, store, rendered=contents),
        word=board.chips(),
        say=_labels(),
    )
    return render_page(
        Markup(body),
        title=f"{name} · {folder.name}",
        company=company(store),
        dateline=dateline(now["as_of"]),
        crumbs=crumbs(store, region, rendered=contents),
        links=neighbours(store, region, rendered=contents, page="index.html"),
        reports=reports(now["notebooks"]),
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


def _lead(findings: Sequence[Mapping], gone: Sequence[Mapping], before: Mapping[str, Any]) -> str:
    if not before:
        return say("No earlier report to compare with, so nothing is marked as new.")
    ages = [f["periods"] for f in findings if f["severity"] in history.URGENT and f["periods"]]
    return say(
        "Compared with the report of {period}: {new} new, {open} still open, {gone} gone.",
        period=before["period"],
        new=words.count(sum(age == 1 for age in ages)),
        open=words.count(sum(age > 1 for age in ages)),
        gone=words.count(len(gone)),
    )


def _sections(
    findings: Sequence[Mapping], gone: Sequence[Mapping], store: Store, *, first: bool
) -> list[dict[str, Any]]:
    """The lists of findings; what is gone only where there is an earlier report."""
    by = {s: [f for f in findings if f["severity"] == s] for s in ("act", "watch", "unknown")}
    made = [
        _section("act", by["act"], store)
        | {
            "title": say("What needs action?"),
            "lead": say("Large, and unlikely to be chance."),
            "empty": say("Nothing needs action."),
        },
        _section("watch", by["watch"], store)
        | {
            "title": say("What should be watched?"),
            "lead": say("Smaller, or less sure."),
            "empty": say("Nothing to watch."),
        },
    ]
    if not first:
        made.append(
            _section("gone", gone, store)
            | {
                "title": say("What is gone?"),
                "lead": say("Findings of the previous report that this one no longer makes."),
                "empty": say("Everything reported before is still open."),
            }
        )
    if by["unknown"]:
        made.append(
            _section("unknown", by["unknown"], store)
            | {
                "title": say("What could not be judged?"),
                "lead": say("Too few cases, too early, or no data."),
                "empty": "",
            }
        )
    return made


def _section(key: str, findings: Sequence[Mapping], store: Store) -> dict[str, Any]:
    currency, more = store.profile.currency, len(findings) - SHOWN
    return {
        "id": key,
        "findings": [
            board.line(f, href=f"{f['notebook']}.html", currency=currency) for f in findings[:SHOWN]
        ],
        "more": say_n("{n} more in the reports.", "{n} more in the reports.", more)
        if more > 0
        else "",
    }


def _reports(now: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        board.cell(entry, href=f"{name}.html")
        | {"name": short_title(name), "question": entry["title"]}
        for name, entry in now["notebooks"].items()
    ]


def _children(region: str, store: Store, *, rendered: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": child.name(words.language()), "href": f"../{child.id}/index.html"}
        for child in store.profile.regions.children(region)
        if child.id in rendered
    ]
