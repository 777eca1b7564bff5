"""Service outlets among their peers: how long, how punctual, how lasting."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from aftersales.metrics import METRICS, available, measure
from aftersales.metrics.counting.company import once
from aftersales.stats.counts.intervals import wilson
from aftersales.stats.counts.multiplicity import benjamini_hochberg
from aftersales.stats.like.mantel_haenszel import Z95, robust_dispersion, stratified_ratios
from aftersales.studies.scope import Scope
from aftersales.studies.series.monthly import bad_count
from aftersales.studies.verdict import judge

DURATIONS = ("turnaround_days",)
SHARES = ("sla_attainment_rate", "repeat_repair_rate")
COLUMNS = [
    *("outlet", "metric", "n", "value", "value_low", "value_high", "peers", "ratio", "low", "high"),
    *("p", "q", "excess", "severity"),
]
MOSTLY = 0.5  # share of an outlet's cases that must lie in a region for it to be the region's


def outlet_table(scope: Scope, *, months: int) -> pd.DataFrame:
    """Every outlet of a region on each service metric, against all outlets of the company.

    Returns one row per outlet and metric: ``n`` cases, ``value`` with interval (median days, or
    share of misses), ``peers`` (the same of all outlets), ``ratio`` with interval, ``p``, ``q``
    over all rows, ``excess`` (misses beyond those of peers), ``severity``. The spread between
    outlets is taken from the data, so an outlet is only called slow when it stands out from how
    outlets differ anyway. Below `min_n` it is not judged and not listed; ``attrs["few"]`` counts
    those comparisons.
    """
    metrics = [m for m in (*DURATIONS, *SHARES) if available(m, scope.store, by=["outlet"])]
    found = [_all_outlets(scope, m, months) for m in metrics]
    parts = [_slow(t, m) if m in DURATIONS else _misses(t, m) for t, m in _filled(found, metrics)]
    few = sum(int((t["inside"] & t["few"] & t["n"].gt(0)).sum()) for t in found)
    if not parts:
        table = pd.DataFrame(columns=COLUMNS)
        table.attrs["few"] = few
        return table
    table = pd.concat(parts, ignore_index=True)
    table = table[table["inside"]].reset_index(drop=True)
    table["q"] = benjamini_hochberg(table["p"].to_numpy())
    table["severity"] = [_severity(scope, row) for row in table.itertuples()]
    table = table[COLUMNS]
    table.attrs["few"] = few
    return table


def _filled(tables: list[pd.DataFrame], metrics: list[str]) -> list[tuple[pd.DataFrame, str]]:
    """The outlets large enough to judge, by metric; metrics without any are left out."""
    large = [t[~t["few"]].reset_index(drop=True) for t in tables]
    return [(t, m) for t, m in zip(large, metrics, strict=True) if len(t)]


def _severity(scope: Scope, row) -> str:
    share = row.metric in SHARES
    return judge(
        row.ratio,
        p=row.p,
        q=row.q,
        cases=row.value * row.n if share else row.n,
        target=scope.profile.target(row.metric),
        difference=row.value - row.peers if share else None,
    )


def _measured(scope: Scope, metric: str, months: int, *by: str) -> pd.DataFrame:
    """The metric by outlet, and what else is asked for, in the company: once for all regions."""
    window = scope.profile.target(metric).window_days
    call = {"by": ["outlet", *by], "as_of": scope.last_day, "months": months}

    def table() -> pd.DataFrame:
        frame = measure(metric, scope.store, **call)
        return frame.dropna(subset=["outlet"]).assign(outlet=lambda f: f["outlet"].astype(str))

    return once(scope.store, ("outlets", metric, by, scope.last_day, months, window), table)


def _all_outlets(scope: Scope, metric: str, months: int) -> pd.DataFrame:
    """The metric by outlet in the whole company.

    ``inside`` marks the outlets that have most of their cases in the region, ``few`` those below
    the target's `min_n`.
    """
    company = _measured(scope, metric, months)
    own = company.set_index("outlet")["n"]
    if scope.parent is not None and scope.store.has(METRICS[metric].main, "region"):
        places = _measured(scope, metric, months, "region")
        inside = places["region"].isin(scope.profile.regions.members(scope.region.id))
        own = places[inside].groupby("outlet")["n"].sum()
    share = company["outlet"].map(own).fillna(0) / company["n"].where(company["n"] > 0)
    return company.assign(
        inside=share > MOSTLY,
        few=company["n"] < scope.profile.target(metric).min_n,
        metric=metric,
    )


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
        value=value,
        value_low=low,
        value_high=high,
        peers=np.exp(centre),
        ratio=ratio,
        low=ratio / spread,
        high=ratio * spread,
        p=2 * norm.sf(np.abs(z) / np.sqrt(phi)),
        excess=np.nan,
    )


def _misses(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Share of misses against that of all other outlets."""
    cells = table.assign(bad=bad_count(table, metric=metric))
    found = stratified_ratios(cells, count="bad", exposure="n", attribute="outlet", strata=[])
    found = found.set_index("value").loc[table["outlet"]].reset_index()
    share = (cells["bad"] / cells["n"]).to_numpy()
    low, high = wilson(cells["bad"].to_numpy(), cells["n"].to_numpy())
    others = (cells["bad"].sum() - cells["bad"]) / (cells["n"].sum() - cells["n"])
    return table.assign(
        value=share,
        value_low=low,
        value_high=high,
        peers=others.to_numpy(),
        **{c: found[c].to_numpy() for c in ("ratio", "low", "high", "p")},
        excess=(cells["bad"] - cells["n"] * others).to_numpy(),
    )
