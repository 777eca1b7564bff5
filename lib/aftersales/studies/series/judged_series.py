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
from aftersales.studies.series.monthly import Series, dated
from aftersales.studies.verdict import ACT_P, ACT_Q, WATCH_P, WATCH_Q, judge

COST_MONTHS = 12  # over which the cost of a case is averaged
AGE_MATTERS = 1.1  # times, from which the part of a rise that goes with age is taken out


def judged_table(
    series: Sequence[Series], scope: Scope, *, split_by: str, months: int
) -> tuple[pd.DataFrame, list[Series]]:
    """One row per series that could be judged, the most urgent first; see `trend.Trend.table`.

    The second part are all series, with those that changed dated (`monthly.dated`). A rise of
    faults is corrected for the age of the units where that matters (`ageing`); one that ages alone
    may explain is never called `act`.
    """
    known = [s for s in series if s.change is not None]
    if not known:
        return pd.DataFrame(), list(series)
    q = benjamini_hochberg([s.p for s in known])
    sure = [_changed(s, chance) for s, chance in zip(known, q, strict=True)]
    known = [dated(s) if changed else s for s, changed in zip(known, sure, strict=True)]
    factors = pd.Series(1.0, index=range(len(known)))
    changed = [i for i, is_sure in enumerate(sure) if is_sure]
    factors[changed] = age_factors(scope, [known[i] for i in changed], months=months)
    cost = {m: cost_per_case(scope, m, months=COST_MONTHS) for m in {s.metric for s in known}}
    rows = [
        _row(s, split_by, cost[s.metric], factor) for s, factor in zip(known, factors, strict=True)
    ]
    table = pd.DataFrame(rows).assign(q=q)
    table["severity"] = [_severity(scope, row) for row in table.to_dict("records")]
    order = table["severity"].map({"act": 0, "watch": 1, "ok": 2, "unknown": 3})
    table = table.assign(order=order).sort_values(["order", "p"]).drop(columns="order")
    return table.reset_index(drop=True), [*known, *(s for s in series if s.change is None)]


def _changed(series: Series, q: float) -> bool:
    """Whether a series rose, or clearly fell, surely enough to ask since when."""
    if series.change.ratio > 1:
        return series.p <= WATCH_P and q <= WATCH_Q
    return series.p <= ACT_P and q <= ACT_Q


def _row(series: Series, split_by: str, each: float | None, factor: float) -> dict:
    change = series.change
    subject = {"region": series.subject.get("region", "")}
    if split_by:
        subject[split_by] = series.subject.get(split_by, "")
    matters = factor > AGE_MATTERS or factor < 1 / AGE_MATTERS
    by = factor if matters else 1.0
    expected = change.expected / by
    excess = change.count - expected
    return {
        "metric": series.metric,
        **subject,
        "months": series.months,
        "start": series.start,
        "n": series.n,
        "count": change.count,
        "expected": expected,
        "excess": excess,
        "cost": cost_of(excess, each),
        "ratio": change.ratio * by,
        "low": change.low * by,
        "high": change.high * by,
        "p": series.p,
        "rung": change.rung,
        "crude_ratio": change.ratio,
        "comparable": not math.isnan(factor),
        "shape": series.onset.shape if series.onset else "",
    }


def _severity(scope: Scope, row: dict) -> str:
    share = METRICS[row["metric"]].kind == "proportion"
    severity = judge(
        row["ratio"],
        p=row["p"],
        q=row["q"],
        cases=row["count"],
        target=scope.profile.target(row["metric"]),
        difference=row["excess"] / row["n"] if share and row["n"] else None,
    )
    corrected = row["ratio"] != row["crude_ratio"]
    unsure = not row["comparable"] or (corrected and not row["low"] > 1)
    return "watch" if severity == "act" and unsure else severity
