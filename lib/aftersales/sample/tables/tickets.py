"""Service contacts of the sample company, and the repairs that follow from faults."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.sample.calendar import NEVER, before, days, pick, pick_by
from aftersales.sample.company import shares
from aftersales.sample.tables.faults import (
    BY_CHANCE,
    World,
    draw_contacts,
    draw_faults,
    moments_in_service,
    planted_faults,
    version_at,
)

FAULT = 0
TYPES = ("fault", "complaint", "enquiry", "suggestion", "return_request")
CHANNELS = ("hotline", "wechat", "app", "shop")
OUTCOMES = ("repaired", "part_replaced", "no_fault_found", "unit_exchanged", "not_repairable")
REPAIRED = 0.9  # share of faults that end in a repair; the others are solved by advice
COMES_BACK = 0.07  # share of repairs that do not hold
TURNAROUND = (2.6, 0.65)  # median days, sigma of the logarithm
RESOLUTION = {"fault": (6, 0.9), "complaint": (30, 0.9), "enquiry": (2, 1.1)}  # median hours, sigma
RESOLUTION |= {"suggestion": (40, 0.8), "return_request": (48, 0.7)}
RESPONSE_HOURS = np.array([0.5, 1.2, 2.5])  # median by priority
FORGOTTEN = 0.0005  # share of tickets that nobody ever closes
NONE = -1


def make_tickets(
    units: pd.DataFrame,
    returns: pd.DataFrame,
    *,
    world: World,
    expected: float,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tickets and repairs, both in order of opening; codes as in `company`.

    A ticket row: unit (row of `units`), type, opened_at, issue, version, cause, severity,
    priority, channel, outlet, agent, responded_at, resolved_at, closed_at, contacts, reopened,
    escalated, safety, cost. A repair row: ticket (row of the tickets) and its own fields.
    """
    mix = world.company.raw["ticket_mix"]
    share = shares(mix.values())[list(mix).index("fault")] / (1 + COMES_BACK * REPAIRED)
    faults = _faults(units, world=world, expected=expected * share, rng=rng)
    faults = _visits(faults, world=world, rng=rng)
    again = _visits(_come_back(faults, world=world, rng=rng), world=world, rng=rng)
    others = _others(units, world=world, expected=expected, rng=rng)
    wishes = _return_requests(returns, world=world, rng=rng)
    tickets = pd.concat([faults, again, others, wishes], ignore_index=True)
    tickets = tickets.sort_values("opened_at", kind="stable", ignore_index=True)
    tickets = _handling(tickets, world=world, rng=rng)
    return tickets, _repairs(tickets, units, world=world, rng=rng)


def add_costs(
    tickets: pd.DataFrame, repairs: pd.DataFrame, *, rng: np.random.Generator
) -> pd.DataFrame:
    """Add cost: handling, and labour and parts where a repair has ended."""
    handling = np.round(12 * np.exp(0.4 * rng.standard_normal(len(tickets))), 2)
    repair = repairs.set_index("ticket")[["labour_cost", "part_cost"]].sum(axis=1)
    return tickets.assign(cost=handling + repair.reindex(tickets.index, fill_value=0).to_numpy())


def _faults(
    units: pd.DataFrame, *, world: World, expected: float, rng: np.random.Generator
) -> pd.DataFrame:
    events = draw_faults(units, world=world, expected=expected, rng=rng)
    product = units["product"].to_numpy()[events["unit"]]
    issues = world.company.issues
    weights = [
        shares(i.share * (i.product == p) for i in issues)
        for p in range(len(world.company.products))
    ]
    issue = pick_by(rng, np.array(weights), product)
    planted = np.array([*(e.issue for e in planted_faults(world)), 0])
    cause = events["cause"].to_numpy()
    issue = np.where(cause == BY_CHANCE, issue, planted[cause])
    unit, month = events["unit"].to_numpy(), events["month"].to_numpy()
    opened = moments_in_service(units, unit, month, calendar=world.calendar, rng=rng)
    province = units["province"].to_numpy()[events["unit"]]
    outlet = _outlets(province, world=world, rng=rng)
    return events.assign(type=FAULT, issue=issue, opened_at=opened, outlet=outlet)


def _outlets(province: np.ndarray, *, world: World, rng: np.random.Generator) -> np.ndarray:
    """One of the outlets of each province, all alike likely."""
    of = np.array([code for _, code in world.company.outlets])
    first = np.searchsorted(of, np.arange(len(world.company.provinces)))
    many = np.bincount(of)
    return first[province] + (rng.random(len(province)) * many[province]).astype(int)


def _visits(faults: pd.DataFrame, *, world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Add repair_opened_at and repair_closed_at; NaT without a repair, or not yet."""
    n = len(faults)
    median, sigma = TURNAROUND
    slow = world.noise.outlet.copy()
    names = [name for name, _ in world.company.outlets]
    for effect in [] if world.quiet else world.company.planted("repairs"):
        slow[names.index(effect["outlet"])] *= effect["times"]
    took = median * np.exp(sigma * rng.standard_normal(n)) * slow[faults["outlet"].to_numpy()]
    opened = faults["opened_at"].to_numpy() + days(rng.gamma(1.5, 0.3, n))
    opened = np.where(rng.random(n) < REPAIRED, opened, NEVER)
    end = world.calendar.end
    closed = before(opened + days(took), end)
    return faults.assign(repair_opened_at=before(opened, end), repair_closed_at=closed)


def _come_back(faults: pd.DataFrame, *, world: World, rng: np.random.Generator) -> pd.DataFrame:
    """The faults that were not really mended: reported again some days after the repair."""
    again = faults[rng.random(len(faults)) < COMES_BACK]
    again = again[again["repair_closed_at"].notna()]
    opened = again["repair_closed_at"].to_numpy() + days(0.5 + rng.exponential(10, len(again)))
    again = again.assign(opened_at=opened)
    return again[again["opened_at"] < world.calendar.end]


def _others(
    units: pd.DataFrame, *, world: World, expected: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Complaints, enquiries and suggestions: one rate for all, whatever the product."""
    mix = world.company.raw["ticket_mix"]
    kinds = [TYPES.index(k) for k in ("complaint", "enquiry", "suggestion")]
    weights = np.array([mix[TYPES[k]] for k in kinds])
    wanted = expected * weights.sum() / sum(mix.values())
    events = draw_contacts(units, calendar=world.calendar, expected=wanted, rng=rng)
    month, unit = events["month"].to_numpy(), events["unit"].to_numpy()
    propensity = units["propensity"].to_numpy()[unit]
    connected = np.array([m.connected for m in world.company.models])[
        units["model"].to_numpy()[unit]
    ]
    return events.assign(
        type=np.array(kinds)[pick(rng, shares(weights), len(events))],
        opened_at=moments_in_service(units, unit, month, calendar=world.calendar, rng=rng),
        version=np.where(connected, version_at(world, propensity, month), NONE),
        outlet=_outlets(units["province"].to_numpy()[unit], world=world, rng=rng),
        issue=NONE,
        cause=BY_CHANCE,
    )


def _return_requests(
    returns: pd.DataFrame, *, world: World, rng: np.random.Generator
) -> pd.DataFrame:
    """Two in three returns are announced to the call centre."""
    announced = returns[rng.random(len(returns)) < 0.66]
    return pd.DataFrame(
        {
            "unit": announced["unit"],
            "opened_at": announced["requested_at"],
            "type": TYPES.index("return_request"),
            "outlet": NONE,
            "version": NONE,
            "issue": NONE,
            "cause": BY_CHANCE,
        }
    )


def _handling(tickets: pd.DataFrame, *, world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Severity, priority, channel, the times of the answer, and how it went."""
    n = len(tickets)
    kind = tickets["type"].to_numpy()
    severity = 1 + pick(rng, np.array([0.04, 0.16, 0.5, 0.3]), n)
    milder = pick(rng, np.array([0.05, 0.35, 0.6]), n)
    priority = np.where(kind == FAULT, np.array([0, 0, 1, 2])[severity - 1], milder)
    tickets = tickets.assign(severity=np.where(kind == FAULT, severity, 0), priority=priority)
    tickets = _answered(tickets, world=world, rng=rng)
    escalated = np.where(kind == TYPES.index("complaint"), 0.14, 0.04)
    return tickets.assign(
        channel=pick(rng, np.array([0.55, 0.25, 0.12, 0.08]), n),
        agent=rng.integers(0, 12, n),
        contacts=1 + rng.poisson(0.35, n),
        reopened=tickets["closed_at"].notna() & (rng.random(n) < 0.04),
        escalated=rng.random(n) < escalated,
        safety=(kind == FAULT) & (severity == 1) & (rng.random(n) < 0.2),
    )


def _answered(tickets: pd.DataFrame, *, world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Add responded_at, resolved_at and closed_at, as far as they have come."""
    n, end = len(tickets), world.calendar.end
    opened, resolved = tickets["opened_at"].to_numpy(), _resolved(tickets, rng=rng)
    whole = np.where(np.isnat(resolved), np.inf, (resolved - opened).astype(float))  # seconds
    median = 3600 * RESPONSE_HOURS[tickets["priority"]]
    first = np.minimum(median * np.exp(0.9 * rng.standard_normal(n)), 0.8 * whole)
    return tickets.assign(
        responded_at=before(opened + first.astype("timedelta64[s]"), end),
        resolved_at=before(resolved, end),
        closed_at=before(resolved + days(rng.exponential(0.5, n)), end),
    )


def _resolved(tickets: pd.DataFrame, *, rng: np.random.Generator) -> np.ndarray:
    """A repair's end where there is one or will be; otherwise some hours after the opening."""
    n = len(tickets)
    table = np.array([RESOLUTION[kind] for kind in TYPES])[tickets["type"].to_numpy()]
    hours = table[:, 0] * np.exp(table[:, 1] * rng.standard_normal(n))
    alone = tickets["opened_at"].to_numpy() + days(hours / 24)
    visited = tickets["repair_opened_at"].notna().to_numpy()
    resolved = np.where(visited, tickets["repair_closed_at"].to_numpy(), alone)
    return np.where(rng.random(n) < FORGOTTEN, NEVER, resolved).astype("datetime64[s]")


def _repairs(
    tickets: pd.DataFrame, units: pd.DataFrame, *, world: World, rng: np.random.Generator
) -> pd.DataFrame:
    """One row per repair: ticket, unit, opened_at, closed_at, issue, outlet, agent, costs ..."""
    visited = tickets[tickets["repair_opened_at"].notna()]
    n = len(visited)
    price = np.array([m.price for m in world.company.models])
    price = price[units["model"].to_numpy()[visited["unit"]]]
    closed = visited["repair_closed_at"].notna().to_numpy()
    outcome = pick(rng, np.array([0.42, 0.42, 0.09, 0.04, 0.03]), n)
    parts = np.where(outcome == 1, price * np.exp(-2.9 + 0.5 * rng.standard_normal(n)), 0.0)
    hours = np.exp(-0.1 + 0.5 * rng.standard_normal(n))
    repairs = pd.DataFrame(
        {
            "ticket": visited.index,
            "unit": visited["unit"].to_numpy(),
            "opened_at": visited["repair_opened_at"].to_numpy(),
            "closed_at": visited["repair_closed_at"].to_numpy(),
            "issue": visited["issue"].to_numpy(),
            "outlet": visited["outlet"].to_numpy(),
            "agent": rng.integers(12, 30, n),
            "outcome": np.where(closed, outcome, NONE),
            "labour_hours": np.where(closed, hours, np.nan),
            "labour_cost": np.where(closed, 45 + 60 * hours, np.nan),
            "part_cost": np.where(closed, parts, np.nan),
        }
    )
    return repairs
