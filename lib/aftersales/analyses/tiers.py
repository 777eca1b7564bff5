"""Customers by recency, frequency and value, where a company has not declared tiers."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from aftersales.analyses.scope import Scope
from aftersales.metrics.frames import collect, known
from aftersales.stats.intervals import wilson
from aftersales.words import N_

TIERS = (N_("high value"), N_("middle"), N_("low value"))
_NEEDS = ("customer_id", "ordered_at", "amount")


def value_tiers(scope: Scope, *, months: int = 12) -> pd.DataFrame:
    """Customers of the window in three tiers, with how many of each returned something.

    A customer scores 1 to 3 (by thirds) for how lately and how often they ordered and for how much;
    7 to 9 points are high value, 5 or 6 middle, the rest low. Amounts below 0 count as returned.

    Returns
    -------
    DataFrame, one row per tier
        ``tier``, ``n`` customers, ``amount``, ``share`` of all amounts, ``orders`` per customer,
        and where returns are known ``rate`` (share of customers who returned something) with its
        Wilson interval. Empty without orders that have customer, time and amount.
    """
    store = scope.store
    if not store.has("orders", *_NEEDS):
        return pd.DataFrame()
    customers = _customers(scope, months)
    if len(customers) < len(TIERS):
        return pd.DataFrame()
    points = sum(_thirds(customers[c]) for c in ("last", "orders", "amount"))
    customers["tier"] = np.select([points >= 7, points >= 5], TIERS[:2], default=TIERS[2])
    return _table(customers)


def _customers(scope: Scope, months: int) -> pd.DataFrame:
    """One row per customer: last order, number of orders, amount, whether anything came back."""
    store = scope.store
    orders = store.scan("orders", region=scope.region.id)
    orders = orders.filter(
        known("ordered_at", as_of=scope.as_of),
        nw.col("ordered_at") >= scope.months(months)[0],
        ~nw.col("customer_id").is_null(),
    )
    order = "order_id" if store.has("orders", "order_id") else "order_line_id"
    sums = orders.group_by("customer_id").agg(
        last=nw.col("ordered_at").max(),
        orders=nw.col(order).n_unique(),
        amount=nw.col("amount").sum(),
    )
    if store.has("returns", "order_line_id"):
        back = store.scan("returns").select("order_line_id").unique()
        lines = orders.select("order_line_id", "customer_id").join(back, on="order_line_id")
        hits = lines.group_by("customer_id").agg(returned=nw.len())
        sums = sums.join(hits, on="customer_id", how="left")
    return collect(sums, sort=["customer_id"])


def _thirds(values: pd.Series) -> pd.Series:
    """1, 2 or 3 by thirds of the ranking; ties share the middle of their ranks."""
    return np.ceil(values.rank(method="average", pct=True) * 3).clip(1, 3)


def _table(customers: pd.DataFrame) -> pd.DataFrame:
    groups = customers.groupby("tier", sort=False)
    table = groups.agg(n=("orders", "size"), amount=("amount", "sum"), orders=("orders", "mean"))
    table["share"] = table["amount"] / table["amount"].sum()
    if "returned" in customers:
        hits = customers["returned"].fillna(0).gt(0).groupby(customers["tier"]).sum()
        table["count"] = hits
        low, high = wilson(table["count"].to_numpy(), table["n"].to_numpy())
        table = table.assign(rate=table["count"] / table["n"], rate_low=low, rate_high=high)
    return table.reindex([t for t in TIERS if t in table.index]).rename_axis("tier").reset_index()
