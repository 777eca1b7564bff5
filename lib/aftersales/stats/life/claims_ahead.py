"""How many claims will come: the units in service, their ages, and the rate at each age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats import inputs

FEW_CLAIMS = 10  # below it the forecast says little beyond its interval
CURVE_CLAIMS = 4.0  # claims that the curve over ages is worth at each age, beside those seen there
SLOPE_SPREAD = 1.5  # sd of the prior of the curve's slope in log age: shapes up to about 4
_BLOCKS = 4  # past spans as long as the forecast, from which their own variation is measured


@dataclass(frozen=True)
class ClaimsAhead:
    """Claims expected in the next months from the units in service now.

    `months` has one row per month ahead: ``ahead`` (1, 2, ...), ``expected``, ``low``, ``high``,
    ``cumulative`` and its interval. `expected`, `low`, `high` are for all of them together.
    `unseen` is the share of the expected claims at ages that no unit has reached yet: it rests
    on the curve alone. `variation` is the relative sd of past spans of the same length around
    what ages let expect (season, trend, batches), NaN where the past is too short to tell; it is
    part of the intervals. `usual` are the claims that these units would make at the rates of the
    reference, NaN without one. `few`: fewer than 10 claims so far.
    """

    months: pd.DataFrame
    expected: float
    low: float
    high: float
    units: float
    claims: int
    unseen: float
    variation: float
    usual: float
    few: bool
    level: float


def expected_claims(
    table: pd.DataFrame,
    *,
    last: int,
    months: int,
    reference: pd.DataFrame | None = None,
    season: Sequence[float] | None = None,
    recent: int | None = None,
    until_age: int | None = None,
    level: float = 0.95,
) -> ClaimsAhead:
    """Claims in the next `months` months from the units in service at the end of month `last`.

    The rate at each age is that of the units themselves, together with a curve that is worth four
    claims at each age and alone speaks for ages not reached yet: the rate by age of `reference`
    times the ratio of the two groups, or without it a power of age (Weibull intensity). Units
    that leave service, and units not in service yet, are not foreseen.

    Parameters
    ----------
    table : as `service_months.service_months` gives it
    reference : the same table of comparable units
    season : twelve factors, see `month_pattern.month_pattern`: how much more than usual is claimed
        in the months whose number is 0, 1, ... modulo 12; None is the same in every month
    recent : only claims of the last so many months tell the rates, so that a change of level is
        soon followed; None is all. The variation is measured on the whole past.
    until_age : age in months from which no claims are expected, e.g. the end of the warranty

    Returns
    -------
    ClaimsAhead
        The interval is for the number of claims, not for its mean: the chance of the counts to
        come, what the rates at each age and the curve leave open, and the variation of past spans
        of the same length. Quantiles of a gamma-Poisson distribution with that mean and variance
        (a prediction interval; see Lawless 1998, Int. Stat. Rev. 66:41).
    """
    if months < 1:
        raise DataError(f"`months` must be at least 1; found {months!r}.")
    inputs.share(level, name="level")
    factors = np.ones(12) if season is None else inputs.counts(season, name="season")
    ahead = _exposure_ahead(table, last, months, until_age)
    ahead *= factors[(last + 1 + np.arange(months)) % 12, None]
    whole = _Rates(_weighted(table, last, factors), ahead.shape[1], reference)
    variation = _variation(_weighted(table, last, factors), whole.rate, months)
    rates = whole
    if recent is not None:
        table, reference = (_since(t, last - recent) for t in (table, reference))
        rates = _Rates(_weighted(table, last, factors), ahead.shape[1], reference)
    prediction = _Prediction(rates, 0.0 if np.isnan(variation) else variation, level)
    total = ahead.sum(axis=0)
    expected, low, high = prediction.of(total)
    at_unseen_ages = float((total * rates.rate)[rates.at_risk == 0].sum())
    return ClaimsAhead(
        months=_by_month(prediction, ahead),
        expected=expected,
        low=low,
        high=high,
        units=whole.units,
        claims=int(whole.claims.sum()),
        unseen=at_unseen_ages / expected if expected > 0 else 0.0,
        variation=variation,
        usual=np.nan if reference is None else float(total @ rates.curve.known),
        few=whole.claims.sum() < FEW_CLAIMS,
        level=level,
    )


def _by_month(prediction: _Prediction, ahead: np.ndarray) -> pd.DataFrame:
    sums = ahead.cumsum(axis=0)
    rows = [prediction.of(a) + prediction.of(s) for a, s in zip(ahead, sums, strict=True)]
    names = ["expected", "low", "high", "cumulative", "cumulative_low", "cumulative_high"]
    frame = pd.DataFrame(rows, columns=names)
    frame.insert(0, "ahead", np.arange(1, len(ahead) + 1))
    return frame


def _since(table: pd.DataFrame | None, month: int) -> pd.DataFrame | None:
    """The cells of a table that lie after a month."""
    return None if table is None else table[table["cohort"] + table["age"] > month]


class _Rates:
    """Claims per unit-month at each age: those seen, drawn towards a curve."""

    def __init__(self, table: pd.DataFrame, ages: int, reference: pd.DataFrame | None) -> None:
        seen = table.groupby("age")[["at_risk", "claims"]].sum()
        seen = seen.reindex(range(ages), fill_value=0.0)
        self.at_risk, self.claims = (seen[c].to_numpy(float) for c in ("at_risk", "claims"))
        self.units = float(table.groupby("cohort")["units"].first().sum())
        self.curve = _curve(self.claims, self.at_risk, reference)
        likely = self.curve.rate > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            worth = np.where(likely, CURVE_CLAIMS / self.curve.rate, 0.0)
            size = self.at_risk + worth
            self.rate = np.where(likely, (self.claims + CURVE_CLAIMS) / size, 0.0)
            self.own = np.where(likely, self.claims / size**2, 0.0)  # variance of what was seen
            self.pull = np.where(likely, worth / size, 0.0)  # derivative in the curve's rate


def _weighted(table: pd.DataFrame, last: int, factors: np.ndarray) -> pd.DataFrame:
    """The table with unit-months that count more in months in which more is claimed.

    A cell of cohort c and age a lies half in month c + a and half in the next one.
    """
    month = (table["cohort"] + table["age"]).to_numpy(int)
    both = (factors[month % 12] + factors[np.minimum(month + 1, last) % 12]) / 2
    return table.assign(at_risk=table["at_risk"] * both)


def _exposure_ahead(
    table: pd.DataFrame, last: int, months: int, until_age: int | None
) -> np.ndarray:
    """Unit-months by month ahead (rows) and age (columns).

    A unit that went into service in the middle of month c spends month m half at age m - c - 1
    and half at age m - c.
    """
    units = table.groupby("cohort")["units"].first()
    age = last - units.index.to_numpy(int)
    grid = np.zeros((months, (int(age.max()) if len(age) else 0) + months + 1))
    for step in range(1, months + 1):
        for older in (step - 1, step):
            np.add.at(grid[step - 1], age + older, units.to_numpy(float) / 2)
    if until_age is not None:
        grid[:, until_age:] = 0.0
    return grid


@dataclass(frozen=True)
class _Curve:
    """Rate by age from few parameters, its derivatives (log scale) and their covariance."""

    rate: np.ndarray
    known: np.ndarray  # rate of the reference; zeros without one
    design: np.ndarray
    covariance: np.ndarray


def _curve(claims: np.ndarray, at_risk: np.ndarray, reference: pd.DataFrame | None) -> _Curve:
    """Poisson regression of the claims on age, with a weak prior; Newton's method."""
    ages = np.arange(claims.size)
    known = np.zeros(claims.size) if reference is None else _reference_rate(reference, ages)
    if known.any():
        design, offset = np.ones((claims.size, 1)), np.log(known)
    else:
        design = np.column_stack([np.ones(claims.size), np.log(ages + 0.5)])
        offset = np.zeros(claims.size)
    precision = np.zeros(design.shape[1])
    precision[1:] = 1 / SLOPE_SPREAD**2
    total = at_risk @ np.exp(offset)
    if total == 0:
        return _Curve(np.zeros(claims.size), known, design, np.zeros((design.shape[1],) * 2))
    half = 0.5 * at_risk * np.exp(offset) / total  # half a claim, so that no claims is not never
    y = claims + half
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(y.sum() / total)
    for _ in range(50):
        mean = at_risk * np.exp(offset + design @ beta)
        information = design.T @ (design * mean[:, None]) + np.diag(precision)
        step = np.linalg.solve(information, design.T @ (y - mean) - precision * beta)
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return _Curve(np.exp(offset + design @ beta), known, design, np.linalg.inv(information))


def _reference_rate(reference: pd.DataFrame, ages: np.ndarray) -> np.ndarray:
    """Claims per unit-month by age, over neighbouring ages where one has few."""
    sums = reference.groupby("age")[["at_risk", "claims"]].sum()
    sums = sums.reindex(range(max(len(ages), int(sums.index.max()) + 1 if len(sums) else 0)))
    n, size = (sums[c].fillna(0).to_numpy(float) for c in ("claims", "at_risk"))
    rate = np.zeros(len(ages))
    if n.sum() == 0:
        return rate
    for i, age in enumerate(ages):
        for width in range(len(n) + 1):
            part = slice(max(age - width, 0), age + width + 1)
            if n[part].sum() >= FEW_CLAIMS or width == len(n):
                rate[i] = n[part].sum() / size[part].sum()
                break
    return rate


def _variation(table: pd.DataFrame, rate: np.ndarray, months: int) -> float:
    """Relative sd of past spans of `months` months around what the ages let expect.

    Spans are counted back from the newest diagonal of the table (cohort + age); the moment
    estimate of the part of their variance that is not Poisson.
    """
    if table.empty:
        return np.nan
    when = (table["cohort"] + table["age"]).to_numpy(int)
    block = (when.max() - when) // months
    mean = np.bincount(block, table["at_risk"].to_numpy(float) * rate[table["age"].to_numpy(int)])
    seen = np.bincount(block, table["claims"].to_numpy(float))
    whole = mean > 0
    whole[-1] = False  # the oldest span may be a part of one
    mean, seen = mean[whole], seen[whole]
    if mean.size < _BLOCKS:
        return np.nan
    spare = mean.size / (mean.size - 1)
    extra = (spare * (seen - mean) ** 2 - mean).sum() / (mean**2).sum()
    return float(np.sqrt(max(extra, 0.0)))


@dataclass(frozen=True)
class _Prediction:
    """Numbers of claims of unit-months to come."""

    rates: _Rates
    variation: float
    level: float

    def of(self, exposure: np.ndarray) -> tuple[float, float, float]:
        """Expected claims of unit-months by age, and the interval of their number."""
        rates, curve = self.rates, self.rates.curve
        mean = float(exposure @ rates.rate)
        if mean <= 0:
            return 0.0, 0.0, 0.0
        pulled = exposure * rates.pull * curve.rate
        slope = pulled @ curve.design
        unsure = float(exposure**2 @ rates.own) + float(slope @ curve.covariance @ slope)
        variance = unsure + float(pulled @ pulled) / CURVE_CLAIMS + (self.variation * mean) ** 2
        low, high = gamma_poisson_interval(mean, variance, tail=(1 - self.level) / 2)
        return mean, low, high


def gamma_poisson_interval(mean: float, variance: float, *, tail: float) -> tuple[float, float]:
    """Quantiles of a count whose own mean has this `mean` and `variance` (gamma distributed)."""
    if variance <= 0:
        return float(stats.poisson.ppf(tail, mean)), float(stats.poisson.isf(tail, mean))
    shape, share = mean**2 / variance, mean / (mean + variance)
    return float(stats.nbinom.ppf(tail, shape, share)), float(stats.nbinom.isf(tail, shape, share))
