"""Monthly series of counts and exposures, each judged against its own past."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.findings import Evidence
from aftersales.metrics import METRICS
from aftersales.stats.series.change import Change, spike, step_change
from aftersales.stats.series.onset import Onset, onset
from aftersales.stats.series.season import deseasonalise
from aftersales.stats.series.windows import best_windows

YEAR = 12  # months
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
    change: Change | None = None  # None: too short or too few to judge
    months: int = 0  # length of the window
    p: float = math.nan
    min_n: float = 0.0  # smallest exposure that a window must have
    patience: int = 1  # months at the end whose cases may be too young to count
    counted: bool = False  # the exposure is only the days
    onset: Onset | None = None  # when the change may have begun, where that was looked for

    @property
    def start(self) -> pd.Timestamp:
        """First month of the window."""
        return self.frame["month"].iloc[-self.months]

    @property
    def at_risk(self) -> float:
        """Exposure of the window."""
        return float(self.frame["n"].tail(self.months).sum())

    @property
    def place(self) -> dict[str, str]:
        """``metric``, ``region`` and ``part`` (of what the rates are split by); "" is all."""
        part = "".join(v for k, v in self.subject.items() if k != "region")
        return {"metric": self.metric, "region": self.subject.get("region", ""), "part": part}


def evidence(rung: str) -> Evidence:
    """How far a comparison with the past can be trusted: B where its season is allowed for."""
    return "B" if rung == "season" else "C"


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


def judge_series(series: Sequence[Series]) -> list[Series]:
    """Hold the last months of every series against its past, over several window lengths.

    Months at the start without exposure are left out, and so is an open end of at most
    `patience` months; a series that ended before is over, and not judged. Neither is one with
    fewer than 30 cases in all, nor a window that leaves fewer than 12 months of past, or in
    which one of both sides has an exposure below `min_n`, or, where only cases are known, fewer
    than 30 cases in its past.
    """
    trimmed = [_trimmed(s) for s in series]
    windows = [_windows(s) for s in trimmed]
    known = [i for i, own in enumerate(windows) if own]
    frames = [trimmed[i].frame for i in known]
    found = best_windows(
        [f["bad"].to_numpy(float) for f in frames],
        [f["n"].to_numpy(float) for f in frames],
        windows=[windows[i] for i in known],
    )
    for i, (change, months, p) in zip(known, found, strict=True):
        trimmed[i] = dataclasses.replace(trimmed[i], change=change, months=months, p=p)
    return trimmed


def _trimmed(series: Series) -> Series:
    """From the first to the last month with exposure; as it is where the series is over."""
    seen = np.flatnonzero(series.frame["n"].to_numpy() > 0)
    if not seen.size or len(series.frame) - 1 - seen[-1] > series.patience:
        return series
    frame = series.frame.iloc[seen[0] : seen[-1] + 1].reset_index(drop=True)
    return dataclasses.replace(series, frame=frame)


def _windows(series: Series) -> list[int]:
    """The lengths of window that a trimmed series can be judged in."""
    frame = series.frame
    if frame["n"].iloc[-1] <= 0 or frame["bad"].sum() < MIN_CASES:
        return []
    least = MIN_CASES if series.counted else 0
    return [w for w in WINDOWS if _judged(frame, w, series.min_n, least)]


def _judged(frame: pd.DataFrame, window: int, min_n: float, least: int) -> bool:
    """Whether both sides of a window are long and large enough, and the past has `least` cases."""
    if len(frame) - window < MIN_PAST or frame["bad"].iloc[:-window].sum() < least:
        return False
    past, recent = frame["n"].iloc[:-window].sum(), frame["n"].iloc[-window:].sum()
    return min(past, recent) >= max(min_n, 1e-9)


def dated(series: Series) -> Series:
    """The same series with the window that begins where its change most likely began.

    Of the last 1 to 18 months, those whose step from the months before is the most likely, season
    taken out (`stats.onset`). p stays that of the fixed windows, which looked less.
    """
    if series.change is None:
        return series
    found = _onset(series)
    if found.position < 0:
        return series
    series = dataclasses.replace(series, onset=found)
    months = len(series.frame) - found.position
    change = series.change if months == series.months else _change(series.frame, months)
    if math.isnan(change.ratio) or (change.ratio > 1) != (series.change.ratio > 1):
        return dataclasses.replace(series, onset=None)
    return dataclasses.replace(series, change=change, months=months)


def _onset(series: Series) -> Onset:
    """The most likely step in the direction of the series' change, and what else may be."""
    y, n = (series.frame[c].to_numpy(float) for c in ("bad", "n"))
    seasonal = series.change.rung == "season"  # as its past alone, without the change, says
    size = n * deseasonalise(y, n)["factor"].to_numpy() if seasonal else n
    least = max(series.min_n, 1e-9)
    places = [
        k
        for k in range(len(y) - 1, max(len(y) - LONGEST, MIN_PAST) - 1, -1)
        if min(n[:k].sum(), n[k:].sum()) >= least
    ]
    up, noise = series.change.ratio > 1, max(series.change.dispersion, 1.0)
    return onset(y, size, candidates=places, up=up, dispersion=noise)


def _change(frame: pd.DataFrame, window: int) -> Change:
    count, exposure = frame["bad"].to_numpy(float), frame["n"].to_numpy(float)
    if window == 1:
        return spike(count, exposure)
    return step_change(count, exposure, recent=window)
