"""Names in figures: short enough for their place, and never on top of each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from scipy.optimize import isotonic_regression

from aftersales.plot.look.theme import INK, SMALL

_LINE = 17  # pixels one line of text takes


def columns(text: str) -> int:
    """Width of a text in half-width columns; a Chinese character takes two.

    >>> columns("B2407"), columns("洗衣机")
    (5, 6)
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def short(text: object, *, most: int = 30) -> str:
    """The text, cut with an ellipsis where it is wider than `most` columns.

    >>> short("Washer"), short("Mortgage and home equity lines", most=12)
    ('Washer', 'Mortgage an…')
    """
    kept, room = str(text), most
    if columns(kept) <= most:
        return kept
    for position, character in enumerate(kept):
        room -= columns(character)
        if room < 1:
            return kept[:position].rstrip() + "…"
    return kept


def lines_of(text: str, *, most: int) -> list[str]:
    """The text on one line, or on two where it is wider than `most` columns."""
    if columns(text) <= most or " " not in text:
        return [short(text, most=most)]
    words = text.split()
    cuts = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    best = min(cuts, key=lambda cut: max(columns(part) for part in cut))
    return [short(part, most=most) for part in best]


def spread(positions: Sequence[float], *, gap: float) -> list[float]:
    """Positions moved as little as possible (least squares) so that all are `gap` apart.

    >>> spread([1.0, 1.0, 5.0], gap=1.0)
    [0.5, 1.5, 5.0]
    """
    values = np.asarray(positions, dtype=float)
    if len(values) < 2:
        return values.tolist()
    order = np.argsort(values, kind="stable")
    steps = gap * np.arange(len(values))
    moved = isotonic_regression(values[order] - steps).x + steps
    result = np.empty_like(values)
    result[order] = moved
    return result.tolist()


def end_labels(ax: Axes, ends: Sequence[tuple[float, str, str]], *, height: float) -> None:
    """Names of lines at the right edge: `ends` holds (last value, text, colour).

    `height` is the height of the axes in pixels, as far as it is known before layout.
    """
    drawn = [(y, text, colour) for y, text, colour in ends if np.isfinite(y)]
    low, high = ax.get_ylim()
    places = spread([y for y, _, _ in drawn], gap=_LINE * (high - low) / height)
    for (_, text, colour), place in zip(drawn, places, strict=True):
        ax.annotate(
            text,
            xy=(1, place),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )


def curve_labels(
    ax: Axes, ends: Sequence[tuple[float, float, str]], *, height: float, color: str
) -> None:
    """Names at the ends of curves that stop at different places: `ends` holds (x, y, text)."""
    low, high = ax.get_ylim()
    for x in sorted({x for x, _, _ in ends if np.isfinite(x)}):
        here = [(y, text) for end, y, text in ends if end == x]
        places = spread([y for y, _ in here], gap=_LINE * (high - low) / height)
        for (_, text), place in zip(here, places, strict=True):
            ax.annotate(
                text, (x, place), (6, 0), textcoords="offset points", va="center", color=color
            )


def point_labels(ax: Axes, points: Sequence[tuple[float, float, str]], *, color: str = INK) -> None:
    """Names beside points, each at the first of six places where it hides nothing named before.

    A name that fits nowhere is left out; the table beside the figure holds it.
    """
    ax.figure.draw_without_rendering()
    renderer = ax.figure.canvas.get_renderer()
    inside = ax.get_window_extent(renderer)
    marks = [ax.transData.transform((x, y)) for x, y, _ in points]
    taken = [Bbox.from_bounds(x - 5, y - 5, 10, 10) for x, y in marks]
    for x, y, text in points:
        label = ax.annotate(
            short(text, most=24),
            (x, y),
            (9, 0),
            textcoords="offset points",
            fontsize=SMALL,
            color=color,
        )
        place = _free_place(label, taken=taken, inside=inside, renderer=renderer)
        if place is None:
            label.remove()
        else:
            taken.append(place)


_PLACES = (
    ((9, 0), "left", "center"),
    ((-9, 0), "right", "center"),
    ((0, 8), "center", "bottom"),
    ((0, -8), "center", "top"),
    ((8, 8), "left", "bottom"),
    ((8, -8), "left", "top"),
)


def _free_place(label: Text, *, taken: list[Bbox], inside: Bbox, renderer) -> Bbox | None:
    for offset, ha, va in _PLACES:
        label.set(position=offset, ha=ha, va=va)
        box = label.get_window_extent(renderer)
        within = inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0
        if within and not any(box.overlaps(other) for other in taken):
            return box
    return None
