"""The vital few: values from the largest down, with their running share."""

from __future__ import annotations

import pandas as pd

from aftersales.stats import inputs


def pareto(values: pd.Series) -> pd.DataFrame:
    """One row per value, largest first: ``value``, ``share`` (0-1), ``cumulative_share``.

    The index is that of `values`; ties keep their order. Shares are NaN when all are 0.
    Juran 1951, Quality Control Handbook.

    >>> pareto(pd.Series({"fan": 1, "pump": 3}))["cumulative_share"].to_dict()
    {'pump': 0.75, 'fan': 1.0}
    """
    inputs.counts(values, name="values")
    ordered = values.astype(float).sort_values(ascending=False, kind="stable")
    share = ordered / ordered.sum() if ordered.sum() > 0 else ordered * float("nan")
    return pd.DataFrame({"value": ordered, "share": share, "cumulative_share": share.cumsum()})
