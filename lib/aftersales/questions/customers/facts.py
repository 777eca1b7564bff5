"""What is known about the satisfaction of a region's customers."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aftersales.data.store.store import Store
from aftersales.metrics import available
from aftersales.studies.customers.answers import groups
from aftersales.studies.customers.satisfaction import satisfaction
from aftersales.studies.customers.tiers import tier_table, value_tiers
from aftersales.studies.scope import Scope, read_scope


@dataclass(frozen=True)
class Facts:
    """Satisfaction by group: `cells`, `scores` and `levels` as `satisfaction.Satisfaction` has
    them, `values` as `tiers.tier_table`; `by` names what the cells are split by."""

    scope: Scope
    months: int
    by: tuple[str, ...]
    declared: bool  # whether the tiers are the company's own
    cells: pd.DataFrame
    scores: pd.DataFrame
    levels: pd.DataFrame
    values: pd.DataFrame


def gather(
    store: Store, *, region: str = "", as_of: str | pd.Timestamp = "", months: int = 12
) -> Facts:
    """Count the answers of a region and compare them; see `result.customers`."""
    scope = read_scope(store, region=region, as_of=as_of)
    declared = available("csat_rate", store, by=["tier"])
    ranked = pd.DataFrame() if declared else value_tiers(scope, months=months)
    by = groups(scope, ranked=not ranked.empty)
    found = satisfaction(scope, by=by, months=months, customers=ranked)
    values = tier_table(ranked, min_n=scope.profile.target("csat_rate").min_n)
    return Facts(scope, months, by, declared, *found, values)
