"""Scores by touchpoint and tier, each with its interval, small groups withheld."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from aftersales import words
from aftersales.plot.look import theme
from aftersales.plot.look.labels import short
from aftersales.plot.look.svg import describe
from aftersales.words import say, say_n

_ROW = 22  # pixels one tier takes within a touchpoint
_MARKS = "osD^vPX"  # tiers differ in shape as well as in colour


def score_dots(
    frame: pd.DataFrame,
    *,
    xlabel: str,
    unit: str = "share",
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """How satisfied each tier is at each touchpoint.

    `frame` holds one row per touchpoint and tier: ``touchpoint``, ``tier``, ``score``,
    ``score_low``, ``score_high`` and, where known, ``n``, ``withheld`` (too small to show) and
    ``significant`` (filled; others are hollow).
    """
    if frame.empty:
        return theme.nothing_of(xlabel, ax=ax)
    touchpoints = list(dict.fromkeys(frame["touchpoint"]))
    tiers = list(dict.fromkeys(frame["tier"]))
    pitch = len(tiers) + 0.8  # rows a touchpoint takes
    ax = theme.new_axes(ax, height=_ROW * max(pitch * len(touchpoints), 3) + 110)
    for _, row in frame.iterrows():
        place = touchpoints.index(row["touchpoint"]) * pitch + tiers.index(row["tier"])
        _score(ax, row, y=place, tier=tiers.index(row["tier"]))
    _edges(ax, frame)
    _rows(ax, touchpoints, pitch=pitch, tiers=len(tiers))
    theme.value_axis(ax.xaxis, unit=unit, ticks=6)
    theme.grid(ax, "x")
    ax.set_xlabel(xlabel)
    _tier_key(ax, tiers)
    describe(ax, alt or _score_words(frame, xlabel=xlabel, unit=unit))
    return ax


def _withheld(row: pd.Series) -> bool:
    return bool(row.get("withheld", False)) or not np.isfinite(row["score"])


def _score(ax: Axes, row: pd.Series, *, y: float, tier: int) -> None:
    colour = theme.SERIES[tier % len(theme.SERIES)]
    if _withheld(row):
        ax.annotate(
            say("too few answers"), (0.012, y), xycoords=("axes fraction", "data"),
            va="center", color=theme.GREY, fontsize=theme.SMALL,
        )  # fmt: skip
        return
    ax.plot((row["score_low"], row["score_high"]), (y, y), color=colour, linewidth=2.5)
    filled = row.get("significant", True)
    ax.plot(
        row["score"], y, _MARKS[tier % len(_MARKS)], color=colour, markersize=8,
        markerfacecolor=colour if filled else "#fff",
    )  # fmt: skip


def _edges(ax: Axes, frame: pd.DataFrame) -> None:
    shown = frame[[not _withheld(row) for _, row in frame.iterrows()]]
    if shown.empty:
        ax.set_xlim(0, 1)
        return
    low, high = shown["score_low"].min(), shown["score_high"].max()
    pad = 0.06 * ((high - low) or 1)
    ax.set_xlim(low - pad, high + pad)


def _rows(ax: Axes, touchpoints: list, *, pitch: float, tiers: int) -> None:
    middles = [i * pitch + (tiers - 1) / 2 for i in range(len(touchpoints))]
    ax.set_yticks(middles, [short(name) for name in touchpoints], color=theme.INK)
    ax.set_ylim(len(touchpoints) * pitch - 0.9, -0.9)
    for i in range(1, len(touchpoints)):
        ax.axhline(i * pitch - 0.9, color=theme.LINE, linewidth=1)


def _tier_key(ax: Axes, tiers: list) -> None:
    for i, tier in enumerate(tiers):
        colour, mark = theme.SERIES[i % len(theme.SERIES)], _MARKS[i % len(_MARKS)]
        ax.plot([], [], mark, color=colour, markersize=8, label=short(tier, most=18))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, handletextpad=0.2)


def _score_words(frame: pd.DataFrame, *, xlabel: str, unit: str) -> str:
    held = [_withheld(row) for _, row in frame.iterrows()]
    shown, n_held = frame[[not h for h in held]], sum(held)
    head = say_n(
        "{measure} for {n} group.", "{measure} for {n} groups.", len(frame), measure=xlabel
    )
    small = say_n("{n} group is too small to show.", "{n} groups are too small to show.", n_held)
    if shown.empty:
        return words.sentences(head, small)
    least = shown.nsmallest(1, "score").iloc[0]
    lowest = say(
        "The lowest is {value}, tier {tier} at touchpoint {touchpoint}.",
        value=theme.said(least["score"], unit),
        tier=least["tier"],
        touchpoint=least["touchpoint"],
    )
    return words.sentences(head, lowest, small if n_held else "")
