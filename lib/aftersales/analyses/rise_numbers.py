"""The numbers that stand behind a rise, by month or by week."""

from __future__ import annotations

from typing import Any

import pandas as pd

from aftersales.metrics import METRICS


def rise_numbers(row: Any, *, per: float) -> dict[str, Any]:
    """Fields of a `Finding` about a series above its past.

    Parameters
    ----------
    row : ``metric``, ``count``, ``expected``, ``ratio``, ``low``, ``high``, ``p``, ``q``, ``n``,
        ``excess``, ``rung``, and ``cost`` where it is known
    per : from cases to the unit of the estimate; counts have no n
    """
    info = METRICS[row.metric]
    cost = getattr(row, "cost", None)
    return {
        "metric": row.metric,
        "estimate": row.count * per,
        "low": row.low * row.expected * per,
        "high": row.high * row.expected * per,
        "baseline": row.expected * per,
        "ratio": row.ratio,
        "p": row.p,
        "q": row.q,
        "n": None if info.kind == "count" else row.n,
        "excess": row.excess,
        "cost": None if pd.isna(cost) else cost,
        "unit": info.unit,
        "evidence": "B" if row.rung == "season" else "C",
    }
