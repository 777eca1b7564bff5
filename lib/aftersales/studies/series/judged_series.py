"""The table of judged series: which of them rose, since when, by how much and at what price."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from aftersales.metrics import METRICS
from aftersales.stats.counts.multiplicity import benjamini_hochberg
from aftersales.studies.cost import cost_of, cost_per_case
from aftersales.studies.scope import Scope
from aftersales.studies.series.ageing import age_factors
from aftersales.studies.series.echoes import PLACE, echoes
from aftersales.studies.series.monthly import Series, dated, evidence
from aftersales.studies.verdict import (
    ACT_P,
    ACT_Q,
    WATCH_P,
    WATCH_Q,
    judged,
    most_urgent_first,
    urgent,
)

COST_MONTHS = 12  # over which the cost of a case is averaged
AGE_MATTERS = 1.1  # times, from which the part of a rise that goes with age is taken out
COLUMNS = [
    *(*PLACE, "months", "start", "cases", "at_risk", "expected", "ratio", "low", "high", "p", "q"),
    *("excess", "cost", "severity", "evidence", "crude_ratio", "rung", "shape", "comparable"),
    *("fell", "echo"),
]


def judged_table(
    series: Sequence[Series], scope: Scope, *, months: int
) -> tuple[pd.DataFrame, list[Series]]:
    """One row of comparison per series that could be judged, the most urgent first.

    Beside the usual columns: ``metric``, ``region`` and ``part`` ("" is all of them), ``months`` of
    the window and its ``start``, ``crude_ratio`` (the age of the units not allowed for), ``rung``
    and ``shape`` (see `stats.series`), ``comparable`` (whether the past has units of that age),
    ``fell`` (clearly below its past) and ``echo`` (what rose or fell and only says again what
    another row says). A rise of faults is corrected for the age of the units where that matters
    (`ageing`); one that ages alone may explain is never called `act`.

    The second part are all series, with those that changed dated (`monthly.dated`).
    """
    known = [s for s in series if s.change is not None]
    if not known:
        return pd.DataFrame(columns=COLUMNS), list(series)
    q = benjamini_hochberg([s.p for s in known])
    sure = [_changed(s, chance) for s, chance in zip(known, q, strict=True)]
    known = [dated(s) if changed else s for s, changed in zip(known, sure, strict=True)]
    factors = pd.Series(1.0, index=range(len(known)))
    changed = [i for i, is_sure in enumerate(sure) if is_sure]
    factors[changed] = age_factors(scope, [known[i] for i in changed], months=months)
    cost = {m: cost_per_case(scope, m, months=COST_MONTHS) for m in {s.metric for s in known}}
    rows = [_row(s, cost[s.metric], factor) for s, factor in zip(known, factors, strict=True)]
    table = judged(pd.DataFrame(rows).assign(q=q), target=scope.profile.target)
    corrected = table["ratio"].ne(table["crude_ratio"])
    unsure = ~table["comparable"] | (corrected & ~table["low"].gt(1))
    table["severity"] = table["severity"].mask(table["severity"].eq("act") & unsure, "watch")
    unjudged = [s for s in series if s.change is None]
    return _told_apart(most_urgent_first(table), scope)[COLUMNS], [*known, *unjudged]


def _changed(series: Series, q: float) -> bool:
    """Whether a series rose, or clearly fell, surely enough to ask since when."""
    if series.change.ratio > 1:
        return series.p <= WATCH_P and q <= WATCH_Q
    return series.p <= ACT_P and q <= ACT_Q


def _row(series: Series, each: float | None, factor: float) -> dict:
    change = series.change
    matters = factor > AGE_MATTERS or factor < 1 / AGE_MATTERS
    by = factor if matters else 1.0
    expected = change.expected / by
    excess = change.count - expected
    share = METRICS[series.metric].kind == "proportion" and series.at_risk
    return {
        **series.place,
        "months": series.months,
        "start": series.start,
        "cases": change.count,
        "at_risk": series.at_risk,
        "expected": expected,
        "ratio": change.ratio * by,
        "low": change.low * by,
        "high": change.high * by,
        "p": series.p,
        "excess": excess,
        "difference": excess / series.at_risk if share else math.nan,
        "cost": cost_of(excess, each),
        "evidence": evidence(change.rung),
        "crude_ratio": change.ratio,
        "rung": change.rung,
        "shape": series.onset.shape if series.onset else "",
        "comparable": not math.isnan(factor),
    }


def _told_apart(table: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """The table with ``fell`` and ``echo``."""
    small = [1 / scope.profile.target(m).watch_ratio for m in table["metric"]]
    sure = table["p"].le(ACT_P) & table["q"].le(ACT_Q)
    table = table.assign(fell=sure & table["ratio"].le(small), echo=False)
    for part in (urgent(table), table[table["fell"]]):
        table.loc[part.index, "echo"] = echoes(part)
    return table
