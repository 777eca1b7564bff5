"""The rate a trend report is about: by month beside those above it, its season, rate and mix."""

from __future__ import annotations

import pandas as pd

from aftersales.metrics import METRICS
from aftersales.stats.like.rate_and_mix import RateAndMix, rate_and_mix
from aftersales.stats.series.season import Season, decompose_season
from aftersales.studies.scope import Scope
from aftersales.studies.series.monthly_tables import monthly_table, total

YEAR = 12


def lines(scope: Scope, metric: str, months: int) -> list[pd.DataFrame]:
    """The rate of the region, of its parent and of the company."""
    own, root = scope.region.id, scope.profile.regions.root.id
    wanted = [own, scope.parent.id if scope.parent else own, root]
    found = {r: total(scope, metric, months=months, region=r) for r in dict.fromkeys(wanted)}
    return [found[region] for region in wanted]


def season_of(monthly: pd.DataFrame) -> Season:
    """The season of the longest stretch without a gap that ends with the last month."""
    rate = monthly.set_index("month")["rate"]
    step = rate.index.to_series().diff().dt.days.gt(31)
    return decompose_season(rate[step.cumsum() == step.cumsum().max()])


def mix_of(scope: Scope, metric: str, split_by: str, months: int) -> RateAndMix | None:
    """The last twelve months against the twelve before; None where either has no exposure."""
    info = METRICS[metric]
    if not split_by or months < 2 * YEAR or info.kind not in ("rate", "proportion"):
        return None
    table = monthly_table(scope, metric, by=[split_by], months=months).dropna(subset=[split_by])
    span = scope.months(2 * YEAR)
    sums = [
        table[table["month"].isin(part)].groupby(split_by, as_index=False)[[info.count, "n"]].sum()
        for part in (span[:YEAR], span[YEAR:])
    ]
    if any(s["n"].sum() == 0 for s in sums):
        return None
    return rate_and_mix(*sums, by=[split_by], count=info.count, exposure="n")
