"""The face of the numbers: charts that state what they measure and speak to screen readers."""

from aftersales.plot.bars import bars, mix_rate_bars, pareto, stacked
from aftersales.plot.dots import interval_dots
from aftersales.plot.funnels import funnel
from aftersales.plot.grids import coverage, heat_map
from aftersales.plot.lines import age_curve, control_chart, rate_lines
from aftersales.plot.look.svg import alt_text, describe, figure_svg
from aftersales.plot.look.theme import new_axes, nothing, use_theme
from aftersales.plot.scores import score_dots
from aftersales.plot.seasons import season, seasonal_profile
from aftersales.plot.tiles import tile_map

__all__ = [
    "age_curve",
    "alt_text",
    "bars",
    "control_chart",
    "coverage",
    "describe",
    "figure_svg",
    "funnel",
    "heat_map",
    "interval_dots",
    "mix_rate_bars",
    "new_axes",
    "nothing",
    "pareto",
    "rate_lines",
    "score_dots",
    "season",
    "seasonal_profile",
    "stacked",
    "tile_map",
    "use_theme",
]
