"""Funnel plot: groups by their size, and how far chance alone moves groups of that size."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from aftersales import words
from aftersales.plot.look import theme
from aftersales.plot.look.labels import end_labels, point_labels
from aftersales.plot.look.svg import describe
from aftersales.words import say, say_n

_NAMED = 12  # outliers that get their name, the farthest first


def funnel(
    frame: pd.DataFrame,
    *,
    xlabel: str,
    ylabel: str,
    unit: str = "",
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """Rates against group size, with 95 % and 99.8 % limits; groups outside the latter are named.

    `frame` holds one row per group: ``name``, ``n`` (size), ``rate``, ``centre``, ``lower_95``,
    ``upper_95``, ``lower_998``, ``upper_998`` and, where known, ``outlier``. Limits are those of
    each group's size; lines join them. (Spiegelhalter 2005, Statistics in Medicine 24:1185.)
    """
    rows = frame[frame["n"] > 0].sort_values("n", kind="stable")
    if theme.blank(rows["rate"]):
        return theme.nothing_of(ylabel, ax=ax)
    ax = theme.new_axes(ax, height=380)
    out = _outliers(rows)
    _limits(ax, rows)
    usual = rows[~out]
    ax.plot(usual["n"], usual["rate"], "o", color=theme.GREY, markersize=6, alpha=0.75)
    ax.plot(rows["n"][out], rows["rate"][out], "D", color=theme.ACT, markersize=8)
    _axes(ax, rows, xlabel=xlabel, ylabel=ylabel, unit=unit)
    _name_limits(ax, rows)
    _name_outliers(ax, rows[out])
    describe(ax, alt or _funnel_words(rows, rows[out], ylabel=ylabel, unit=unit))
    return ax


def _outliers(rows: pd.DataFrame) -> pd.Series:
    if "outlier" in rows:
        return rows["outlier"].fillna(False).astype(bool)
    return (rows["rate"] < rows["lower_998"]) | (rows["rate"] > rows["upper_998"])


_STYLES = {
    "upper_998": ("-", theme.SOFT),
    "lower_998": ("-", theme.SOFT),
    "upper_95": ("--", theme.GREY),
    "lower_95": ("--", theme.GREY),
    "centre": ("-", theme.LINE),
}


def _limits(ax: Axes, rows: pd.DataFrame) -> None:
    for column, (style, colour) in _STYLES.items():
        if column in rows:
            ax.plot(rows["n"], rows[column], style, color=colour, linewidth=1.3, zorder=1)


def _axes(ax: Axes, rows: pd.DataFrame, *, xlabel: str, ylabel: str, unit: str) -> None:
    if len(rows) and rows["n"].max() > 30 * rows["n"].min():
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(10, subs=(1, 3), numticks=8))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.xaxis.set_major_formatter(lambda value, _: words.number(value, digits=1))
    else:
        theme.value_axis(ax.xaxis, ticks=6)
    seen = rows["rate"].dropna()
    if len(seen):
        spread = max(seen.max() - seen.min(), 1e-9)
        low = 0 if 0 <= seen.min() < seen.max() / 2 else seen.min() - 0.25 * spread
        ax.set_ylim(low, seen.max() + 0.3 * spread)
    ax.set_xlabel(xlabel)
    theme.label_y(ax, ylabel)
    theme.value_axis(ax.yaxis, unit=unit)


def _name_limits(ax: Axes, rows: pd.DataFrame) -> None:
    names = {
        "upper_998": say("99.8 % limit"),
        "upper_95": say("95 % limit"),
        "centre": say("expected"),
        "lower_95": say("95 % limit"),
        "lower_998": say("99.8 % limit"),
    }
    ends = [
        (float(rows[c].iloc[-1]), name, theme.SOFT)
        for c, name in names.items()
        if c in rows and len(rows) and ax.get_ylim()[0] <= rows[c].iloc[-1] <= ax.get_ylim()[1]
    ]
    end_labels(ax, ends, height=300)


def _name_outliers(ax: Axes, out: pd.DataFrame) -> None:
    away = (out["rate"] - out["centre"]).abs() * out["n"] ** 0.5
    worst = out.assign(away=away).nlargest(_NAMED, "away")
    points = [(float(r["n"]), float(r["rate"]), str(r["name"])) for _, r in worst.iterrows()]
    if points:
        point_labels(ax, points, color=theme.ACT)


def _funnel_words(rows: pd.DataFrame, out: pd.DataFrame, *, ylabel: str, unit: str) -> str:
    head = say_n(
        "{measure} of {n} group against its size.",
        "{measure} of {n} groups against their size.",
        len(rows),
        measure=ylabel,
    )
    if out.empty:
        return words.sentences(head, say("All lie within the 99.8 % limits."))
    named = [f"{r['name']} {theme.said(r['rate'], unit)}" for _, r in out.head(4).iterrows()]
    tail = say_n(
        "{n} lies outside the 99.8 % limits: {names}.",
        "{n} lie outside the 99.8 % limits, among them {names}.",
        len(out),
        names=words.listing(named),
    )
    return words.sentences(head, tail)
