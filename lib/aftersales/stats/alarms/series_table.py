"""Many series in one table: a grid of counts with a row per series and a column per period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.errors import DataError, nearest
from aftersales.stats import inputs


@dataclass(frozen=True)
class Panel:
    """Series on one calendar: their names (a row each), the periods, counts and exposures."""

    series: pd.DataFrame
    periods: pd.Index
    count: np.ndarray
    exposure: np.ndarray


def read_panel(
    table: pd.DataFrame, *, by: Sequence[str], period: str, count: str, exposure: str | None
) -> Panel:
    """The grid of a table with one row per series and period.

    The calendar runs from the first to the last period of the table in equal steps (days, weeks,
    whole numbers, or months). What a series lacks counts 0, without exposure if there is one.

    >>> table = pd.DataFrame({"model": ["A", "A", "B"], "week": [1, 3, 2], "count": [5, 6, 7]})
    >>> panel = read_panel(table, by=["model"], period="week", count="count", exposure=None)
    >>> panel.count.tolist()
    [[5.0, 0.0, 6.0], [0.0, 7.0, 0.0]]
    """
    names = list(by)
    for column in [*names, period, count, *([exposure] if exposure else [])]:
        if column not in table:
            raise DataError(
                f"The table of series has no column `{column}`; {nearest(column, table.columns)}"
            )
    if table.empty:
        raise DataError("The table of series is empty; at least one row is needed.")
    again = table.duplicated([*names, period])
    if again.any():
        raise DataError(
            f"{again.sum()} rows repeat a series and period, the first at row "
            f"{table.index[again][0]!r}. Sum counts and exposure per series and period first."
        )
    keys = pd.DataFrame({name: table[name] for name in names}) if names else table[[]]
    series = (
        keys.drop_duplicates().sort_values(names, ignore_index=True) if names else keys.iloc[:1]
    )
    row = table.groupby(names, sort=True, dropna=False).ngroup() if names else 0 * table[count]
    periods = _calendar(table[period])
    column = periods.get_indexer(pd.Index(table[period]))
    cases, size = inputs.series(table[count], 1.0 if exposure is None else table[exposure])
    grid = np.zeros((len(series), len(periods)))
    sizes = np.ones_like(grid) if exposure is None else np.zeros_like(grid)
    grid[row, column], sizes[row, column] = cases, size
    return Panel(series, periods, grid, sizes)


def _calendar(values: pd.Series) -> pd.Index:
    """All periods from the first to the last one, in the smallest step that occurs."""
    seen = pd.Index(values.unique()).sort_values()
    if seen.hasnans:
        raise DataError(f"`{values.name}` must not be missing; {values.isna().sum()} rows are.")
    if len(seen) < 2:
        return seen
    if isinstance(seen, pd.DatetimeIndex):
        monthly = (seen.day == seen.day[0]).all() and (np.diff(seen) >= pd.Timedelta(days=28)).all()
        step = pd.DateOffset(months=1) if monthly else pd.Timedelta(np.diff(seen).min())
        full = pd.date_range(seen[0], seen[-1], freq=step).astype(seen.dtype)
    elif pd.api.types.is_integer_dtype(seen):
        full = pd.RangeIndex(seen[0], seen[-1] + 1)
    else:
        raise DataError(f"`{values.name}` must hold dates or whole numbers; found {seen.dtype}.")
    if not seen.isin(full).all():
        odd = seen[~seen.isin(full)][0]
        raise DataError(
            f"`{values.name}` must be regular: {odd!s} is not a whole number of steps after "
            f"{seen[0]!s}. Give every row the first day of its week or month."
        )
    return full
