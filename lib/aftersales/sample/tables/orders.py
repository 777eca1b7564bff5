"""Order lines of the sample company, and what came back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.sample.calendar import before, days, pick
from aftersales.sample.company import shares
from aftersales.sample.tables.faults import World

CHANNELS = ("online", "store", "dealer")
CARRIERS = ("SF", "JD", "ZT")


def make_orders(units: pd.DataFrame, *, world: World, rng: np.random.Generator) -> pd.DataFrame:
    """One line per unit ordered in the months with tickets: unit, channel, carrier, amount,
    shipped_at; the other times stand in `units`."""
    sold = units[units["ordered_at"] >= world.calendar.first_moment]
    n = len(sold)
    price = np.array([m.price for m in world.company.models])[sold["model"]]
    ordered, delivered = sold["ordered_at"].to_numpy(), sold["delivered_at"].to_numpy()
    shipped = ordered + days(0.2 + 0.5 * rng.random(n))
    return pd.DataFrame(
        {
            "unit": sold.index,
            "channel": pick(rng, np.array([0.45, 0.35, 0.2]), n),
            "carrier": rng.integers(0, len(CARRIERS), n),
            "amount": np.round(price * rng.choice([1.0, 0.95, 0.9, 0.85], n), 2),
            "ordered_at": ordered,
            "shipped_at": before(shipped, world.calendar.end),
            "promised_at": sold["promised_at"].to_numpy(),
            "delivered_at": delivered,
        }
    )


def make_returns(
    orders: pd.DataFrame, units: pd.DataFrame, *, world: World, rng: np.random.Generator
) -> pd.DataFrame:
    """What came back: order (row of `orders`), unit, kind, reason, requested_at, received_at,
    refund_amount, confirmed_defect."""
    names, weights = zip(*world.company.raw["returns"]["reasons"].items(), strict=True)
    drawn = [_drawn(orders, rate=world.company.raw["returns"]["rate"], rng=rng)]
    reason = [pick(rng, shares(weights), len(drawn[0]))]
    warehouse = units["warehouse"].to_numpy()[orders["unit"]]
    for effect in [] if world.quiet else world.company.planted("returns"):
        rate = world.company.raw["returns"]["rate"] * (effect["times"] - 1)
        sent = warehouse == world.company.warehouses.index(effect["warehouse"])
        drawn.append(_drawn(orders[sent], rate=rate, rng=rng))
        reason.append(np.full(len(drawn[-1]), names.index(effect["reason"])))
    order = np.concatenate(drawn)
    returns = pd.DataFrame({"order": order, "reason": np.concatenate(reason)})
    return _dated(returns.drop_duplicates("order"), orders, world=world, rng=rng)


def _drawn(orders: pd.DataFrame, *, rate: float, rng: np.random.Generator) -> np.ndarray:
    return orders.index[rng.random(len(orders)) < rate].to_numpy()


def _dated(
    returns: pd.DataFrame, orders: pd.DataFrame, *, world: World, rng: np.random.Generator
) -> pd.DataFrame:
    n, end = len(returns), world.calendar.end
    of = orders.loc[returns["order"]]
    took = np.minimum(8 * np.exp(0.8 * rng.standard_normal(n)), 85)  # days after delivery
    requested = of["delivered_at"].to_numpy() + days(took)
    reasons = list(world.company.raw["returns"]["reasons"])
    faulty = np.array([reason in ("damaged", "defective") for reason in reasons])
    kind = pick(rng, np.array([0.72, 0.28]), n)
    received = before(requested + days(2 + rng.gamma(2.0, 2.0, n)), end)
    confirmed = rng.random(n) < np.where(faulty[returns["reason"]], 0.82, 0.05)
    dated = returns.assign(
        unit=of["unit"].to_numpy(),
        kind=kind,
        requested_at=requested,
        received_at=received,
        refund_amount=np.where(kind == 0, of["amount"].to_numpy(), 0.0),
        confirmed_defect=np.where(np.isnat(received), -1, confirmed),
    )
    dated = dated[dated["requested_at"] < end]
    return dated.sort_values("requested_at", kind="stable", ignore_index=True)
