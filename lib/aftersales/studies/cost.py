"""What one more case costs, to put a price on an excess."""

from __future__ import annotations

from aftersales.metrics import available
from aftersales.metrics.cells import ticket_counts
from aftersales.studies.scope import Scope

_TICKETS = {"faults_per_1000": "fault", "complaints_per_1000": "complaint"}


def cost_per_case(scope: Scope, metric: str, *, months: int) -> float | None:
    """Mean cost of a ticket of the metric's kind in the region's last complete months.

    None where tickets have no cost, or none of that kind has one, and for metrics that do not
    count tickets (a late repair has no price of its own).
    """
    if metric not in (*_TICKETS, "ticket_volume", "ticket_mix"):
        return None
    by = ["ticket_type"] if metric in _TICKETS else []
    if not available("cost_per_ticket", scope.store, by=by):
        return None
    sums = ticket_counts(scope.rows(), by=[*by, "month"])
    sums = sums[sums["month"] >= scope.months(months)[0]]
    if by:
        sums = sums[sums["ticket_type"] == _TICKETS[metric]]
    n = sums["n_priced"].sum()
    return float(sums["cost"].sum() / n) if n else None


def cost_of(excess: float, each: float | None) -> float | None:
    """The price of an excess; None where there is none, or no price.

    >>> cost_of(10.0, 80.0), cost_of(-2.0, 80.0), cost_of(10.0, None)
    (800.0, None, None)
    """
    return excess * each if each is not None and excess > 0 else None
