"""Tables of cases and exposure by every combination of attributes, for the search for causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import narwhals as nw
import pandas as pd

from aftersales.data.mapping import schema
from aftersales.data.store.store import Store
from aftersales.metrics import METRICS, available, measure
from aftersales.metrics.counting.exposure import DAYS_PER_MONTH, units_at_risk
from aftersales.metrics.families.product import faults
from aftersales.studies.scope import Scope

AGE_EDGES = (0, 3, 6, 12, 24)  # months in service; early failures and wear differ
FAULT_ATTRIBUTES = ("batch", "supplier", "process", "plant", "warehouse", "model", "region")
QUARTER = "built_quarter"  # made from `built_at`
MOST_VALUES = 300  # of a column of the profile's own
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

    @property
    def per(self) -> float:
        """The base of the metric's rate: 1,000 for rates, 1 for shares."""
        return 1000.0 if METRICS[self.metric].kind == "rate" else 1.0


def unit_attributes(scope: Scope) -> tuple[str, ...]:
    """Attributes of units to look at: ours, the quarter of production, and the profile's own text.

    Columns with more than 300 values, such as a name, are no attributes.
    """
    store = scope.store
    if not store.has("units"):
        return FAULT_ATTRIBUTES
    ours = schema.columns("units")
    rows = store.scan("units")
    kinds = rows.collect_schema()
    own = [c for c in store.columns("units") if c not in ours and kinds[c] == nw.String]
    if own:
        sizes = rows.select(*[nw.col(c).n_unique() for c in own]).collect().to_pandas().iloc[0]
        own = [c for c in own if sizes[c] <= MOST_VALUES]
    return (*FAULT_ATTRIBUTES, QUARTER, *own)


def child_region(scope: Scope) -> nw.Expr:
    """Column `region` as the child of the scope's region it lies in; missing outside of them.

    Rows that name the region itself, or one that could not be resolved, lie in no child.
    """
    expression = nw.lit(None, dtype=nw.String)
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
    Where tickets do not tell the age of their unit, age is not held equal.
    """
    if lacking_for_faults(scope):
        return None
    store = scope.store
    units = _with_quarter(store.scan("units", region=scope.region.id), attributes, store)
    columns = units.collect_schema().names()
    have = [c for c in ("product", *attributes) if c in columns]
    if roll_up and not scope.children:
        have = [c for c in have if c != "region"]
    if "region" in have and roll_up:
        units = units.with_columns(child_region(scope))
    aged = store.has("tickets", "age_days")
    at_risk = units_at_risk(
        units,
        by=have,
        start=scope.months(months)[0],
        as_of=scope.last_day,
        age_bands=list(AGE_EDGES) if aged else None,
    )
    keys = [*have, "month", "age"] if aged else [*have, "month"]
    cases, unplaced = _fault_cases(scope, units, keys, months=months)
    cells = _merged(at_risk.rename(columns={"at_risk": "exposure"}), cases, keys)
    judged = [a for a in attributes if a in have and cells[a].nunique() > 1]
    return Study("faults_per_1000", cells, strata_of(judged, cells), unplaced)


def _with_quarter(units: nw.LazyFrame, attributes: Sequence[str], store: Store) -> nw.LazyFrame:
    """Units with the quarter they were built in, such as 2014-Q3, where it is asked for."""
    if QUARTER not in attributes or not store.has("units", "built_at"):
        return units
    built = nw.col("built_at").dt
    year = built.year().cast(nw.String)
    quarter = ((built.month() + 2) // 3).cast(nw.Int64).cast(nw.String)
    return units.with_columns(nw.concat_str([year, quarter], separator="-Q").alias(QUARTER))


def lacking_for_faults(scope: Scope) -> tuple[str, tuple[str, ...]] | None:
    """The table and columns that a study of faults lacks; None when nothing does."""
    store = scope.store
    started = store.has("units", "in_service_at") or store.has("units", "shipped_at")
    if not store.has("units"):
        return "units", ()
    if not store.has("units", "unit_id") or not started:
        return "units", ("unit_id", "in_service_at")
    if not store.has("tickets"):
        return "tickets", ()
    if not store.has("tickets", "unit_id", "ticket_type"):
        return "tickets", ("unit_id", "ticket_type")
    return None


def _fault_cases(
    scope: Scope, units: nw.LazyFrame, keys: list[str], *, months: int
) -> tuple[pd.DataFrame, int]:
    """Faults of the window by `keys`; and the number of those without a known unit."""
    tickets = scope.store.scan("tickets", region=scope.region.id)
    tickets = tickets.filter(nw.col("opened_at") >= scope.months(months)[0])
    if "age" in keys:
        tickets = tickets.with_columns(age=_age_band())
    cases = faults(tickets, by=keys, as_of=scope.last_day, units=units)
    return cases.rename(columns={"n_faults": "count"}), cases.attrs["without_unit"]


def _age_band() -> nw.Expr:
    """Lower edge of the age band of a ticket's unit, in months in service."""
    age = nw.lit(AGE_EDGES[0])
    for edge in AGE_EDGES[1:]:
        older = nw.col("age_days") >= edge * DAYS_PER_MONTH
        age = nw.when(older).then(nw.lit(edge)).otherwise(age)
    return age


def _merged(exposure: pd.DataFrame, cases: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Cells with both; cases in a cell without exposure keep their count with exposure 0."""
    if "age" in keys:
        exposure, cases = (f.astype({"age": "int64"}) for f in (exposure, cases))
    cells = exposure.merge(cases, on=keys, how="outer")
    return cells.fillna({"count": 0.0, "exposure": 0.0})


def version_study(scope: Scope, *, months: int) -> Study | None:
    """Faults by version, from the exposure table; None where versions have no exposure."""
    store = scope.store
    keys = [c for c in ("product", "model", "version", "region") if store.has("exposure", c)]
    if "version" not in keys or not store.has("tickets", "version"):
        return None
    keys = [c for c in keys if store.has("tickets", c)]
    cells = _measured(scope, "faults_per_1000", keys, months)
    if cells is None:
        return None
    cells = cells[cells["version"].notna()].reset_index(drop=True)
    if cells["version"].nunique() < 2:
        return None
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
    if roll_up and not scope.children:
        keys = [c for c in keys if c != "region"]
    cells = _measured(scope, "return_rate", keys, months, roll_up=roll_up)
    if cells is None:
        return None
    judged = [a for a in attributes if a in keys and cells[a].nunique() > 1]
    return Study("return_rate", cells, strata_of(judged, cells)) if judged else None


def _measured(
    scope: Scope, metric: str, keys: list[str], months: int, *, roll_up: bool = True
) -> pd.DataFrame | None:
    if not available(metric, scope.store, by=keys):
        return None
    rolled = roll_up and "region" in keys and bool(scope.children)
    cells = measure(
        metric,
        scope.store,
        region=scope.region.id,
        by=keys,
        as_of=scope.last_day,
        monthly=True,
        months=months,
        level=scope.children[0].level if rolled else None,
    )
    if rolled:
        inside = cells["region"].isin([r.id for r in scope.children])
        cells = cells.assign(region=cells["region"].where(inside))
    return cells.rename(columns={METRICS[metric].count: "count", "n": "exposure"})


def strata_of(attributes: Sequence[str], cells: pd.DataFrame) -> dict[str, list[str]]:
    """What is held equal for each attribute: product, model, age, month and region, but itself.

    An attribute that is finer than another (a model inside a product) is compared inside it. A
    column of the profile's own that product or model determines (a fuel, a brand) is compared
    without it: there would be nothing to compare with.
    """
    present = [c for c in _HELD if c in cells.columns]
    strata = {}
    for attribute in attributes:
        held = [c for c in present if c not in (attribute, "model")]
        if attribute not in _FINER and "model" in present:
            held.append("model")
        own = attribute not in {*FAULT_ATTRIBUTES, *RETURN_ATTRIBUTES, "version", QUARTER}
        coarse = ("product", "model") if own else ()
        strata[attribute] = [
            c for c in held if c not in coarse or not _determines(cells, c, attribute)
        ]
    return strata


def _determines(cells: pd.DataFrame, fine: str, coarse: str) -> bool:
    """Whether each value of one column comes with one value only of the other."""
    pairs = cells[[fine, coarse]].drop_duplicates()
    return len(pairs) == pairs[fine].nunique(dropna=False)
