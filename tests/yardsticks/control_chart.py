"""Control charts of single values, proportions and counts, and what they say of a target."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers
from aftersales.stats.series.control_chart import (
    D2,
    SIGMAS,
    ControlChart,
    Good,
    attributes_chart,
    first_periods,
    u_chart,
)


def individuals_chart(
    values: pd.Series,
    *,
    measure: str = "",
    unit: str = "",
    good: Good = "low",
    baseline: int | None = None,
) -> ControlChart:
    """Chart of single values; limits from the mean moving range of neighbours.

    The limits are the mean plus and minus 3 times the mean moving range over 1.128. They come
    from the first ``baseline`` periods, default all. At least two values are needed.
    NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.2.2.

    >>> round(individuals_chart(pd.Series([1.0, 2.0, 1.0, 2.0])).upper, 2)
    4.16
    """
    data = _as_series(values, name="values")
    first = first_periods(data, baseline)
    centre = float(first.mean())
    half = SIGMAS * float(np.abs(np.diff(first.to_numpy())).mean()) / D2
    return ControlChart(
        *(measure, unit, good, data, centre, centre - half, centre + half), baseline=len(first)
    )


def p_chart(
    hits: Numbers,
    n: Numbers,
    *,
    measure: str = "",
    unit: str = "",
    good: Good = "low",
    laney: bool | None = None,
    baseline: int | None = None,
) -> ControlChart:
    """Chart of a proportion, ``hits / n`` per period; limits follow the size of each period.

    ``laney``: True widens (or narrows) the limits by the variation between periods (Laney's
    p' chart), False never does, None does so when the counts vary more than binomial chance
    (p < 0.01). Periods without a trial have no value and no limits.
    Montgomery, Introduction to Statistical Quality Control, ch. 7; Laney 2002, Quality
    Engineering 14:531.

    >>> p_chart([12, 8], [50, 50]).centre
    0.2
    """
    inputs.within(hits, n, names=("hits", "n"))
    chart = attributes_chart(hits, n, kind="binomial", laney=laney, baseline=baseline)
    return ControlChart(measure, unit, good, *chart)


def c_chart(
    count: Numbers,
    *,
    measure: str = "",
    unit: str = "",
    good: Good = "low",
    laney: bool | None = None,
    baseline: int | None = None,
) -> ControlChart:
    """Chart of counts in periods of equal exposure; ``laney`` and sources as in `u_chart`.

    >>> c_chart([4, 6]).centre
    5.0
    """
    size = np.ones(np.size(count))
    chart = u_chart(
        *(count, size), measure=measure, unit=unit, good=good, laney=laney, baseline=baseline
    )
    return replace(chart, kind=chart.kind.replace("u", "c"))


def assurance(chart: ControlChart, *, target: float) -> Literal["met", "missed", "varies"]:
    """Will the measure meet ``target`` next period, as long as nothing changes?

    "met" or "missed" where the whole range of chance lies on one side of the target, "varies"
    where chance decides. Where limits follow the size of each period, those of the last period
    count. Making Data Count, NHS England 2021.

    >>> assurance(c_chart([4, 6]), target=20)
    'met'
    """
    lower, upper = (
        float(x.iloc[-1] if isinstance(x, pd.Series) else x) for x in (chart.lower, chart.upper)
    )
    if np.isnan([lower, upper, target]).any():
        raise DataError("The target or the limits of the last period are missing: not judged.")
    below, above = upper <= target, lower >= target
    met, missed = (below, above) if chart.good == "low" else (above, below)
    return "met" if met else "missed" if missed else "varies"


def _as_series(values: Numbers, *, name: str) -> pd.Series:
    index = values.index if isinstance(values, pd.Series) else None
    return pd.Series(inputs.numbers(values, name=name).reshape(-1), index=index, dtype=float)
