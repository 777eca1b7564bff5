"""Estimates with their intervals as dots and lines: ratios (forest plot), scores by group."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from aftersales import words
from aftersales.plot.look import theme
from aftersales.plot.look.labels import short
from aftersales.plot.look.svg import describe
from aftersales.words import say, say_n

_ROW = 30  # pixels a row takes
_NICE = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 6, 8, 10, 15, 20, 30, 50, 100)


def interval_dots(
    frame: pd.DataFrame,
    *,
    xlabel: str,
    log: bool = True,
    reference: float = 1.0,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """Ratios with intervals, one row each in the order given; adjusted filled, crude hollow.

    `frame` holds ``name``, ``ratio``, ``low``, ``high`` and, where known, ``crude`` (the same ratio
    before adjustment), ``significant`` (drawn in colour; default: the interval leaves out the
    reference) and ``group`` (a heading before its rows). Intervals that leave the figure end in
    an arrow.
    """
    if theme.blank(frame["ratio"]):
        return theme.nothing_of(xlabel, ax=ax)
    rows = _with_headings(frame.reset_index(drop=True))
    ax = theme.new_axes(ax, height=_ROW * max(len(rows), 2) + 70)
    low, high = _range(frame, log=log, reference=reference)
    _scale(ax, low=low, high=high, log=log)
    ax.axvline(reference, color=theme.SOFT, linestyle=(0, (4, 3)), linewidth=1.2)
    for place, row in rows.iterrows():
        if not row["heading"]:
            _dot(ax, row, y=place, low=low, high=high, reference=reference)
    _row_names(ax, rows)
    ax.set_xlabel(xlabel)
    if "crude" in frame and frame["crude"].notna().any():
        _crude_key(ax)
    describe(ax, alt or _dots_words(frame, xlabel=xlabel, reference=reference))
    return ax


def _with_headings(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows, with a heading row before each group."""
    if "group" not in frame:
        return frame.assign(heading=False)
    parts = []
    for group, rows in frame.groupby("group", sort=False):
        parts += [pd.DataFrame({"name": [group], "heading": [True]}), rows.assign(heading=False)]
    return pd.concat(parts, ignore_index=True) if parts else frame.assign(heading=False)


def _range(frame: pd.DataFrame, *, log: bool, reference: float) -> tuple[float, float]:
    """Ends of the axis: all estimates, and intervals as far as they are of a like size."""
    dots = pd.concat([frame["ratio"], frame.get("crude", frame["ratio"])]).astype(float)
    dots = dots[np.isfinite(dots) & ((dots > 0) | (not log))]
    least, most = min(dots.min(), reference), max(dots.max(), reference)
    lows = frame["low"].astype(float).where(lambda v: np.isfinite(v))
    highs = frame["high"].astype(float).where(lambda v: np.isfinite(v))
    if not log:
        pad = 0.08 * ((max(highs.max(), most) - min(lows.min(), least)) or 1)
        return float(np.nanmin([lows.min(), least]) - pad), float(
            np.nanmax([highs.max(), most]) + pad
        )
    low = max(np.nanmin([lows.min(), least]), least / 3) / 1.12
    high = min(np.nanmax([highs.max(), most]), most * 2.5) * 1.12
    return float(low), float(high)


def _scale(ax: Axes, *, low: float, high: float, log: bool) -> None:
    theme.grid(ax, "x")
    if not log:
        ax.set_xlim(low, high)
        theme.value_axis(ax.xaxis)
        return
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ticks = [t for t in _NICE if low <= t <= high]
    step = -(-len(ticks) // 7)
    ticks = [t for t in ticks if (_NICE.index(t) - _NICE.index(1)) % step == 0]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(ticks, [words.number(t, digits=2 if t in (1.5, 15) else 1) for t in ticks])


def _dot(ax: Axes, row: pd.Series, *, y: int, low: float, high: float, reference: float) -> None:
    """Interval, crude ratio below, ratio on top, and both as numbers at the right edge."""
    if not np.isfinite(row["ratio"]):
        return
    judged = _is_significant(row, reference=reference)
    colour = theme.ACT if judged else theme.GREY
    if np.isfinite(row["low"]):
        top = row["high"] if np.isfinite(row["high"]) else high
        ends = max(row["low"], low), min(top, high)
        ax.plot(ends, (y, y), color=colour, linewidth=3)
        for end, bound, mark in ((ends[0], low, "<"), (ends[1], high, ">")):
            if end == bound:
                ax.plot(end, y, mark, color=colour, markersize=7, clip_on=False)
    if np.isfinite(row.get("crude", np.nan)):
        ax.plot(row["crude"], y, "o", markersize=8, markerfacecolor="#fff", markeredgecolor=colour)
    ax.plot(row["ratio"], y, "o", color=colour, markersize=10)
    _write(ax, row, y=y, colour=theme.ACT if judged else theme.SOFT)


def _write(ax: Axes, row: pd.Series, *, y: int, colour: str) -> None:
    text = _digits(row["ratio"])
    if np.isfinite(row["low"]) and np.isfinite(row["high"]):
        low, high = _digits(row["low"]), _digits(row["high"])
        text += f" ({low}–{high})" if row["low"] >= 0 else f" ({low} … {high})"
    ax.annotate(
        text,
        (1, y),
        (12, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        color=colour,
        fontsize=12,
    )


def _digits(value: float) -> str:
    """Two decimals below 10, so that an interval ending at 1.01 is not printed as 1.0."""
    return theme.fixed(value, decimals=2 if abs(value) < 10 else 0)


def _is_significant(row: pd.Series, *, reference: float) -> bool:
    given = row.get("significant")
    if given is not None and not pd.isna(given):
        return bool(given)
    return bool(row["low"] > reference or row["high"] < reference)


def _row_names(ax: Axes, rows: pd.DataFrame) -> None:
    ax.set_yticks(range(len(rows)), [short(name) for name in rows["name"]], color=theme.INK)
    ax.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    for tick, heading in zip(ax.get_yticklabels(), rows["heading"], strict=True):
        if heading:
            tick.set(color=theme.SOFT, fontweight="bold")


def _crude_key(ax: Axes) -> None:
    adjusted = Line2D([], [], color=theme.GREY, marker="o", markersize=10, linewidth=3)
    crude = Line2D([], [], color=theme.GREY, marker="o", markersize=8, markerfacecolor="#fff", lw=0)
    names = [say("adjusted, with 95 % interval"), say("crude")]
    ax.legend([adjusted, crude], names, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)


def _dots_words(frame: pd.DataFrame, *, xlabel: str, reference: float) -> str:
    out = frame[[_is_significant(row, reference=reference) for _, row in frame.iterrows()]]
    head = say_n(
        "{measure} for {n} group.", "{measure} for {n} groups.", len(frame), measure=xlabel
    )
    if out.empty:
        rest = say(
            "No interval leaves out {reference}.", reference=words.number(reference, digits=1)
        )
        return words.sentences(head, rest)
    named = [f"{r['name']} {words.number(r['ratio'], digits=2)}" for _, r in out.head(3).iterrows()]
    tail = say_n(
        "{n} differs from {reference}: {names}.",
        "{n} differ from {reference}, among them {names}.",
        len(out),
        reference=words.number(reference, digits=1),
        names=words.listing(named),
    )
    return words.sentences(head, tail)
