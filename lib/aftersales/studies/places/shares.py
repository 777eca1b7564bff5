"""Without a denominator: what a place has more of, relative to its own tickets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.metrics import METRICS
from aftersales.stats.counts.intervals import rate_ratio
from aftersales.studies.places.grid import Grid, crude_and_adjusted
from aftersales.studies.scope import Scope

MOST = 15  # rows or columns of a grid of ticket shares; the largest are kept
_MIX_COLUMNS = ("product", "issue_type", "category", "model")


def mix_grid(scope: Scope, *, months: int) -> Grid | None:
    """Share of each product or issue among a place's tickets, against the other places.

    Used where no exposure is known: it shows what a place has more of *relative to its tickets*,
    not whether it has more tickets than it should. Without child regions, products (or versions)
    take the place of places.
    """
    columns = [c for c in _MIX_COLUMNS if scope.store.has("tickets", c)]
    pairs = [columns[:2]]
    if scope.store.has("tickets", "region") and len(scope.children) > 1:
        pairs.insert(0, ["region", *columns[:1]])
    for pair in (p for p in pairs if len(p) == 2):
        counts = _counts(scope, pair, months, back=0)
        kept = _largest(counts, pair)
        if len(kept) and (kept[pair].nunique() > 1).all():
            return _mix_grid(scope, kept, pair, months)
    return None


def _mix_grid(scope: Scope, kept: pd.DataFrame, pair: list[str], months: int) -> Grid:
    row, column = pair
    before = _counts(scope, pair, months, back=months)
    cells = _grown(_shares(kept, row=row, column=column), before, row=row, column=column)
    places = pd.DataFrame(columns=["region", "ratio", "cases", "expected"])
    return Grid("ticket_mix", row, column, cells, places, adjusted=False)


def _counts(scope: Scope, pair: list[str], months: int, *, back: int) -> pd.DataFrame:
    """Tickets by the pair in the window that ended `back` months ago, and of the row in all."""
    counts = scope.measure("ticket_volume", by=pair, months=months, back=back)
    counts = counts.rename(columns={METRICS["ticket_volume"].count: "cases"})
    counts = counts.dropna(subset=pair).astype(dict.fromkeys(pair, str))
    return counts.assign(at_risk=counts.groupby(pair[0])["cases"].transform("sum"))


def _largest(counts: pd.DataFrame, pair: list[str]) -> pd.DataFrame:
    """The rows and columns with the most tickets; a grid of hundreds cannot be read."""
    for name in pair:
        top = counts.groupby(name)["cases"].sum().nlargest(MOST).index
        counts = counts[counts[name].isin(top)]
    return counts


def _shares(counts: pd.DataFrame, *, row: str, column: str) -> pd.DataFrame:
    whole = counts.drop_duplicates(row)[[row, "at_risk"]]
    parts = []
    for value, part in counts.groupby(column, observed=True):
        full = whole.merge(part[[row, "cases"]], on=row, how="left").fillna({"cases": 0})
        parts.append(crude_and_adjusted(full, row, []).assign(**{column: str(value)}))
    return pd.concat(parts, ignore_index=True)


def _grown(cells: pd.DataFrame, before: pd.DataFrame, *, row: str, column: str) -> pd.DataFrame:
    """Adds ``growth`` and ``growth_p``: the cell's share of its row against the window before.

    A structure that was there before (one product has a part the others lack) is no news. NaN
    where the row had no tickets before.
    """
    past = before.set_index([row, column])["cases"]
    totals = before.drop_duplicates(row).set_index(row)["at_risk"]
    tests = []
    for cell in cells.itertuples():
        key = (getattr(cell, row), getattr(cell, column))
        total = float(totals.get(key[0], 0.0))
        if total == 0:
            tests.append((np.nan, np.nan))
            continue
        test = rate_ratio(cell.all_cases, cell.all_at_risk, float(past.get(key, 0.0)), total)
        tests.append((test.ratio, test.p))
    growth, p = (np.array(x, dtype=float) for x in zip(*tests, strict=True))
    return cells.assign(growth=growth, growth_p=p)
