"""Season: a series taken apart into trend, season and remainder, and the profile of a year."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from aftersales import words
from aftersales.plot.look import theme
from aftersales.plot.look.svg import describe
from aftersales.words import N_, say

_PANELS = {"seasonal": N_("season"), "remainder": N_("remainder")}


def season(
    frame: pd.DataFrame,
    *,
    ylabel: str,
    unit: str = "",
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """A series and its trend on top; what the season and chance add to it below, one scale each.

    `frame` holds one row per period: ``period``, ``value``, ``trend``, ``seasonal``, ``remainder``
    (an STL decomposition; Cleveland et al. 1990, J. Official Statistics 6:3). Returns the top axes.
    With `ax` given only the series and its trend are drawn there.
    """
    if theme.blank(frame["trend"]):
        return theme.nothing_of(ylabel, ax=ax)
    rows = frame.sort_values("period")
    below: list[Axes] = []
    if ax is None:
        ax, *below = _panels()
    ax.plot(rows["period"], rows["value"], color=theme.GREY, linewidth=1.3, marker="o", ms=3)
    ax.plot(rows["period"], rows["trend"], color=theme.ACCENT, linewidth=2.5)
    theme.label_y(ax, say("{measure}: values (grey) and trend (blue)", measure=ylabel))
    for panel, (column, name) in zip(below, _PANELS.items(), strict=False):
        panel.bar(
            rows["period"],
            rows[column],
            theme.bar_days(rows["period"]),
            color=theme.GREY,
            clip_on=False,
        )
        panel.axhline(0, color=theme.SOFT, linewidth=1)
        theme.label_y(panel, say(name))
    for panel in (ax, *below):
        theme.value_axis(panel.yaxis, unit=unit, ticks=4)
        theme.grid(panel, "y")
        theme.period_axis(panel, rows["period"])
    for panel in (ax, *below)[:-1]:
        panel.tick_params(labelbottom=False)
    describe(ax, alt or _season_words(rows, ylabel=ylabel, unit=unit))
    return ax


def _panels() -> list[Axes]:
    first = theme.new_axes(height=470)
    figure = first.figure
    first.remove()
    return list(figure.subplots(3, 1, sharex=True, height_ratios=[2, 1, 1]))


def _season_words(rows: pd.DataFrame, *, ylabel: str, unit: str) -> str:
    trend = rows["trend"].dropna()
    by_month = rows.groupby(rows["period"].dt.month)["seasonal"].mean()
    return say(
        "{measure}: the trend goes from {first} to {last}; "
        "the season is highest in {peak} and lowest in {trough}.",
        measure=ylabel,
        first=theme.said(trend.iloc[0], unit),
        last=theme.said(trend.iloc[-1], unit),
        peak=words.month_name(int(by_month.idxmax())),
        trough=words.month_name(int(by_month.idxmin())),
    )


def seasonal_profile(
    frame: pd.DataFrame, *, ylabel: str = "", ax: Axes | None = None, alt: str | None = None
) -> Axes:
    """The usual year: ``month`` (1 to 12) ``ratio`` to the average month, ``low``, ``high``."""
    if theme.blank(frame["ratio"]):
        return theme.nothing_of(ylabel or say("ratio to the average month"), ax=ax)
    ax = theme.new_axes(ax, height=260)
    rows = frame.sort_values("month")
    if {"low", "high"} <= set(rows):
        ax.vlines(rows["month"], rows["low"], rows["high"], color=theme.ACCENT, alpha=0.4, lw=3)
    ax.plot(rows["month"], rows["ratio"], "o", color=theme.ACCENT, markersize=8)
    ax.axhline(1, color=theme.SOFT, linestyle=(0, (4, 3)), linewidth=1.2)
    ax.set_xticks(range(1, 13), [theme.month_tick(m) for m in range(1, 13)])
    ax.set_xlim(0.4, 12.6)
    theme.value_axis(ax.yaxis, unit="times")
    theme.grid(ax, "y")
    theme.label_y(ax, ylabel or say("ratio to the average month"))
    describe(ax, alt or _profile_words(rows))
    return ax


def _profile_words(rows: pd.DataFrame) -> str:
    top, least = rows.nlargest(1, "ratio").iloc[0], rows.nsmallest(1, "ratio").iloc[0]
    return say(
        "In the usual year {peak} is highest at {high} of the average month and {trough} lowest "
        "at {low}.",
        peak=words.month_name(int(top["month"])),
        high=theme.said(top["ratio"], "times"),
        trough=words.month_name(int(least["month"])),
        low=theme.said(least["ratio"], "times"),
    )
