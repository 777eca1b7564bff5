"""What became of the raw rows, and what the kept ones lack: one row per table or column."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.data.store.store import Store
from aftersales.metrics.families.arrivals import Counted
from aftersales.studies.arrivals.days import Days
from aftersales.studies.scope import Scope

# Steps that leave rows out without rejecting them: no records of the table, or copies.
_NOT_REJECTED = ("select", "exact duplicates", "keep", "content key")


def table_accounts(scope: Scope, *, days: Days) -> pd.DataFrame:
    """One row per table: what cleaning did to the company's rows, and the region's ``rows``.

    ``table``, ``read``, ``kept``, ``duplicates``, ``rejected``, ``duplicate_share``,
    ``rejected_share``, ``rows``, ``unknown_region`` (share of rows whose region could not be
    resolved; the root only), ``first``, ``last``.
    """
    rows = []
    for table, entry in scope.store.manifest["tables"].items():
        counts = {k: entry[k] for k in ("read", "kept", "duplicates", "rejected")}
        read = max(entry["read"], 1)
        rows.append(
            {
                "table": table,
                **counts,
                "duplicate_share": entry["duplicates"] / read,
                "rejected_share": entry["rejected"] / read,
                **_own(scope, table, days[table]),
                "first": entry.get("first"),
                "last": entry.get("last"),
            }
        )
    return pd.DataFrame(rows)


def _own(scope: Scope, table: str, rows: Counted) -> dict[str, float]:
    """Rows of the region; at the root also the share of rows with an unknown one."""
    told = rows.n > 0 and scope.parent is None and scope.store.has(table, "region")
    return {"rows": rows.n, "unknown_region": rows.unknown / rows.n if told else np.nan}


def rejecting_steps(store: Store) -> pd.DataFrame:
    """The steps of cleaning that rejected rows: ``table``, ``reason``, ``n``; most rows first."""
    log = store.cleaning_log()
    log = log.assign(n=log["rows_in"] - log["rows_out"])
    lost = log[(log["n"] > 0) & ~log["step"].isin(_NOT_REJECTED)]
    lost = lost.sort_values("n", ascending=False, kind="stable")
    return lost[["table", "reason", "n"]].reset_index(drop=True)


def missing_cells(days: Days) -> pd.DataFrame:
    """Columns with empty cells: ``table``, ``column``, ``missing`` (share), the emptiest first."""
    rows = [
        (table, column, cells / counted.n)
        for table, counted in days.items()
        for column, cells in counted.empty.items()
        if cells
    ]
    table = pd.DataFrame(rows, columns=["table", "column", "missing"])
    return table.sort_values("missing", ascending=False, kind="stable", ignore_index=True)
