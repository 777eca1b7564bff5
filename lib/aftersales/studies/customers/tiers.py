"""Customers by recency, frequency and value, where a company has not declared tiers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.metrics.families.returns import orders_by_customer
from aftersales.stats.counts.intervals import wilson
from aftersales.studies.scope import Scope

_NEEDS = ("customer_id", "ordered_at", "amount")
VALUE_TIERS = ("high value", "middle", "low value")  # by recency, frequency and value, best first
COLUMNS = ["customer_id", "tier", "last", "orders", "amount"]


def value_tiers(scope: Scope, *, months: int = 12) -> pd.DataFrame:
    """Customers of the window in three tiers.

    A customer scores 1 to 3 (by thirds) for how lately and how often they ordered and for how much;
    7 to 9 points are high value, 5 or 6 middle, the rest low. Negative amounts are subtracted.

    Returns
    -------
    DataFrame, one row per customer
        ``customer_id``, ``tier``, ``last`` order, number of ``orders``, ``amount``, and where
        returns are known ``returned`` (order lines of the window that came back). Empty without
        orders that have customer, time and amount, or with fewer than three customers.
    """
    if not scope.store.has("orders", *_NEEDS):
        return pd.DataFrame(columns=COLUMNS)
    customers = _customers(scope, months)
    if len(customers) < len(VALUE_TIERS):
        return pd.DataFrame(columns=COLUMNS)
    points = sum(_thirds(customers[c]) for c in ("last", "orders", "amount"))
    high, middle, low = VALUE_TIERS
    return customers.assign(tier=np.select([points >= 7, points >= 5], [high, middle], low))


def _customers(scope: Scope, months: int) -> pd.DataFrame:
    store = scope.store
    return orders_by_customer(
        store.scan("orders", region=scope.region.id),
        returns=store.scan("returns") if store.has("returns", "order_line_id") else None,
        since=scope.months(months)[0],
        as_of=scope.last_day,
        returned_by=scope.as_of,
    )


def _thirds(values: pd.Series) -> pd.Series:
    """1, 2 or 3 by thirds of the ranking; ties share the middle of their ranks."""
    return np.ceil(values.rank(method="average", pct=True) * 3).clip(1, 3)


def tier_table(customers: pd.DataFrame, *, min_n: int) -> pd.DataFrame:
    """The tiers of `value_tiers` and how many customers of each returned something.

    Returns
    -------
    DataFrame, one row per tier with at least `min_n` customers, high value first
        ``tier``, ``n`` customers, ``amount``, ``share`` of all amounts, ``orders`` per customer,
        and where returns are known ``rate`` (share of customers who returned something) with its
        Wilson interval.
    """
    if customers.empty:
        return pd.DataFrame()
    groups = customers.groupby("tier", sort=False)
    table = groups.agg(n=("orders", "size"), amount=("amount", "sum"), orders=("orders", "mean"))
    whole = table["amount"].sum()
    table["share"] = table["amount"] / whole if whole > 0 else np.nan
    if "returned" in customers:
        table["count"] = customers["returned"].fillna(0).gt(0).groupby(customers["tier"]).sum()
        low, high = wilson(table["count"].to_numpy(), table["n"].to_numpy())
        table = table.assign(rate=table["count"] / table["n"], rate_low=low, rate_high=high)
    table = table[table["n"] >= min_n]
    return table.reindex([t for t in VALUE_TIERS if t in table.index]).reset_index()
