"""Hands-on work in repairs."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from scipy import stats

from aftersales.metrics.counting.engines import (
    MICRO,
    collect,
    known,
    micro,
    reduce,
    scan,
    squared,
    squares,
    total,
)


def mean_repair_hours(repairs: IntoFrame, *, by: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Mean hands-on hours of a closed repair.

    Parameters
    ----------
    repairs : one row per repair; needs ``opened_at``, ``closed_at``, ``labour_hours`` (repairs
        without it are left out) and the columns in `by`

    Returns
    -------
    DataFrame, one row per group
        ``n`` repairs, ``hours`` (their sum), ``score`` (hours per repair) and its 95 % t
        interval ``score_low``, ``score_high``, missing for a single repair.
    """
    needs, metric = ["closed_at", "labour_hours", *by], "mean_repair_hours"
    lazy = scan(repairs, needs=needs, table="repairs", metric=metric, time="opened_at")
    lazy = lazy.filter(known("closed_at", as_of=as_of), ~nw.col("labour_hours").is_null())
    lazy = lazy.select(*by, _hours=micro(nw.col("labour_hours")))
    lazy = lazy.with_columns(**squares("_hours"))
    sums = {name: total(name) for name in ("_hours", "_ww", "_wr", "_rr")}
    frame = collect(reduce(lazy, by, n=nw.len(), **sums), sort=by)
    hours, square = frame["_hours"] / MICRO, squared(frame)
    n = frame["n"].to_numpy("float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = hours / n
        variance = (square - n * mean**2).clip(lower=0) / (n - 1)
        half = stats.t.isf(0.025, n - 1) * np.sqrt(variance / n)
    found = {"hours": hours, "score": mean, "score_low": mean - half, "score_high": mean + half}
    return frame[[*by, "n"]].assign(**found)
