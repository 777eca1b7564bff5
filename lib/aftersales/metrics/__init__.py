"""Metrics: from tables of any size to small tables with n, a count, a value and its interval."""

from aftersales.metrics.measure import at_risk, available, measure, missing
from aftersales.metrics.metric import Metric
from aftersales.metrics.registry import METRICS, check_targets

__all__ = ["METRICS", "Metric", "at_risk", "available", "check_targets", "measure", "missing"]
