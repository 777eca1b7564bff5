"""How every figure looks: colours, type, a canvas in pixels, axes that read in words.

One inch is 72 pixels here, so sizes in points are pixels of the page: a label of 13 is as large
as the text around the figure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from babel.dates import get_month_names
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import Formatter, MaxNLocator

from aftersales import words
from aftersales.plot.look import font, svg
from aftersales.words import say

INK, SOFT, LINE, PAPER = "#1d2433", "#5b6475", "#dfe3e8", "#fdfdfb"
ACT, WATCH, OK, UNKNOWN = "#b3261e", "#8a5a00", "#1c6b45", "#55607a"
ACCENT, GREY, WASH = "#1f5fa8", "#8a94a6", "#eceff5"
TONES = {"act": ACT, "watch": WATCH, "ok": OK, "unknown": UNKNOWN}
# Told apart with any common colour blindness; red is kept for what must be acted on.
SERIES = (ACCENT, "#d17a00", "#1c8a6a", "#a4478f", "#58a6dc", "#6b5b3e", UNKNOWN)

WIDTH = 760  # pixels; the text column of a report is 820 wide
SMALL = 11.5  # the smallest type in a figure

_RC = {
    "figure.dpi": 72,
    "figure.figsize": (WIDTH / 72, 320 / 72),
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 8 / 72,
    "figure.constrained_layout.h_pad": 8 / 72,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.labelsize": 13,
    "axes.labelpad": 8,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.prop_cycle": plt.cycler(color=SERIES),
    "font.size": 13,
    "font.family": ["DejaVu Sans", font.FAMILY],
    "grid.color": LINE,
    "grid.linewidth": 1,
    "legend.frameon": False,
    "legend.fontsize": 13,
    "lines.linewidth": 2,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "none",
    "patch.linewidth": 0,
    "svg.fonttype": "none",
    "svg.hashsalt": "aftersales",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": SOFT,
    "xtick.labelsize": 13,
    "xtick.major.size": 0,
    "ytick.color": SOFT,
    "ytick.labelsize": 13,
    "ytick.major.pad": 8,
    "ytick.major.size": 0,
}
_ready = False


def use_theme(language: str = "en") -> None:
    """Draw every figure from here on in our style, and show it in notebooks as SVG.

    `language` names the language of the figures' text, so that browsers choose its glyphs.
    """
    global _ready
    set_style()
    svg.use_language(language)
    svg.show_figures_as_svg()
    _ready = True


def set_style() -> None:
    """The settings of matplotlib that our figures are drawn with."""
    font.register_widths()
    sns.set_theme(style="white", rc=_RC)


def new_axes(ax: Axes | None = None, *, height: float = 320, width: float = WIDTH) -> Axes:
    """`ax` itself, or the axes of a new figure of `width` x `height` pixels."""
    if ax is not None:
        return ax
    if not _ready:
        use_theme(words.language())
    _, ax = plt.subplots(figsize=(width / 72, height / 72), layout="constrained")
    svg.show_figures_as_svg()  # the first figure of a kernel resets the formats
    return ax


def blank(values: pd.Series) -> bool:
    """Whether there is no number to draw."""
    return not values.notna().any()


def nothing(text: str, *, ax: Axes | None = None) -> Axes:
    """Axes that hold one sentence: why there is nothing to draw."""
    ax = new_axes(ax, height=90)
    ax.text(0.5, 0.5, text, ha="center", va="center", color=SOFT, transform=ax.transAxes)
    ax.set_axis_off()
    svg.describe(ax, text)
    return ax


def nothing_of(measure: str, *, ax: Axes | None = None) -> Axes:
    """Axes that say that a measure has no values."""
    return nothing(say("{measure}: no values to draw.", measure=measure), ax=ax)


def label_y(ax: Axes, text: str) -> None:
    """The name and unit of the vertical axis, written level above it: nobody tilts the head."""
    ax.set_ylabel(text)
    ax.yaxis.label.set_visible(False)
    ax.annotate(
        text, (0, 1), (0, 8), xycoords="axes fraction", textcoords="offset points", color=SOFT
    )


def grid(ax: Axes, axis: str) -> None:
    ax.grid(True, axis=axis)
    ax.set_axisbelow(True)


def value_axis(axis: Axis, *, unit: str = "", ticks: int = 5, whole: bool = False) -> None:
    """Tick labels as readers write numbers; unit "share" in percent, "times" with a ×."""
    steps = [1, 2, 5, 10] if whole else [1, 2, 2.5, 5, 10]
    axis.set_major_locator(MaxNLocator(nbins=ticks, steps=steps, integer=whole))
    axis.set_major_formatter(_Words(unit))


class _Words(Formatter):
    """Numbers of one axis, all with as many decimals as their step needs."""

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def __call__(self, value: float, pos: int | None = None) -> str:
        return tick_words([value], unit=self.unit)[0]

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        return tick_words(values, unit=self.unit)


def tick_words(values: Sequence[float], *, unit: str = "") -> list[str]:
    """Labels of ticks.

    >>> tick_words([0.0, 0.05, 0.1], unit="share"), tick_words([0.5, 1.0, 2.0], unit="times")
    (['0 %', '5 %', '10 %'], ['0.5×', '1.0×', '2.0×'])
    """
    scaled = [round(v * 100 if unit == "share" else v, 9) for v in values]
    decimals = max((_decimals(v) for v in scaled), default=0)
    if unit == "share":
        return [words.percent(v, decimals=decimals) for v in values]
    end = "×" if unit == "times" else ""
    return [fixed(v, decimals=decimals) + end for v in scaled]


def fixed(value: float, *, decimals: int) -> str:
    """A number with a fixed number of decimals, as readers write it.

    >>> fixed(1.5, decimals=2), fixed(0.0, decimals=1), fixed(1234.0, decimals=0)
    ('1.50', '0', '1,234')
    """
    size = math.floor(math.log10(abs(value))) if value else 0
    return words.number(value, digits=max(1, decimals + 1 + size))


def _decimals(value: float) -> int:
    return next((d for d in range(5) if math.isclose(value, round(value, d), abs_tol=1e-9)), 5)


def period_axis(ax: Axes, periods: Iterable[pd.Timestamp], *, most: int = 7) -> None:
    """Months in words along the horizontal axis, at most `most` of them, the last one included."""
    months = pd.DatetimeIndex(pd.to_datetime(list(periods))).unique().sort_values()
    if months.empty:
        return
    span = (months[-1].year - months[0].year) * 12 + months[-1].month - months[0].month
    step = next(s for s in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if span / s < most)
    firsts = pd.date_range(months[-1].to_period("M").start_time, months[0], freq=f"-{step}MS")
    shown = firsts if len(firsts) else months[-1:]
    ax.set_xticks(list(shown), [words.month(m) for m in shown])
    ax.set_xlabel("")


def bar_days(periods: Iterable[pd.Timestamp]) -> float:
    """Width in days of the bar of one period: most of the way to the next one.

    >>> bar_days(pd.to_datetime(["2025-01-06", "2025-01-13", "2025-01-20"]))
    5.04
    """
    steps = pd.Series(sorted(set(periods))).diff().dt.days.dropna()
    return 0.72 * float(steps.median() if len(steps) else 30)


def said(value: float, unit: str = "") -> str:
    """A value in running text: percent, times, or a plain number."""
    return words.amount(value, unit) if unit in ("share", "times") else words.number(value)


def compact(value: float) -> str:
    """A value where room is short: two digits, three from 100.

    >>> compact(1.234), compact(0.956), compact(134.2)
    ('1.2', '0.96', '134')
    """
    return words.number(value, digits=3 if abs(value) >= 100 else 2)


def month_tick(month: int) -> str:
    """The short name of a month of the year, 1 to 12.

    >>> month_tick(7)
    'Jul'
    """
    locale = "zh_Hans_CN" if words.language() == "zh" else "en"
    return get_month_names("abbreviated", "stand-alone", locale=locale)[month]
