"""Satisfaction of groups of customers, each against the others, and of a region's whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm

from aftersales.findings import Severity
from aftersales.metrics import METRICS, available
from aftersales.stats.counts.intervals import nps, proportion_difference, wilson
from aftersales.stats.counts.multiplicity import benjamini_hochberg
from aftersales.stats.like.mantel_haenszel import Z95
from aftersales.studies.scope import Scope
from aftersales.studies.verdict import ACT_P, ACT_Q, WATCH_P, WATCH_Q

PROMOTERS = ("n_promoters", "n_passives", "n_detractors")
# metric -> differences worth acting on and worth watching, where targets.yaml sets none
SIZES = {"csat_rate": (0.10, 0.05), "net_promoter_score": (20.0, 10.0)}


def window(
    scope: Scope,
    metric: str,
    *,
    by: Sequence[str],
    months: int,
    back: int = 0,
    region: str = "",
) -> pd.DataFrame:
    """A metric of the region's last complete months, or of those `back` months earlier.

    Groups with a missing attribute are left out; attributes are text.
    """
    frame = scope.measure(metric, by=by, months=months, back=back, region=region, rolled=False)
    frame = frame.rename(columns={METRICS["csat_rate"].count: "count"})
    return frame.dropna(subset=list(by)).astype(dict.fromkeys(by, str)).reset_index(drop=True)


def by_value_tier(
    scope: Scope, customers: pd.DataFrame, *, by: Sequence[str], months: int
) -> pd.DataFrame:
    """Satisfaction by `by`, which holds "tier", with the tiers of `tiers.value_tiers`."""
    keys = [c for c in by if c != "tier"]
    each = window(scope, "csat_rate", by=[*keys, "customer_id"], months=months)
    tier = customers.astype({"customer_id": str}).set_index("customer_id")["tier"]
    each = each.assign(tier=each["customer_id"].map(tier)).dropna(subset=["tier"])
    table = each.groupby(list(by), as_index=False)[["n", "count"]].sum()
    low, high = wilson(table["count"].to_numpy(), table["n"].to_numpy())
    rate = table["count"] / table["n"]
    return table.assign(rate=rate, rate_low=np.asarray(low), rate_high=np.asarray(high))


def among_others(table: pd.DataFrame, *, within: Sequence[str]) -> pd.DataFrame:
    """``n`` and ``count`` of the other groups with the same `within`, row by row."""
    sums = table[["n", "count"]]
    whole = (
        table.groupby(list(within))[["n", "count"]].transform("sum")
        if within
        else pd.DataFrame([sums.sum()] * len(table), index=table.index)
    )
    return whole - sums


def compared(table: pd.DataFrame, others: pd.DataFrame, *, min_n: int) -> pd.DataFrame:
    """Each group against ``count`` satisfied of ``n`` `others`, aligned row by row.

    Adds ``withheld`` (fewer than `min_n` answers), ``others`` (share), ``difference`` with
    ``low``, ``high`` (Newcombe) and ``p``. A group is not compared, and the others are not shown,
    where either side is smaller than `min_n`: with two groups one gives the other away.
    """
    table = table.assign(withheld=table["n"] < min_n)
    usable = ~table["withheld"] & (others["n"] >= min_n)
    tests = proportion_difference(
        table["count"].where(usable, 0).to_numpy(),
        table["n"].where(usable, 1).to_numpy(),
        others["count"].where(usable, 0).to_numpy(),
        others["n"].where(usable, 1).to_numpy(),
    )
    table["others"] = (others["count"] / others["n"].where(others["n"] > 0)).where(usable)
    for name in ("difference", "low", "high", "p"):
        table[name] = np.where(usable, np.asarray(getattr(tests, name)), np.nan)
    return table


def score_table(scope: Scope, *, months: int) -> pd.DataFrame:
    """Net promoter score by tier, each against the answers of the other tiers (normal test).

    Returns ``tier``, ``n``, ``score`` with interval, ``withheld``, ``others``, ``difference``
    with ``low``, ``high``, ``p``. Empty where recommendations or tiers are not known.
    """
    if not available("net_promoter_score", scope.store, by=["tier"]):
        return pd.DataFrame()
    table = window(scope, "net_promoter_score", by=["tier"], months=months)
    least = scope.profile.target("net_promoter_score").min_n
    counts = table[list(PROMOTERS)]
    rest = pd.DataFrame([counts.sum()] * len(table), index=table.index) - counts
    return score_difference(table, rest, min_n=least).assign(metric="net_promoter_score")


def score_difference(table: pd.DataFrame, rest: pd.DataFrame, *, min_n: int) -> pd.DataFrame:
    """Scores against those of promoters, passives and detractors in `rest`, row by row."""
    table = table.assign(withheld=table["n"] < min_n)
    usable = ~table["withheld"] & (rest.sum(axis=1) >= min_n)
    others, low, high = nps(*(rest[c].to_numpy(float) for c in PROMOTERS))
    error = np.hypot(table["score_high"] - table["score_low"], np.subtract(high, low)) / (2 * Z95)
    table["others"] = pd.Series(others, index=table.index).where(usable)
    table["difference"] = (table["score"] - table["others"]).where(usable)
    table["low"], table["high"] = (table["difference"] + s * Z95 * error for s in (-1, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        table["p"] = 2 * norm.sf(np.abs(table["difference"] / error))
    return table


def levels(scope: Scope, *, months: int) -> pd.DataFrame:
    """The region's satisfaction and net promoter score, against the rest of its parent.

    Returns
    -------
    DataFrame, one row per metric that is known
        ``metric``, ``n``, ``value`` with ``value_low``, ``value_high``, ``withheld``, and for
        regions with a parent ``others``, ``difference``, ``low``, ``high``, ``p`` (else missing).
    """
    parts = [
        _level(scope, metric, months)
        for metric in ("csat_rate", "net_promoter_score")
        if available(metric, scope.store)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _level(scope: Scope, metric: str, months: int) -> pd.DataFrame:
    info, least = METRICS[metric], scope.profile.target(metric).min_n
    own = window(scope, metric, by=[], months=months)
    whole = own
    if scope.parent is not None:
        whole = window(scope, metric, by=[], months=months, region=scope.parent.id)
    if metric == "csat_rate":
        columns = ["n", "count"]
        table = compared(own, whole[columns] - own[columns], min_n=least)
    else:
        table = score_difference(own, whole[list(PROMOTERS)] - own[list(PROMOTERS)], min_n=least)
    named = {info.value: "value", info.low: "value_low", info.high: "value_high"}
    return table.rename(columns=named).assign(metric=metric)


def grade(difference: float, *, p: float, q: float, act: float, watch: float) -> Severity:
    """Severity of a difference of a score that is good when high.

    >>> grade(-0.2, p=0.0001, q=0.001, act=0.1, watch=0.05)
    'act'
    >>> grade(0.2, p=0.0001, q=0.001, act=0.1, watch=0.05)
    'ok'
    """
    if np.isnan(difference) or np.isnan(p):
        return "unknown"
    if difference <= -act and p <= ACT_P and q <= ACT_Q:
        return "act"
    if difference <= -watch and p <= WATCH_P and q <= WATCH_Q:
        return "watch"
    return "ok"


def graded(tables: Sequence[pd.DataFrame], scope: Scope) -> list[pd.DataFrame]:
    """The tables with ``q`` over the p of all of them (one report, one family) and ``severity``.

    Each has ``metric``, ``difference`` and ``p``; the surest difference comes first.
    """
    p = pd.concat(
        [t["p"] for t in tables if len(t)], keys=[i for i, t in enumerate(tables) if len(t)]
    )
    q = pd.Series(benjamini_hochberg(p.to_numpy(float)), index=p.index)
    return [_graded(t.assign(q=q.loc[i]), scope) if len(t) else t for i, t in enumerate(tables)]


def _graded(table: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    severities = []
    for row in table.itertuples():
        target = scope.profile.target(row.metric)
        act, watch = SIZES[row.metric]
        size = {
            "act": target.act_difference or act,
            "watch": target.watch_difference or watch,
        }
        severities.append(grade(row.difference, p=row.p, q=row.q, **size))
    table = table.assign(severity=severities)
    return table.sort_values("p", na_position="last", kind="stable").reset_index(drop=True)
