"""Counts and shares as bars: by month, stacked, ranked (Pareto), and effects to both sides of 0."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from aftersales import words
from aftersales.plot.look import theme
from aftersales.plot.look.labels import short
from aftersales.plot.look.svg import describe
from aftersales.words import say, say_n

_MOST = 12  # ranked bars shown; the rest is joined
_ROW = 30  # pixels one ranked bar takes
_PLAIN = {"clip_on": False}  # nothing sticks out, and a clip costs bytes at every bar


def bars(
    frame: pd.DataFrame,
    *,
    ylabel: str,
    unit: str = "",
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """A count by month: ``period``, ``count``; ``immature`` marks months still filling up."""
    if theme.blank(frame["count"]):
        return theme.nothing_of(ylabel, ax=ax)
    ax = theme.new_axes(ax, height=260)
    rows = frame.sort_values("period")
    drawn = ax.bar(
        rows["period"], rows["count"], theme.bar_days(rows["period"]), color=theme.ACCENT, **_PLAIN
    )
    if "immature" in rows:
        for bar, young in zip(drawn, rows["immature"], strict=True):
            if young:
                bar.set(facecolor=theme.WASH, edgecolor=theme.ACCENT, hatch="///", linewidth=1)
    _months(ax, rows["period"], ylabel=ylabel, unit=unit)
    describe(ax, alt or _bars_words(rows, ylabel=ylabel, unit=unit))
    return ax


def _months(ax: Axes, periods: pd.Series, *, ylabel: str, unit: str) -> None:
    theme.label_y(ax, ylabel)
    theme.value_axis(ax.yaxis, unit=unit)
    theme.grid(ax, "y")
    theme.period_axis(ax, periods)


def _bars_words(rows: pd.DataFrame, *, ylabel: str, unit: str) -> str:
    known = rows.dropna(subset=["count"])
    top = known.nlargest(1, "count").iloc[0]
    return say(
        "{measure} from {first} to {last}; the highest is {value} in {month}, the latest {latest}.",
        measure=ylabel,
        first=words.month(known["period"].iloc[0]),
        last=words.month(known["period"].iloc[-1]),
        value=theme.said(top["count"], unit),
        month=words.month(top["period"]),
        latest=theme.said(known["count"].iloc[-1], unit),
    )


def stacked(
    frame: pd.DataFrame,
    *,
    ylabel: str,
    unit: str = "",
    share: bool = False,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """Counts by month in layers: ``period``, ``series``, ``count``; `share` draws parts of 1.

    More than six series: the smallest are joined.
    """
    if theme.blank(frame["count"]):
        return theme.nothing_of(ylabel, ax=ax)
    ax = theme.new_axes(ax, height=320)
    table = _layers(frame)
    if share:
        table, unit = table.div(table.sum(axis=1), axis=0), "share"
    floor, days = np.zeros(len(table)), theme.bar_days(table.index)
    for name, colour in zip(table.columns, theme.SERIES, strict=False):
        label = short(name, most=20)
        ax.bar(table.index, table[name], days, floor, color=colour, label=label, **_PLAIN)
        floor += table[name].to_numpy()
    _months(ax, table.index.to_series(), ylabel=ylabel, unit=unit)
    _key(ax, columns=min(len(table.columns), 4))
    describe(ax, alt or _stacked_words(table, ylabel=ylabel))
    return ax


def _layers(frame: pd.DataFrame, *, most: int = 6) -> pd.DataFrame:
    table = frame.pivot_table(
        index="period", columns="series", values="count", aggfunc="sum", fill_value=0
    )
    order = table.sum().sort_values(ascending=False, kind="stable").index
    kept = table[order[:most]].astype(float)
    if len(order) > most:
        kept[say("other")] = table[order[most:]].sum(axis=1)
    return kept


def _key(ax: Axes, *, columns: int) -> None:
    """The legend in a row below the axes, where it covers no data."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=columns, handlelength=1)


def _stacked_words(table: pd.DataFrame, *, ylabel: str) -> str:
    totals = table.sum()
    return say_n(
        "{measure} by month in {n} series; the largest is {name} with {share} of all.",
        "{measure} by month in {n} series; the largest is {name} with {share} of all.",
        len(totals),
        measure=ylabel,
        name=totals.index[0],
        share=words.percent(totals.iloc[0] / totals.sum()),
    )


def pareto(
    frame: pd.DataFrame,
    *,
    xlabel: str,
    unit: str = "",
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """The few that make up most: ``name``, ``count``, largest first, with the share reached.

    ``count`` is any quantity that adds up: cases, excess cases, costs. Values of 0 and below are
    left out. The twelve largest are drawn; the rest are joined in a last bar.
    """
    rows = _ranked(frame)
    if rows.empty:
        return theme.nothing_of(xlabel, ax=ax)
    ax = theme.new_axes(ax, height=_ROW * max(len(rows), 2) + 60)
    drawn = ax.barh(range(len(rows)), rows["count"], height=0.62, color=_pareto_colours(rows))
    for bar, (_, row) in zip(drawn, rows.iterrows(), strict=True):
        text = f"{theme.said(row['count'], unit)} · {words.percent(row['reached'], decimals=0)}"
        _beside(ax, text, x=bar.get_width(), y=bar.get_y() + bar.get_height() / 2)
    _names(ax, rows["name"])
    ax.set_xlim(0, (rows["count"].max() if len(rows) else 1) * 1.2)
    theme.value_axis(ax.xaxis, unit=unit)
    ax.set_xlabel(say("{measure} · share of all reached so far", measure=xlabel))
    theme.grid(ax, "x")
    describe(ax, alt or _pareto_words(rows, measure=xlabel))
    return ax


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    positive = frame.loc[frame["count"] > 0, ["name", "count"]]
    rows = positive.sort_values("count", ascending=False, kind="stable")
    top = rows.head(_MOST).assign(rest=False)
    if len(rows) > _MOST:
        joined = say_n("{n} other", "{n} others", len(rows) - _MOST)
        last = pd.DataFrame({"name": [joined], "count": [rows["count"][_MOST:].sum()]})
        top = pd.concat([top, last.assign(rest=True)], ignore_index=True)
    return top.assign(reached=top["count"].cumsum() / max(top["count"].sum(), 1e-12))


def _pareto_colours(rows: pd.DataFrame) -> list[str]:
    """The bars that together reach 80 % in the accent colour, the others in grey."""
    before = rows["reached"].shift(fill_value=0.0)
    vital = (before < 0.8) & ~rows["rest"].astype(bool)
    return [theme.ACCENT if v else theme.GREY for v in vital]


def _beside(ax: Axes, text: str, *, x: float, y: float) -> None:
    ax.annotate(
        text, (x, y), (6, 0), textcoords="offset points", va="center", fontsize=12, color=theme.SOFT
    )


def _names(ax: Axes, names: pd.Series) -> None:
    """Names of rows, the first one on top."""
    ax.set_yticks(range(len(names)), [short(name) for name in names], color=theme.INK)
    ax.set_ylim(max(len(names), 1) - 0.4, -0.6)


def _pareto_words(rows: pd.DataFrame, *, measure: str) -> str:
    needed = int((rows["reached"] < 0.8).sum()) + 1
    head = say(
        "{measure}: the largest is {name} with {share} of all.",
        measure=measure,
        name=rows["name"].iloc[0],
        share=words.percent(rows["reached"].iloc[0], decimals=0),
    )
    tail = say_n("{n} bar reaches 80 %.", "{n} bars together reach 80 %.", min(needed, len(rows)))
    return words.sentences(head, tail)


def mix_rate_bars(
    frame: pd.DataFrame,
    *,
    xlabel: str,
    unit: str = "",
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """What a change is made of: per ``name`` its ``rate_effect`` and its ``mix_effect``.

    Both in the unit of the change; the names with the largest effects come first, twelve at most.
    """
    if theme.blank(frame["rate_effect"]):
        return theme.nothing_of(xlabel, ax=ax)
    size = frame["rate_effect"].abs() + frame["mix_effect"].abs()
    rows = frame.assign(size=size).nlargest(_MOST, "size")
    ax = theme.new_axes(ax, height=38 * max(len(rows), 2) + 90)
    places = np.arange(len(rows))
    ax.barh(places - 0.19, rows["rate_effect"], 0.34, color=theme.ACCENT, label=say("rate effect"))
    ax.barh(places + 0.19, rows["mix_effect"], 0.34, color=theme.SERIES[1], label=say("mix effect"))
    ax.axvline(0, color=theme.SOFT, linewidth=1)
    _names(ax, rows["name"])
    theme.value_axis(ax.xaxis, unit=unit)
    theme.grid(ax, "x")
    ax.set_xlabel(xlabel)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handlelength=1)
    describe(ax, alt or _mix_words(frame, rows, measure=xlabel, unit=unit))
    return ax


def _mix_words(frame: pd.DataFrame, rows: pd.DataFrame, *, measure: str, unit: str) -> str:
    return say(
        "{measure}: rates changed it by {rate}, the mix by {mix}; "
        "the largest part comes from {name}.",
        measure=measure,
        rate=theme.said(float(frame["rate_effect"].sum()), unit),
        mix=theme.said(float(frame["mix_effect"].sum()), unit),
        name=rows["name"].iloc[0],
    )
