"""The sentences of the hotspot report about service outlets."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.hotspot.facts import Facts
from aftersales.questions.telling import counted, each_urgent, in_words, numbers
from aftersales.studies.places.outlets import SERVICE
from aftersales.studies.verdict import urgent
from aftersales.words import N_, N_n, say

_SLOW = N_(
    "Outlet {outlet}, {measure}: {value} in the median, {ratio} times that of its peers "
    "({peers}; 95 % interval {low}–{high}, n = {n}). Ask what holds repairs up there."
)
_MISSED = N_(
    "Outlet {outlet}, {measure}: {value} of cases miss it, {ratio} times the share of its "
    "peers ({peers}; 95 % interval {low}–{high}, n = {n}), not adjusted for what it repairs."
)
_SHARE = N_(
    "Outlet {outlet}, {measure}: {value}, {ratio} times that of its peers ({peers}; 95 % "
    "interval {low}–{high}, n = {n}), not adjusted for what it repairs."
)
_FEW = N_n(
    "Outlets: {n} comparison rests on too few cases to be judged.",
    "Outlets: {n} comparisons rest on too few cases to be judged.",
)


def findings(facts: Facts) -> list[Finding]:
    """Outlets that stand out, how many do not, and how many are too small to judge."""
    few = facts.outlets["few"]
    found = each_urgent(facts.outlets, partial(_outlet, facts)) + _others(facts.outlets[~few])
    if n := int(few.sum()):
        found.append(counted("unknown", _FEW, n, metric="", kind="outlets_few"))
    return found


def _others(table: pd.DataFrame) -> list[Finding]:
    judged = table[table["severity"].ne("unknown")]
    if judged.empty:
        return []
    n = len(judged) - len(urgent(judged))
    text = say(
        "Outlets: {n} of {total} comparisons with other outlets give no reason to act.",
        n=words.count(n),
        total=words.count(len(judged)),
    )
    first = min(table["metric"], key=SERVICE.index)
    return [Finding("ok", text, metric=first, judged=max(n, 1), kind="outlets")]


def _outlet(facts: Facts, row: Any) -> Finding:
    own = {"estimate": row.value, "low": row.value_low, "high": row.value_high}
    fields = numbers(row, metric=row.metric, per=1.0, baseline=row.peers, n=row.at_risk)
    text, subject = _sentence(facts, row), {"outlet": row.outlet}
    return Finding(row.severity, text, subject=subject, kind="outlet", **fields | own)


def _sentence(facts: Facts, row: Any) -> str:
    info = METRICS[row.metric]
    share = _MISSED if info.good == "high" else _SHARE
    message = _SLOW if info.kind == "duration" else share
    return say(
        message,
        outlet=naming.label(facts.scope, "outlet", row.outlet),
        value=words.amount(row.value, info.unit),
        peers=words.amount(row.peers, info.unit),
        n=words.count(row.at_risk),
        measure=say(info.title),
        **in_words(row),
    )
