"""The sentences of the hotspot report about service outlets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.words import N_, say, say_n

if TYPE_CHECKING:
    from aftersales.questions.hotspot.result import Hotspot

SHOWN = 6  # sentences for separate outlets of one severity


def findings(result: Hotspot) -> list[Finding]:
    """Outlets that stand out, how many do not, and how many are too small to judge."""
    table = result.outlets
    urgent = table[table["severity"].isin(["act", "watch"])]
    parts = [urgent[urgent["severity"].eq(s)].head(SHOWN) for s in ("act", "watch")]
    found = [_outlet(result, row) for part in parts for row in part.itertuples()]
    n = int(table["p"].notna().sum())
    if n:
        text = say(
            "Outlets: {n} of {total} comparisons with other outlets give no reason to act.",
            n=words.count(n - len(urgent)),
            total=words.count(n),
        )
        metric = table["metric"].iloc[0]
        judged = max(n - len(urgent), 1)
        found.append(Finding("ok", text, metric=metric, judged=judged, kind="outlets"))
    return found + _few(int(table.attrs.get("few", 0)))


def _few(n: int) -> list[Finding]:
    if n == 0:
        return []
    text = say_n(
        "Outlets: {n} comparison rests on too few cases to be judged.",
        "Outlets: {n} comparisons rest on too few cases to be judged.",
        n,
    )
    return [Finding("unknown", text, judged=n, kind="outlets_few")]


def _outlet(result: Hotspot, row) -> Finding:
    return Finding(
        row.severity,
        _sentence(result, row),
        metric=row.metric,
        subject={"outlet": row.outlet},
        estimate=row.value,
        low=row.value_low,
        high=row.value_high,
        baseline=row.peers,
        ratio=row.ratio,
        p=row.p,
        q=row.q,
        n=row.n,
        excess=None if row.excess != row.excess else row.excess,
        unit=METRICS[row.metric].unit,
        evidence="C",
        kind="outlet",
    )


def _sentence(result: Hotspot, row) -> str:
    info = METRICS[row.metric]
    values = {
        "outlet": naming.label(result.scope, "outlet", row.outlet),
        "value": words.amount(row.value, info.unit),
        "peers": words.amount(row.peers, info.unit),
        "ratio": words.times(row.ratio),
        "low": words.times(row.low),
        "high": words.times(row.high),
        "n": words.count(row.n),
        "measure": say(info.title),
    }
    if info.kind == "duration":
        return say(
            "Outlet {outlet}, {measure}: {value} in the median, {ratio} times that of its peers "
            "({peers}; 95 % interval {low}–{high}, n = {n}). Ask what holds repairs up there.",
            **values,
        )
    message = N_(
        "Outlet {outlet}, {measure}: {value}, {ratio} times that of its peers ({peers}; 95 % "
        "interval {low}–{high}, n = {n}), not adjusted for what it repairs."
    )
    if info.good == "high":
        message = N_(
            "Outlet {outlet}, {measure}: {value} of cases miss it, {ratio} times the share of its "
            "peers ({peers}; 95 % interval {low}–{high}, n = {n}), not adjusted for what it "
            "repairs."
        )
    return say(message, **values)
