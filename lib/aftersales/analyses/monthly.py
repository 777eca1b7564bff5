"""Monthly series of counts and exposures, each judged against its own past."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.metrics import METRICS
from aftersales.stats.change import Change, spike, step_change

WINDOWS = (1, 3, 6, 12)  # recent months held against all earlier ones: a jump, a rise, a drift
MIN_PAST = 12  # months of past below which a series is too short to judge


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

    @property
    def start(self) -> pd.Timestamp:
        """First month of the window."""
        return self.frame["month"].iloc[-self.months]


def bad_count(frame: pd.DataFrame, *, metric: str) -> pd.Series:
    """How many went wrong: the metric's count, or its complement where high is good."""
    info = METRICS[metric]
    hits = frame[info.count]
    if info.kind == "proportion" and info.good == "high":
        return frame["n"] - hits
    return hits


def counted_from_first(frame: pd.DataFrame, *, by: Sequence[str]) -> pd.DataFrame:
    """Counts with days as their exposure, each group from the month of its first case.

    Without a denominator nothing says whether a product without tickets was in the field, so the
    months before its first one are no past to compare with.
    """
    frame = frame.assign(n=frame["month"].dt.days_in_month)
    first = frame["month"].where(frame["bad"] > 0)
    if by:
        first = first.groupby([frame[c] for c in by], dropna=False).transform("min")
    else:
        first = pd.Series(first.min(), index=frame.index)
    return frame[frame["month"] >= first].reset_index(drop=True)


def complete(frame: pd.DataFrame, *, months: pd.DatetimeIndex) -> pd.DataFrame:
    """One row per month of `months`; months without a row have no cases and no exposure."""
    filled = frame.set_index("month")[["bad", "n"]].reindex(months, fill_value=0)
    return filled.rename_axis("month").reset_index()


def judge_series(
    frame: pd.DataFrame, *, metric: str, subject: Mapping[str, str], min_cases: int
) -> Series:
    """Hold the last months of a series against its past, over several window lengths.

    `frame` has ``month``, ``bad``, ``n``. Months at the start without exposure are left out, and so
    is an open end (months with no exposure yet). Fewer than `MIN_PAST` months of past, or fewer
    than `min_cases` cases in all, cannot be judged.
    """
    seen = frame["n"].to_numpy() > 0
    if not seen.any():
        return Series(metric, subject, frame, None)
    first, last = np.flatnonzero(seen)[[0, -1]]
    frame = frame.iloc[first : last + 1].reset_index(drop=True)
    windows = [w for w in WINDOWS if len(frame) - w >= MIN_PAST]
    if not windows or frame["bad"].sum() < min_cases:
        return Series(metric, subject, frame, None)
    changes = [_change(frame, w) for w in windows]
    best = min(range(len(windows)), key=lambda i: _or_one(changes[i].p))
    p = min(1.0, _or_one(changes[best].p) * len(windows))
    return Series(metric, subject, frame, changes[best], windows[best], p)


def _change(frame: pd.DataFrame, window: int) -> Change:
    count, exposure = frame["bad"].to_numpy(float), frame["n"].to_numpy(float)
    if window == 1:
        return spike(count, exposure)
    return step_change(count, exposure, recent=window)


def _or_one(p: float) -> float:
    return 1.0 if math.isnan(p) else p


def split(
    table: pd.DataFrame, *, by: Sequence[str], months: pd.DatetimeIndex
) -> list[tuple[dict[str, str], pd.DataFrame]]:
    """The series of a long table (``by`` columns, ``month``, ``bad``, ``n``), gaps filled.

    With an empty `by` all rows are one series. Rows with a missing attribute are left out of the
    split, so they count in the whole only.
    """
    if not by:
        total = table.groupby("month", as_index=False)[["bad", "n"]].sum()
        return [({}, complete(total, months=months))]
    sums = table.groupby([*by, "month"], as_index=False, dropna=True)[["bad", "n"]].sum()
    return [
        (dict(zip(by, map(str, key), strict=True)), complete(part, months=months))
        for key, part in sums.groupby(list(by))
    ]
