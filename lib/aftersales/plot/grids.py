"""Tables in colour: a heat map of two attributes, and how complete each table is by month."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle

from aftersales import words
from aftersales.plot.look import theme
from aftersales.plot.look.colours import TOO_FEW, Scale, key
from aftersales.plot.look.labels import lines_of, short
from aftersales.plot.look.svg import describe
from aftersales.words import say, say_n

_ROW = 27  # pixels a row of the heat map takes
_CELL, _NARROW = 70, 46  # pixels a cell needs with its n, and without
_MANY = 9  # columns; with more of them the n of each cell is left to the table


def heat_map(
    frame: pd.DataFrame,
    *,
    row: str,
    column: str,
    value: str = "ratio",
    n: str = "n",
    min_n: float = 0,
    label: str = "",
    unit: str = "times",
    centre: float | None = 1.0,
    good: str = "low",
    row_names: Mapping[str, str] | None = None,
    column_names: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """One coloured cell per row and column with its value, and its n in small type.

    `frame` holds one row per cell. Cells whose ``n`` is below `min_n` are hatched and hold no
    value; absent ones stay empty. Rows and columns keep the order of the frame; `row_names` and
    `column_names` say how readers call them. `label` tells what the colours mean.
    """
    if frame.empty:
        return theme.nothing_of(label, ax=ax)
    table, sizes = (_table(frame, row=row, column=column, value=c) for c in (value, n))
    judged = (sizes >= min_n) & table.notna()
    few = (~judged & sizes.notna()).to_numpy()
    table = table.where(judged)
    scale = Scale(table.to_numpy().ravel(), unit=unit, centre=centre, good=good)
    roomy = table.shape[1] <= _MANY
    width = max(theme.WIDTH, (_CELL if roomy else _NARROW) * table.shape[1] + 130)
    ax = theme.new_axes(ax, height=_ROW * max(len(table), 2) + 110, width=width)
    _paint(ax, table, scale)
    for i, j in np.argwhere(few):
        ax.add_patch(Rectangle((j + 0.02, i + 0.04), 0.96, 0.92, clip_on=False, **TOO_FEW))
    _write_values(ax, table, scale=scale, shift=0.48 if roomy else 0.8)
    if roomy:
        _write_sizes(ax, table, sizes=sizes, scale=scale)
    table = table.rename(index=dict(row_names or {}), columns=dict(column_names or {}))
    _margins(ax, table)
    key(ax, scale, hatched=say("too few to judge") if few.any() else "")
    ax.set_xlabel(label)
    describe(ax, alt or _heat_words(table, label=label, unit=unit))
    return ax


def _table(frame: pd.DataFrame, *, row: str, column: str, value: str) -> pd.DataFrame:
    table = frame.pivot(index=row, columns=column, values=value).astype(float)
    return table.reindex(index=frame[row].unique(), columns=frame[column].unique())


def _paint(ax: Axes, table: pd.DataFrame, scale: Scale) -> None:
    """Colours come from the scale cell by cell, so that ratios can use a log scale."""
    shades = [scale.colour(v) if np.isfinite(v) else (0, 0, 0, 0) for v in table.to_numpy().ravel()]
    places = np.arange(table.size, dtype=float).reshape(table.shape)
    sns.heatmap(
        pd.DataFrame(places, index=table.index, columns=table.columns),
        mask=table.isna(),
        cmap=ListedColormap(shades if len(shades) > 1 else shades * 2),
        vmin=-0.5,
        vmax=max(table.size, 2) - 0.5,
        cbar=False,
        linewidths=2,
        linecolor=theme.PAPER,
        ax=ax,
    )


def _write_values(ax: Axes, table: pd.DataFrame, *, scale: Scale, shift: float) -> None:
    for (i, j), value in np.ndenumerate(table.to_numpy()):
        if np.isfinite(value):
            share = scale.unit == "share"
            text = words.percent(value, decimals=0) if share else theme.fixed(value, decimals=2)
            ax.text(j + shift, i + 0.5, text, ha="right", va="center", color=scale.ink(value))


def _write_sizes(ax: Axes, table: pd.DataFrame, *, sizes: pd.DataFrame, scale: Scale) -> None:
    for (i, j), size in np.ndenumerate(sizes.to_numpy()):
        if np.isfinite(size):
            value, text = table.iat[i, j], words.count(size)
            colour = scale.ink(value) if np.isfinite(value) else theme.SOFT
            ax.text(j + 0.55, i + 0.5, text, va="center", color=colour, fontsize=10, alpha=0.8)


def _margins(ax: Axes, table: pd.DataFrame) -> None:
    rows = [short(name, most=22) for name in table.index]
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows, rotation=0, color=theme.INK)
    most = max(6, int(90 / max(len(table.columns), 1)))
    names = ["\n".join(lines_of(str(name), most=most)) for name in table.columns]
    ticks = np.arange(len(names)) + 0.5
    ax.set_xticks(ticks, names, rotation=0, color=theme.INK, fontsize=theme.SMALL)
    ax.set_ylabel("")
    ax.spines[:].set_visible(False)


def _heat_words(table: pd.DataFrame, *, label: str, unit: str) -> str:
    judged = int(table.notna().to_numpy().sum())
    head = say_n("{measure} in {n} cell.", "{measure} in {n} cells.", judged, measure=label)
    if not judged:
        return head
    i, j = divmod(int(np.nanargmax(table.to_numpy())), table.shape[1])
    tail = say(
        "The highest is {value}, in {row}, {column}.",
        value=theme.said(table.iat[i, j], unit),
        row=table.index[i],
        column=table.columns[j],
    )
    return words.sentences(head, tail)


def coverage(
    frame: pd.DataFrame, *, row: str = "table", ax: Axes | None = None, alt: str | None = None
) -> Axes:
    """How complete each table is, month by month: one strip per table.

    `frame` holds one row per `row` and month: ``period`` (month), ``share`` (0 to 1 of what is
    expected; missing where there are no rows).
    """
    if frame.empty:
        return theme.nothing_of(say("Completeness"), ax=ax)
    table = frame.pivot(index=row, columns="period", values="share").astype(float)
    table = table.reindex(index=frame[row].unique())
    table = table[sorted(table.columns)]
    ax = theme.new_axes(ax, height=_ROW * max(len(table), 2) + 80)
    scale = Scale([0.0, 1.0], unit="share", centre=None)
    shares = {
        Rectangle((j + 0.05, i + 0.14), 0.9, 0.72): share if np.isfinite(share) else 0.0
        for (i, j), share in np.ndenumerate(table.to_numpy())
    }
    full = [cell for cell, share in shares.items() if share > 0]
    colours = [scale.colour(min(shares[cell], 1)) for cell in full]
    empty = [cell for cell, share in shares.items() if share <= 0]
    ax.add_collection(PatchCollection(full, facecolors=colours, linewidths=0, clip_on=False))
    ax.add_collection(PatchCollection(empty, **TOO_FEW, clip_on=False))
    _strips(ax, table)
    key(ax, scale, hatched=say("no rows") if (table.fillna(0) <= 0).any(axis=None) else "")
    describe(ax, alt or _coverage_words(table))
    return ax


def _strips(ax: Axes, table: pd.DataFrame) -> None:
    ax.set_xlim(0, max(table.shape[1], 1))
    ax.set_ylim(len(table), 0)
    ax.set_yticks(np.arange(len(table)) + 0.5, [short(v) for v in table.index], color=theme.INK)
    step = max(1, -(-table.shape[1] // 7))
    shown = list(range(table.shape[1] - 1, -1, -step))
    ax.set_xticks([i + 0.5 for i in shown], [words.month(table.columns[i]) for i in shown])
    ax.spines[:].set_visible(False)


def _coverage_words(table: pd.DataFrame) -> str:
    gaps = (table.fillna(0) <= 0).sum(axis=1)
    lacking = [f"{name} ({words.count(n)})" for name, n in gaps[gaps > 0].items()]
    head = say_n(
        "Completeness by month of {n} table.", "Completeness by month of {n} tables.", len(table)
    )
    if not lacking:
        return words.sentences(head, say("Every month has rows in every table."))
    tail = say("Months without rows: {tables}.", tables=words.listing(lacking))
    return words.sentences(head, tail)
