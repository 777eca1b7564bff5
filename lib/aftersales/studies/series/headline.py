"""The rate a trend report is about: by month beside those above it, its season, rate and mix."""

from __future__ import annotations

import math

import pandas as pd

from aftersales.metrics import METRICS
from aftersales.stats.counts.intervals import rate_ratio
from aftersales.stats.like.rate_and_mix import RateAndMix, rate_and_mix
from aftersales.stats.series.control_chart import ControlChart, u_chart
from aftersales.stats.series.season import Season, decompose_season, deseasonalise
from aftersales.studies.scope import Scope
from aftersales.studies.series.monthly import YEAR
from aftersales.studies.series.monthly_tables import monthly_table, total

PEERS = ["of", "cases", "at_risk", "expected", "ratio", "low", "high", "p", "excess", "evidence"]


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


def peers(
    scope: Scope, metric: str, *, own: pd.DataFrame, parent: pd.DataFrame, company: pd.DataFrame
) -> pd.DataFrame:
    """The last year against that of the rest of the parent, and of the rest of the company.

    One crude row of comparison each: ``of`` "parent" (unless that is the company) and "company".
    Without products and ages held equal no excess is claimed. Rates only; none where there is too
    little to compare with, and where there is of the parent none of the company either.
    """
    if scope.parent is None or METRICS[metric].kind != "rate":
        return pd.DataFrame(columns=PEERS)
    wholes = {"parent": parent} if scope.parent.parent else {}
    rows = []
    for of, whole in (wholes | {"company": company}).items():
        row = _against(scope, metric, own, whole)
        if row is None:
            break
        rows.append({"of": of, **row, "excess": math.nan, "evidence": "C"})
    return pd.DataFrame(rows, columns=PEERS)


def _against(scope: Scope, metric: str, own: pd.DataFrame, whole: pd.DataFrame) -> dict | None:
    """The last year's rate over that of the rest of a whole; None with too little of either."""
    year = scope.months(YEAR)
    here, everywhere = (f[f["month"].isin(year)][["bad", "n"]].sum() for f in (own, whole))
    rest = everywhere - here
    least = max(scope.profile.target(metric).min_n, 1e-9)
    if min(rest["n"], here["n"]) < least or rest["bad"] <= 0:
        return None
    test = rate_ratio(here["bad"], here["n"], rest["bad"], rest["n"])
    expected = rest["bad"] / rest["n"] * here["n"]
    sizes = {"cases": here["bad"], "at_risk": here["n"], "expected": expected}
    return sizes | test._asdict()


def control(metric: str, monthly: pd.DataFrame) -> ControlChart | None:
    """Control chart of what goes wrong, season taken out; limits from all but 12 months.

    Counts are charted per month of 30 days; None without a month.
    """
    if monthly.empty:
        return None
    bad, n = monthly["bad"].to_numpy(float), monthly["n"].to_numpy(float)
    factor = deseasonalise(bad, n)["factor"].to_numpy()
    months = pd.DatetimeIndex(monthly["month"])
    return u_chart(
        pd.Series(bad, index=months),
        pd.Series(n * factor, index=months),
        per={"rate": 1000.0, "count": 30.0}.get(METRICS[metric].kind, 1.0),
        measure=metric,
        baseline=max(len(months) - YEAR, YEAR) if len(months) > YEAR else None,
    )
