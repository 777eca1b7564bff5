"""The tables we work with: every column, its kind, meaning and unit. `docs/tables.md` is made here.

The schemas describe processed tables: times are naive, in the profile's timezone, and columns
that a profile does not map are absent.
"""

from __future__ import annotations

import pandera.pandas as pa

from aftersales.data.mapping import columns as c
from aftersales.errors import DataError, nearest

SCHEMA_VERSION = 1  # stands in every manifest; raise it when a column changes its meaning or kind
TICKET_TYPES = ("fault", "complaint", "enquiry", "return_request", "suggestion")

_TABLES = (
    c.table(
        "tickets",
        "a service contact",
        time="opened_at",
        key="ticket_id",
        order="opened_at<responded_at opened_at<resolved_at opened_at<closed_at",
        ticket_id=c.name("identifier of the ticket", required=True),
        opened_at=c.time("when the contact began", required=True),
        responded_at=c.time("when the company first answered"),
        resolved_at=c.time("when the customer's problem was solved"),
        closed_at=c.time("when the ticket was closed"),
        ticket_type=c.name("kind of contact", values=TICKET_TYPES),
        issue_type=c.name("what was wrong, from the company's list"),
        description=c.text("what the customer or agent wrote"),
        severity=c.whole("severity of the fault, 1 (highest) to 4 (lowest)", least=1, most=4),
        priority=c.name("urgency the company gave it, from its own list"),
        channel=c.name("how the contact came, e.g. phone, app, web"),
        region=c.region(),
        outlet=c.name("service outlet in charge", to="outlets.outlet"),
        product=c.name("product group, e.g. washer"),
        model=c.name("model of the product"),
        version=c.name("software or hardware release of the product"),
        unit_id=c.name("the unit it is about", to="units.unit_id"),
        order_id=c.name("the order it is about", to="orders.order_id"),
        customer_id=c.name("key of the customer", to="customers.customer_id"),
        agent_id=c.name("key of the agent in charge"),
        contacts=c.whole("contacts the customer needed until the ticket was closed"),
        reopened=c.yes("whether it was opened again after closing"),
        escalated=c.yes("whether it was handed to a higher level"),
        safety=c.yes("whether people were or could have been hurt"),
        cost=c.number("what it cost the company, in the profile's currency"),
        response_hours=c.number(
            "time to the first answer, hours", derived="responded_at - opened_at"
        ),
        resolution_hours=c.number("time to the solution, hours", derived="resolved_at - opened_at"),
        close_hours=c.number("time to the closing, hours", derived="closed_at - opened_at"),
        age_days=c.number("age of the unit, days", derived="opened_at - in_service_at of the unit"),
    ),
    c.table(
        "ticket_steps",
        "a status a ticket was in",
        time="entered_at",
        key="ticket_id step entered_at",
        order="entered_at<left_at",
        ticket_id=c.name("the ticket", to="tickets.ticket_id", required=True),
        step=c.name("name of the status", required=True),
        entered_at=c.time("when the ticket entered the status", required=True),
        left_at=c.time("when it left the status"),
        group=c.name("team in charge"),
        agent_id=c.name("key of the agent in charge"),
        waiting_on=c.name("whom the status waits for, e.g. customer, supplier"),
        region=c.region("region of the ticket"),
    ),
    c.table(
        "units",
        "a unit in the field",
        time="in_service_at",
        key="unit_id",
        order="built_at<shipped_at built_at<in_service_at",
        unit_id=c.name("identifier of the unit, e.g. serial number", required=True),
        product=c.name("product group, e.g. washer"),
        model=c.name("model of the product"),
        batch=c.name("production lot"),
        supplier=c.name("supplier of the part in question"),
        process=c.name("process or line it was made by"),
        plant=c.name("plant it was made in"),
        built_at=c.time("when it was made"),
        shipped_at=c.time("when it left the warehouse"),
        in_service_at=c.time("when its use began: installation, delivery or registration"),
        region=c.region(),
        warehouse=c.name("warehouse it was shipped from"),
        customer_id=c.name("key of the customer", to="customers.customer_id"),
        warranty_months=c.number("length of the warranty, months"),
    ),
    c.table(
        "repairs",
        "a repair",
        time="opened_at",
        key="repair_id",
        order="opened_at<closed_at",
        repair_id=c.name("identifier of the repair", required=True),
        unit_id=c.name("the unit", to="units.unit_id"),
        ticket_id=c.name("the ticket it belongs to", to="tickets.ticket_id"),
        opened_at=c.time("when the unit was received, or the visit agreed", required=True),
        closed_at=c.time("when the unit was given back, or the visit ended"),
        fault_code=c.name("fault found, from the company's list"),
        part=c.name("part replaced or repaired"),
        outlet=c.name("service outlet", to="outlets.outlet"),
        agent_id=c.name("key of the technician"),
        labour_hours=c.number("hands-on time, hours"),
        labour_cost=c.number("cost of labour, in the profile's currency"),
        part_cost=c.number("cost of parts, in the profile's currency"),
        outcome=c.name("how it ended, e.g. repaired, replaced, no_fault_found"),
        region=c.region("region of the unit, else of the ticket, else of the outlet"),
        turnaround_days=c.number("received to given back, days", derived="closed_at - opened_at"),
        age_days=c.number("age of the unit, days", derived="opened_at - in_service_at of the unit"),
    ),
    c.table(
        "orders",
        "an order line",
        time="ordered_at",
        key="order_line_id",
        order="ordered_at<shipped_at ordered_at<delivered_at shipped_at<delivered_at",
        order_line_id=c.name("identifier of the order line", required=True),
        order_id=c.name("the order it belongs to"),
        customer_id=c.name("key of the customer", to="customers.customer_id"),
        product=c.name("product group, e.g. washer"),
        sku=c.name("article number"),
        category=c.name("category of the article"),
        quantity=c.number("pieces ordered"),
        amount=c.number("price of the line, in the profile's currency"),
        ordered_at=c.time("when it was ordered", required=True),
        shipped_at=c.time("when it left the warehouse"),
        promised_at=c.time("when delivery was promised"),
        delivered_at=c.time("when it was delivered"),
        channel=c.name("where it was sold, e.g. shop, app, marketplace"),
        region=c.region(),
        warehouse=c.name("warehouse it was shipped from"),
        carrier=c.name("who delivered it"),
        batch=c.name("production lot"),
        delivery_days=c.number("ordered to delivered, days", derived="delivered_at - ordered_at"),
        late_days=c.number("late (+) or early (-), days", derived="delivered_at - promised_at"),
    ),
    c.table(
        "returns",
        "a return or exchange",
        time="requested_at",
        key="return_id",
        order="requested_at<received_at",
        return_id=c.name("identifier of the return", required=True),
        order_line_id=c.name("the order line that came back", to="orders.order_line_id"),
        kind=c.name("return or exchange", values=("return", "exchange")),
        requested_at=c.time("when the customer asked for it", required=True),
        received_at=c.time("when the goods came back"),
        reason=c.name("why, from the company's list"),
        comment=c.text("what the customer wrote"),
        quantity=c.number("pieces returned"),
        refund_amount=c.number("money paid back, in the profile's currency"),
        confirmed_defect=c.yes("whether a defect was found in what came back"),
        region=c.region("region of the order line"),
        delivered_at=c.time("when the line was delivered", derived="copied from the order line"),
        product=c.copied("product group"),
        warehouse=c.copied("warehouse it was shipped from"),
        batch=c.copied("production lot"),
        channel=c.copied("where it was sold"),
        days_to_return=c.number("delivery to request, days", derived="requested_at - delivered_at"),
    ),
    c.table(
        "surveys",
        "an answer",
        time="answered_at",
        key="survey_id",
        survey_id=c.name("identifier of the answer", required=True),
        customer_id=c.name("key of the customer", to="customers.customer_id"),
        ticket_id=c.name("the ticket it is about", to="tickets.ticket_id"),
        touchpoint=c.name("what was judged, e.g. delivery, installation, repair"),
        instrument=c.name("which question was asked", values=("csat", "nps", "ces")),
        score=c.number("the answer, on the scale of the question", required=True),
        scale_min=c.number("lowest answer the scale allows"),
        scale_max=c.number("highest answer the scale allows"),
        invited_at=c.time("when the customer was asked"),
        answered_at=c.time("when the customer answered", required=True),
        channel=c.name("how the customer was asked"),
        region=c.region(),
        comment=c.text("what the customer wrote"),
    ),
    c.table(
        "customers",
        "a customer",
        time="joined_at",
        key="customer_id",
        order="joined_at<left_at",
        customer_id=c.name("key of the customer", required=True),
        region=c.region(),
        tier=c.name("tier the company gave, e.g. gold"),
        joined_at=c.time("when the customer first bought or signed"),
        left_at=c.time("when the customer left"),
    ),
    c.table(
        "subscriptions",
        "a renewal decision",
        time="due_at",
        key="customer_id product due_at",
        customer_id=c.name("key of the customer", to="customers.customer_id", required=True),
        product=c.name("what is subscribed"),
        started_at=c.time("when the term began"),
        due_at=c.time("when it had to be renewed", required=True),
        renewed=c.yes("whether it was renewed"),
        region=c.region("region of the customer"),
    ),
    c.table(
        "versions",
        "a release",
        time="released_at",
        key="product version",
        product=c.name("product group", required=True),
        version=c.name("name of the release", required=True),
        released_at=c.time("when customers could first have it", required=True),
    ),
    c.table(
        "usage",
        "a signal of use or a device log value",
        time="period",
        key="subject_id period signal",
        subject_id=c.name("key of the unit or customer it is about", required=True),
        period=c.time("first day of the period it covers", required=True),
        signal=c.name("name of the signal", required=True),
        value=c.number("value of the signal, in the signal's own unit", required=True),
    ),
    c.table(
        "exposure",
        "units, users or orders at risk",
        time="period",
        key="period region product model version channel",
        period=c.time("first day of the month", required=True),
        region=c.region(),
        product=c.name("product group"),
        model=c.name("model of the product"),
        version=c.name("release in use"),
        channel=c.name("sales channel"),
        at_risk=c.number("units, users or orders at risk in the period", required=True),
    ),
    c.table(
        "actions",
        "a corrective action",
        time="started_at",
        key="action_id",
        action_id=c.name("identifier of the action", required=True),
        started_at=c.time("when it took effect", required=True),
        scope=c.name("what it applies to, as attribute=value"),
        description=c.text("what was done"),
        owner=c.name("team in charge"),
    ),
    c.table(
        "outlets",
        "a service outlet",
        time="opened_at",
        key="outlet",
        outlet=c.name("identifier of the outlet", required=True),
        region=c.region(),
        opened_at=c.time("when it opened"),
    ),
)

TABLES: dict[str, pa.DataFrameSchema] = {table.name: table for table in _TABLES}


def table(name: str) -> pa.DataFrameSchema:
    """The schema of a table, by name."""
    if name not in TABLES:
        raise DataError(f'There is no table "{name}"; {nearest(name, TABLES)} See docs/tables.md.')
    return TABLES[name]


def columns(name: str) -> dict[str, str]:
    """All columns of a table -> kind: "str", "int", "float", "bool" or "date" (a timestamp)."""
    return {n: column.metadata["kind"] for n, column in table(name).columns.items()}


def required(name: str) -> tuple[str, ...]:
    """The columns every profile must map, which are never empty."""
    return tuple(n for n, column in table(name).columns.items() if column.required)


def time_column(name: str) -> str:
    """The column that says when a row of the table happened."""
    return table(name).metadata["time"]


def key(name: str) -> tuple[str, ...]:
    """The columns that together name a row; a table may lack the optional ones of them."""
    return table(name).metadata["key"]


def time_order(name: str) -> tuple[tuple[str, str], ...]:
    """Pairs of times of which the second cannot be before the first."""
    return table(name).metadata["order"]


def joins(name: str) -> dict[str, tuple[str, str]]:
    """Columns that refer to another table -> that table and its column."""
    return c.having(table(name), "joins")
