"""Metrics whose counts can be added up over regions and groups."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from aftersales.metrics.counting.company import cut
from aftersales.metrics.counting.engines import with_mature, with_wilson_interval
from aftersales.metrics.counting.rows import Rows
from aftersales.metrics.families.service import closed_tickets
from aftersales.metrics.families.volume import counted
from aftersales.metrics.metric import Metric
from aftersales.stats.counts.intervals import nps

# What can be added up over regions. Others are not: a repair is followed by the next of its unit,
# costs are resampled by customer, and medians have no sum.
ADDITIVE = (
    *("ticket_volume", "csat_rate", "net_promoter_score", "sla_attainment_rate", "return_rate"),
    *("first_contact_resolution_rate", "reopen_rate", "escalation_rate", "no_fault_found_rate"),
)
FLAGS = {"reopen_rate": "reopened", "escalation_rate": "escalated"}  # of closed tickets
_OTHERS = [f"n_{flag}" for flag in FLAGS.values()]
_PROMOTERS = ("n_promoters", "n_passives", "n_detractors")


def additive_metric(
    metric: Metric,
    asked: Rows,
    *,
    by: list[str],
    since: str,
    options: dict[str, Any],
) -> pd.DataFrame:
    """The frame of a metric in `ADDITIVE`, added up from counts that are kept.

    `since` is the time of the metric's main table, `options` those of its function.
    """
    flags = [f for f in FLAGS.values() if asked.store.has(metric.main, f)]
    company, flagged = asked.company(), metric.key in FLAGS

    def count(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        if flagged:  # those of one table are counted at once
            return closed_tickets(rows, by=keys, as_of=asked.as_of, flags=flags, **options)
        first, *others = [
            rows if table == metric.main else company.of(table) for table in metric.inputs.values()
        ]
        named = dict(zip(list(metric.inputs)[1:], others, strict=True))
        frame = metric.function(first, **named, by=keys, as_of=asked.as_of, **options)
        return frame[[c for c in frame if c in (*keys, "n", "_all") or c.startswith("n_")]]

    key = ("closed tickets" if flagged else metric.key, repr(sorted(options.items())))
    monthly = "month" in by  # then all months are counted, and serve every window
    since = "" if monthly else since
    found = cut(asked, metric.main, key=key, by=by, count=count, since=since)
    if monthly and asked.start is not None:
        found = found[found["month"] >= asked.start].reset_index(drop=True)
    return _finished(metric, found, by)


def _finished(metric: Metric, counts: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """What the metric's function makes of its counts."""
    if metric.kind == "count":
        return counted(counts[[*by, metric.count]])
    if metric.key == "net_promoter_score":
        score, low, high = nps(*(counts[name] for name in _PROMOTERS))
        return counts.assign(score=score, score_low=low, score_high=high)
    if "_all" in counts:
        return with_mature(counts, hits=metric.count)
    counts = counts.drop(columns=[c for c in counts if c in _OTHERS and c != metric.count])
    return with_wilson_interval(counts, hits=metric.count)
