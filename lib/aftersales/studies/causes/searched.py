"""What is searched for causes: the studies of a region, and the attributes that can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from aftersales.stats.causes.causes import Causes, find_causes
from aftersales.stats.counts.multiplicity import benjamini_hochberg
from aftersales.studies.scope import Scope
from aftersales.studies.strata import (
    Study,
    fault_study,
    return_study,
    unit_attributes,
    version_study,
)
from aftersales.studies.verdict import WATCH_Q

UNEQUAL = 0.1  # difference of missing shares from which a missing attribute can mislead
INSIDE = ("age", "month")  # held equal inside a cause
PAIRS = ("product", "model", "age", "month", "region")  # and when pairs are looked for
_NAMES = {  # what the search calls a column -> what a row of comparison calls it
    **{"count": "all_cases", "exposure": "all_at_risk", "compared": "cases"},
    **{"raw_ratio": "crude_ratio", "raw_low": "crude_low", "raw_high": "crude_high"},
}
ROWS = [
    *("all_cases", "all_at_risk", "cases", "at_risk", "expected", "ratio", "low", "high", "p", "q"),
    *("excess", "few", "crude_ratio", "crude_low", "crude_high", "raw_p", "rank", "shadow_of"),
]


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

    One row per attribute (index), columns ``cases`` and ``at_risk`` (0-1), ``unequal`` (they differ
    enough to mislead) and ``only_cases``: the attribute is filled in much more often for cases than
    for the rest, so that its values look guilty whatever it is.
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
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["cases", "at_risk"])
    more = table["at_risk"] - table["cases"]
    return table.assign(unequal=more.abs() >= UNEQUAL, only_cases=more >= UNEQUAL)


def search(study: Study, *, scope: Scope, lacks: pd.DataFrame) -> Causes:
    """Causes of a study, narrowed to where they act; pairs of values too.

    Attributes that are filled in only for failures (see `missing`, which gives `lacks`) are left
    out: they cannot be judged.
    """
    target = scope.profile.target(study.metric)
    only_cases = lacks["only_cases"]
    strata = {a: held for a, held in study.strata.items() if not only_cases[a]}
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


def as_one_family(searches: Sequence[Causes]) -> list[Causes]:
    """The same searches with q over the values of all of them: a report is one family."""
    if not searches:
        return []
    tables = [c.table for c in searches]
    p = pd.concat([t["p"].mask(t["few"]) for t in tables], keys=range(len(tables)))
    q = pd.Series(benjamini_hochberg(p.to_numpy()), index=p.index)
    return [_sure_of(c, q.loc[i].to_numpy()) for i, c in enumerate(searches)]


def _sure_of(causes: Causes, q: np.ndarray) -> Causes:
    """The causes with another q; those that it leaves in doubt are causes no longer.

    Three versions alone are judged more easily than three versions among hundreds of values.
    """
    table = causes.table.assign(q=q)
    keys = list(zip(table["attribute"], table["value"], strict=True))
    lost = [k for k, q_of in zip(keys, q, strict=True) if k in causes.order and q_of > WATCH_Q]
    if lost:
        table["rank"] = table["rank"].mask([key in lost for key in keys])
        named = table["shadow_of"].isin(["=".join(key) for key in lost])
        table["shadow_of"] = table["shadow_of"].mask(named, "")
    order = [key for key in causes.order if key not in lost]
    parts = {key: part for key, part in causes.parts.items() if key in order}
    further = [*causes.further, *lost]
    return replace(causes, table=table, order=order, parts=parts, further=further)


def rows_of(causes: Causes) -> pd.DataFrame:
    """Every value as a row of comparison, indexed by attribute and value; causes come first.

    Returns ``all_cases`` and ``all_at_risk`` (of the value), ``cases``, ``at_risk``, ``expected``
    and ``excess`` (where there are others to compare with), ``ratio``, ``low``, ``high``, ``p``,
    ``q`` (strata and the other causes held equal), ``crude_ratio``, ``crude_low``, ``crude_high``
    and ``raw_p`` (nothing held equal), ``few`` (not judged), ``rank`` (of a cause) and
    ``shadow_of``; see `stats.causes.Causes.table`.
    """
    table = causes.table.set_index(["attribute", "value"])
    held = [c for c in table if c.startswith("crude_")]
    return table.drop(columns=held).rename(columns=_NAMES)[ROWS]
