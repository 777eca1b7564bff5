"""Control charts: the range in which a measure varies by chance alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers

D2 = 1.128  # expected range of two normal values, in sd
SIGMAS = 3.0  # Shewhart's limits
OVERDISPERSED = 0.01  # p below which Laney's limits replace the binomial or Poisson ones
Good = Literal["high", "low"]


class Overdispersion(NamedTuple):
    """Does a count vary more than binomial or Poisson chance?

    ratio : variance over the expected one; statistic, df : chi-square; p : of "no more"
    """

    ratio: float
    statistic: float
    df: int
    p: float


@dataclass(frozen=True)
class ControlChart:
    """A measure over time, and the range in which it varies by chance alone."""

    measure: str
    unit: str
    good: Good
    values: pd.Series  # one value per period, indexed by the period's first day
    centre: float
    lower: float | pd.Series  # a series where the limits follow the size of each period
    upper: float | pd.Series
    kind: str = "individuals"
    sigma_z: float = 1.0  # Laney's factor; 1 where limits are the plain ones
    overdispersion: Overdispersion | None = None
    baseline: int = field(default=0)  # first periods from which the limits come

    def to_frame(self) -> pd.DataFrame:
        """One row per period: ``period``, ``value``, ``signal`` if outside, and the limits."""
        outside = (self.values < self.lower) | (self.values > self.upper)
        frame = pd.DataFrame({"value": self.values, "signal": outside})
        frame = frame.assign(lower=self.lower, centre=self.centre, upper=self.upper)
        return frame.rename_axis("period").reset_index()

    @property
    def signals(self) -> pd.DataFrame:
        """The periods outside their limits, with ``worse`` (True or False) for each."""
        frame = self.to_frame()
        worse = (frame["value"] > frame["upper"]) == (self.good == "low")
        return frame.assign(worse=worse)[frame["signal"]].reset_index(drop=True)


def u_chart(
    count: Numbers,
    exposure: Numbers,
    *,
    per: float = 1.0,
    measure: str = "",
    unit: str = "",
    good: Good = "low",
    laney: bool | None = None,
    baseline: int | None = None,
) -> ControlChart:
    """Chart of a rate, ``per * count / exposure`` per period; limits follow the exposure.

    ``laney`` as in `p_chart`, against Poisson chance (Laney's u' chart). Same sources as
    `p_chart`. For counts in periods of equal exposure see `c_chart`.

    >>> u_chart([4, 6], [10, 10], per=1000).centre
    500.0
    """
    parts = list(attributes_chart(count, exposure, kind="poisson", laney=laney, baseline=baseline))
    parts[:4] = [part * per for part in parts[:4]]
    return ControlChart(measure, unit, good, *parts)


def overdispersion(
    count: Numbers, size: Numbers, *, kind: Literal["binomial", "poisson"] = "poisson"
) -> Overdispersion:
    """Chi-square test of whether counts vary more than binomial or Poisson chance.

    ``size`` is the number of trials or the exposure of each count. NaN for fewer than two
    periods or no case. Cochran 1954, Biometrics 10:417; qcc's `qcc.overdispersion.test`.

    >>> overdispersion([2, 4, 6], 1).ratio
    1.0
    """
    y, n = inputs.series(count, size)
    y, n = y[n > 0], n[n > 0]
    centre = y.sum() / n.sum() if n.sum() > 0 else np.nan
    chance = n * centre * (1 - centre if kind == "binomial" else 1)
    if y.size < 2 or not (chance > 0).all():
        return Overdispersion(np.nan, np.nan, max(y.size - 1, 0), np.nan)
    statistic, df = float(((y - n * centre) ** 2 / chance).sum()), y.size - 1
    return Overdispersion(statistic / df, statistic, df, float(stats.chi2.sf(statistic, df)))


def attributes_chart(
    count: Numbers,
    size: Numbers,
    *,
    kind: Literal["binomial", "poisson"],
    laney: bool | None,
    baseline: int | None,
) -> tuple:
    """Values, centre, limits, name of the chart, sigma_z, test and length of the baseline."""
    y, n = inputs.series(count, size)
    index = count.index if isinstance(count, pd.Series) else pd.RangeIndex(y.size)
    values = pd.Series(np.divide(y, n, out=np.full(y.size, np.nan), where=n > 0), index=index)
    first = first_periods(values, baseline, single=True)
    judged = slice(0, len(first))
    if n[judged].sum() == 0:
        raise DataError(
            "The chart has no exposure in its baseline; at least one period needs some."
        )
    centre = float(y[judged].sum() / n[judged].sum())
    with np.errstate(divide="ignore"):
        sigma = np.sqrt(centre * (1 - centre if kind == "binomial" else 1) / n)
    test = overdispersion(y[judged], n[judged], kind=kind)
    prime = test.p < OVERDISPERSED if laney is None else laney
    factor = _sigma_z((values.to_numpy() - centre)[judged], sigma[judged]) if prime else 1.0
    if laney is None:
        factor = max(factor, 1.0)
    half = SIGMAS * factor * pd.Series(np.where(n > 0, sigma, np.nan), index=index)
    lower = (centre - half).clip(lower=0.0)
    upper = (centre + half).clip(upper=1.0 if kind == "binomial" else np.inf)
    name = ("p" if kind == "binomial" else "u") + ("'" if prime else "")
    return values, centre, lower, upper, name, factor, test, len(first)


def _sigma_z(distance: np.ndarray, sigma: np.ndarray) -> float:
    """Laney's factor: sd between neighbouring periods, in units of chance within one."""
    z = (distance / np.where(sigma > 0, sigma, np.nan))[np.isfinite(distance)]
    z = z[np.isfinite(z)]
    return float(np.abs(np.diff(z)).mean() / D2) if z.size > 1 else 1.0


def first_periods(values: pd.Series, baseline: int | None, *, single: bool = False) -> pd.Series:
    """The first periods, from which the limits come."""
    wanted, least = len(values) if baseline is None else baseline, 1 if single else 2
    if not least <= wanted <= len(values):
        raise DataError(
            f"A chart needs at least {least} periods for its limits; found {len(values)} and "
            f"a baseline of {wanted}."
        )
    return values.iloc[:wanted]
