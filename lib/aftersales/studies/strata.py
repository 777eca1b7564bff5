"""Tables of cases and exposure by every combination of attributes, for the search for causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from aftersales.data.mapping import schema
from aftersales.metrics import METRICS, available
from aftersales.metrics.cells import cells
from aftersales.metrics.counting.attributes import QUARTER, short_texts
from aftersales.studies.scope import Scope

AGE_EDGES = (0, 3, 6, 12, 24)  # months in service; early failures and wear differ
FAULT_ATTRIBUTES = ("batch", "supplier", "process", "plant", "warehouse", "model", "region")
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
    own = [c for c in store.columns("units") if c not in ours]
    texts = short_texts(store, "units", own, most=MOST_VALUES) if own else []
    return (*FAULT_ATTRIBUTES, QUARTER, *texts)


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
    have = _known(scope, ("product", *attributes))
    if roll_up and not scope.children:
        have = [c for c in have if c != "region"]
    rolled = roll_up and "region" in have
    aged = scope.store.has("tickets", "age_days")
    asked = scope.rows(months=months, rolled=rolled)
    found = cells(asked, ticket_type="fault", by=have, age=AGE_EDGES if aged else (), joined=True)
    if rolled:
        found = scope.in_children(found)
    judged = [a for a in attributes if a in have and found[a].nunique() > 1]
    unplaced = found.attrs["without_unit"]
    found = found.rename(columns={"cases": "count", "at_risk": "exposure"})
    return Study("faults_per_1000", found, strata_of(judged, found), unplaced)


def _known(scope: Scope, attributes: Sequence[str]) -> list[str]:
    """Those of the attributes that units have themselves, or that are made from what they have."""
    store = scope.store
    made = {QUARTER} if store.has("units", "built_at") else set()
    return [a for a in attributes if store.has("units", a) or a in made]


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
    found = scope.measure(metric, by=keys, months=months, monthly=True, rolled=rolled)
    return found.rename(columns={METRICS[metric].count: "count", "n": "exposure"})


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
