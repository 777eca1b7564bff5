"""The sentences of the trend report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from aftersales import words
from aftersales.analyses.scope import lacking
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.stats.intervals import rate_ratio
from aftersales.words import say, say_n

if TYPE_CHECKING:
    from aftersales.analyses.trend import Trend

SHOWN = 6  # sentences for separate rises of one severity; further ones are counted in one
YEAR = 12


def findings(trend: Trend) -> list[Finding]:
    """All sentences of the report."""
    table = trend.table
    if not trend.series:
        return [lacking(trend.scope, metric=trend.metric, table="tickets")]
    if table.empty:
        return [_nothing_judged(trend), *_level(trend)]
    urgent = _without_echoes(table[table["severity"].isin(["act", "watch"])], trend.split_by)
    found = [_rise(trend, row) for row in urgent if row.severity == "act"][:SHOWN]
    found += [_rise(trend, row) for row in urgent if row.severity == "watch"][:SHOWN]
    found.append(_rest(trend, said=len(found)))
    found += _level(trend) + _against_company(trend) + _season(trend) + _mix(trend)
    return found + _too_short(trend)


def subject_of(row, split_by: str) -> dict[str, str]:
    """The attributes that name a series, without the empty ones."""
    keys = ["region", split_by] if split_by else ["region"]
    return {k: getattr(row, k) for k in keys if getattr(row, k)}


def _without_echoes(urgent: pd.DataFrame, split_by: str) -> list:
    """The rises that say something of their own.

    A part of a series that rose as the whole did (its ratio is within the whole's interval)
    echoes it; the whole is enough.
    """
    rows = list(urgent.itertuples())
    subjects = [subject_of(row, split_by) for row in rows]
    return [
        row
        for row, subject in zip(rows, subjects, strict=True)
        if not any(
            whole.metric == row.metric
            and wider.items() < subject.items()
            and whole.low <= row.ratio <= whole.high
            for whole, wider in zip(rows, subjects, strict=True)
        )
    ]


def _rise(trend: Trend, row) -> Finding:
    info = METRICS[row.metric]
    subject = subject_of(row, trend.split_by)
    values = {
        "measure": _measure(row.metric),
        "subject": _whom(trend, subject),
        "ratio": words.number(row.ratio, digits=2),
        "low": words.number(row.low, digits=2),
        "high": words.number(row.high, digits=2),
        "start": words.month(row.start),
        "count": words.count(row.count),
        "expected": words.cases(row.expected),
    }
    if row.months == 1:
        text = say(
            "{measure}, {subject}: {count} cases in {start}, {ratio} times the {expected} expected "
            "from its past (95 % interval {low}–{high}). Find out what happened that month.",
            **values,
        )
    else:
        text = say(
            "{measure}, {subject}: {count} cases since {start}, {ratio} times the {expected} "
            "expected from its past (95 % interval {low}–{high}). See Root cause for what "
            "explains it.",
            **values,
        )
    scale = 1000.0 if info.kind == "rate" else 1.0
    per = scale / row.n if row.n else float("nan")
    return Finding(
        row.severity,
        text,
        metric=row.metric,
        subject=subject,
        estimate=row.count * per,
        low=row.low * row.expected * per,
        high=row.high * row.expected * per,
        baseline=row.expected * per,
        ratio=row.ratio,
        p=row.p,
        q=row.q,
        n=row.n,
        excess=row.excess,
        unit=info.unit,
        evidence="B" if row.rung == "season" else "C",
        kind="rise",
    )


def _measure(metric: str) -> str:
    """What goes up when things get worse: the metric, or its misses if it is good when high."""
    info = METRICS[metric]
    if info.kind == "proportion" and info.good == "high":
        return say("{measure}: misses", measure=say(info.title))
    return say(info.title)


def _whom(trend: Trend, subject: Mapping[str, str]) -> str:
    if not subject:
        return trend.scope.name()
    return trend.scope.subject(subject)


def _rest(trend: Trend, *, said: int) -> Finding:
    n, total = len(trend.table) - said, len(trend.table)
    if said == 0:
        text = say_n(
            "The only series judged stays within what is expected from its own past.",
            "All {n} series judged stay within what is expected from their own past.",
            total,
        )
    else:
        text = say_n(
            "The other series gives no reason to act (of {total} judged).",
            "The other {n} series give no reason to act (of {total} judged).",
            n,
            total=words.count(total),
        )
    return Finding("ok", text, judged=max(n, 1), metric=trend.metric, kind="rest")


def _level(trend: Trend) -> list[Finding]:
    """The main rate of the last month, beside that of the same month a year before."""
    if trend.monthly.empty:
        return []
    info, last = METRICS[trend.metric], trend.monthly.iloc[-1]
    year_before = trend.monthly[
        trend.monthly["month"] == last["month"] - pd.DateOffset(months=YEAR)
    ]
    values = {
        "measure": say(info.title),
        "month": words.month(last["month"]),
        "value": words.amount(last["rate"], info.unit),
        "span": words.span(
            last["rate_low"], last["rate_high"], "share" if info.unit == "share" else ""
        ),
        "n": words.count(last["n"]),
    }
    if year_before.empty:
        text = say("{measure} in {month}: {value} (95 % interval {span}, n = {n}).", **values)
    else:
        text = say(
            "{measure} in {month}: {value} (95 % interval {span}, n = {n}); a year before it was "
            "{before}.",
            before=words.amount(year_before.iloc[0]["rate"], info.unit),
            **values,
        )
    return [
        Finding(
            "ok",
            text,
            metric=trend.metric,
            estimate=last["rate"],
            low=last["rate_low"],
            high=last["rate_high"],
            n=last["n"],
            unit=info.unit,
            kind="level",
        )
    ]


def _against_company(trend: Trend) -> list[Finding]:
    """The last twelve months against those of the rest of the company, crude."""
    if trend.scope.parent is None or METRICS[trend.metric].kind != "rate":
        return []
    own, whole = (f.tail(YEAR)[["bad", "n"]].sum() for f in (trend.monthly, trend.reference))
    rest = whole - own
    if rest["n"] <= 0 or own["n"] <= 0:
        return []
    test = rate_ratio(own["bad"], own["n"], rest["bad"], rest["n"])
    text = say(
        "Over the last 12 months {region} had {ratio} times the rate of the rest of the company "
        "(95 % interval {low}–{high}), not adjusted for its products and their age; see Hotspot.",
        region=trend.scope.name(),
        ratio=words.number(test.ratio, digits=2),
        low=words.number(test.low, digits=2),
        high=words.number(test.high, digits=2),
    )
    return [
        Finding(
            "ok",
            text,
            metric=trend.metric,
            ratio=test.ratio,
            low=test.low,
            high=test.high,
            p=test.p,
            n=own["n"],
            unit="times",
            evidence="C",
            kind="against_company",
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
    if trend.mix is None:
        return []
    mix = trend.mix
    scale = 1000.0 if METRICS[trend.metric].kind == "rate" else 1.0
    text = say(
        "Against the 12 months before, the rate changed by {change} {unit}: {rate} from the "
        "groups' own rates, {mix} from a changed mix of the groups.",
        change=words.signed(mix.change * scale),
        unit=say(METRICS[trend.metric].unit),
        rate=words.signed(mix.rate_effect * scale),
        mix=words.signed(mix.mix_effect * scale),
    )
    return [
        Finding(
            "ok",
            text,
            metric=trend.metric,
            estimate=mix.change * scale,
            baseline=mix.rate_before * scale,
            unit=METRICS[trend.metric].unit,
            kind="mix",
        )
    ]


def _too_short(trend: Trend) -> list[Finding]:
    n = sum(s.change is None for s in trend.series)
    if n == 0:
        return []
    text = say_n(
        "{n} series has too few cases or too short a past to be judged.",
        "{n} series have too few cases or too short a past to be judged.",
        n,
    )
    return [Finding("unknown", text, metric=trend.metric, judged=n, kind="too_few")]


def _nothing_judged(trend: Trend) -> Finding:
    text = say("No series has enough cases and enough past to be judged.")
    return Finding("unknown", text, metric=trend.metric, kind="too_few")
