"""Does a rise go with the age of the units? The same months against the past at equal age."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from aftersales.stats.like.mantel_haenszel import stratified_ratios
from aftersales.studies.scope import Scope
from aftersales.studies.series.monthly import Series
from aftersales.studies.strata import fault_study

METRIC = "faults_per_1000"
SEEN = 0.5  # share of recent cases at ages that the past knows, below which it is no comparison


def age_factors(scope: Scope, rises: Sequence[Series], *, months: int) -> list[float]:
    """For each series the ratio that is left once age is held equal, over the ratio without.

    A fleet that grows older together fails more (or less) every month without any news. The
    recent months are compared with the earlier ones within product and region, and again within
    age bands too (Mantel-Haenszel); their quotient corrects the ratio of the series. It is 1 where
    the ages are not known, and NaN where most recent cases are of ages that the past never saw.
    """
    if not any(s.metric == METRIC for s in rises):
        return [1.0] * len(rises)
    study = fault_study(scope, months=months, attributes=("region",))
    if study is None or "age" not in study.cells:
        return [1.0] * len(rises)
    return [_factor(study.cells, s) if s.metric == METRIC else 1.0 for s in rises]


def _factor(cells: pd.DataFrame, series: Series) -> float:
    if not set(series.subject) <= set(cells.columns):
        return 1.0
    for name, value in series.subject.items():
        cells = cells[cells[name].astype(str) == value]
    marked = cells.assign(when=np.where(cells["month"] >= series.start, "recent", "past"))
    mix = [c for c in ("product", "region") if c in cells]
    crude, aged = (_recent(marked, [*mix, *more]) for more in ([], ["age"]))
    if crude is None or aged is None or aged["compared"] < SEEN * crude["compared"]:
        return math.nan
    factor = aged["ratio"] / crude["ratio"]
    return float(factor) if np.isfinite(factor) and factor > 0 else math.nan


def _recent(marked: pd.DataFrame, strata: list[str]) -> pd.Series | None:
    table = stratified_ratios(
        marked, count="count", exposure="exposure", attribute="when", strata=strata
    ).set_index("value")
    return table.loc["recent"] if "recent" in table.index else None
