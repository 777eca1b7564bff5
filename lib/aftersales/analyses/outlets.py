"""Service outlets among their peers: how long, how punctual, how lasting."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from aftersales.analyses.monthly import bad_count
from aftersales.analyses.scope import Scope
from aftersales.analyses.verdict import judge
from aftersales.metrics import METRICS, available, measure
from aftersales.stats.adjust import Z95, robust_dispersion, stratified_ratios
from aftersales.stats.multiplicity import benjamini_hochberg

DURATIONS = ("turnaround_days",)
SHARES = ("sla_attainment_rate", "repeat_repair_rate")
COLUMNS = [
    *("outlet", "metric", "n", "value", "value_low", "value_high", "peers", "ratio", "low", "high"),
    *("p", "q", "severity"),
]


def outlet_table(scope: Scope, *, months: int) -> pd.DataFrame:
    """Every outlet of a region on each service metric, against all outlets of the company.

    Returns one row per outlet and metric: ``n`` cases, ``value`` with interval (median days, or
    share of misses), ``peers`` (the same of all outlets), ``ratio`` with interval, ``p``, ``q``
    over all rows,
    ``severity``. The spread between outlets is taken from the data, so an outlet is only called
    slow when it stands out from how outlets differ anyway. Below `min_n` it is not judged.
    """
    parts = [_slow(scope, m, months) for m in DURATIONS if available(m, scope.store, by=["outlet"])]
    parts += [_misses(scope, m, months) for m in SHARES if available(m, scope.store, by=["outlet"])]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.concat(parts, ignore_index=True)
    table = table[table["inside"]].reset_index(drop=True)
    table["q"] = benjamini_hochberg(table["p"].to_numpy())
    table["severity"] = [
        judge(r.ratio, p=r.p, q=r.q, cases=r.n, target=scope.profile.target(r.metric))
        for r in table.itertuples()
    ]
    return table[COLUMNS]


def _measured(scope: Scope, metric: str, months: int, region: str | None) -> pd.DataFrame:
    frame = measure(
        metric,
        scope.store,
        region=region,
        by=["outlet"],
        as_of=scope.last_month + pd.offsets.MonthEnd(0),
        months=months,
    )
    return frame.dropna(subset=["outlet"]).assign(outlet=lambda f: f["outlet"].astype(str))


def _all_outlets(scope: Scope, metric: str, months: int) -> pd.DataFrame:
    """The metric by outlet in the whole company; `inside` marks the outlets of the region."""
    company = _measured(scope, metric, months, None)
    own = _measured(scope, metric, months, scope.region.id)
    least = scope.profile.target(metric).min_n
    company = company[company["n"] >= least].reset_index(drop=True)
    return company.assign(inside=company["outlet"].isin(own["outlet"]), metric=metric)


def _slow(scope: Scope, metric: str, months: int) -> pd.DataFrame:
    """Medians on the log scale against the median outlet, in units of their own uncertainty."""
    info, table = METRICS[metric], _all_outlets(scope, metric, months)
    value, low, high = (table[c].to_numpy(float) for c in (info.value, info.low, info.high))
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.nanmedian(np.log(value)) if len(value) else np.nan
        error = np.log(high / low) / (2 * Z95)
        z = (np.log(value) - centre) / error
    phi = robust_dispersion(z)
    spread = np.exp(Z95 * error * np.sqrt(phi))
    ratio = np.exp(np.log(value) - centre)
    return table.assign(
        value=value,
        value_low=low,
        value_high=high,
        peers=np.exp(centre),
        ratio=ratio,
        low=ratio / spread,
        high=ratio * spread,
        p=2 * norm.sf(np.abs(z) / np.sqrt(phi)),
    )


def _misses(scope: Scope, metric: str, months: int) -> pd.DataFrame:
    """Share of misses against that of all other outlets."""
    table = _all_outlets(scope, metric, months)
    if table.empty:
        return table.assign(**{c: pd.Series(dtype=float) for c in COLUMNS[3:11]})
    cells = table.assign(bad=bad_count(table, metric=metric))
    found = stratified_ratios(cells, count="bad", exposure="n", attribute="outlet", strata=[])
    found = found.set_index("value").loc[table["outlet"]].reset_index()
    share = (cells["bad"] / cells["n"]).to_numpy()
    return table.assign(
        value=share,
        value_low=share * (found["low"] / found["ratio"]).to_numpy(),
        value_high=share * (found["high"] / found["ratio"]).to_numpy(),
        peers=cells["bad"].sum() / cells["n"].sum(),
        **{c: found[c].to_numpy() for c in ("ratio", "low", "high", "p")},
    )
