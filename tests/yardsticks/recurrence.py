"""How many repairs a system has had by an age: the mean cumulative function of recurrent events."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers
from aftersales.stats.life.service_months import Variance, with_log_interval


def mean_cumulative(
    time: Numbers,
    system: Numbers,
    *,
    ends: pd.Series,
    starts: pd.Series | None = None,
    variance: Variance = "robust",
    level: float = 0.95,
) -> pd.DataFrame:
    """Mean number of events per system up to each age at which one happened.

    Parameters
    ----------
    time, system : age at each event, and the system it happened to
    ends : age up to which each system was observed, indexed by system; those without any event
        are in it too. An event at the very end counts.
    starts : age from which a system was observed (left truncation); None is from 0
    variance : which of the two variances the interval uses

    Returns
    -------
    DataFrame, one row per distinct age with an event
        ``time``, ``at_risk`` systems, ``events``, ``mcf``, both variances, and ``low``, ``high``
        (interval for log mcf). No rows without events. Nelson 2003, Recurrent Events Data
        Analysis for Product Repairs, SIAM.

        ``variance_robust`` keeps the covariance of events inside a system, whatever it is:
        Lawless and Nadeau 1995, Technometrics 37:158, with 1/n in place of 1/(n - 1). It needs
        several systems to be of use. ``variance_independent`` adds the variances of the
        increments, each event on its own: (r - 1) / r^3 with r systems at risk; right for events
        that come independently of each other (Poisson), too small where some systems fail more.

    >>> ends = pd.Series([17, 19], index=["a", "b"])
    >>> mean_cumulative([5, 10, 6], ["a", "a", "b"], ends=ends)[["time", "mcf"]].values.tolist()
    [[5.0, 0.5], [6.0, 1.0], [10.0, 1.5]]
    """
    age, index, first, last = _observed(time, system, starts, ends)
    moments, place = np.unique(age, return_inverse=True)
    at_risk = _at_risk(moments, first, last)
    events = np.bincount(place, minlength=moments.size).astype(float)
    independent = np.cumsum(events * (at_risk - 1) / at_risk**3)
    robust = _robust(moments, place, index, first, last, at_risk, events)
    table = pd.DataFrame(
        {
            "time": moments,
            "at_risk": at_risk.astype(int),
            "events": events.astype(int),
            "mcf": np.cumsum(events / at_risk),
            "variance_robust": robust,
            "variance_independent": independent,
        }
    )
    return with_log_interval(table, spread=np.sqrt(table[f"variance_{variance}"]), level=level)


def _observed(
    time: Numbers, system: Numbers, starts: pd.Series | None, ends: pd.Series
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Ages of the events, position of their systems, and each system's first and last age."""
    age = inputs.counts(time, name="time").reshape(-1)
    names = pd.Index(np.asarray(system).reshape(-1))
    if not ends.index.is_unique:
        raise DataError("`ends` must name every system once; it names some more often.")
    index = ends.index.get_indexer(names)
    if (index < 0).any():
        raise DataError(
            f"{(index < 0).sum()} of {age.size} events belong to a system that `ends` does not "
            "name: without its end of observation nothing says how long it could have failed."
        )
    last = inputs.counts(ends.to_numpy(), name="ends")
    first = np.zeros_like(last)
    if starts is not None:
        first = inputs.counts(starts.reindex(ends.index).to_numpy(), name="starts")
    outside = (age > last[index]) | ((age <= first[index]) & (first[index] > 0))
    if outside.any():
        raise DataError(
            f"{outside.sum()} of {age.size} events lie outside the ages at which their system "
            "was observed. Correct `ends` or `starts`, or leave these events out."
        )
    return age, index, first, last


def _at_risk(moments: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Systems under observation at each moment; one that ends there still counts."""
    entered = np.searchsorted(np.sort(first), moments, side="left")
    entered = np.where(moments == 0, (first == 0).sum(), entered)
    return (entered - np.searchsorted(np.sort(last), moments, side="left")).astype(float)


def _robust(
    moments: np.ndarray,
    place: np.ndarray,
    index: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    at_risk: np.ndarray,
    events: np.ndarray,
) -> np.ndarray:
    """Sum over systems of the square of what each adds to the mean beyond its expected share.

    A system's own part is the sum of 1 / at risk over its events less that of the mean's
    increments over the ages at which it was observed. Systems without events and with the same
    ages are alike, so they are counted, not listed.
    """
    rates = np.concatenate([[0.0], np.cumsum(events / at_risk**2)])
    frame = pd.DataFrame({"first": first, "last": last})
    eventful = np.zeros(last.size, dtype=bool)
    eventful[index] = True
    groups = frame[~eventful].value_counts().reset_index()
    enter, leave = (np.searchsorted(moments, groups[c], "right") for c in ("first", "last"))
    enter = np.where(groups["first"] == 0, 0, enter)
    weight = groups["count"].to_numpy(float)
    step = np.arange(1, moments.size + 1)
    quiet = np.zeros(moments.size)
    for opens, closes, n in zip(enter, leave, weight, strict=True):
        share = rates[np.clip(step, opens, closes)] - rates[opens]
        quiet += n * share**2
    return quiet + _eventful(moments, place, index, first, last, at_risk, rates)


def _eventful(
    moments: np.ndarray,
    place: np.ndarray,
    index: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    at_risk: np.ndarray,
    rates: np.ndarray,
) -> np.ndarray:
    """The same sum over the systems that had events, one at a time."""
    total, step = np.zeros(moments.size), np.arange(1, moments.size + 1)
    for s, events in pd.Series(place).groupby(index):
        own = events.to_numpy()
        opens = 0 if first[s] == 0 else np.searchsorted(moments, first[s], "right")
        closes = np.searchsorted(moments, last[s], "right")
        added = np.bincount(own, 1 / at_risk[own], moments.size).cumsum()
        total += (added - rates[np.clip(step, opens, closes)] + rates[opens]) ** 2
    return total
