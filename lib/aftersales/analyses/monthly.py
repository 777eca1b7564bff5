"""Monthly series of counts and exposures, each judged against its own past."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.metrics import METRICS
from aftersales.stats.change import Change, spike, step_change
from aftersales.stats.season import deseasonalise

WINDOWS = (1, 3, 6, 12)  # recent months held against all earlier ones: a jump, a rise, a drift
MIN_PAST = 12  # months of past below which a series is too short to judge
MIN_CASES = 30  # cases in all below which a series is too thin to judge
LONGEST = 18  # months back in which the start of a change is looked for


@dataclass(frozen=True)
class Series:
    """One monthly series and the window in which it left its past most clearly.

    `frame` has ``month``, ``bad`` (the count that should be low) and ``n`` (its exposure), one row
    per month without gaps. `p` is the smallest p over `WINDOWS`, times their number (Bonferroni).
    """

    metric: str
    subject: Mapping[str, str]
    frame: pd.DataFrame
    change: Change | None  # None: too short or too few to judge
    months: int = 0  # length of the window
    p: float = math.nan
    min_n: float = 0.0  # smallest exposure that a window must have

    @property
    def start(self) -> pd.Timestamp:
        """First month of the window."""
        return self.frame["month"].iloc[-self.months]

    @property
    def n(self) -> float:
        """Exposure of the window."""
        return float(self.frame["n"].tail(self.months).sum())


def bad_count(frame: pd.DataFrame, *, metric: str) -> pd.Series:
    """How many went wrong: the metric's count, or its complement where high is good."""
    info = METRICS[metric]
    hits = frame[info.count]
    if info.kind == "proportion" and info.good == "high":
        return frame["n"] - hits
    return hits


def complete(frame: pd.DataFrame, *, months: pd.DatetimeIndex, counted: bool) -> pd.DataFrame:
    """One row per month of `months`; months without a row have no cases and no exposure.

    With `counted` nothing but cases is known, so the days of the month are the exposure, from the
    month of the first case: without a denominator nothing says whether a product without tickets
    was in the field before, so those months are no past to compare with.
    """
    filled = frame.set_index("month")[["bad", "n"]].reindex(months, fill_value=0)
    if counted:
        begun = filled["bad"].gt(0).cummax().to_numpy()
        filled["n"] = np.where(begun, filled.index.days_in_month, 0)
    return filled.rename_axis("month").reset_index()


def judge_series(
    frame: pd.DataFrame,
    *,
    metric: str,
    subject: Mapping[str, str],
    min_n: float = 0,
    patience: int = 1,
    counted: bool = False,
) -> Series:
    """Hold the last months of a series against its past, over several window lengths.

    Months at the start without exposure are left out, and so is an open end of at most `patience`
    months (cases too young to count); a series that ended before is over, and not judged. Neither
    is one with fewer than 30 cases in all, nor a window that leaves fewer than 12 months of past,
    or in which one of both sides has an exposure below `min_n`.

    Parameters
    ----------
    frame : ``month``, ``bad``, ``n``, one row per month without gaps
    min_n : smallest exposure that may be judged, see `config.Target`
    counted : the exposure is only the days, so a past without cases may be one without records;
        it must hold 30 cases too
    """
    seen = np.flatnonzero(frame["n"].to_numpy() > 0)
    if not seen.size or len(frame) - 1 - seen[-1] > patience:
        return Series(metric, subject, frame, None)
    frame = frame.iloc[seen[0] : seen[-1] + 1].reset_index(drop=True)
    least = MIN_CASES if counted else 0
    windows = [w for w in WINDOWS if _judged(frame, w, min_n, least)]
    if not windows or frame["bad"].sum() < MIN_CASES:
        return Series(metric, subject, frame, None)
    changes = [_change(frame, w) for w in windows]
    best = min(range(len(windows)), key=lambda i: _or_one(changes[i].p))
    p = min(1.0, _or_one(changes[best].p) * len(windows))
    return Series(metric, subject, frame, changes[best], windows[best], p, min_n)


def _judged(frame: pd.DataFrame, window: int, min_n: float, least: int) -> bool:
    """Whether both sides of a window are long and large enough, and the past has `least` cases."""
    if len(frame) - window < MIN_PAST or frame["bad"].iloc[:-window].sum() < least:
        return False
    past, recent = frame["n"].iloc[:-window].sum(), frame["n"].iloc[-window:].sum()
    return min(past, recent) >= max(min_n, 1e-9)


def dated(series: Series) -> Series:
    """The same series with the window that begins where its change most likely began.

    Of the last 1 to 18 months, those whose step from the months before is the most likely, season
    taken out (likelihood ratio of one change in a Poisson rate: Worsley 1986, Biometrika 73:91).
    p stays that of the fixed windows, which looked less.
    """
    months = _step(series) if series.change is not None else 0
    if months in (0, series.months):
        return series
    change = _change(series.frame, months)
    if math.isnan(change.ratio) or (change.ratio > 1) != (series.change.ratio > 1):
        return series
    return dataclasses.replace(series, change=change, months=months)


def _step(series: Series) -> int:
    """Length of the most likely step in the direction of the series' change; 0 without any."""
    y, n = (series.frame[c].to_numpy(float) for c in ("bad", "n"))
    seasonal = series.change.rung == "season"  # as its past alone, without the change, says
    size = n * deseasonalise(y, n)["factor"].to_numpy() if seasonal else n
    best = (0.0, 0)
    for months in range(1, min(LONGEST, len(y) - MIN_PAST) + 1):
        past = y[:-months].sum(), size[:-months].sum()
        recent = y[-months:].sum(), size[-months:].sum()
        if min(n[-months:].sum(), n[:-months].sum()) < max(series.min_n, 1e-9):
            continue
        up = recent[0] * past[1] > past[0] * recent[1]
        if up == (series.change.ratio > 1):
            best = max(best, (_likelihood(recent, past), months))
    return best[1]


def _likelihood(*sides: tuple[float, float]) -> float:
    """Log likelihood ratio of two rates (cases, exposure) to one rate for both."""
    mean = sum(y for y, _ in sides) / sum(n for _, n in sides)
    return sum(y * math.log(y / n / mean) for y, n in sides if y > 0)


def _change(frame: pd.DataFrame, window: int) -> Change:
    count, exposure = frame["bad"].to_numpy(float), frame["n"].to_numpy(float)
    if window == 1:
        return spike(count, exposure)
    return step_change(count, exposure, recent=window)


def _or_one(p: float) -> float:
    return 1.0 if math.isnan(p) else p
