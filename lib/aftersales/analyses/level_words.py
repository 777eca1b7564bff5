"""The sentences of the trend report about the main rate: level, comparison, season, mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.stats.intervals import rate_ratio
from aftersales.words import N_, say

if TYPE_CHECKING:
    from aftersales.analyses.trend import Trend

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


def findings(trend: Trend) -> list[Finding]:
    """The sentences about the main rate."""
    return [*_level(trend), *_against(trend), *_season(trend), *_mix(trend)]


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
    found = []
    if scope.parent.parent is not None:
        message = N_(
            "Over the last 12 months {region} had {ratio} times the rate of the rest of {parent} "
            "(95 % interval {low}–{high}), not adjusted for its products and their age; see "
            "Hotspot."
        )
        found += _compared(trend, trend.above, message, kind="against_parent")
    message = N_(
        "Over the last 12 months {region} had {ratio} times the rate of the rest of the company "
        "(95 % interval {low}–{high}), not adjusted for its products and their age; see Hotspot."
    )
    return [*found, *_compared(trend, trend.reference, message, kind="against_company")]


def _compared(trend: Trend, whole: pd.DataFrame, message: str, *, kind: str) -> list[Finding]:
    scope, info = trend.scope, METRICS[trend.metric]
    year = scope.months(YEAR)
    own, all_of_it = (f[f["month"].isin(year)][["bad", "n"]].sum() for f in (trend.monthly, whole))
    rest = all_of_it - own
    least = scope.profile.target(trend.metric).min_n
    if min(rest["n"], own["n"]) < max(least, 1e-9) or rest["bad"] <= 0:
        return []
    test = rate_ratio(own["bad"], own["n"], rest["bad"], rest["n"])
    baseline = 1000.0 * rest["bad"] / rest["n"]
    text = say(
        message,
        region=scope.name(),
        parent=scope.name(scope.parent.id),
        ratio=words.number(test.ratio, digits=2),
        low=words.number(test.low, digits=2),
        high=words.number(test.high, digits=2),
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
            n=own["n"],
            unit=info.unit,
            evidence="C",
            kind=kind,
        )
    ]


def _season(trend: Trend) -> list[Finding]:
    season = trend.season
    if not season.supported:
        text = say("No season is supported by these data, so none is taken out.")
        return [Finding("ok", text, metric=trend.metric, kind="season", p=season.p)]
    peak = season.seasonal.groupby(season.seasonal.index.month).mean().idxmax()
    text = say(
        "The series has a yearly season that peaks in {month} (strength {strength} of 1, p {p}); "
        "it is taken out before anything is called a rise.",
        month=words.month_name(int(peak)),
        strength=words.number(season.seasonal_strength, digits=2),
        p=words.p_value(season.p),
    )
    return [
        Finding(
            "ok",
            text,
            metric=trend.metric,
            p=season.p,
            kind="season",
            estimate=season.seasonal_strength,
        )
    ]


def _mix(trend: Trend) -> list[Finding]:
    mix, info = trend.mix, METRICS[trend.metric]
    if mix is None:
        return []
    share = info.unit == "share"
    scale = {"rate": 1000.0, "proportion": 100.0}.get(info.kind, 1.0)
    unit = N_("percentage points") if share else info.unit
    text = say(
        "Against the 12 months before, the rate changed by {change} {unit}: {rate} from the "
        "groups' own rates (95 % interval {low} to {high}), {mix} from a changed mix of the "
        "groups.",
        change=words.signed(mix.change * scale),
        unit=say(unit),
        rate=words.signed(mix.rate_effect * scale),
        low=words.signed(mix.rate_low * scale),
        high=words.signed(mix.rate_high * scale),
        mix=words.signed(mix.mix_effect * scale),
    )
    per = 1.0 if share else scale
    return [
        Finding(
            "ok",
            text,
            metric=trend.metric,
            estimate=mix.rate_after * per,
            baseline=mix.rate_before * per,
            unit=info.unit,
            evidence="B",
            kind="mix",
        )
    ]
