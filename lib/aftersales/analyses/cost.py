"""What one more case costs, to put a price on an excess."""

from __future__ import annotations

from aftersales.analyses.scope import Scope
from aftersales.metrics import METRICS, available, measure

_TICKETS = {"faults_per_1000": "fault", "complaints_per_1000": "complaint"}


def cost_per_case(scope: Scope, metric: str, *, months: int) -> float | None:
    """Mean cost of a ticket of the metric's kind in the region's last complete months.

    None where tickets have no cost, or none of that kind has one, and for metrics that do not
    count tickets (a late repair has no price of its own).
    """
    by = ["ticket_type"] if metric in _TICKETS else []
    if metric not in (*_TICKETS, "ticket_volume", "ticket_mix"):
        return None
    if not available("cost_per_ticket", scope.store, by=by):
        return None
    frame = measure(
        "cost_per_ticket",
        scope.store,
        region=scope.region.id,
        by=by,
        as_of=scope.last_day,
        months=months,
    )
    if by:
        frame = frame[frame["ticket_type"] == _TICKETS[metric]]
    value = frame[METRICS["cost_per_ticket"].value]
    return float(value.iloc[0]) if len(frame) and value.notna().any() else None


def cost_of(excess: float, each: float | None) -> float | None:
    """The price of an excess; None where there is none, or no price.

    >>> cost_of(10.0, 80.0), cost_of(-2.0, 80.0), cost_of(10.0, None)
    (800.0, None, None)
    """
    return excess * each if each is not None and excess > 0 else None
