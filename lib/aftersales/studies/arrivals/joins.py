"""Do keys meet: for every column that points to another table, how many of its keys are there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.metrics.families.arrivals import Tables
from aftersales.studies.arrivals.days import Days

COLUMNS = ["table", "column", "to", "n", "filled", "joined"]


def key_joins(tables: Tables, *, days: Days) -> pd.DataFrame:
    """Rows with a key, and how many of them meet a row of the table it points to.

    One row per key: ``table``, ``column``, ``to`` (the other table), ``n`` rows of the region,
    ``filled`` (share of them with a key), ``joined`` (share of those that meet the other table;
    NaN without any).
    """
    rows = []
    for table, counted in days.items():
        for column, link in tables.links[table].items():
            n, have = counted.n, counted.n - counted.empty[column]
            filled, joined = _share(have, n), _share(counted.met[column], have)
            rows.append((table, column, link.table, n, filled, joined))
    return pd.DataFrame(rows, columns=COLUMNS)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else np.nan
