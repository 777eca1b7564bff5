"""Measures over time and over age: control chart, rates with ribbons, curves by months in use."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from aftersales import words
from aftersales.plot import events
from aftersales.plot.look import theme
from aftersales.plot.look.labels import curve_labels, end_labels, short
from aftersales.plot.look.svg import describe
from aftersales.words import say, say_n

_HEIGHT, _PLOT = 320, 250  # pixels: the figure, and about what its axes get


def control_chart(
    frame: pd.DataFrame,
    *,
    ylabel: str,
    unit: str = "",
    target: float | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """A measure by period, the limits within which it varies by chance, and what lies outside.

    `frame` holds one row per period: ``period``, ``value`` and, where known, ``lower``, ``centre``,
    ``upper`` (limits), ``signal`` (outside them), ``low``, ``high`` (interval of the value) and
    ``expected``, ``expected_low``, ``expected_high`` (what season and trend let expect).
    """
    if theme.blank(frame["value"]):
        return theme.nothing_of(ylabel, ax=ax)
    ax = theme.new_axes(ax, height=_HEIGHT)
    rows = frame.sort_values("period")
    _expected(ax, rows)
    _intervals(ax, rows)
    ax.plot(rows["period"], rows["value"], color=theme.ACCENT, marker="o", markersize=4.5)
    _signals(ax, rows)
    _finish(ax, rows["period"], ylabel=ylabel, unit=unit)
    _limits(ax, rows, target=target, unit=unit)
    describe(ax, alt or _control_words(rows, ylabel=ylabel, unit=unit))
    return ax


def _expected(ax: Axes, rows: pd.DataFrame) -> None:
    if {"expected_low", "expected_high"} <= set(rows):
        band = rows[["expected_low", "expected_high"]].astype(float)
        ax.fill_between(
            rows["period"], band.iloc[:, 0], band.iloc[:, 1], color=theme.WASH, linewidth=0
        )
    if "expected" in rows:
        ax.plot(rows["period"], rows["expected"], color=theme.GREY, linewidth=1.5)


def _intervals(ax: Axes, rows: pd.DataFrame) -> None:
    if {"low", "high"} <= set(rows):
        ax.vlines(rows["period"], rows["low"], rows["high"], color=theme.ACCENT, alpha=0.35)


def _signals(ax: Axes, rows: pd.DataFrame) -> None:
    if "signal" in rows:
        out = rows[rows["signal"].fillna(False).astype(bool)]
        ax.plot(
            out["period"], out["value"], "D", color=theme.ACT, markersize=9, markeredgecolor="#fff"
        )


def _limits(ax: Axes, rows: pd.DataFrame, *, target: float | None, unit: str) -> None:
    names = {
        "upper": (say("upper limit"), "--", theme.SOFT),
        "centre": (say("centre line"), "-", theme.GREY),
        "lower": (say("lower limit"), "--", theme.SOFT),
    }
    ends = []
    for column, (name, style, colour) in names.items():
        if column in rows and rows[column].notna().any():
            values = rows[column].astype(float)
            ax.plot(rows["period"], values, style, color=colour, linewidth=1.3, zorder=1)
            ends.append((values.dropna().iloc[-1], name, theme.SOFT))
    if "expected" in rows and rows["expected"].notna().any():
        ends.append((rows["expected"].dropna().iloc[-1], say("expected"), theme.SOFT))
    if target is not None:
        ax.axhline(target, color=theme.OK, linestyle=":", linewidth=1.6)
        ends.append((target, say("target"), theme.OK))
    _from_zero(ax)
    end_labels(ax, ends, height=_PLOT)


def _finish(ax: Axes, periods: pd.Series, *, ylabel: str, unit: str) -> None:
    theme.label_y(ax, ylabel)
    theme.value_axis(ax.yaxis, unit=unit)
    theme.grid(ax, "y")
    theme.period_axis(ax, periods)
    _from_zero(ax)


def _from_zero(ax: Axes) -> None:
    """Start at zero where that costs no detail: the lowest value is not far above it."""
    ax.autoscale(enable=True, axis="y")
    low, high = ax.get_ylim()
    if 0 <= ax.dataLim.y0 < 0.55 * ax.dataLim.y1:
        low = 0
    ax.set_ylim(low, high)


def _control_words(rows: pd.DataFrame, *, ylabel: str, unit: str) -> str:
    known = rows.dropna(subset=["value"])
    last = known.iloc[-1]
    head = say(
        "{measure} from {first} to {last}; the latest value is {value}.",
        measure=ylabel,
        first=words.month(known["period"].iloc[0]),
        last=words.month(last["period"]),
        value=theme.said(last["value"], unit),
    )
    if "signal" not in rows:
        return head
    out = known[known["signal"].fillna(False).astype(bool)]
    tail = say_n(
        "{n} point lies outside the limits.", "{n} points lie outside the limits.", len(out)
    )
    if len(out):
        tail = words.sentences(
            tail, say("The last of them is {month}.", month=words.month(out["period"].iloc[-1]))
        )
    return words.sentences(head, tail)


def rate_lines(
    frame: pd.DataFrame,
    *,
    ylabel: str,
    unit: str = "",
    changes: pd.DataFrame | None = None,
    ahead: pd.DataFrame | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """Rates by period with their intervals as ribbons, one line per series.

    `frame` holds one row per series and period: ``series`` (name to print), ``period``, ``rate``,
    ``rate_low``, ``rate_high``. The first series is the one the page is about; `changes` marks
    when its level changed and `ahead` draws its forecast (`events`).
    """
    if theme.blank(frame["rate"]):
        return theme.nothing_of(ylabel, ax=ax)
    ax = theme.new_axes(ax, height=_HEIGHT)
    ends = []
    names = list(dict.fromkeys(frame["series"]))
    for name, (colour, style) in reversed(list(zip(names, _styles(len(names)), strict=True))):
        rows = frame[frame["series"] == name].sort_values("period")
        own = name == names[0]
        _ribbon(ax, rows, x="period", color=colour, alpha=0.18 if own else 0.1)
        ax.plot(rows["period"], rows["rate"], style, color=colour, linewidth=2.5 if own else 1.7)
        ends.insert(0, (_last(rows["rate"]), short(name, most=18), colour))
    _add_events(ax, frame[frame["series"] == names[0]], changes=changes, ahead=ahead)
    _finish(ax, frame["period"], ylabel=ylabel, unit=unit)
    end_labels(ax, ends, height=_PLOT)
    told = _lines_words(frame, names, ylabel=ylabel, unit=unit)
    more = events.changes_words(changes), events.ahead_words(ahead, unit)
    describe(ax, alt or words.sentences(told, *more))
    return ax


def _add_events(
    ax: Axes, rows: pd.DataFrame, *, changes: pd.DataFrame | None, ahead: pd.DataFrame | None
) -> None:
    known = rows.sort_values("period").dropna(subset=["rate"])
    if ahead is not None and len(known):
        events.draw_ahead(ax, ahead, after=(known["period"].iloc[-1], known["rate"].iloc[-1]))
    if changes is not None:
        events.mark_changes(ax, changes)


def _styles(n: int) -> list[tuple[str, str]]:
    """Colour and dash of each line: the page's own, the one it is compared with, the rest."""
    rest = [(theme.SERIES[1 + i % (len(theme.SERIES) - 1)], "-") for i in range(max(n - 2, 0))]
    return [(theme.ACCENT, "-"), (theme.SOFT, "--"), *rest][:n]


def _ribbon(ax: Axes, rows: pd.DataFrame, *, x: str, color: object, alpha: float) -> None:
    if {"rate_low", "rate_high"} <= set(rows):
        low, high = rows["rate_low"].astype(float), rows["rate_high"].astype(float)
        ax.fill_between(rows[x], low, high, color=color, alpha=alpha, linewidth=0)


def _last(values: pd.Series) -> float:
    known = values.dropna()
    return float(known.iloc[-1]) if len(known) else np.nan


def _lines_words(frame: pd.DataFrame, names: list[str], *, ylabel: str, unit: str) -> str:
    head = say(
        "{measure} by month from {first} to {last}.",
        measure=ylabel,
        first=words.month(frame["period"].min()),
        last=words.month(frame["period"].max()),
    )
    tails = []
    for name in names[:4]:
        rows = frame[frame["series"] == name].sort_values("period").dropna(subset=["rate"])
        if len(rows):
            value = theme.said(rows["rate"].iloc[-1], unit)
            tails.append(say("{name} ends at {value}.", name=name, value=value))
    return words.sentences(head, *tails)


def age_curve(
    frame: pd.DataFrame,
    *,
    ylabel: str,
    xlabel: str | None = None,
    unit: str = "",
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """Rate by months in service, one curve per cohort, the newest darkest.

    Of two cohorts the first is the one in question, the second what it is compared with.

    `frame` holds one row per cohort and month of age: ``cohort`` (in order), ``age`` (months),
    ``rate``, ``rate_low``, ``rate_high``.
    """
    if theme.blank(frame["rate"]):
        return theme.nothing_of(ylabel, ax=ax)
    ax = theme.new_axes(ax, height=_HEIGHT)
    cohorts = list(dict.fromkeys(frame["cohort"]))
    ends = []
    for cohort, shade in zip(cohorts, _shades(len(cohorts)), strict=True):
        rows = frame[frame["cohort"] == cohort].sort_values("age")
        _ribbon(ax, rows, x="age", color=shade, alpha=0.16)
        ax.plot(rows["age"], rows["rate"], color=shade)
        known = rows.dropna(subset=["rate"])
        if len(known):
            end = known.iloc[-1]
            ends.append((float(end["age"]), float(end["rate"]), short(cohort, most=18)))
    theme.label_y(ax, ylabel)
    theme.value_axis(ax.yaxis, unit=unit)
    theme.value_axis(ax.xaxis, ticks=8, whole=True)
    theme.grid(ax, "y")
    _from_zero(ax)
    ax.set_xlabel(say("months in service") if xlabel is None else xlabel)
    curve_labels(ax, ends, height=_PLOT - 20, color=theme.SOFT)
    describe(ax, alt or _age_words(frame, cohorts, ylabel=ylabel, unit=unit))
    return ax


def _shades(n: int) -> list:
    if n == 2:
        return [theme.ACCENT, theme.GREY]
    return sns.color_palette(f"blend:#b9c6d6,{theme.ACCENT}", n) if n > 2 else [theme.ACCENT]


def _age_words(frame: pd.DataFrame, cohorts: list, *, ylabel: str, unit: str) -> str:
    head = say_n(
        "{measure} by months in service for {n} cohort.",
        "{measure} by months in service for {n} cohorts.",
        len(cohorts),
        measure=ylabel,
    )
    top = frame.nlargest(1, "rate").iloc[0]
    tail = say(
        "The highest is {value}, in cohort {cohort} at {age} months.",
        value=theme.said(top["rate"], unit),
        cohort=top["cohort"],
        age=words.count(top["age"]),
    )
    return words.sentences(head, tail)
