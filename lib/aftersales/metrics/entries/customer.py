"""Metrics of customers and money: satisfaction, recommendation, cost."""

from __future__ import annotations

from aftersales.metrics.entries.product import START, WILSON
from aftersales.metrics.families.satisfaction import csat_rate, net_promoter_score
from aftersales.metrics.families.value import cost_per_repair, cost_per_ticket, cost_per_unit
from aftersales.metrics.metric import Metric
from aftersales.words import N_

COSTS = "repairs.labour_cost or repairs.part_cost"
_SURVEYS = {
    "inputs": {"surveys": "surveys"},
    "main": "surveys",
    "time": "answered_at",
    "needs": ("surveys.instrument", "surveys.score", "surveys.answered_at"),
}
_MONEY = {
    "unit": "currency",
    "kind": "money",
    "good": "low",
    "count": "n_customers",
    "source": "bootstrap of whole customers (BCa): Efron 1987, J. Am. Stat. Assoc. 82:171; above "
    "2,000 customers linearised: Cochran 1977, Sampling Techniques, 6.4",
}

ENTRIES = (
    Metric(
        key="csat_rate",
        title=N_("Customer satisfaction (top two boxes)"),
        definition=N_("Share of satisfied answers: 4 or 5 of 5, or as high on another scale."),
        formula="count((score - min) / (max - min) >= 0.75) / count(answers)",
        unit="share",
        kind="proportion",
        numerator="answers with instrument csat in the top two boxes",
        denominator="answers with instrument csat within their scale",
        good="high",
        function=csat_rate,
        count="n_satisfied",
        source=WILSON,
        **_SURVEYS,
    ),
    Metric(
        key="net_promoter_score",
        title=N_("Net promoter score"),
        definition=N_("Percentage of promoters (9-10) minus percentage of detractors (0-6)."),
        formula="100 x (count(score >= 9) - count(score <= 6)) / count(answers)",
        unit=N_("points"),
        kind="score",
        numerator="promoters minus detractors among answers with instrument nps",
        denominator="answers with instrument nps within their scale",
        good="high",
        function=net_promoter_score,
        count="n_promoters",
        source="Reichheld 2003, Harvard Business Review 81(12):46; interval: Tango 1998, "
        "Stat. Med. 17:891",
        **_SURVEYS,
    ),
    Metric(
        key="cost_per_unit",
        title=N_("Repair cost per unit"),
        definition=N_("Cost of labour and parts of all repairs, per unit in service."),
        formula="sum(labour_cost + part_cost) / count(units in service)",
        numerator="labour_cost + part_cost of repairs in the period",
        denominator="units in service at as_of, with or without a repair",
        function=cost_per_unit,
        inputs={"units": "units", "repairs": "repairs"},
        main="units",
        time="repairs.opened_at",
        needs=("units.unit_id", START, "repairs.unit_id", "repairs.opened_at", COSTS),
        **_MONEY,
    ),
    Metric(
        key="cost_per_ticket",
        title=N_("Cost per ticket"),
        definition=N_("Mean cost of a ticket."),
        formula="sum(cost) / count(tickets with a cost)",
        numerator="cost of tickets",
        denominator="tickets with a known cost",
        function=cost_per_ticket,
        inputs={"tickets": "tickets"},
        main="tickets",
        time="opened_at",
        needs=("tickets.ticket_id", "tickets.opened_at", "tickets.cost"),
        **_MONEY,
    ),
    Metric(
        key="cost_per_repair",
        title=N_("Cost per repair"),
        definition=N_("Mean cost of labour and parts of a repair."),
        formula="sum(labour_cost + part_cost) / count(repairs with a cost)",
        numerator="labour_cost + part_cost of repairs",
        denominator="repairs with a known cost",
        function=cost_per_repair,
        inputs={"repairs": "repairs"},
        main="repairs",
        time="opened_at",
        needs=("repairs.repair_id", "repairs.opened_at", COSTS),
        **_MONEY,
    ),
)
