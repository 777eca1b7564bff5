"""How many units of a cause are in the field: the size of a recall."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw

from aftersales.metrics.counting.engines import closing, collect
from aftersales.metrics.counting.exposure import in_service
from aftersales.stats.causes.search import Key, Where
from aftersales.studies.scope import Scope
from aftersales.studies.strata import lacking_for_faults


def units_in_field(scope: Scope, key: Key, wheres: Sequence[Where] = ()) -> float | None:
    """Units of the region that went into service up to the last day and belong to the cause.

    None where units or their start are not known, or do not have the attribute of the cause.
    """
    named = [key[0], *(where.attribute for where in wheres)]
    if lacking_for_faults(scope) or not scope.store.has("units", *named):
        return None
    units = scope.store.scan("units", region=scope.region.id)
    units = in_service(units, needs=list(dict.fromkeys(named)))
    units = units.filter(nw.col("started_at") < closing(scope.last_day), _one_of(scope, *key))
    for where in wheres:
        inside = _one_of(scope, where.attribute, *where.values)
        units = units.filter(inside if where.inside else ~inside)
    return float(collect(units.select(n=nw.len()), sort=[])["n"].iloc[0])


def _one_of(scope: Scope, attribute: str, *values: str) -> nw.Expr:
    """Whether the attribute is one of the values; a region stands for all below it."""
    if attribute == "region":
        tree = scope.profile.regions
        values = tuple({member for value in values for member in tree.members(value)})
    return nw.col(attribute).cast(nw.String).is_in(list(values)).fill_null(False)
