"""How large a cause is: units in the field, the size of a recall, or what was at risk."""

from __future__ import annotations

from collections.abc import Sequence

from aftersales.metrics.cells import units_started
from aftersales.stats.causes.causes import Causes
from aftersales.stats.causes.search import Key, Where
from aftersales.studies.conditions import condition
from aftersales.studies.scope import Scope
from aftersales.studies.strata import Study, lacking_for_faults


def units_in_field(scope: Scope, key: Key, wheres: Sequence[Where] = ()) -> float | None:
    """Units of the region that went into service up to the last day and belong to the cause.

    None where units or their start are not known, or do not have the attribute of the cause.
    """
    named = [key[0], *(where.attribute for where in wheres)]
    if lacking_for_faults(scope) or not scope.store.has("units", *named):
        return None
    conditions = [condition(scope, key[0], [key[1]])]
    conditions += [condition(scope, w.attribute, w.values, meant=w.inside) for w in wheres]
    started = units_started(scope.rows(), list(dict.fromkeys(named)))
    inside = started["started"].notna()
    for attribute, values, meant in conditions:
        inside &= started[attribute].astype(str).isin(values) == meant
    return float(started.loc[inside, "n"].sum())


def size_of(scope: Scope, study: Study, causes: Causes, key: Key) -> float:
    """Units of a cause in the field; of usage what is at risk in the last month; orders."""
    if "age" in study.cells:
        found = units_in_field(scope, key, causes.parts.get(key, ()))
        if found is not None:
            return found
    inside = causes.mask(key)
    size, month = study.cells["exposure"].to_numpy(), study.cells["month"]
    if study.metric != "return_rate":
        inside = inside & (month == month.max()).to_numpy()
    return float(size[inside].sum())
