"""What is searched for causes: the studies of a region, and the attributes that can be judged."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from aftersales.stats.causes.causes import Causes, find_causes
from aftersales.studies.scope import Scope
from aftersales.studies.strata import (
    Study,
    fault_study,
    return_study,
    unit_attributes,
    version_study,
)

UNEQUAL = 0.1  # difference of missing shares from which a missing attribute can mislead
INSIDE = ("age", "month")  # held equal inside a cause
PAIRS = ("product", "model", "age", "month", "region")  # and when pairs are looked for


def studies(scope: Scope, *, months: int) -> list[Study]:
    """The studies of a region that hold a case and something to compare it by."""
    every = [
        fault_study(scope, months=months, attributes=unit_attributes(scope)),
        version_study(scope, months=months),
        return_study(scope, months=months),
    ]
    return [s for s in every if s is not None and s.strata and s.cells["count"].sum() > 0]


def window_before(
    scope: Scope, study: Study, causes: Causes, *, months: int
) -> pd.DataFrame | None:
    """The cells of as many months before, by what its start and its causes need.

    None where that window is not known.
    """
    wheres = {w.attribute for parts in causes.parts.values() for w in parts}
    named = {key[0] for key in causes.order} | wheres
    wanted = [c for c in (*study.strata, "region") if c in named | {"model", "region"}]
    wanted = [c for c in dict.fromkeys(wanted) if c in study.cells]
    if study.metric == "return_rate":
        found = return_study(scope, months=2 * months, attributes=wanted)
    elif "version" in study.strata:
        found = version_study(scope, months=2 * months) if named else None
    else:
        found = fault_study(scope, months=2 * months, attributes=wanted)
    if found is None or not named <= set(found.cells):
        return None
    past = found.cells[found.cells["month"] < scope.months(months)[0]].reset_index(drop=True)
    return past if past["count"].sum() > 0 else None


def missing(study: Study) -> pd.DataFrame:
    """Share of cases and of exposure without a value, by attribute.

    One row per attribute (index), columns ``cases`` and ``exposure`` (0-1) and ``only_cases``: the
    attribute is filled in much more often for cases than for the rest, so that its values look
    guilty whatever it is.
    """
    cells = study.cells
    count, size = cells["count"], cells["exposure"]
    rows = {}
    for attribute in study.strata:
        absent = cells[attribute].isna()
        rows[attribute] = (
            float(count[absent].sum() / count.sum()) if count.sum() else 0.0,
            float(size[absent].sum() / size.sum()) if size.sum() else 0.0,
        )
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["cases", "exposure"])
    return table.assign(only_cases=table["exposure"] - table["cases"] >= UNEQUAL)


def search(study: Study, *, scope: Scope) -> Causes:
    """Causes of a study, narrowed to where they act; pairs of values too.

    Attributes that are filled in only for failures are left out: they cannot be judged.
    """
    target = scope.profile.target(study.metric)
    lacks = missing(study)["only_cases"]
    strata = {a: held for a, held in study.strata.items() if not lacks[a]}
    return find_causes(
        study.cells,
        count="count",
        exposure="exposure",
        strata=strata,
        min_exposure=target.min_n,
        min_ratio=target.watch_ratio,
        narrow_by=list(strata),
        held=_present(study, INSIDE),
        pairs_held=_present(study, PAIRS),
    )


def _present(study: Study, columns: Sequence[str]) -> list[str]:
    return [c for c in columns if c in study.cells]
