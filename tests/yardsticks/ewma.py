"""Charts with a memory: EWMA and CUSUM find a small lasting shift that single values hide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers
from aftersales.stats.series.control_chart import D2, SIGMAS, ControlChart, Good

# Expected range of 2, 3, ... 10 normal values in sd (Montgomery, appendix VI).
D2_BY_SIZE = (D2, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847, 2.970, 3.078)


@dataclass(frozen=True)
class CusumChart:
    """How far a measure has drifted up (``rise``) and down (``fall``), in sd, period by period.

    A signal is a rise or a fall beyond ``decision``. A chart never forgets by itself: after a
    signal that was dealt with, start a new one.
    """

    measure: str
    unit: str
    good: Good
    values: pd.Series  # one value per period, indexed by the period's first day
    rise: pd.Series  # 0 or more
    fall: pd.Series  # 0 or more
    decision: float
    centre: float
    sd: float | pd.Series

    def to_frame(self) -> pd.DataFrame:
        """One row per period: ``period``, ``value``, ``rise``, ``fall``, ``decision``, ``signal``.

        ``started`` is the first period of the run that the larger of the two sums stands on,
        the usual estimate of when a shift began (missing while both are 0).
        """
        signal = (self.rise > self.decision) | (self.fall > self.decision)
        columns = {"value": self.values, "rise": self.rise, "fall": self.fall}
        frame = pd.DataFrame(columns).assign(decision=self.decision, signal=signal)
        frame = frame.rename_axis("period").reset_index()
        up = self.rise.to_numpy() >= self.fall.to_numpy()
        first = np.where(up, _run_start(self.rise), _run_start(self.fall))
        started = frame["period"].take(np.maximum(first, 0)).reset_index(drop=True)
        return frame.assign(started=started.where(pd.Series(first >= 0)))

    @property
    def signals(self) -> pd.DataFrame:
        """The periods beyond the decision limit, with ``worse`` (True or False) for each."""
        frame = self.to_frame()
        worse = (frame["rise"] >= frame["fall"]) == (self.good == "low")
        return frame.assign(worse=worse)[frame["signal"]].reset_index(drop=True)


def ewma_chart(
    values: pd.Series,
    *,
    weight: float = 0.2,
    width: float = SIGMAS,
    centre: float | None = None,
    sd: Numbers | None = None,
    measure: str = "",
    unit: str = "",
    good: Good = "low",
    baseline: int | None = None,
) -> ControlChart:
    """Chart of the exponentially weighted mean of a measure; its values are that mean.

    Each period counts ``weight``, the past the rest. ``centre`` and ``sd`` (one number, or one
    per period where sizes differ) default to the mean and the mean moving range over 1.128 of
    the first ``baseline`` periods. The limits, ``width`` sd of the weighted mean, are the exact
    ones: narrow in the first periods. Roberts 1959, Technometrics 1:239; Montgomery,
    Introduction to Statistical Quality Control, ch. 9.

    >>> ewma_chart(pd.Series([10.0, 12.0, 10.0]), weight=0.5, centre=10, sd=1).values.tolist()
    [10.0, 11.0, 10.5]
    """
    if not 0 < weight <= 1:
        raise DataError(f"`weight` must be above 0 and at most 1; found {weight!r}.")
    data, middle, spread, first = _prepared(values, centre, sd, baseline)
    mean, variance = np.empty(len(data)), np.empty(len(data))
    level, noise = middle, 0.0
    for i, (value, one) in enumerate(zip(data, spread, strict=True)):
        level = mean[i] = weight * value + (1 - weight) * level
        noise = variance[i] = (weight * one) ** 2 + (1 - weight) ** 2 * noise
    half = pd.Series(width * np.sqrt(variance), index=data.index)
    smooth = pd.Series(mean, index=data.index)
    limits = middle, middle - half, middle + half
    return ControlChart(measure, unit, good, smooth, *limits, kind="ewma", baseline=first)


def cusum_chart(
    values: pd.Series,
    *,
    shift: float = 1.0,
    decision: float = 5.0,
    centre: float | None = None,
    sd: Numbers | None = None,
    measure: str = "",
    unit: str = "",
    good: Good = "low",
    baseline: int | None = None,
) -> CusumChart:
    """Cumulative sums of what exceeds half a ``shift`` (in sd) above and below the centre.

    ``centre``, ``sd`` and ``baseline`` as in `ewma_chart`. The defaults look for a shift of one
    sd and signal beyond 5: about one false signal in 465 periods, a shift of one sd found after
    10 on average. Page 1954, Biometrika 41:100; Montgomery, ch. 9.

    >>> cusum_chart(pd.Series([0.0, 2.0, 3.0]), centre=0, sd=1).rise.tolist()
    [0.0, 1.5, 4.0]
    """
    if not (shift > 0 and decision > 0):
        raise DataError(f"`shift` and `decision` must be positive; found {shift} and {decision}.")
    data, middle, spread, _ = _prepared(values, centre, sd, baseline)
    z = (data.to_numpy() - middle) / spread
    rise, fall = (pd.Series(_page(x - shift / 2), index=data.index) for x in (z, -z))
    noise = float(spread[0]) if np.ptp(spread) == 0 else pd.Series(spread, index=data.index)
    return CusumChart(measure, unit, good, data, rise, fall, decision, middle, noise)


def sample_sd(samples: Numbers) -> float:
    """Standard deviation within samples of equal size: mean range over its expectation.

    One row per sample of 2 to 10 values. For a chart of the samples' means, pass
    ``sd=sample_sd(samples) / sqrt(size)``. Montgomery, ch. 6.

    >>> round(sample_sd([[1.0, 2.0], [2.0, 4.0]]), 3)
    1.33
    """
    table = inputs.numbers(samples, name="samples", empty=False)
    if table.ndim != 2 or not 2 <= table.shape[1] <= len(D2_BY_SIZE) + 1:
        raise DataError(
            "`samples` must be a table, one row per sample of 2 to 10 values; found the shape "
            f"{table.shape}."
        )
    return float(np.ptp(table, axis=1).mean() / D2_BY_SIZE[table.shape[1] - 2])


def _prepared(
    values: pd.Series, centre: float | None, sd: Numbers | None, baseline: int | None
) -> tuple[pd.Series, float, np.ndarray, int]:
    """Values, centre, sd per period and length of the baseline."""
    index = values.index if isinstance(values, pd.Series) else None
    data = pd.Series(inputs.numbers(values, name="values").reshape(-1), index=index, dtype=float)
    first = data.iloc[: len(data) if baseline is None else baseline]
    known = centre is not None and sd is not None
    least, wanted = 1 if known else 2, len(data) if baseline is None else baseline
    if len(first) < least or wanted > len(data):
        raise DataError(
            f"A chart needs at least {least} periods for its limits; found {len(data)} and "
            f"a baseline of {wanted}."
        )
    middle = float(first.mean()) if centre is None else float(centre)
    noise = float(np.abs(np.diff(first)).mean()) / D2 if sd is None else sd
    spread = inputs.numbers(noise, name="sd")
    if (spread <= 0).any() or spread.size not in (1, len(data)):
        raise DataError(
            f"`sd` must be positive, one number or one for each of the {len(data)} periods; "
            f"found {spread.size}, the smallest {spread.min():g}. A measure that does not vary "
            "has no chart with a memory."
        )
    return data, middle, np.broadcast_to(spread.reshape(-1), len(data)).copy(), len(first)


def _page(steps: np.ndarray) -> np.ndarray:
    """Page's sum: the cumulative sum above its lowest point so far, never below 0."""
    total = np.cumsum(steps)
    return total - np.minimum(np.minimum.accumulate(total), 0.0)


def _run_start(total: pd.Series) -> np.ndarray:
    """Position at which the run of positive sums began; -1 where the sum is 0."""
    positive = total.to_numpy() > 0
    last_zero = np.maximum.accumulate(np.where(positive, -1, np.arange(positive.size)))
    return np.where(positive, last_zero + 1, -1)
