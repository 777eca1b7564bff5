"""Marks on a course over time: when its level changed, and what is forecast."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from aftersales import words
from aftersales.plot.look import theme
from aftersales.words import say, say_n


def mark_changes(ax: Axes, changes: pd.DataFrame) -> None:
    """A line at every change of level, on a band over the dates it may have.

    `changes` holds ``start``, ``start_low``, ``start_high``. Draw the values before.
    """
    for row in changes.itertuples():
        ax.axvspan(row.start_low, row.start_high, color=theme.WATCH, alpha=0.12, linewidth=0)
        ax.axvline(row.start, color=theme.WATCH, linewidth=1.4, linestyle=(0, (4, 3)))


def draw_ahead(ax: Axes, ahead: pd.DataFrame, *, after: tuple[pd.Timestamp, float]) -> None:
    """A forecast: its values dashed from the last one, ``after``, in the band they will lie in.

    `ahead` holds ``period``, ``rate``, ``rate_low``, ``rate_high``.
    """
    rows = ahead.dropna(subset=["rate"])
    if rows.empty:
        return
    low, high = rows["rate_low"].astype(float), rows["rate_high"].astype(float)
    ax.fill_between(rows["period"], low, high, color=theme.GREY, alpha=0.25, linewidth=0)
    times, values = [after[0], *rows["period"]], [after[1], *rows["rate"]]
    ax.plot(times, values, color=theme.ACCENT, linewidth=2, linestyle=(0, (1, 1.4)))
    ax.plot(rows["period"], rows["rate"], "o", color=theme.ACCENT, markersize=4)


def changes_words(changes: pd.DataFrame | None) -> str:
    """The changes of level in one sentence; nothing without any."""
    if changes is None or changes.empty:
        return ""
    return say_n(
        "The level changed once, on {days}.",
        "The level changed {n} times, on {days}.",
        len(changes),
        days=words.listing([words.day(t) for t in changes["start"]]),
    )


def ahead_words(ahead: pd.DataFrame | None, unit: str = "") -> str:
    """The last value of the forecast in one sentence; nothing without one."""
    rows = ahead.dropna(subset=["rate"]) if ahead is not None else None
    if rows is None or rows.empty:
        return ""
    last = rows.iloc[-1]
    share = unit if unit == "share" else ""
    return say(
        "The forecast for {month} is {value}, between {span}.",
        month=words.month(last["period"]),
        value=theme.said(last["rate"], unit),
        span=words.span(last["rate_low"], last["rate_high"], share),
    )
