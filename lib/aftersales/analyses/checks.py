"""Checks of a cause: is it the same everywhere, is its exposure young, is the attribute known?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.analyses.cells import Study
from aftersales.stats.adjust import homogeneity
from aftersales.stats.causes import Causes

YOUNG_MONTHS = 6  # exposure younger than this is called young
YOUNG_SHARE = 0.5  # share of young exposure from which a value is called young
STABLE_EXPECTED = 20.0  # expected cases from which a ratio is called stable
DIFFERS_P = 0.01  # below it the ratio differs between regions
COLUMNS = [
    *("attribute", "value", "differs_p", "young", "young_rest"),
    *("missing_cases", "missing_exposure", "evidence"),
]


def check_table(study: Study, causes: Causes) -> pd.DataFrame:
    """One row per cause of a study.

    Returns ``attribute``, ``value``, ``differs_p`` (p that the ratio is the same in all child
    regions), ``young`` and ``young_rest`` (share of exposure younger than 6 months, its own and
    of the rest), ``missing_cases`` and ``missing_exposure`` (share of cases and of exposure
    without a value of that attribute), ``evidence`` (A: many cases expected, the same everywhere
    and not younger than the rest; else B).
    """
    ranked = causes.table[causes.table["rank"].notna()]
    rows = [_check(study, row) for row in ranked.itertuples()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _check(study: Study, row) -> dict:
    cells = study.cells
    inside = cells[row.attribute].astype(str).eq(row.value) & cells[row.attribute].notna()
    differs = np.nan
    if "region" in cells and row.attribute != "region":
        held = [c for c in study.strata[row.attribute] if c != "region"]
        differs = homogeneity(
            cells, count="count", exposure="exposure", inside=inside, strata=held, over="region"
        )
    young, rest = _young(cells, inside), _young(cells, ~inside)
    absent = cells[row.attribute].isna()
    stable = row.expected >= STABLE_EXPECTED and not differs < DIFFERS_P
    return {
        "attribute": row.attribute,
        "value": row.value,
        "differs_p": differs,
        "young": young,
        "young_rest": rest,
        "missing_cases": _share(cells["count"], absent),
        "missing_exposure": _share(cells["exposure"], absent),
        "evidence": "A" if stable and not is_young(young, rest) else "B",
    }


def is_young(share: float, rest: float) -> bool:
    """Whether most exposure of a value is young, and much more than that of the rest."""
    return bool(share > YOUNG_SHARE and share > 2 * rest)


def too_young(study: Study, causes: Causes) -> list[str]:
    """The batches that are not judged and whose exposure is mostly young: wait for them.

    Values of other attributes are not young but rare.
    """
    if "age" not in study.cells or "batch" not in study.strata:
        return []
    table = causes.table[causes.table["attribute"].eq("batch") & causes.table["few"]]
    cells = study.cells[study.cells["batch"].notna()]
    names = cells["batch"].astype(str)
    size = cells["exposure"].groupby(names).sum()
    young = cells["exposure"].where(cells["age"] < YOUNG_MONTHS, 0.0).groupby(names).sum()
    early = set(size.index[(size > 0) & (young > YOUNG_SHARE * size)])
    return [value for value in table["value"] if value in early]


def _young(cells: pd.DataFrame, rows: pd.Series) -> float:
    if "age" not in cells:
        return np.nan
    return _share(cells.loc[rows, "exposure"], cells.loc[rows, "age"] < YOUNG_MONTHS)


def _share(weights: pd.Series, rows: pd.Series) -> float:
    total = weights.sum()
    return float(weights[rows].sum() / total) if total else np.nan
