"""The sentences of the trend report about the main rate: level, comparison, season, mix."""

from __future__ import annotations

from typing import Any

import pandas as pd

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.telling import in_words, numbers
from aftersales.questions.trend.facts import Facts
from aftersales.studies.series.monthly import YEAR
from aftersales.words import N_, say

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
_AGAINST = {  # what the region is compared with -> message
    ("parent",): N_(
        "Over the last 12 months {region} had {ratio} times the rate of the rest of {parent} "
        "(95 % interval {low}–{high}), not adjusted for its products and their age; see Hotspot."
    ),
    ("company",): N_(
        "Over the last 12 months {region} had {ratio} times the rate of the rest of the company "
        "(95 % interval {low}–{high}), not adjusted for its products and their age; see Hotspot."
    ),
    ("parent", "company"): N_(
        "Over the last 12 months {region} had {ratio} times the rate of the rest of {parent} "
        "(95 % interval {low}–{high}) and {all_ratio} times that of the rest of the company "
        "({all_low}–{all_high}), not adjusted for its products and their age; see Hotspot."
    ),
}


def findings(facts: Facts) -> list[Finding]:
    """The main rate: its last month, and how it compares with the others'."""
    return [*_level(facts), *_against(facts)]


def rate_numbers(facts: Facts, row: pd.Series) -> dict[str, Any]:
    """The fields of a `Finding` that a month of the main rate fills."""
    values = {"estimate": row["rate"], "low": row["rate_low"], "high": row["rate_high"]}
    return {"metric": facts.metric, **values, "unit": METRICS[facts.metric].unit}


def _level(facts: Facts) -> list[Finding]:
    """The main rate of the last month, beside that of the same month a year before."""
    if facts.monthly.empty:
        return []
    info, last = METRICS[facts.metric], facts.monthly.iloc[-1]
    counted = info.kind == "count"
    least = 0 if counted else facts.scope.profile.target(facts.metric).min_n
    if last["n"] < least:
        return []  # too few to show
    before = facts.monthly[facts.monthly["month"] == last["month"] - pd.DateOffset(months=YEAR)]
    rates = before.loc[before["n"].ge(least), "rate"].tolist()
    text = say(
        _LEVEL[not counted, len(rates) > 0],
        measure=say(info.title),
        month=words.month(last["month"]),
        value=words.amount(last["rate"], info.unit),
        span=words.span(last["rate_low"], last["rate_high"], naming.as_share(info.unit)),
        n=words.count(last["n"]),
        before=words.amount(rates[0], info.unit) if rates else "",
    )
    beside = {"baseline": rates[0] if rates else None, "n": None if counted else last["n"]}
    return [Finding("ok", text, kind="level", **rate_numbers(facts, last), **beside)]


def _against(facts: Facts) -> list[Finding]:
    """The last twelve months against those of the rest of the parent and of the company."""
    if facts.peers.empty:
        return []
    scope, rows = facts.scope, list(facts.peers.itertuples())
    one, *others = [in_words(row) for row in rows]
    text = say(
        _AGAINST[tuple(row.of for row in rows)],
        region=naming.region(scope),
        parent=naming.region(scope, scope.parent.id),
        **one,
        **{f"all_{name}": value for other in others for name, value in other.items()},
    )
    row, per = rows[0], 1000.0 / rows[0].at_risk
    values = numbers(row, metric=facts.metric, per=per, baseline=row.expected * per, n=row.at_risk)
    return [Finding("ok", text, kind=f"against_{row.of}", **values)]


def season(facts: Facts) -> list[Finding]:
    """Whether the main rate has a season."""
    found = facts.season
    if not found.supported:
        text = say("No season is supported by these data, so none is taken out.")
        return [Finding("ok", text, metric=facts.metric, kind="season", p=found.p)]
    peak = found.seasonal.groupby(found.seasonal.index.month).mean().idxmax()
    text = say(
        "{measure}: a yearly season with its peak in {month} (strength {strength} of 1); it is "
        "taken out before anything is called a rise.",
        measure=say(METRICS[facts.metric].title),
        month=words.month_name(int(peak)),
        strength=words.number(found.seasonal_strength, digits=2),
    )
    strength = found.seasonal_strength
    return [Finding("ok", text, metric=facts.metric, p=found.p, kind="season", estimate=strength)]


def mix(facts: Facts) -> list[Finding]:
    """How much of a year's change the groups' own rates bring, and how much their shares."""
    parts, info = facts.mix, METRICS[facts.metric]
    if parts is None:
        text = say("Rate and mix cannot be told apart: there is no earlier year to compare with.")
        if info.kind == "count":
            text = say("Rate and mix cannot be told apart: nothing says how much was at risk.")
        return [Finding("unknown", text, metric=facts.metric, kind="mix")]
    share = info.unit == "share"
    scale = {"rate": 1000.0, "proportion": 100.0}.get(info.kind, 1.0)
    text = say(
        "Against the 12 months before, the rate changed by {change} {unit}: {rate} because the "
        "groups' own rates changed (95 % interval {low} to {high}), {mix} because the mix of the "
        "groups did.",
        change=words.signed(parts.change * scale),
        unit=say(N_("percentage points") if share else info.unit),
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
            metric=facts.metric,
            estimate=parts.rate_after * per,
            baseline=parts.rate_before * per,
            unit=info.unit,
            evidence="B",
            kind="mix",
        )
    ]
