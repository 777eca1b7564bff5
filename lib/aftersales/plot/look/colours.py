"""Colours of values: blue below the centre, white at it, red above; grey hatching for too few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.patches import Patch

from aftersales import words
from aftersales.plot.look import theme

DIVERGING = LinearSegmentedColormap.from_list(
    "aftersales", ["#2a6fb5", "#9dc3e6", "#f4f4f1", "#f2ab9d", "#c23a30"]
)
SEQUENTIAL = LinearSegmentedColormap.from_list("aftersales_up", ["#eef3f8", "#1f5fa8"])
TOO_FEW = {"facecolor": theme.WASH, "edgecolor": "#b9c1cd", "hatch": "////", "linewidth": 0}
_LEAST, _MOST = 1.0, 2.0  # a ratio of 2 has full colour; if one is larger, a ratio of up to 4


class Scale:
    """How values become colours: ratios on a log scale around 1, other values around `centre`.

    Without a centre the colours run from light (lowest) to dark (highest). `good` says which side
    is the blue one.
    """

    def __init__(
        self, values: Iterable[float], *, unit: str, centre: float | None, good: str = "low"
    ) -> None:
        known = np.asarray([v for v in values if np.isfinite(v)], dtype=float)
        self.unit = unit
        self.log = unit == "times" and centre is not None and bool((known > 0).all())
        self.map = SEQUENTIAL if centre is None else DIVERGING
        if good == "high" and centre is not None:
            self.map = self.map.reversed()
        self.norm = self._sequential(known) if centre is None else self._around(known, centre)

    def _sequential(self, known: np.ndarray) -> Normalize:
        low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
        return Normalize(low, high if high > low else low + 1)

    def _around(self, known: np.ndarray, centre: float) -> Normalize:
        away = np.abs(self._place(known) - self._place(centre))
        reach = float(away.max()) if len(away) else 0.0
        reach = min(max(reach, _LEAST), _MOST) if self.log else max(reach, 1e-9)
        return Normalize(self._place(centre) - reach, self._place(centre) + reach)

    def _place(self, value: float | np.ndarray) -> float | np.ndarray:
        return np.log2(value) if self.log else value

    def colour(self, value: float) -> tuple[float, ...]:
        return self.map(float(np.clip(self.norm(self._place(value)), 0, 1)))

    def ink(self, value: float) -> str:
        """The text colour, dark or white, that stands out more from the colour of the value."""
        light = _luminance(self.colour(value))
        dark = _luminance(to_rgb(theme.INK))
        return theme.INK if (light + 0.05) / (dark + 0.05) > 1.05 / (light + 0.05) else "#fff"

    def steps(self) -> list[float]:
        """Five values from one end of the scale to the other."""
        places = np.linspace(self.norm.vmin, self.norm.vmax, 5)
        return [float(v) for v in (2**places if self.log else places)]


def _luminance(colour: Sequence[float]) -> float:
    """Relative luminance, 0 to 1 (W3C, WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def key(ax: Axes, scale: Scale, *, hatched: str = "") -> None:
    """A row of swatches above the axes that says which colour is which value.

    `hatched` says what hatching means, where there is any.
    """
    patches = [Patch(facecolor=scale.colour(v), label=_said(v, scale.unit)) for v in scale.steps()]
    if hatched:
        patches.append(Patch(**TOO_FEW, label=hatched))
    for patch in patches[:5]:
        patch.set(edgecolor=theme.LINE, linewidth=1)
    ax.legend(
        handles=patches,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(patches),
        handlelength=1.1,
        handletextpad=0.5,
        columnspacing=1.4,
        fontsize=theme.SMALL,
        borderaxespad=0.2,
    )


def _said(value: float, unit: str) -> str:
    """A value of a cell: two digits are enough beside a colour."""
    if unit == "share":
        return words.percent(value, decimals=0)
    return theme.compact(value) + ("×" if unit == "times" else "")
