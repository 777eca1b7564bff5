"""Expected cases: what a group would have at the overall rates of its own mix."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.errors import RequestError, nearest
from aftersales.stats import inputs


def expected_counts(
    table: pd.DataFrame, *, count: str, exposure: str, strata: list[str]
) -> pd.Series:
    """Expected cases of each row by indirect standardisation, aligned with the table.

    Each row's exposure times the rate of its stratum over the whole table, so that the
    expected cases of every stratum, and of the table, sum to the observed ones. Without
    strata the overall rate is used. A missing value is a stratum of its own.
    Breslow and Day 1987, Statistical Methods in Cancer Research II, 2.3.

    >>> cells = pd.DataFrame({"product": list("aab"), "n": [1, 3, 5], "units": [10, 10, 5]})
    >>> expected_counts(cells, count="n", exposure="units", strata=["product"]).tolist()
    [2.0, 2.0, 5.0]
    """
    for column in [*strata, count, exposure]:
        if column not in table.columns:
            raise RequestError(f'There is no column "{column}"; {nearest(column, table.columns)}')
    y, size = inputs.series(table[count], table[exposure])
    frame = pd.DataFrame({"y": y, "size": size}, index=table.index)
    if strata:
        keys = [table[s].to_numpy() for s in strata]
        sums = frame.groupby(keys, dropna=False, observed=True)[["y", "size"]].transform("sum")
    else:
        sums = pd.DataFrame({"y": y.sum(), "size": size.sum()}, index=table.index)
    rate = np.divide(sums["y"], sums["size"], out=np.zeros(len(frame)), where=sums["size"] > 0)
    return pd.Series(size * rate, index=table.index, name="expected")
