"""The sentences about dates: when the level changed, and what the next months will be."""

from __future__ import annotations

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.trend.facts import Facts
from aftersales.questions.trend.level_words import rate_numbers
from aftersales.words import N_, say, say_n

_CREEPS = {
    "up": N_(
        "{measure}: creeping up, season taken out. Since about {day} it is {ratio} times what it "
        "was before (95 % interval {low}–{high}), without one date at which it jumped."
    ),
    "down": N_(
        "{measure}: creeping down, season taken out. Since about {day} it is {ratio} times "
        "what it was before (95 % interval {low}–{high}), without one date at which it dropped."
    ),
}


def findings(facts: Facts) -> list[Finding]:
    """Changes of level of the main rate, and its forecast."""
    if facts.monthly.empty:
        return []
    return [*_changes(facts), _outlook(facts)]


def _changes(facts: Facts) -> list[Finding]:
    changes, title = facts.main_changes, say(METRICS[facts.metric].title)
    if changes is None:
        return []
    if changes.empty:
        text = say(
            "{measure}: no change of level, season taken out; no step is larger than chance gives.",
            measure=title,
        )
        return [Finding("ok", text, metric=facts.metric, kind="no_change")]
    rows = list(changes.itertuples())
    last = rows[-1]
    if rows[0].shape == "creep":  # no one date: it climbed or fell steadily
        last = rows[0]
        creep = _CREEPS["up" if last.ratio > 1 else "down"]
        text = say(creep, measure=title, day=words.month(last.start), **_size(last))
    else:
        text = say_n(
            "{measure}: the level changed once, season taken out: {steps}.",
            "{measure}: the level changed {n} times, season taken out: {steps}.",
            len(rows),
            measure=title,
            steps=words.listing_wide([_step(row) for row in rows]),
        )
    size = {"ratio": last.ratio, "p": last.p}
    return [Finding("ok", text, metric=facts.metric, kind="change_point", **size)]


def _step(row) -> str:
    """One change: its date, what the date may be, and its size."""
    return say(
        "about {day} (95 % interval {first} to {last}), to {ratio} times the level before "
        "({low}–{high})",
        day=words.day(row.start),
        first=words.day(row.start_low),
        last=words.day(row.start_high),
        **_size(row),
    )


def _size(row) -> dict[str, str]:
    sizes = {"ratio": row.ratio, "low": row.ratio_low, "high": row.ratio_high}
    return {name: words.times(size) for name, size in sizes.items()}


def _outlook(facts: Facts) -> Finding:
    info, ahead = METRICS[facts.metric], facts.outlook
    if not ahead.known:
        text = say(
            "{measure}: no forecast, which takes two years of history and 30 cases.",
            measure=say(info.title),
        )
        return Finding("unknown", text, metric=facts.metric, kind="forecast")
    share = naming.as_share(info.unit)
    months = [
        say(
            "{month} {value} ({span})",
            month=words.month(row.month),
            value=words.percent(row.rate) if share else words.number(row.rate),
            span=words.span(row.rate_low, row.rate_high, share),
        )
        for row in ahead.table.itertuples()
    ]
    text = say(
        "{measure}, forecast if nothing changes ({unit}, with 95 % prediction intervals): "
        "{months}.",
        measure=say(info.title),
        unit="%" if share else say(N_("cases a month") if info.kind == "count" else info.unit),
        months=words.listing_wide(months),
    )
    return Finding("ok", text, kind="forecast", **rate_numbers(facts, ahead.table.iloc[0]))
