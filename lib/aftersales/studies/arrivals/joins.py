"""Do keys meet: for every column that points to another table, how many of its keys are there."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from aftersales.data.mapping.schema import joins
from aftersales.metrics.counting.company import cut
from aftersales.metrics.counting.engines import collect, reduce
from aftersales.metrics.counting.rows import Rows
from aftersales.studies.arrivals.days import EMPTY, Days
from aftersales.studies.scope import Scope

COLUMNS = ["table", "column", "to", "n", "filled", "joined"]


def key_joins(scope: Scope, *, days: Days) -> pd.DataFrame:
    """Rows with a key, and how many of them meet a row of the table it points to.

    One row per key: ``table``, ``column``, ``to`` (the other table), ``n`` rows of the region,
    ``filled`` (share of them with a key), ``joined`` (share of those that meet the other table;
    NaN without any).
    """
    rows, store = [], scope.store
    for table in store.tables:
        for column, (other, key) in joins(table).items():
            if store.has(table, column) and store.has(other, key):
                n = int(days[table]["n"].sum())
                have = n - int(days[table][EMPTY + column].sum())
                met = _met(scope, table, column, other=other, key=key) if have else 0
                rows.append((table, column, other, n, _share(have, n), _share(met, have)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _met(scope: Scope, table: str, column: str, *, other: str, key: str) -> int:
    """Rows whose key is in the other table, wherever that row lies."""
    store = scope.store

    def count(rows: nw.LazyFrame, groups: list[str]) -> pd.DataFrame:
        keys = rows.select(*groups, key=nw.col(column)).filter(~nw.col("key").is_null())
        found = keys.join(store.scan(other).select(key=nw.col(key)), on="key", how="semi")
        return collect(reduce(found, groups, n_met=nw.len()), sort=groups)

    whole = Rows(store, scope.region.id, scope.as_of)
    found = cut(whole, table, key=("joined", column), by=[], count=count)
    if found is None:
        found = count(store.scan(table, region=scope.region.id), [])
    return int(found["n_met"].sum())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else np.nan
