"""The sample's months: when tickets are kept, and the years before in which units were sold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

WEEKDAY_LOAD = np.array([1.25, 1.1, 1.05, 1.0, 1.0, 0.85, 0.75])  # Monday first
HOUR_LOAD = np.array(
    [0.2] * 7 + [0.6, 2, 3, 3, 2.5, 1.5, 2, 2.5, 2.5, 2, 2, 2.5, 2.5, 2, 1, 0.6, 0.3]
)
DAY = np.timedelta64(86_400, "s")
HOUR = np.timedelta64(3_600, "s")
NEVER = np.datetime64("NaT", "s")


@dataclass(frozen=True)
class Calendar:
    """`months` months of tickets up to and with `last`, after `warm_up` months of sales only."""

    last: np.datetime64  # a month
    months: int
    warm_up: int

    @cached_property
    def tickets(self) -> np.ndarray:
        """The months with tickets."""
        return np.arange(self.last - (self.months - 1), self.last + 1)

    @cached_property
    def history(self) -> np.ndarray:
        """The months in which units were built: the warm-up, then the months with tickets."""
        return np.arange(self.tickets[0] - self.warm_up, self.last + 1)

    @property
    def first_moment(self) -> np.datetime64:
        return self.tickets[0].astype("datetime64[s]")

    @property
    def end(self) -> np.datetime64:
        """The first second after the last day with data."""
        return (self.last + 1).astype("datetime64[s]")

    @cached_property
    def _days(self) -> np.ndarray:
        """Ticket month x day of month: cumulative share of the month's tickets."""
        starts = self.tickets.astype("datetime64[D]")
        lengths = ((self.tickets + 1).astype("datetime64[D]") - starts).astype(int)
        day = np.arange(31)
        weekday = (starts.astype(int)[:, None] + day + 3) % 7  # 1970-01-01 was a Thursday
        load = np.where(day < lengths[:, None], WEEKDAY_LOAD[weekday], 0.0)
        return np.cumsum(load, axis=1) / load.sum(axis=1, keepdims=True)

    def moments(self, month: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
        """A moment in each ticket month (position), more often on working days and by day."""
        day = (self._days[month] < rng.random(len(month))[:, None]).sum(axis=1)
        hour = pick(rng, HOUR_LOAD / HOUR_LOAD.sum(), len(month))
        second = rng.integers(0, 3600, len(month))
        offset = day * 86_400 + hour * 3_600 + second
        return self.tickets[month].astype("datetime64[s]") + offset.astype("timedelta64[s]")


def month_of_year(months: np.ndarray) -> np.ndarray:
    """0 for January to 11 for December."""
    return months.astype(int) % 12


def pick(rng: np.random.Generator, weights: np.ndarray, size: int) -> np.ndarray:
    """Positions drawn with the given shares (they sum to one)."""
    return np.searchsorted(np.cumsum(weights)[:-1], rng.random(size), side="right")


def pick_by(rng: np.random.Generator, weights: np.ndarray, group: np.ndarray) -> np.ndarray:
    """One position per element of `group`, drawn with the shares in that row of `weights`."""
    cumulative = np.cumsum(weights, axis=1)[:, :-1]
    return (cumulative[group] < rng.random(len(group))[:, None]).sum(axis=1)


def days(values: np.ndarray) -> np.ndarray:
    """Floating days as whole-second time spans."""
    return np.round(np.asarray(values) * 86_400).astype("timedelta64[s]")


def before(moments: np.ndarray, end: np.datetime64) -> np.ndarray:
    """The moments that have come by `end`; later ones are not known yet (NaT)."""
    return np.where(moments < end, moments, NEVER)
