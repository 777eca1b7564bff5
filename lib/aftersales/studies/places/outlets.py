"""Service outlets among their peers: how long, how punctual, how lasting."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from aftersales.metrics import METRICS, available, measure
from aftersales.metrics.additive import ADDITIVE
from aftersales.metrics.cells import count_rows
from aftersales.metrics.counting.company import once
from aftersales.stats.counts.intervals import wilson
from aftersales.stats.like.mantel_haenszel import Z95, robust_dispersion, stratified_ratios
from aftersales.studies.scope import Scope
from aftersales.studies.series.monthly import bad_count
from aftersales.studies.verdict import judged, most_urgent_first

DURATIONS = ("turnaround_days",)
SHARES = ("sla_attainment_rate", "repeat_repair_rate")
_MEASURED = [
    *("outlet", "metric", "cases", "at_risk", "expected", "value", "value_low", "value_high"),
    *("peers", "ratio", "low", "high", "p", "excess", "few"),
]
COLUMNS = [*_MEASURED, "q", "severity", "evidence"]
SERVICE = (*DURATIONS, *SHARES)
MOSTLY = 0.5  # share of an outlet's cases that must lie in a region for it to be the region's


def judged_outlets(scope: Scope, *, months: int) -> pd.DataFrame:
    """Every outlet of a region on each service metric, against all outlets of the company.

    Returns one row per outlet and metric, the most urgent first: ``cases`` (misses; of a duration
    all) of ``at_risk``, ``expected`` (misses at the rate of peers), ``value`` with interval (median
    days, or share of misses), ``peers`` (the same of all outlets), ``ratio`` with interval, ``p``,
    ``q`` over all rows, ``excess`` (misses beyond the expected), ``few``, ``severity``,
    ``evidence`` (C: outlets are not adjusted for what they repair). The spread between outlets is
    taken from the data, so an outlet is only called slow when it stands out from how outlets differ
    anyway. Below `min_n` it is ``few``, and its row holds no numbers.
    """
    metrics = [m for m in SERVICE if available(m, scope.store, by=["outlet"])]
    parts = [_compared(_all_outlets(scope, m, months), m) for m in metrics]
    if not parts:
        return pd.DataFrame(columns=COLUMNS).astype({"few": bool})
    table = pd.concat(parts, ignore_index=True)
    table = table[table["inside"]].reindex(columns=[*_MEASURED, "difference"])
    found = judged(table.assign(evidence="C"), target=scope.profile.target)
    return most_urgent_first(found)[COLUMNS]


def _compared(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The outlets compared with each other; those that are few, by their names only."""
    few = table.loc[table["few"] & table["n"].gt(0), ["outlet", "metric", "inside", "few"]]
    large = table[~table["few"]].reset_index(drop=True)
    if large.empty:
        return few
    found = _slow(large, metric) if metric in DURATIONS else _misses(large, metric)
    return pd.concat([found, few]) if len(few) else found


def _measured(scope: Scope, metric: str, months: int) -> pd.DataFrame:
    """The metric by outlet in the company: once for all regions."""
    window = scope.profile.target(metric).window_days
    call = {"by": ["outlet"], "as_of": scope.last_day, "months": months}

    def table() -> pd.DataFrame:
        frame = measure(metric, scope.store, **call)
        return frame.dropna(subset=["outlet"]).assign(outlet=lambda f: f["outlet"].astype(str))

    return once(scope.store, ("outlets", metric, scope.last_day, months, window), table)


def _all_outlets(scope: Scope, metric: str, months: int) -> pd.DataFrame:
    """The metric by outlet in the whole company.

    ``inside`` marks the outlets that have most of their cases in the region, ``few`` those below
    the target's `min_n`.
    """
    company = _measured(scope, metric, months)
    share = _share_inside(scope, metric, months)
    return company.assign(
        inside=company["outlet"].map(share).fillna(0.0) > MOSTLY,
        few=company["n"] < scope.profile.target(metric).min_n,
        metric=metric,
    )


def _share_inside(scope: Scope, metric: str, months: int) -> pd.Series:
    """Share of the cases of each outlet, by its name, that lie in the region.

    Of a metric that cannot be added up over places, all rows of its table stand for its cases.
    """
    root, table = scope.profile.regions.root.id, METRICS[metric].main
    by = ["outlet", *(["region"] if scope.store.has(table, "region") else [])]
    if metric in ADDITIVE:
        found = scope.measure(metric, by=by, months=months, region=root, rolled=False)
    else:
        asked = scope.rows(months=months, region=root)
        found = count_rows(asked, table, by=[*by, "month"])
        found = found[found["month"] >= asked.start]
    found = found.dropna(subset=["outlet"])
    sums = found.groupby(found["outlet"].astype(str))["n"].sum()
    if scope.parent is None or "region" not in by:
        return sums / sums
    own = found[found["region"].isin(scope.profile.regions.members(scope.region.id))]
    return own.groupby(own["outlet"].astype(str))["n"].sum() / sums


def _slow(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Medians on the log scale against the median outlet, in units of their own uncertainty."""
    info = METRICS[metric]
    value, low, high = (table[c].to_numpy(float) for c in (info.value, info.low, info.high))
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.nanmedian(np.log(np.where(value > 0, value, np.nan)))
        error = np.log(high / low) / (2 * Z95)
        z = (np.log(value) - centre) / error
    phi = robust_dispersion(z)
    spread = np.exp(Z95 * error * np.sqrt(phi))
    ratio = np.exp(np.log(np.where(value > 0, value, np.nan)) - centre)
    return table.assign(
        cases=table["n"],
        at_risk=table["n"],
        expected=np.nan,
        value=value,
        value_low=low,
        value_high=high,
        peers=np.exp(centre),
        ratio=ratio,
        low=ratio / spread,
        high=ratio * spread,
        p=2 * norm.sf(np.abs(z) / np.sqrt(phi)),
        excess=np.nan,
        difference=np.nan,
    )


def _misses(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Share of misses against that of all other outlets."""
    cells = table.assign(cases=bad_count(table, metric=metric), at_risk=table["n"])
    counted = {"count": "cases", "exposure": "at_risk"}
    found = stratified_ratios(cells, **counted, attribute="outlet", strata=[])
    found = found.set_index("value").loc[table["outlet"]].reset_index()
    cases, n = cells["cases"], cells["at_risk"]
    low, high = wilson(cases.to_numpy(), n.to_numpy())
    peers = (cases.sum() - cases) / (n.sum() - n)
    return cells.assign(
        expected=n * peers,
        value=cases / n,
        value_low=low,
        value_high=high,
        peers=peers,
        **{c: found[c].to_numpy() for c in ("ratio", "low", "high", "p")},
        excess=cases - n * peers,
        difference=cases / n - peers,
    )
