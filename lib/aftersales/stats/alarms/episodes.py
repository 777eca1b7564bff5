"""Alarms that belong together: one episode from the first alarm until a quiet time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

QUIET = 4  # periods without an alarm that end an episode


def episodes(alarms: pd.DataFrame, *, by: Sequence[str]) -> pd.DataFrame:
    """One row per episode of `monitor_many`, most excess cases first.

    Columns `by`, ``episode``, ``start`` (most likely first period of the rise, looking back
    from the first alarm to where the cusum left 0), ``first_alarm``, ``last`` (alarm),
    ``periods`` from start to last, and for these together ``count``, ``expected``, ``excess``
    and ``ratio``; ``p`` (the smallest), ``spike`` and ``drift`` (was there one), ``open`` (it
    lasts in the last period of the table).

    >>> from aftersales.stats.alarms.surveillance import monitor_many
    >>> weekly = pd.DataFrame({"count": [4, 6, 5, 5, 5, 3, 7] * 29 + [15, 17, 4, 5, 5, 5]})
    >>> weekly = weekly.assign(model="A", period=weekly.index)
    >>> found = episodes(monitor_many(weekly, by=["model"], start=200), by=["model"])
    >>> found[["start", "last", "periods", "count", "excess", "open"]].round(1)
       start  last  periods  count  excess   open
    0    203   204        2   32.0    22.0  False
    """
    keys = list(by)
    rows = []
    for name, own in alarms.groupby(keys, sort=True, dropna=False):
        named = dict(zip(keys, name, strict=True))
        rows += [
            named | {"episode": number} | _sum_up(own, own["episode"].eq(number).fillna(False))
            for number in own["episode"].dropna().unique()
        ]
    names = ["start", "first_alarm", "last", "periods", "count", "expected", "excess", "ratio"]
    names = [*keys, "episode", *names, "p", "spike", "drift", "open"]
    found = pd.DataFrame(rows, columns=names)
    return found.sort_values("excess", ascending=False, kind="stable", ignore_index=True)


def number_episodes(alarm: np.ndarray) -> np.ndarray:
    """1, 2, ... from the first alarm of a row until four periods without one; 0 outside.

    >>> number_episodes(np.array([[0, 1, 0, 1, 0, 0, 0, 0, 1]], dtype=bool)).tolist()
    [[0, 1, 1, 1, 0, 0, 0, 0, 2]]
    """
    numbers = np.zeros(alarm.shape, dtype=int)
    for row, flags in zip(numbers, alarm, strict=True):
        at = np.flatnonzero(flags)
        for k, run in enumerate(np.split(at, np.flatnonzero(np.diff(at) > QUIET) + 1), start=1):
            if run.size:
                row[run[0] : run[-1] + 1] = k
    return numbers


def _begin(rows: pd.DataFrame, first_alarm: object) -> int:
    """Position of the most likely first period: largest likelihood ratio of all up to the last."""
    count, expected = (
        rows[name].fillna(0).to_numpy()[::-1].cumsum()[::-1] for name in ("count", "expected")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(count > expected, count * np.log(count / expected) - count + expected, 0)
    return int(np.argmax(gain[(rows["period"] <= first_alarm).to_numpy()]))


def _sum_up(own: pd.DataFrame, inside: pd.Series) -> dict[str, object]:
    """What one episode of one series amounts to; `inside` marks its rows."""
    first, last = own.index[inside][0], own.index[inside][-1]
    drifting = own.loc[inside & own["drift"], "since"].dropna()
    earliest = min([own.at[first, "period"], *drifting.iloc[:1]])
    rows = own[(own["period"] >= earliest) & (own["period"] <= own.at[last, "period"])]
    rows = rows[_begin(rows, own.at[first, "period"]) :]
    start = rows["period"].iloc[0]
    count, expected = float(rows["count"].sum()), float(rows["expected"].sum())
    return {
        "start": start,
        "first_alarm": own.at[first, "period"],
        "last": own.at[last, "period"],
        "periods": len(rows),
        "count": count,
        "expected": expected,
        "excess": count - expected,
        "ratio": count / expected if expected > 0 else np.nan,
        "p": float(rows["p"].min()),
        "spike": bool(own.loc[inside, "spike"].any()),
        "drift": bool(own.loc[inside, "drift"].any()),
        "open": bool(last == own.index[-1]),
    }
