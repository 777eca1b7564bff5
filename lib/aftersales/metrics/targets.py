"""What can be wrong with a target in `targets.yaml`: its type, its size, its unit."""

from __future__ import annotations

from aftersales.metrics.metric import Metric
from aftersales.profile.config import Target

_NUMBERS = (
    "target",
    "min_n",
    "window_days",
    "act_ratio",
    "watch_ratio",
    "act_difference",
    "watch_difference",
)
_POSITIVE = tuple(name for name in _NUMBERS if name != "target")


def fault_of(metric: Metric, target: Target) -> str:
    """What is wrong with a target, as a sentence; empty when nothing is."""
    for name in _NUMBERS:
        value = getattr(target, name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"`{name}` must be a number, found {value!r}."
        if name in _POSITIVE and value <= 0:
            return f"`{name}` must be above 0, found {value!r}."
    if not isinstance(target.min_n, int):
        return f"`min_n` must be a whole number, found {target.min_n!r}."
    if target.good not in (None, metric.good):
        return f"`good` is {metric.good} for this metric, found {target.good!r}; leave it out."
    if target.window_days is not None and metric.window_days is None:
        return "`window_days` is set, but this metric has no window; remove it."
    if target.watch_ratio < 1 or target.act_ratio < target.watch_ratio:
        return (
            f"`act_ratio` ({target.act_ratio}) must be at least `watch_ratio` "
            f"({target.watch_ratio}), and both at least 1."
        )
    return _unit_fault(metric, target)


def _unit_fault(metric: Metric, target: Target) -> str:
    """Targets that are outside what the metric's unit allows."""
    names = ("target", "act_difference", "watch_difference")
    given = {n: getattr(target, n) for n in names if getattr(target, n) is not None}
    for name, value in given.items():
        if metric.unit == "share" and not 0 <= value <= 1:
            return f"`{name}` is a share from 0 to 1, found {value}; write {value / 100:g}?"
        if metric.key == "net_promoter_score" and name == "target" and abs(value) > 100:
            return f"`target` is a score from -100 to 100, found {value}."
        if metric.key != "net_promoter_score" and value < 0:
            return f"`{name}` cannot be negative, found {value}."
    return ""
