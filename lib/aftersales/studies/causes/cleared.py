"""Values that look guilty at first sight and are not, and why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from aftersales.stats.causes.causes import Causes
from aftersales.stats.causes.search import raw_ratios
from aftersales.studies.strata import Study

GUILTY_P = 0.01
GUILTY_RATIO = 1.2
GUILTY_CASES = 10.0
COLUMNS = [
    *("attribute", "value", "cases", "crude_ratio", "seen_as", "ratio", "low", "high"),
    *("shadow_of", "reason", "missing_cases", "missing_at_risk"),
]


def cleared(
    study: Study, causes: Causes, *, rows: pd.DataFrame, lacks: pd.DataFrame
) -> pd.DataFrame:
    """One row per value that stood out at first sight, and is no cause; most cases first.

    `rows` are those of `searched.rows_of`, `lacks` what `searched.missing` gives.

    Returns ``attribute``, ``value``, ``cases``, ``crude_ratio`` (at first sight: ratio of its rate
    to that of all others with nothing held equal, and what the rate was, ``seen_as``: "time", per
    time at risk; "unit", per unit in the field, as one reads it off a list of failures), ``ratio``
    with ``low`` and ``high`` (adjusted), ``shadow_of`` (attribute=value of a cause), ``reason``
    ("shadow", "recorded": filled in only for failures, "time": it had more time in service, "mix":
    product, model, age, month or region, "chance"), ``missing_cases``, ``missing_at_risk``. Of
    attributes without a guilty value and without a cause the value that came nearest is given.
    """
    judged = rows[["shadow_of", "ratio", "low", "high", "rank"]]
    found = _first_sight(study, causes).join(judged, on=["attribute", "value"])
    found = found.join(lacks[["cases", "at_risk"]].add_prefix("missing_"), on="attribute")
    found["shadow_of"] = found["shadow_of"].fillna("")
    found["reason"] = _reasons(found, lacks["only_cases"])
    innocent = found["rank"].isna() & (found["reason"].eq("recorded") | ~(found["low"] > 1))
    guilty = found["unit"] | found["time"] | found["shadow_of"].ne("")
    kept = innocent & (guilty | _strongest(found, innocent, guilty, causes))
    found["reason"] = found["reason"].where(guilty, "chance")
    return found[kept].sort_values("cases", ascending=False, ignore_index=True)[COLUMNS]


def _reasons(found: pd.DataFrame, only_cases: pd.Series) -> np.ndarray:
    only = found["attribute"].map(only_cases).astype(bool)
    longer = found["unit"] & (found["time_ratio"] - 1 < (found["unit_ratio"] - 1) / 2)
    found["seen_as"] = np.where((found["time"] | ~found["unit"]) & ~longer, "time", "unit")
    found["crude_ratio"] = found["time_ratio"].where(
        found["seen_as"] == "time", found["unit_ratio"]
    )
    reasons = [found["shadow_of"].ne(""), only, longer]
    return np.select(reasons, ["shadow", "recorded", "time"], "mix")


def _strongest(
    found: pd.DataFrame, innocent: pd.Series, guilty: pd.Series, causes: Causes
) -> pd.Series:
    """Of each attribute without a cause and without a guilty value, the value that came nearest."""
    named = {key[0] for key in causes.order} | set(found["attribute"][innocent & guilty])
    near = found[innocent & ~found["attribute"].isin(named) & found["cases"].ge(GUILTY_CASES)]
    near = near[near["crude_ratio"] > 1]
    chosen = near.loc[near.groupby("attribute")["first_p"].idxmin()].index
    return pd.Series(found.index.isin(chosen), index=found.index)


def _first_sight(study: Study, causes: Causes) -> pd.DataFrame:
    """Ratio per time at risk and per unit in the field of each value, and whether it is guilty.

    Where a column is missing for most of what is at risk, "missing" is one of the others.
    """
    cells = study.cells
    sizes = {"time": cells["exposure"].to_numpy(float)}
    sizes["unit"] = sizes["time"]  # in the field: at risk in the last month
    if "age" in cells:
        last = (cells["month"] == cells["month"].max()).to_numpy()
        sizes["unit"] = np.where(last, sizes["time"], 0.0)
    count = cells["count"].to_numpy(float)
    tables = [_of_attribute(study, causes, a, count, sizes) for a in study.strata]
    return pd.concat(tables, ignore_index=True)


def _of_attribute(
    study: Study,
    causes: Causes,
    attribute: str,
    count: np.ndarray,
    sizes: Mapping[str, np.ndarray],
) -> pd.DataFrame:
    code, names = _coded(study, causes, attribute)
    n = len(names)
    table = pd.DataFrame({"value": names, "cases": np.bincount(code, count, n + 1)[:n]})
    for kind in ("unit", "time"):
        size = np.bincount(code, sizes[kind], n + 1)
        raw = raw_ratios(np.bincount(code, count, n + 1), size).iloc[:n]
        table[f"{kind}_ratio"], table["first_p"] = raw["raw_ratio"], raw["raw_p"]
        table[kind] = (raw["raw_p"] <= GUILTY_P) & (raw["raw_ratio"] >= GUILTY_RATIO)
        table[kind] &= table["cases"] >= GUILTY_CASES
    return table.assign(attribute=attribute)


def _coded(study: Study, causes: Causes, attribute: str) -> tuple[np.ndarray, np.ndarray]:
    """Place of each cell's value, the last place for a missing one; and the values."""
    if attribute in causes.search.comparisons:
        code, names = causes.search.codes(attribute), causes.search.names(attribute)
    else:
        code, values = pd.factorize(study.cells[attribute], sort=True)
        names = values.astype(str).to_numpy()
    return np.where(code < 0, len(names), code), names
