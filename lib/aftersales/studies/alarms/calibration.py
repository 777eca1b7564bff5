"""How often is the weekly detector wrong? Measured on quiet series like those of the report."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from aftersales.metrics.counting.company import is_filling, once
from aftersales.stats.alarms.false_alarms import FalseAlarms, quiet_run
from aftersales.stats.alarms.plan import Plan
from aftersales.stats.alarms.surveillance import ALPHA, HISTORY
from aftersales.stats.counts.intervals import wilson
from aftersales.studies.scope import Scope
from aftersales.studies.series.weekly_series import JUDGED, SEASON, Weekly

LEVELS = (0.5, 2.0, 8.0, 32.0, 128.0)  # cases a week that series are sorted by
DISPERSIONS = (1.0, 1.5, 3.0, 8.0)
WAVES = (0.0, 0.5, 1.0)  # half the range of the log of the season
LENGTH = 26  # weeks; histories are rounded to multiples of it
SERIES = 32  # simulated quiet series of each kind
USUAL = tuple((level, 1.0, wave) for level in LEVELS[:4] for wave in WAVES[:2])  # most series


@dataclass(frozen=True)
class Calibration:
    """The measured false alarms of a report's detector.

    Attributes
    ----------
    nominal : share of quiet weeks that may be spikes
    rate, low, high : the measured share with its 95 % interval, each kind of series counting as
        often as the report has it
    drift : share of quiet weeks in a drift
    weeks : how many were simulated in all
    table : one row per kind: ``series`` of the report, cases ``a_week``, ``dispersion`` (variance
        over mean), ``wave`` (half the range of the log of the season), ``weeks`` of history,
        ``simulated`` weeks and the shares of them called ``spikes`` and ``in_drift``
    """

    nominal: float
    rate: float
    low: float
    high: float
    drift: float
    weeks: int
    table: pd.DataFrame


def calibration(scope: Scope, weekly: Weekly | None) -> Calibration | None:
    """Run the detector on simulated quiet series of the report's kinds; None without any.

    Series are sorted into kinds by length, level, dispersion and season; every kind is simulated
    once for all reports. The simulation starts from a seed of its own kind, so the same data give
    the same answer.
    """
    if weekly is None:
        return None
    kinds = _kinds(weekly.fits).value_counts(sort=False).sort_index()
    if is_filling():  # other regions have series of other kinds
        for usual in USUAL:
            _measured(scope, (*usual, kinds.index[0][-1]), weekly.drift_limit)
    found = {k: _measured(scope, k, weekly.drift_limit) for k in kinds.index}
    share = kinds.to_numpy() / kinds.sum()
    rates = np.array([f.rate for f in found.values()])
    drifts = np.array([f.drift_rate for f in found.values()])
    weeks = np.array([f.series * f.periods for f in found.values()])
    table = pd.DataFrame(list(found), columns=["a_week", "dispersion", "wave", "weeks"])
    table = table.assign(simulated=weeks, spikes=rates, in_drift=drifts)
    table.insert(0, "series", kinds.to_numpy())
    rate, size = float(share @ rates), float(1 / (share**2 / weeks).sum())
    low, high = wilson(rate * size, size)
    drift = float(share @ drifts)
    return Calibration(ALPHA, rate, float(low), float(high), drift, int(weeks.sum()), table)


def _kinds(fits: pd.DataFrame) -> pd.Series:
    """The kind of each series: level, dispersion, wave, weeks."""
    values = zip(
        _nearest(fits["level"], LEVELS, log=True),
        _nearest(fits["dispersion"], DISPERSIONS, log=True),
        _nearest(fits["wave"].where(fits["weeks"] >= 2 * SEASON, 0.0), WAVES),
        np.maximum(LENGTH * (fits["weeks"] // LENGTH), LENGTH).astype(int).tolist(),
        strict=True,
    )
    return pd.Series(list(values), dtype=object)


def _nearest(values: pd.Series, grid: tuple[float, ...], *, log: bool = False) -> list[float]:
    scale = np.log if log else np.asarray
    known = np.clip(values.fillna(grid[0]).to_numpy(float), grid[0], grid[-1])
    distance = np.abs(scale(known)[:, None] - scale(np.array(grid))[None])
    return [grid[i] for i in distance.argmin(axis=1)]


def _measured(scope: Scope, kind: tuple, drift_limit: float) -> FalseAlarms:
    run = partial(_quiet, kind, drift_limit)
    return once(scope.store, ("quiet series", kind, drift_limit), run)


@lru_cache(maxsize=512)
def _quiet(kind: tuple, drift_limit: float) -> FalseAlarms:
    """The detector on quiet series of one kind; the same for every company."""
    level, dispersion, wave, weeks = kind
    judged = min(JUDGED, weeks)
    mean = np.exp(wave * np.cos(2 * np.pi * np.arange(weeks) / SEASON))
    return quiet_run(
        level * mean / mean.mean(),
        exposure=np.ones(weeks),
        dispersion=dispersion,
        plan=Plan(SEASON, weeks - judged, ALPHA, SEASON // 2, HISTORY, drift_limit),
        simulations=SERIES,
        seed=_seed(kind),
    )


def _seed(kind: tuple) -> int:
    return int.from_bytes(hashlib.sha256(repr(kind).encode()).digest()[:4], "big")
