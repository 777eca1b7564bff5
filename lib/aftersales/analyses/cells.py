"""Tables of cases and exposure by every combination of attributes, for the search for causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import narwhals as nw
import pandas as pd

from aftersales.analyses.scope import Scope
from aftersales.metrics import METRICS, available, measure
from aftersales.metrics.exposure import DAYS_PER_MONTH, units_at_risk
from aftersales.metrics.product import faults

AGE_EDGES = (0, 3, 6, 12, 24)  # months in service; early failures and wear differ
FAULT_ATTRIBUTES = ("batch", "supplier", "process", "plant", "warehouse", "model", "region")
RETURN_ATTRIBUTES = ("warehouse", "carrier", "channel", "batch", "category", "region")
_FINER = {"model": "product"}  # compared inside the coarser one
_HELD = ("product", "model", "age", "month", "region")


@dataclass(frozen=True)
class Study:
    """One outcome with its cells and what is held equal when an attribute is judged.

    `cells` has the attributes, ``count`` and ``exposure``; `strata` maps attribute -> held columns.
    `unplaced` is the number of cases left out because nothing says what they belong to.
    """

    metric: str
    cells: pd.DataFrame
    strata: Mapping[str, Sequence[str]]
    unplaced: int = 0
    per: float = 1000.0
    notes: Sequence[str] = field(default_factory=tuple)


def child_region(scope: Scope) -> nw.Expr:
    """Column `region` as the child of the scope's region it lies in; others stay as they are."""
    expression = nw.col("region")
    for child in scope.children:
        inside = nw.col("region").is_in(scope.profile.regions.members(child.id))
        expression = nw.when(inside).then(nw.lit(child.id)).otherwise(expression)
    return expression.alias("region")


def fault_study(
    scope: Scope,
    *,
    months: int,
    attributes: Sequence[str] = FAULT_ATTRIBUTES,
    roll_up: bool = True,
) -> Study | None:
    """Faults by attributes of the unit and its age; None without units or fault tickets.

    With `roll_up`, column ``region`` is the child of the scope's region; else as it is stored.
    """
    store = scope.store
    if not store.has("units", "unit_id") or not store.has("tickets", "unit_id", "ticket_type"):
        return None
    if not (store.has("units", "in_service_at") or store.has("units", "shipped_at")):
        return None
    have = [c for c in ("product", *attributes) if store.has("units", c)]
    units = store.scan("units", region=scope.region.id)
    if "region" in have and roll_up:
        units = units.with_columns(child_region(scope))
    as_of = scope.last_month + pd.offsets.MonthEnd(0)
    at_risk = units_at_risk(
        units, by=have, start=scope.months(months)[0], as_of=as_of, age_bands=list(AGE_EDGES)
    )
    cases, unplaced = _fault_cases(scope, units, have, as_of=as_of, months=months)
    cells = _merged(at_risk.rename(columns={"at_risk": "exposure"}), cases, [*have, "month", "age"])
    judged = [a for a in attributes if a in have and cells[a].nunique() > 1]
    return Study("faults_per_1000", cells, strata_of(judged, cells), unplaced)


def _fault_cases(
    scope: Scope, units: nw.LazyFrame, have: list[str], *, as_of: pd.Timestamp, months: int
) -> tuple[pd.DataFrame, int]:
    """Faults of the window by unit attributes, month and age; and those without a known unit."""
    tickets = scope.store.scan("tickets", region=scope.region.id)
    tickets = tickets.filter(nw.col("opened_at") >= scope.months(months)[0])
    if not scope.store.has("tickets", "age_days"):
        tickets = tickets.with_columns(age_days=nw.lit(0.0))
    age = nw.lit(AGE_EDGES[0])
    for edge in AGE_EDGES[1:]:
        older = nw.col("age_days") >= edge * DAYS_PER_MONTH
        age = nw.when(older).then(nw.lit(edge)).otherwise(age)
    tickets = tickets.with_columns(age=age)
    cases = faults(tickets, by=[*have, "month", "age"], as_of=as_of, units=units)
    return cases.rename(columns={"n_faults": "count"}), cases.attrs["without_unit"]


def _merged(exposure: pd.DataFrame, cases: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Cells with both; cases in a cell without exposure keep their count with exposure 0."""
    for frame in (exposure, cases):
        frame["age"] = frame["age"].astype(int)
    cells = exposure.merge(cases, on=keys, how="outer")
    cells[["count", "exposure"]] = cells[["count", "exposure"]].fillna(0.0)
    return cells


def version_study(scope: Scope, *, months: int) -> Study | None:
    """Faults by version, from the exposure table; None where versions have no exposure."""
    store = scope.store
    keys = [c for c in ("product", "model", "version", "region") if store.has("exposure", c)]
    if "version" not in keys or not store.has("tickets", "version"):
        return None
    keys = [c for c in keys if store.has("tickets", c)]
    cells = _measured(scope, "faults_per_1000", keys, months)
    if cells is None or cells["version"].nunique() < 2:
        return None
    cells = cells[cells["version"].notna()].reset_index(drop=True)
    return Study("faults_per_1000", cells, strata_of(["version"], cells))


def return_study(
    scope: Scope,
    *,
    months: int,
    attributes: Sequence[str] = RETURN_ATTRIBUTES,
    roll_up: bool = True,
) -> Study | None:
    """Returns by attributes of the order line; None without orders or returns."""
    store = scope.store
    if not available("return_rate", store):
        return None
    keys = [c for c in ("product", *attributes) if store.has("orders", c)]
    cells = _measured(scope, "return_rate", keys, months, roll_up=roll_up)
    if cells is None:
        return None
    judged = [a for a in attributes if a in keys and cells[a].nunique() > 1]
    return Study("return_rate", cells, strata_of(judged, cells), per=1.0) if judged else None


def _measured(
    scope: Scope, metric: str, keys: list[str], months: int, *, roll_up: bool = True
) -> pd.DataFrame | None:
    if not available(metric, scope.store, by=keys):
        return None
    rolled = roll_up and "region" in keys and scope.children
    level = scope.children[0].level if rolled else None
    cells = measure(
        metric,
        scope.store,
        region=scope.region.id,
        by=keys,
        as_of=scope.last_month + pd.offsets.MonthEnd(0),
        monthly=True,
        months=months,
        level=level,
    )
    return cells.rename(columns={METRICS[metric].count: "count", "n": "exposure"})


def strata_of(attributes: Sequence[str], cells: pd.DataFrame) -> dict[str, list[str]]:
    """What is held equal for each attribute: product, model, age, month and region, but itself.

    An attribute that is finer than another (a model inside a product) is compared inside it.
    """
    present = [c for c in _HELD if c in cells.columns]
    strata = {}
    for attribute in attributes:
        held = [c for c in present if c not in (attribute, "model")]
        if attribute not in _FINER and "model" in present:
            held.append("model")
        strata[attribute] = held
    return strata
