"""What a notebook cell displays: findings as sentences, tables with words, where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from aftersales import words
from aftersales.display import tables
from aftersales.display.provenance import show_provenance
from aftersales.errors import RequestError
from aftersales.findings import FINDINGS_MIME, Finding, by_severity
from aftersales.profile.config import Profile
from aftersales.words import N_, say, say_n
from aftersales.words.headings import MARK, SEVERITY

__all__ = ["findings_html", "findings_text", "show", "show_provenance"]

# For JupyterLab, which does not have the style sheet of the reports.
_STYLE = """<style>
.aftersales .findings{list-style:none;margin:4px 0;padding:0;display:grid;gap:8px;max-width:820px}
.aftersales .finding{border:1px solid color-mix(in srgb,currentColor 18%,transparent);border-left:\
4px solid var(--tone);border-radius:6px;padding:10px 14px;display:grid;gap:2px 12px;\
grid-template-columns:max-content 1fr;margin:0;line-height:1.5}
.aftersales .act{--tone:#b3261e}.aftersales .watch{--tone:#8a5a00}.aftersales .ok{--tone:#1c6b45}\
.aftersales .unknown{--tone:#55607a}
.aftersales .chip{font-weight:600;color:color-mix(in srgb,var(--tone) 70%,currentColor);\
white-space:nowrap;min-width:132px}
.aftersales .finding p{margin:0}
.aftersales .meta{grid-column:2;opacity:.75;display:flex;flex-wrap:wrap;gap:0 14px}
</style>"""


def show(
    thing: Sequence[Finding] | Finding | pd.DataFrame,
    *,
    title: str = "",
    unit: str = "",
    rows: int = 25,
    profile: Profile | None = None,
) -> None:
    """Display findings or a small table in the reader's language, with the data behind them.

    Parameters
    ----------
    thing : findings of an analysis, which are shown most urgent first and attached as data for
        the reports; or a table, shown with words for its columns and values
    title : a line above; notebooks usually leave it to the text cell
    unit : unit of the table's main measure (rate, score, ...); "share" prints percent
    rows : rows of a table to print; all others are in the CSV below it, up to 500
    profile : whose names to use for regions, products ...; default: of the loaded project

    Returns
    -------
    None : what is shown appears below the cell
    """
    from IPython.display import display

    display(
        _bundle(
            thing, title=title, unit=unit, rows=rows, profile=profile or tables.profile_in_use()
        ),
        raw=True,
    )


def _bundle(
    thing: Any, *, title: str, unit: str, rows: int, profile: Profile | None
) -> dict[str, Any]:
    """The displayed thing in all its forms, one per MIME type."""
    if isinstance(thing, pd.DataFrame):
        return {
            "text/html": _heading(title) + tables.table_html(
                thing, unit=unit, rows=rows, profile=profile
            ),
            "text/plain": tables.table_text(thing, rows=rows),
        }  # fmt: skip
    findings = _checked([thing] if isinstance(thing, Finding) else thing)
    as_json = [finding.to_json() for finding in by_severity(findings)]
    listed = findings_html(as_json, currency=profile.currency if profile else "")
    return {
        FINDINGS_MIME: {"findings": as_json},
        "text/html": f'<div class="aftersales">{_STYLE}{_heading(title)}{listed}</div>',
        "text/plain": findings_text(as_json),
    }


def _heading(title: str) -> str:
    return f"<p><strong>{escape(title)}</strong></p>" if title else ""


def _checked(thing: Any) -> list[Finding]:
    findings = list(thing) if isinstance(thing, (list, tuple)) else None
    if findings is None or not all(isinstance(f, Finding) for f in findings):
        raise RequestError(
            f"show() displays a list of findings or a pandas DataFrame, not {_type_of(thing)}; "
            "pass result.findings() or result.to_frame()."
        )
    if not findings:
        raise RequestError(
            "show() got an empty list of findings. An analysis always says something: when there "
            'is nothing to report it returns one finding of severity "ok" or "unknown".'
        )
    return findings


def _type_of(thing: Any) -> str:
    if isinstance(thing, (list, tuple)):
        return f"a list with {', '.join(sorted({type(v).__name__ for v in thing}))}"
    return type(thing).__name__


def findings_html(
    findings: Sequence[Mapping[str, Any]],
    *,
    since: Mapping[str, int] | None = None,
    currency: str = "",
) -> str:
    """The list of findings as reports show it.

    Parameters
    ----------
    findings : as `Finding.to_json()` gives them
    since : finding id -> number of periods it has been open, 1 for a new one; None: no earlier
        report to compare with, so nothing is said about age
    currency : of the costs, such as "CNY"
    """
    items = []
    for finding in findings:
        meta = evidence(finding, currency=currency) + _age(finding, since)
        marks = "".join(f"<span>{escape(m)}</span>" for m in meta)
        items.append(
            f'<li class="finding {finding["severity"]}" data-id="{escape(finding["id"])}">'
            f'<span class="chip">{chip(finding["severity"])}</span>'
            f"<p>{escape(finding['text'])}</p>"
            + (f'<span class="meta">{marks}</span>' if marks else "")
            + "</li>"
        )
    return '<ul class="findings">\n' + "\n".join(items) + "\n</ul>"


def findings_text(findings: Sequence[Mapping[str, Any]]) -> str:
    """The findings as lines for terminals."""
    lines = []
    for finding in findings:
        meta = evidence(finding)
        lines.append(f"{chip(finding['severity'])}: {finding['text']}")
        lines += ["  " + " · ".join(meta)] if meta else []
    return "\n".join(lines)


def chip(severity: str) -> str:
    """Mark and word of a severity: a shape and a word, not only a colour."""
    return f"{MARK[severity]} {say(SEVERITY[severity])}"


def evidence(finding: Mapping[str, Any], *, currency: str = "") -> list[str]:
    """What stands behind a finding, in short pieces: evidence, interval, n, p or q, excess."""
    pieces = []
    if finding.get("evidence"):
        pieces.append(say("Evidence {grade}", grade=finding["evidence"]))
    low, high = finding.get("low"), finding.get("high")
    if low is not None and high is not None:
        span = words.span(low, high, finding.get("unit", ""))
        pieces.append(say("95 % interval {span}", span=span))
    if finding.get("n") is not None:
        pieces.append(say("n = {n}", n=words.count(finding["n"])))
    return [*pieces, *_chance(finding), *_burden(finding, currency=currency)]


def _chance(finding: Mapping[str, Any]) -> list[str]:
    for key, message in (("q", N_("q (FDR) {value}")), ("p", N_("p {value}"))):
        if finding.get(key) is not None:
            value = words.p_value(finding[key])
            return [say(message, value=value if value.startswith("<") else f"= {value}")]
    return []


def _burden(finding: Mapping[str, Any], *, currency: str) -> list[str]:
    pieces = []
    excess = round(finding.get("excess") or 0)
    if excess > 0:
        pieces.append(say_n("{n} case more than expected", "{n} cases more than expected", excess))
    if finding.get("cost") and currency:
        pieces.append(say("estimated cost {money}", money=words.money(finding["cost"], currency)))
    if (finding.get("judged") or 1) > 1:
        pieces.append(say_n("{n} series judged", "{n} series judged", int(finding["judged"])))
    return pieces


def _age(finding: Mapping[str, Any], since: Mapping[str, int] | None) -> list[str]:
    if since is None or finding["severity"] not in ("act", "watch"):
        return []
    periods = since.get(finding["id"], 1)
    if periods <= 1:
        return [say("new")]
    return [say_n("open for {n} period", "open for {n} periods", periods)]
