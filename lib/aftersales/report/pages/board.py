"""What the region page and the index share: the words of a status, a finding's line, totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from aftersales import words
from aftersales.findings import SEVERITIES
from aftersales.questions.registry import short_title
from aftersales.report.pages.gather import worst
from aftersales.words import N_, headings, say, say_n

MESSAGE_LENGTH = 300  # characters of an error message; the report has more
MARK = headings.MARK | {"failed": "✕"}
_WORD = headings.SEVERITY | {"failed": N_("Failed")}


def status_word(severity: str) -> str:
    """The reader's word for a severity, without its mark."""
    return say(_WORD[severity])


def chips() -> dict[str, str]:
    """Severity -> mark and word."""
    return {severity: f"{MARK[severity]} {status_word(severity)}" for severity in _WORD}


def totals(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How many findings there are of each severity, most urgent first."""
    counted = Counter(f["severity"] for f in findings)
    return [{"severity": s, "n": words.count(counted[s]), "word": chips()[s]} for s in SEVERITIES]


def heading(findings: Sequence[Mapping[str, Any]]) -> str:
    """The page's title: how much there is to act on."""
    n = sum(f["severity"] == "act" for f in findings)
    if n == 0:
        return say("Nothing to act on this period")
    return say_n("{n} matter to act on this period", "{n} matters to act on this period", n)


def failures(content: Mapping[str, Any], *, folder: str = "", place: str = "") -> list[dict]:
    """The reports of a region that failed: name, link and message."""
    return [
        {
            "place": place,
            "colon": say(": "),
            "report": short_title(name),
            "href": f"{folder}{name}.html",
            "message": (entry.get("error") or {}).get("message", "")[:MESSAGE_LENGTH],
        }
        for name, entry in content["notebooks"].items()
        if entry["status"] == "failed"
    ]


def cell(entry: Mapping[str, Any], *, href: str) -> dict[str, str]:
    """A board's cell for one report: worst severity, and how often where it calls for work."""
    if entry["status"] != "ok":
        found = {"severity": "act", "word": status_word("failed"), "n": "", "mark": MARK["failed"]}
        return found | {"href": href}
    severity, count = worst(entry)
    n = words.count(count) if severity in ("act", "watch") else ""
    mark = f"{MARK[severity]} {n}".strip()
    return {"severity": severity, "word": status_word(severity), "n": n, "mark": mark, "href": href}


def line(
    finding: Mapping[str, Any], *, href: str, currency: str, place: str = "", also: str = ""
) -> dict[str, Any]:
    """A finding as the pages list it: its sentence, its report, and the figures behind it."""
    meta = []
    if finding.get("evidence"):
        meta.append(say("Evidence {grade}", grade=finding["evidence"]))
    if finding["severity"] in ("act", "watch") and finding.get("periods"):
        meta.append(age(finding["periods"]))
    if finding.get("cost"):
        meta.append(say("estimated cost {money}", money=words.money(finding["cost"], currency)))
    if also:
        meta.append(also)
    return {
        "severity": finding["severity"],
        "text": finding["text"],
        "report": short_title(finding["notebook"]),
        "href": href,
        "meta": meta,
        "place": place,
        "colon": say(": "),
    }


def age(periods: int) -> str:
    """How long a finding has been open."""
    if periods <= 1:
        return say("new")
    return say_n("open for {n} period", "open for {n} periods", periods)
