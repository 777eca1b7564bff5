"""What every report would do for the first time, done once in the process they are forked from.

Catalogues of words are parsed, patterns of numbers and dates read, fonts found and measured:
libraries remember that, and so do the processes forked afterwards. No setting is left changed.
"""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from aftersales import words
from aftersales.display.provenance import code_revision
from aftersales.plot.look import theme
from aftersales.plot.look.svg import figure_svg
from aftersales.profile.config import LANGUAGES

_SIZES = (10, theme.SMALL, 12, 13)
_TEXT = "0123456789 %.,-–×abcdefghijklmnopqrstuvwxyz中"


def warm_up() -> None:
    """Say something in every language, draw one figure in our style, ask git what code this is."""
    before = words.language()
    for language in LANGUAGES:
        words.use_language(language)
        _speak()
    words.use_language(before)
    _draw()
    code_revision()


def _speak() -> None:
    day = pd.Timestamp("2025-12-31")
    words.listing([words.say("Region"), words.month(day), words.month_name(12)])
    words.money(1234, "CNY")
    theme.month_tick(12)
    for digits in range(6):
        words.number(1.25, digits=digits + 1)
        words.percent(0.5, decimals=digits)


def _draw() -> None:
    with mpl.rc_context():
        theme.set_style()
        figure = Figure()
        ax = figure.add_subplot()
        ax.bar([0, 1], [0, 1])
        ax.plot([0, 1], [0, 1], "o", label="1")
        ax.legend(title="2")
        for size in _SIZES:
            for weight in ("normal", "bold"):
                ax.text(0, 0, _TEXT, size=size, weight=weight)
        figure_svg(figure)
