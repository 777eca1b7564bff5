"""The sentences of the trend report about the main rate: level, comparison, season, mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.stats.counts.intervals import RatioTest, rate_ratio
from aftersales.words import N_, say

if TYPE_CHECKING:
    from aftersales.questions.trend.result import Trend

YEAR = 12
_LEVEL = {  # (is there a denominator, is there a year before) -> message
    (True, True): N_(
        "{measure} in {month}: {value} (95 % interval {span}, n = {n}); a year before it was "
        "{before}."
    ),
    (True, False): N_("{measure} in {month}: {value} (95 % interval {span}, n = {n})."),
    (False, True): N_(
        "{measure} in {month}: {value} (95 % interval {span}); a year before it was {before}."
    ),
    (False, False): N_("{measure} in {month}: {value} (95 % interval {span})."),
}


_OF_PARENT = N_(
    "Over the last 12 months {region} had {ratio} times the rate of the rest of {parent} "
    "(95 % interval {low}–{high}), not adjusted for its products and their age; see Hotspot."
)
_OF_COMPANY = N_(
    "Over the last 12 months {region} had {ratio} times the rate of the rest of the company "
    "(95 % interval {low}–{high}), not adjusted for its products and their age; see Hotspot."
)
_OF_BOTH = N_(
    "Over the last 12 months {region} had {ratio} times the rate of the rest of {parent} "
    "(95 % interval {low}–{high}) and {all_ratio} times that of the rest of the company "
    "({all_low}–{all_high}), not adjusted for its products and their age; see Hotspot."
)


def findings(trend: Trend) -> list[Finding]:
    """The main rate: its last month, and how it compares with the others'."""
    return [*_level(trend), *_against(trend)]


def measured(metric: str) -> str:
    """What goes up when things get worse: the metric, or its misses if it is good when high."""
    info = METRICS[metric]
    if info.kind == "proportion" and info.good == "high":
        return say("{measure}: misses", measure=say(info.title))
    return say(info.title)


def _level(trend: Trend) -> list[Finding]:
    """The main rate of the last month, beside that of the same month a year before."""
    if trend.monthly.empty:
        return []
    info, last = METRICS[trend.metric], trend.monthly.iloc[-1]
    least = trend.scope.profile.target(trend.metric).min_n
    counted = info.kind == "count"
    if not counted and last["n"] < least:
        return []  # too few to show
    before = trend.monthly[trend.monthly["month"] == last["month"] - pd.DateOffset(months=YEAR)]
    before = before[before["n"].ge(least) | counted]
    text = say(
        _LEVEL[not counted, len(before) > 0],
        measure=say(info.title),
        month=words.month(last["month"]),
        value=words.amount(last["rate"], info.unit),
        span=words.span(
            last["rate_low"], last["rate_high"], "share" if info.unit == "share" else ""
        ),
        n=words.count(last["n"]),
        before=words.amount(before.iloc[0]["rate"], info.unit) if len(before) else "",
    )
    return [
        Finding(
            "ok",
            text,
            metric=trend.metric,
            estimate=last["rate"],
            low=last["rate_low"],
            high=last["rate_high"],
            baseline=before.iloc[0]["rate"] if len(before) else None,
            n=None if counted else last["n"],
            unit=info.unit,
            kind="level",
        )
    ]


def _against(trend: Trend) -> list[Finding]:
    """The last twelve months against those of the rest of the parent and of the company."""
    scope = trend.scope
    if scope.parent is None or METRICS[trend.metric].kind != "rate":
        return []
    company = _test(trend, trend.reference)
    if scope.parent.parent is None:
        return _compared(trend, company, _OF_COMPANY, kind="against_company")
    near = _test(trend, trend.above)
    if near is None or company is None:
        return _compared(trend, near, _OF_PARENT, kind="against_parent")
    values = {f"all_{k}": v for k, v in _ratio_words(company[0]).items()}
    return _compared(trend, near, _OF_BOTH, kind="against_parent", **values)


def _test(trend: Trend, whole: pd.DataFrame) -> tuple[RatioTest, float, float] | None:
    """Ratio of the last year's rate to the rest's, the rest's rate, own n; None with too little."""
    year = trend.scope.months(YEAR)
    own, all_of_it = (f[f["month"].isin(year)][["bad", "n"]].sum() for f in (trend.monthly, whole))
    rest = all_of_it - own
    least = trend.scope.profile.target(trend.metric).min_n
    if min(rest["n"], own["n"]) < max(least, 1e-9) or rest["bad"] <= 0:
        return None
    test = rate_ratio(own["bad"], own["n"], rest["bad"], rest["n"])
    return test, 1000.0 * rest["bad"] / rest["n"], float(own["n"])


def _ratio_words(test: RatioTest) -> dict[str, str]:
    return {name: words.times(getattr(test, name)) for name in ("ratio", "low", "high")}


def _compared(
    trend: Trend, found: tuple | None, message: str, *, kind: str, **more: str
) -> list[Finding]:
    if found is None:
        return []
    test, baseline, n = found
    scope = trend.scope
    text = say(
        message,
        region=naming.region(scope),
        parent=naming.region(scope, scope.parent.id),
        **_ratio_words(test),
        **more,
    )
    return [
        Finding(
            "ok",
            text,
            metric=trend.metric,
            estimate=baseline * test.ratio,
            low=baseline * test.low,
            high=baseline * test.high,
            baseline=baseline,
            ratio=test.ratio,
            p=test.p,
            n=n,
            unit=METRICS[trend.metric].unit,
            evidence="C",
            kind=kind,
        )
    ]


def season(trend: Trend) -> list[Finding]:
    """Whether the main rate has a season."""
    found = trend.season
    if not found.supported:
        text = say("No season is supported by these data, so none is taken out.")
        return [Finding("ok", text, metric=trend.metric, kind="season", p=found.p)]
    peak = found.seasonal.groupby(found.seasonal.index.month).mean().idxmax()
    text = say(
        "{measure}: a yearly season with its peak in {month} (strength {strength} of 1); it is "
        "taken out before anything is called a rise.",
        measure=say(METRICS[trend.metric].title),
        month=words.month_name(int(peak)),
        strength=words.number(found.seasonal_strength, digits=2),
    )
    return [
        Finding(
            "ok",
            text,
            metric=trend.metric,
            p=found.p,
            kind="season",
            estimate=found.seasonal_strength,
        )
    ]


def mix(trend: Trend) -> list[Finding]:
    """How much of a year's change the groups' own rates bring, and how much their shares."""
    parts, info = trend.mix, METRICS[trend.metric]
    if parts is None:
        text = say("Rate and mix cannot be told apart: there is no earlier year to compare with.")
        if info.kind == "count":
            text = say("Rate and mix cannot be told apart: nothing says how much was at risk.")
        return [Finding("unknown", text, metric=trend.metric, kind="mix")]
    share = info.unit == "share"
    scale = {"rate": 1000.0, "proportion": 100.0}.get(info.kind, 1.0)
    unit = N_("percentage points") if share else info.unit
    text = say(
        "Against the 12 months before, the rate changed by {change} {unit}: {rate} because the "
        "groups' own rates changed (95 % interval {low} to {high}), {mix} because the mix of the "
        "groups did.",
        change=words.signed(parts.change * scale),
        unit=say(unit),
        rate=words.signed(parts.rate_effect * scale),
        low=words.signed(parts.rate_low * scale),
        high=words.signed(parts.rate_high * scale),
        mix=words.signed(parts.mix_effect * scale),
    )
    per = 1.0 if share else scale
    return [
        Finding(
            "ok",
            text,
            metric=trend.metric,
            estimate=parts.rate_after * per,
            baseline=parts.rate_before * per,
            unit=info.unit,
            evidence="B",
            kind="mix",
        )
    ]
