"""Satisfaction of groups of customers, each against the others, and of a region's whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from aftersales.metrics import available
from aftersales.stats.counts.intervals import nps, proportion_difference
from aftersales.stats.counts.multiplicity import benjamini_hochberg
from aftersales.stats.like.mantel_haenszel import Z95
from aftersales.studies.customers.answers import PROMOTERS, answers, in_all, in_groups
from aftersales.studies.scope import Scope
from aftersales.studies.verdict import judge_difference

# metric -> differences worth acting on and worth watching, where targets.yaml sets none
SIZES = {"csat_rate": (0.10, 0.05), "net_promoter_score": (20.0, 10.0)}


class Satisfaction(NamedTuple):
    """Rows of comparison: ``metric``, ``n`` answers, the value with its interval, ``withheld``
    (too few), ``others`` (the value of what it is compared with), ``difference`` with ``low``,
    ``high``, ``ratio``, ``p``, ``q``, ``excess``, ``severity``; the surest difference first.

    `cells` has one row per group (satisfaction, and ``past``: its own rate in the months before),
    `scores` one per tier (net promoter score), `levels` one per metric that is known: the region
    against the rest of its parent.
    """

    cells: pd.DataFrame
    scores: pd.DataFrame
    levels: pd.DataFrame


def satisfaction(
    scope: Scope, *, by: Sequence[str], months: int, customers: pd.DataFrame
) -> Satisfaction:
    """Groups of `by`, tiers, and the region as a whole, of the last complete months.

    Parameters
    ----------
    by : as `answers.groups` gives it
    customers : their tiers by value (`tiers.value_tiers`), where none are declared
    """
    cells, scores, levels = pd.DataFrame(), pd.DataFrame(), []
    if available("csat_rate", scope.store):
        ranked = "tier" in by and len(customers) > 0
        keys = () if ranked else by
        found = answers(scope, "csat_rate", by=keys, months=months, before=len(keys) > 0)
        levels.append(level(scope, "csat_rate", found))
        if ranked:
            cells = ranked_cells(scope, customers, by=by, months=months)
        elif by:
            cells = own_cells(scope, found, by=by)
    if available("net_promoter_score", scope.store):
        tiers = ["tier"] if available("net_promoter_score", scope.store, by=["tier"]) else []
        found = answers(scope, "net_promoter_score", by=tiers, months=months)
        levels.append(level(scope, "net_promoter_score", found))
        scores = score_table(scope, found) if tiers else scores
    wholes = pd.concat(levels, ignore_index=True) if levels else pd.DataFrame()
    return Satisfaction(*graded([cells, scores, wholes], scope))


def ranked_cells(
    scope: Scope, customers: pd.DataFrame, *, by: Sequence[str], months: int
) -> pd.DataFrame:
    """Satisfaction by `by`, which holds "tier", with the tiers of `tiers.value_tiers`."""
    keys = [c for c in by if c != "tier"]
    each = answers(scope, "csat_rate", by=[*keys, "customer_id"], months=months, beside=False)
    tier = customers.astype({"customer_id": str}).set_index("customer_id")["tier"]
    each = each.dropna(subset=["customer_id"])
    each = each.assign(tier=each["customer_id"].astype(str).map(tier))
    table = in_groups(each, "csat_rate", by=by).assign(past=np.nan)
    return _among_tiers(scope, table, by=by) if len(table) else table


def own_cells(scope: Scope, found: pd.DataFrame, *, by: Sequence[str]) -> pd.DataFrame:
    """Each group of `by` against the other tiers, or without tiers against its own past."""
    here = found[found["here"]]
    table = in_groups(here[~here["past"]], "csat_rate", by=by)
    if table.empty:
        return table
    before = in_groups(here[here["past"]], "csat_rate", by=by)
    before = table[list(by)].merge(before, on=list(by), how="left")
    least = scope.profile.target("csat_rate").min_n
    table = table.assign(past=before["rate"].where(before["n"] >= least))
    if "tier" in by:
        return _among_tiers(scope, table, by=by)
    return compared(table, before[["n", "cases"]].fillna(0), min_n=least).assign(metric="csat_rate")


def _among_tiers(scope: Scope, table: pd.DataFrame, *, by: Sequence[str]) -> pd.DataFrame:
    others = among_others(table, within=[c for c in by if c != "tier"])
    least = scope.profile.target("csat_rate").min_n
    return compared(table, others, min_n=least).assign(metric="csat_rate")


def among_others(table: pd.DataFrame, *, within: Sequence[str]) -> pd.DataFrame:
    """``n`` and ``cases`` of the other groups with the same `within`, row by row."""
    sums = table[["n", "cases"]]
    whole = (
        table.groupby(list(within))[["n", "cases"]].transform("sum")
        if within
        else pd.DataFrame([sums.sum()] * len(table), index=table.index)
    )
    return whole - sums


def compared(table: pd.DataFrame, others: pd.DataFrame, *, min_n: int) -> pd.DataFrame:
    """Each group against ``cases`` satisfied of ``n`` `others`, aligned row by row.

    Adds ``withheld`` (fewer than `min_n` answers), ``others`` (share), ``difference`` with
    ``low``, ``high`` (Newcombe), ``ratio``, ``p`` and ``excess`` (satisfied answers fewer than
    among as many others). A group is not compared, and the others are not shown, where either side
    is smaller than `min_n`: with two groups one gives the other away.
    """
    table = table.assign(withheld=table["n"] < min_n)
    usable = ~table["withheld"] & (others["n"] >= min_n)
    tests = proportion_difference(
        table["cases"].where(usable, 0).to_numpy(),
        table["n"].where(usable, 1).to_numpy(),
        others["cases"].where(usable, 0).to_numpy(),
        others["n"].where(usable, 1).to_numpy(),
    )
    share = (others["cases"] / others["n"].where(others["n"] > 0)).where(usable)
    for name in ("difference", "low", "high", "p"):
        table[name] = np.where(usable, np.asarray(getattr(tests, name)), np.nan)
    ratio = table["cases"] / table["n"].where(usable) / share.where(share > 0)
    return table.assign(others=share, ratio=ratio, excess=-table["difference"] * table["n"])


def score_table(scope: Scope, found: pd.DataFrame) -> pd.DataFrame:
    """Net promoter score by tier, each against the answers of the other tiers (normal test)."""
    table = in_groups(found[found["here"]], "net_promoter_score", by=["tier"])
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
    return table.assign(ratio=np.nan, excess=np.nan)


def level(scope: Scope, metric: str, found: pd.DataFrame) -> pd.DataFrame:
    """One row: the region's answers against the rest of its parent (missing without one)."""
    now, least = found[~found["past"]], scope.profile.target(metric).min_n
    own, rest = in_all(now[now["here"]], metric), in_all(now[~now["here"]], metric)
    if metric == "csat_rate":
        return compared(own, rest, min_n=least).assign(metric=metric)
    return score_difference(own, rest[list(PROMOTERS)], min_n=least).assign(metric=metric)


def graded(tables: Sequence[pd.DataFrame], scope: Scope) -> list[pd.DataFrame]:
    """The tables with ``q`` over the p of all of them (one report, one family) and ``severity``.

    Each has ``metric``, ``difference`` and ``p``; the surest difference comes first.
    """
    if not any(map(len, tables)):
        return list(tables)
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
        severities.append(judge_difference(row.difference, p=row.p, q=row.q, **size))
    table = table.assign(severity=severities)
    return table.sort_values("p", na_position="last", kind="stable").reset_index(drop=True)
