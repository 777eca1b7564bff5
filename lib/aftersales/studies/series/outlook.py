"""The next three months of the main rate, if nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from aftersales.metrics import METRICS
from aftersales.stats.series.forecast import Rung, forecast
from aftersales.studies.scope import Scope

AHEAD = 3  # months
COLUMNS = [
    *("month", "at_risk", "expected", "expected_low", "expected_high"),
    *("rate", "rate_low", "rate_high"),
]
SLOPE_MONTHS = 6  # over which the growth of those at risk is measured


@dataclass(frozen=True)
class Outlook:
    """The months to come.

    `table` has one row per month: ``month``, ``at_risk``, ``expected`` cases with
    ``expected_low``, ``expected_high`` and ``rate`` with ``rate_low``, ``rate_high`` (95 %
    prediction interval of what will be counted), NaN where nothing can be forecast; for counts
    there is no ``at_risk``. `rung`: see `stats.forecast`.
    """

    table: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=COLUMNS))
    rung: Rung = "short"

    @property
    def known(self) -> bool:
        """Whether there is a forecast."""
        return self.rung != "short"


def outlook(scope: Scope, metric: str, monthly: pd.DataFrame) -> Outlook:
    """Forecast the main rate from its months with exposure (`headline.lines`).

    Those at risk are taken to grow as in the last six months; answers and orders to be as many.
    """
    ahead = pd.date_range(scope.last_month + pd.DateOffset(months=1), periods=AHEAD, freq="MS")
    span = monthly["month"].agg(["min", "max"]) if len(monthly) else (pd.NaT, pd.NaT)
    if len(monthly) == 0 or span["max"] != scope.last_month:
        return Outlook(_frame(metric, ahead, *(np.full(AHEAD, np.nan),) * 4))
    months = pd.date_range(span["min"], span["max"], freq="MS")
    filled = monthly.set_index("month")[["bad", "n"]].reindex(months, fill_value=0).astype(float)
    exposure = _coming(metric, filled["n"].to_numpy(), ahead)
    found = forecast(filled["bad"].to_numpy(), filled["n"].to_numpy(), ahead=exposure)
    counts = (found.table[c].to_numpy() for c in ("expected", "low", "high"))
    return Outlook(_frame(metric, ahead, exposure, *counts), found.rung)


def _coming(metric: str, n: np.ndarray, ahead: pd.DatetimeIndex) -> np.ndarray:
    """Exposure of the months ahead."""
    if METRICS[metric].kind == "count":
        return ahead.days_in_month.to_numpy(float)
    recent = n[-SLOPE_MONTHS:]
    if METRICS[metric].kind != "rate" or len(recent) < SLOPE_MONTHS or recent.min() <= 0:
        return np.full(AHEAD, recent.mean())
    slope = np.polyfit(np.arange(recent.size), recent, 1)[0]
    return np.maximum(n[-1] + slope * np.arange(1, AHEAD + 1), 0.0)


def _frame(
    metric: str,
    months: pd.DatetimeIndex,
    exposure: np.ndarray,
    expected: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> pd.DataFrame:
    frame = pd.DataFrame({"month": months, "at_risk": exposure, "expected": expected})
    frame = frame.assign(expected_low=low, expected_high=high)
    info = METRICS[metric]
    for name, cases in (("", expected), ("_low", low), ("_high", high)):
        frame[f"rate{name}"] = _rate(metric, cases, exposure)
    if info.kind == "proportion" and info.good == "high":
        frame[["rate_low", "rate_high"]] = frame[["rate_high", "rate_low"]].to_numpy()
    return frame.drop(columns="at_risk") if info.kind == "count" else frame


def _rate(metric: str, cases: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """What the metric shows for so many bad cases."""
    info = METRICS[metric]
    if info.kind == "count":
        return cases
    share = np.divide(cases, exposure, out=np.full(len(cases), np.nan), where=exposure > 0)
    if info.kind == "rate":
        return 1000.0 * share
    share = np.clip(share, 0.0, 1.0)
    return 1 - share if info.good == "high" else share
