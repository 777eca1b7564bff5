"""The sentences about dates: when the level changed, and what the next months will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions.no_rows import no_rows
from aftersales.questions.trend.alarm_words import named_parts
from aftersales.words import N_, say, say_n

if TYPE_CHECKING:
    from aftersales.questions.trend.result import Trend


def findings(trend: Trend) -> list[Finding]:
    """Changes of level of the main rate, and its forecast."""
    if trend.monthly.empty:
        return []
    return [*_changes(trend), *_outlook(trend)]


def _changes(trend: Trend) -> list[Finding]:
    changes, title = trend.main_changes, say(METRICS[trend.metric].title)
    if changes is None:
        return []
    if changes.empty:
        text = say(
            "{measure}: no change of level, season taken out; no step is larger than chance gives.",
            measure=title,
        )
        return [Finding("ok", text, metric=trend.metric, kind="no_change")]
    if changes["shape"].iloc[0] == "creep":
        return [_creep(trend, changes.iloc[0])]
    text = say_n(
        "{measure}: the level changed once, season taken out: {steps}.",
        "{measure}: the level changed {n} times, season taken out: {steps}.",
        len(changes),
        measure=title,
        steps=words.listing_wide([_step(row) for row in changes.itertuples()]),
    )
    last = changes.iloc[-1]
    return [
        Finding(
            "ok", text, metric=trend.metric, ratio=last["ratio"], p=last["p"], kind="change_point"
        )
    ]


def _step(row) -> str:
    """One change: its date, what the date may be, and its size."""
    return say(
        "about {day} (95 % interval {first} to {last}), to {ratio} times the level before "
        "({low}–{high})",
        day=words.day(row.start),
        first=words.day(row.start_low),
        last=words.day(row.start_high),
        ratio=words.times(row.ratio),
        low=words.times(row.ratio_low),
        high=words.times(row.ratio_high),
    )


def _creep(trend: Trend, row: pd.Series) -> Finding:
    """A level that climbed or fell steadily has no one date."""
    up = row["ratio"] > 1
    message = N_(
        "{measure}: creeping up, season taken out. Since about {day} it is {ratio} times what it "
        "was before (95 % interval {low}–{high}), without one date at which it jumped."
    )
    if not up:
        message = N_(
            "{measure}: creeping down, season taken out. Since about {day} it is {ratio} times "
            "what it was before (95 % interval {low}–{high}), without one date at which it dropped."
        )
    text = say(
        message,
        measure=say(METRICS[trend.metric].title),
        day=words.month(row["start"]),
        ratio=words.times(row["ratio"]),
        low=words.times(row["ratio_low"]),
        high=words.times(row["ratio_high"]),
    )
    return Finding(
        "ok", text, metric=trend.metric, ratio=row["ratio"], p=row["p"], kind="change_point"
    )


def _outlook(trend: Trend) -> list[Finding]:
    info, ahead = METRICS[trend.metric], trend.outlook
    if not ahead.known:
        text = say(
            "{measure}: no forecast, which takes two years of history and 30 cases.",
            measure=say(info.title),
        )
        return [Finding("unknown", text, metric=trend.metric, kind="forecast")]
    share = "share" if info.unit == "share" else ""
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
    return [Finding("ok", text, metric=trend.metric, kind="forecast", **_first(trend))]


def _first(trend: Trend) -> dict:
    """The numbers of the next month."""
    row = trend.outlook.table.iloc[0]
    return {
        "estimate": row["rate"],
        "low": row["rate_low"],
        "high": row["rate_high"],
        "unit": METRICS[trend.metric].unit,
    }


def change_table(main: pd.DataFrame | None, rises: pd.DataFrame, *, split_by: str) -> pd.DataFrame:
    """Both kinds of changes as the report shows them: the day or month, and what it may be."""
    if main is not None and len(main):  # what rose as a whole is dated by its change points
        whole = rises["metric"].eq(main["metric"].iloc[0]) & rises["region"].eq("")
        rises = rises[~(whole & rises["part"].eq(""))]
    parts = [f for f in (main, rises) if f is not None and len(f)]
    if not parts and main is None:
        return no_rows(say("Too few cases or too short a past to look for changes."))
    if not parts:
        return no_rows(say("No level changed by more than chance gives."))
    frame = pd.concat(parts, ignore_index=True)
    shown = [_dates(row) for row in frame.itertuples()]
    frame = frame.assign(since=[s for s, _ in shown], between=[b for _, b in shown])
    columns = ["metric", "region", "part", "since", "between", "ratio", "ratio_low", "ratio_high"]
    frame = frame[[*columns, "shape"]]
    return named_parts(frame, split_by=split_by)


def _dates(row) -> tuple[str, str]:
    write = words.day if row.by == "week" else words.month
    low, high = write(row.start_low), write(row.start_high)
    return write(row.start), low if low == high else say("{low} to {high}", low=low, high=high)
