"""A block: a slice of the sample company's customers with all that happens to them.

Large samples are made block by block, so that memory does not grow with their size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from aftersales.sample.calendar import pick
from aftersales.sample.company import shares
from aftersales.sample.dirt import personal
from aftersales.sample.dirt.spelling import numbered
from aftersales.sample.dirt.voices import comments, descriptions
from aftersales.sample.tables.faults import CHUNK, World, age_months, in_service, version_at
from aftersales.sample.tables.fleet import lot_names, make_units
from aftersales.sample.tables.orders import make_orders, make_returns
from aftersales.sample.tables.surveys import make_surveys
from aftersales.sample.tables.tickets import TYPES, add_costs, make_tickets

ROOM = 10_000_000  # identifiers kept free for a block, so that blocks never share one
STREAMS = (
    "units",
    "orders",
    "returns",
    "tickets",
    "customers",
    "surveys",
    "voices",
    "styles",
    "dirt",
)


@dataclass(frozen=True)
class Block:
    """Coded tables of one block, and the names under which its things go."""

    world: World
    number: int
    seed: int
    units: pd.DataFrame
    orders: pd.DataFrame
    returns: pd.DataFrame
    tickets: pd.DataFrame
    repairs: pd.DataFrame
    customers: pd.DataFrame
    surveys: pd.DataFrame
    descriptions: np.ndarray
    comments: np.ndarray
    planted: list[tuple[str, str]] = field(default_factory=list)  # personal data in the texts

    @property
    def first(self) -> int:
        """The first number of this block's identifiers."""
        return self.number * ROOM

    def rng(self, stream: str) -> np.random.Generator:
        return stream_of(self.seed, self.number, stream)

    @cached_property
    def phones(self) -> np.ndarray:
        """Mobile number of each customer: the key of customers in every system."""
        return personal.phones(self.first + self.customers.index.to_numpy(), seed=self.seed)

    @cached_property
    def lots(self) -> np.ndarray:
        """Lot of each unit."""
        names = lot_names(self.world.company, self.world.calendar)
        return names.astype(object)[self.units["lot"]]

    @cached_property
    def serials(self) -> np.ndarray:
        """Serial number of each unit: its lot and a number."""
        return numbered(self.lots, self.first + self.units.index.to_numpy())

    @cached_property
    def order_ids(self) -> np.ndarray:
        """Order of each unit; empty if it was sold before the shop's records begin."""
        sold = np.isin(self.units.index, self.orders["unit"])
        return numbered("DD", np.where(sold, self.first + self.units.index, -1))

    @cached_property
    def line_ids(self) -> np.ndarray:
        """Order line of each unit."""
        return np.where(self.order_ids == "", "", self.order_ids + "-1").astype(object)


def stream_of(seed: int, number: int, stream: str) -> np.random.Generator:
    """Chance for one table of one block, independent of how much the other tables drew."""
    return np.random.default_rng([seed, number, STREAMS.index(stream)])


def make_block(world: World, *, number: int, seed: int, expected: float) -> Block:
    """A block with about `expected` tickets."""
    rng = {stream: stream_of(seed, number, stream) for stream in STREAMS}
    company, n = world.company, round(expected * world.company.raw["units_per_ticket"])
    units = make_units(company, world.calendar, n=n, rng=rng["units"])
    orders = make_orders(units, world=world, rng=rng["orders"])
    returns = make_returns(orders, units, world=world, rng=rng["returns"])
    tickets, repairs = make_tickets(
        units, returns, world=world, expected=expected, rng=rng["tickets"]
    )
    customers = _customers(units, world=world, rng=rng["customers"])
    tiers = customers["tier"].to_numpy()
    surveys = make_surveys(units, orders, tickets, repairs, tiers, world=world, rng=rng["surveys"])
    described, found = descriptions(tickets, company, types=TYPES, rng=rng["voices"])
    commented, more = comments((surveys["score"] >= 4).to_numpy(), rng=rng["voices"])
    return Block(
        world=world,
        number=number,
        seed=seed,
        units=units,
        orders=orders,
        returns=returns,
        tickets=add_costs(tickets, repairs, rng=rng["tickets"]),
        repairs=repairs,
        customers=customers,
        surveys=surveys,
        descriptions=described,
        comments=commented,
        planted=[*found, *more],
    )


def _customers(units: pd.DataFrame, *, world: World, rng: np.random.Generator) -> pd.DataFrame:
    """One row per customer: province, tier, joined_at (the first order)."""
    first = units.sort_values("ordered_at", kind="stable").groupby("customer").first()
    tiers = shares(world.company.raw["tiers"].values())
    return pd.DataFrame(
        {
            "province": first["province"],
            "tier": pick(rng, tiers, len(first)),
            "joined_at": first["ordered_at"],
        }
    )


def count_at_risk(block: Block) -> np.ndarray:
    """Ticket month x province x model x version (last: no firmware): units in service.

    A unit counts half in the month in which it goes into service, and one in every later month.
    """
    company, calendar = block.world.company, block.world.calendar
    shape = (
        calendar.months,
        len(company.provinces),
        len(company.models),
        len(company.versions) + 1,
    )
    total = np.zeros(np.prod(shape))
    connected = np.array([m.connected for m in company.models])
    for start in range(0, len(block.units), CHUNK):
        units = block.units.iloc[start : start + CHUNK]
        part = in_service(age_months(units, calendar))
        unit, month = np.nonzero(part)
        model = units["model"].to_numpy()[unit]
        version = version_at(block.world, units["propensity"].to_numpy()[unit], month)
        version = np.where(connected[model], version, len(company.versions))
        cell = (month, units["province"].to_numpy()[unit], model, version)
        flat = np.ravel_multi_index(cell, shape)
        total += np.bincount(flat, weights=part[unit, month], minlength=len(total))
    return total.reshape(shape)
