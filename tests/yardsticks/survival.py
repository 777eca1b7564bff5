"""Durations of which some are still running: Kaplan-Meier estimates and their comparison.

Estimates and test are those of statsmodels, which has neither this interval of the curve nor the
ratio of two quantiles.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.counts.intervals import RatioTest
from aftersales.stats.inputs import Numbers


def kaplan_meier(
    durations: Numbers, observed: Numbers, *, entry: Numbers = 0.0, level: float = 0.95
) -> pd.DataFrame:
    """Share of cases still running after each duration at which one ended.

    ``observed`` is False for a case still running (censored) at its duration. ``entry`` is the
    duration from which a case was under observation (left truncation), 0 from its beginning: it is
    at risk only after it, since it would be unknown had it ended before. Survival is then that of
    cases that reached the smallest entry; where few are at risk early on, one end weighs much.

    Returns
    -------
    DataFrame, one row per distinct duration with an end
        ``time``, ``at_risk``, ``events``, ``survival`` (0 to 1) and its interval ``low``,
        ``high`` (Greenwood's variance on the log-minus-log scale; NaN where survival is 0).
        No rows when nothing ended. Kaplan and Meier 1958, J. Am. Stat. Assoc. 53:457;
        Kalbfleisch and Prentice 2002, section 1.4; with entries Tsai, Jewell and Wang 1987,
        Biometrika 74:883.

    >>> kaplan_meier([1, 2, 3], [True, False, True])["survival"].round(3).tolist()
    [0.667, 0.0]
    """
    time, at_risk, events, survival = _fitted(durations, observed, entry)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events)))) / np.log(survival)
        z = stats.norm.isf((1 - inputs.share(level, name="level")) / 2)
        bounds = [survival ** np.exp(sign * z * np.abs(spread)) for sign in (1, -1)]
    low, high = (np.where(survival > 0, b, np.nan) for b in bounds)
    columns = {"time": time, "at_risk": at_risk.astype(int), "events": events.astype(int)}
    return pd.DataFrame({**columns, "survival": survival, "low": low, "high": high})


def km_quantile(
    durations: Numbers, observed: Numbers, q: float, *, level: float = 0.95
) -> tuple[float, float, float]:
    """Duration by which a share `q` of the cases has ended, with its interval.

    The first duration at which survival is at most 1 - q (where it is exactly that, the
    middle of the flat stretch), and likewise for the bounds of survival. NaN where not
    reached: the estimate or the upper bound is then later than the data show. Brookmeyer and
    Crowley 1982, Biometrics 38:29.

    >>> km_quantile([1, 2, 3, 4], [True] * 4, 0.5)[0]
    2.5
    """
    curve, left = kaplan_meier(durations, observed, level=level), 1 - inputs.share(q, name="q")
    if curve.empty:
        return np.nan, np.nan, np.nan
    time = curve["time"].to_numpy()
    low, high = (curve[c].fillna(0.0).to_numpy() for c in ("low", "high"))
    value = _crossing(time, curve["survival"].to_numpy(), left)
    return value, _crossing(time, low, left), _crossing(time, high, left)


def compare_durations(
    durations: Numbers,
    observed: Numbers,
    other_durations: Numbers,
    other_observed: Numbers,
    *,
    q: float = 0.5,
    level: float = 0.95,
) -> RatioTest:
    """Are the durations of one group longer than those of another?

    Ratio of the Kaplan-Meier quantiles `q`, first over other; interval by recovering the
    variances of their logarithms from their own intervals (Zou and Donner 2008, Stat. Med.
    27:1693), NaN where a bound is not reached; p from the log-rank test (Mantel 1966, Cancer
    Chemother. Rep. 50:163), NaN where nothing can be compared.

    >>> fast, slow = [1.0, 2.0, 3.0, 4.0] * 5, [2.0, 4.0, 6.0, 8.0] * 5
    >>> round(compare_durations(slow, [True] * 20, fast, [True] * 20).ratio, 2)
    2.0
    """
    first = km_quantile(durations, observed, q, level=level)
    other = km_quantile(other_durations, other_observed, q, level=level)
    p = _log_rank_p(
        read_durations(durations, observed), read_durations(other_durations, other_observed)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        (a, al, ah), (b, bl, bh) = np.log(first), np.log(other)
        low = np.exp(a - b - np.sqrt((a - al) ** 2 + (bh - b) ** 2))
        high = np.exp(a - b + np.sqrt((ah - a) ** 2 + (b - bl) ** 2))
        return RatioTest(float(np.exp(a - b)), float(low), float(high), p)


def read_durations(durations: Numbers, observed: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Durations, and whether each ended (true) or was still running; checked."""
    time = inputs.counts(durations, name="durations").reshape(-1)
    ended = np.asarray(observed).reshape(-1)
    if ended.size != time.size or not np.isin(ended, [0, 1]).all():
        raise DataError(
            f"`observed` must be true or false for each of the {time.size} durations; "
            f"found {ended.size} values."
        )
    return time, ended.astype(bool)


def _fitted(durations: Numbers, observed: Numbers, entry: Numbers) -> tuple[np.ndarray, ...]:
    """Distinct durations with an end, cases at risk just before, ends, and share still running."""
    time, ended = read_durations(durations, observed)
    start = np.broadcast_to(inputs.counts(entry, name="entry"), time.shape)
    if (never := (start > 0) & (start >= time)).any():
        raise DataError(
            f"Every duration must be longer than its `entry`; {never.sum()} of {time.size} are "
            "not. Leave out cases that were never under observation."
        )
    if not ended.any():
        return (np.zeros(0),) * 4
    begun = np.where(start > 0, start, -1.0)  # at risk from the beginning, 0 included
    curve = SurvfuncRight(time, ended, entry=begun)
    return curve.surv_times, curve.n_risk, curve.n_events, curve.surv_prob


def _crossing(time: np.ndarray, survival: np.ndarray, left: float) -> float:
    reached = np.flatnonzero(survival <= left + 1e-12)
    if reached.size == 0:
        return np.nan
    first = reached[0]
    flat = abs(survival[first] - left) <= 1e-12 and first + 1 < time.size
    return float((time[first] + time[first + 1]) / 2) if flat else float(time[first])


def _log_rank_p(first: tuple, other: tuple) -> float:
    (time, ended), (other_time, other_ended) = first, other
    if not time.size or not other_time.size:
        return np.nan
    group = np.repeat([0, 1], [time.size, other_time.size])
    both = np.concatenate([time, other_time]), np.concatenate([ended, other_ended])
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(survdiff(*both, group)[1])
