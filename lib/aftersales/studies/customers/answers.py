"""What customers answered: counted by group in a region, in what its parent has beside it, before.

One reading of the answers serves groups, wholes and what both are compared with.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from aftersales.metrics import METRICS, available, measure
from aftersales.metrics.counting.engines import with_wilson_interval
from aftersales.stats.counts.intervals import nps
from aftersales.studies.scope import Scope

PROMOTERS = ("n_promoters", "n_passives", "n_detractors")
COUNTS = {"csat_rate": ("cases",), "net_promoter_score": PROMOTERS}  # beside ``n`` answers


def answers(
    scope: Scope,
    metric: str,
    *,
    by: Sequence[str],
    months: int,
    before: bool = False,
    beside: bool = True,
) -> pd.DataFrame:
    """Answers of the last complete months, by group.

    Parameters
    ----------
    metric : "csat_rate" or "net_promoter_score"
    before : also those of as many months earlier
    beside : also those of the rest of the region's parent

    Returns
    -------
    DataFrame, one row per group, place and time
        `by`, ``here`` (in the region, else in the rest of its parent), ``past`` (in the months
        before), ``n`` answers and the counts that `COUNTS` names: ``cases`` satisfied, or
        promoters, passives and detractors. Missing attributes are groups of their own.
    """
    place = (scope.parent if beside else None) or scope.region
    split = place != scope.region and scope.store.has("surveys", "region")
    table = measure(
        metric,
        scope.store,
        region=place.id,
        by=[*by, *(["region"] if split else [])],
        as_of=scope.last_day,
        months=months * (2 if before else 1),
        monthly=before,
    ).rename(columns={METRICS["csat_rate"].count: "cases"})
    members = scope.profile.regions.members(scope.region.id)
    table["here"] = table["region"].isin(members) if split else True
    table["past"] = table["month"] < scope.months(months)[0] if before else False
    counts = ["n", *COUNTS[metric]]
    return table.groupby([*by, "here", "past"], dropna=False, as_index=False)[counts].sum()


def in_groups(answered: pd.DataFrame, metric: str, *, by: Sequence[str]) -> pd.DataFrame:
    """The metric by group; rows with a missing attribute are left out, attributes are text."""
    rows = answered.dropna(subset=list(by)).astype(dict.fromkeys(by, str))
    counts = ["n", *COUNTS[metric]]
    return with_value(rows.groupby(list(by), as_index=False)[counts].sum(), metric)


def in_all(answered: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The metric over all answers: one row."""
    sums = answered[["n", *COUNTS[metric]]].sum()
    return with_value(sums.to_frame().T, metric)


def with_value(counts: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The counts with the metric's value and its 95 % interval."""
    if metric == "net_promoter_score":
        score, low, high = nps(*(counts[name].to_numpy() for name in PROMOTERS))
        return counts.assign(score=score, score_low=low, score_high=high)
    return with_wilson_interval(counts, hits="cases")


def groups(scope: Scope, *, ranked: bool) -> tuple[str, ...]:
    """What satisfaction can be split by: touchpoint and tier, or one of them; () without any.

    `ranked` customers have tiers by their orders, where none are declared.
    """
    store = scope.store
    if not available("csat_rate", store):
        return ()
    if ranked and available("csat_rate", store, by=["customer_id"]):
        with_touchpoint = available("csat_rate", store, by=["touchpoint"])
        return ("touchpoint", "tier") if with_touchpoint else ("tier",)
    for by in (("touchpoint", "tier"), ("tier",), ("touchpoint",), ("channel",)):
        if available("csat_rate", store, by=list(by)):
            return by
    return ()
