"""A tile-grid map: one square per province, near its place, without borders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from aftersales import words
from aftersales.plot.look import theme
from aftersales.plot.look.colours import TOO_FEW, Scale, key
from aftersales.plot.look.labels import columns, lines_of, short
from aftersales.plot.look.svg import describe
from aftersales.profile.regions import Region
from aftersales.words import say, say_n

_TILE = 62  # pixels a tile is high
_WIDEST = 92  # pixels a tile is wide at most
_COLUMNS = 6  # the key above needs the width of so many tiles


def tile_map(
    regions: Iterable[Region],
    values: Mapping[str, float] | pd.Series,
    *,
    label: str = "",
    n: Mapping[str, float] | pd.Series | None = None,
    min_n: float = 0,
    unit: str = "times",
    centre: float | None = 1.0,
    good: str = "low",
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """A map of regions as squares, each with its name and value.

    `values` and `n` hold one number per region id. Regions with an ``n`` below `min_n` are hatched,
    regions without a value stay blank. Where no region has a place on the map (`Region.tile`), a
    list of bars is drawn instead. `label` tells what the colours mean.
    """
    regions = list(regions)
    found = _judged(regions, dict(values), sizes=None if n is None else dict(n), min_n=min_n)
    placed = [r for r in regions if r.tile is not None]
    if not placed:
        return _bar_list(regions, found, label=label, unit=unit, centre=centre, ax=ax, alt=alt)
    scale = Scale([v for v in found.values() if v is not None], unit=unit, centre=centre, good=good)
    ax = _board(ax, placed)
    for region in placed:
        _tile(ax, region, found, scale=scale)
    key(ax, scale, hatched=say("too few to judge") if None in found.values() else "")
    ax.set_xlabel(label)
    describe(ax, alt or _map_words(regions, found, label=label, unit=unit))
    return ax


def _judged(
    regions: list[Region], values: dict, *, sizes: dict | None, min_n: float
) -> dict[str, float | None]:
    """Value per region id; None where there are too few cases; absent where there is nothing."""
    found: dict[str, float | None] = {}
    for region in regions:
        value = values.get(region.id, np.nan)
        small = sizes is not None and sizes.get(region.id, 0) < min_n
        if small and (region.id in values or region.id in (sizes or {})):
            found[region.id] = None
        elif np.isfinite(value):
            found[region.id] = float(value)
    return found


def _board(ax: Axes | None, regions: list[Region]) -> Axes:
    across, down = zip(*(r.tile for r in regions), strict=True)
    width, height = max(across) - min(across) + 1, max(down) - min(down) + 1
    room = max(width, _COLUMNS)  # columns drawn; a small map keeps its tiles small
    pixels = min(theme.WIDTH, _WIDEST * room + 40)
    ax = theme.new_axes(ax, height=_TILE * height + 90, width=pixels)
    ax.set_xlim(min(across) - 0.02, min(across) + room + 0.02)
    ax.set_ylim(max(down) + 1.02, min(down) - 0.02)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    return ax


def _tile(ax: Axes, region: Region, found: dict[str, float | None], *, scale: Scale) -> None:
    x, y = region.tile
    value = found.get(region.id)
    look = {"facecolor": "none", "edgecolor": theme.LINE, "linewidth": 1}
    ink, text = theme.SOFT, words.NO_VALUE
    if value is not None:
        look = {"facecolor": scale.colour(value), "edgecolor": theme.LINE, "linewidth": 1}
        ink, text = scale.ink(value), _value_words(value, scale.unit)
    elif region.id in found:
        look, text = TOO_FEW, ""
    ax.add_patch(Rectangle((x + 0.03, y + 0.03), 0.94, 0.94, clip_on=False, **look))
    lines = lines_of(region.name(words.language()), most=13)
    for i, line in enumerate(lines):
        size = 12 if columns(line) <= 10 else 10
        ax.text(x + 0.5, y + _NAME[len(lines)][i], line, size=size, color=ink, **_MIDDLE)
    ax.text(x + 0.5, y + 0.76, text, size=13, color=ink, fontweight="bold", **_MIDDLE)


_MIDDLE = {"ha": "center", "va": "center"}
_NAME = {1: (0.34,), 2: (0.22, 0.46)}  # heights of the lines of a name within its tile


def _value_words(value: float, unit: str) -> str:
    if unit == "share":
        return words.percent(value, decimals=0)
    return theme.fixed(value, decimals=2) if unit == "times" else theme.compact(value)


def _bar_list(
    regions: list[Region],
    found: dict[str, float | None],
    *,
    label: str,
    unit: str,
    centre: float | None,
    ax: Axes | None,
    alt: str | None,
) -> Axes:
    """Regions without a place on a map, the highest value on top."""
    names = {r.id: r.name(words.language()) for r in regions}
    known = sorted(((v, k) for k, v in found.items() if v is not None), reverse=True)[:40]
    ax = theme.new_axes(ax, height=24 * max(len(known), 2) + 70)
    start = centre if centre is not None else 0.0
    drawn = ax.barh(range(len(known)), [v - start for v, _ in known], 0.6, left=start)
    for bar, (value, _) in zip(drawn, known, strict=True):
        bar.set_color(theme.SERIES[1] if value > start else theme.ACCENT)
    ax.axvline(start, color=theme.SOFT, linewidth=1)
    ax.set_yticks(range(len(known)), [short(names[k]) for _, k in known], color=theme.INK)
    ax.set_ylim(max(len(known), 1) - 0.4, -0.6)
    theme.value_axis(ax.xaxis, unit=unit)
    theme.grid(ax, "x")
    ax.set_xlabel(label)
    describe(ax, alt or _map_words(regions, found, label=label, unit=unit))
    return ax


def _map_words(
    regions: list[Region], found: dict[str, float | None], *, label: str, unit: str
) -> str:
    known = {k: v for k, v in found.items() if v is not None}
    head = say_n("{measure} in {n} region.", "{measure} in {n} regions.", len(known), measure=label)
    if not known:
        return head
    names = {r.id: r.name(words.language()) for r in regions}
    highest, lowest = max(known, key=known.get), min(known, key=known.get)
    tail = say(
        "The highest is {high} in {where_high}, the lowest {low} in {where_low}.",
        high=theme.said(known[highest], unit),
        where_high=names[highest],
        low=theme.said(known[lowest], unit),
        where_low=names[lowest],
    )
    return words.sentences(head, tail)
