"""Places by products: counts and what comparable places lead one to expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.analyses.cells import Study, fault_study, return_study
from aftersales.analyses.scope import Scope, read_scope
from aftersales.metrics import METRICS, measure
from aftersales.stats.adjust import robust_dispersion, stratified_ratios
from aftersales.stats.intervals import rate_ratio

MAX_COLUMNS = 30  # products above which a grid cannot be read
ALL = "all"
_MIX_COLUMNS = ("product", "issue_type", "category", "model")


@dataclass(frozen=True)
class Grid:
    """Cells of `row` by `column`, and the same outcome by place on the map."""

    metric: str
    row: str
    column: str
    cells: pd.DataFrame
    places: pd.DataFrame
    adjusted: bool  # False: nothing but the totals is allowed for


def fault_grid(scope: Scope, *, months: int) -> Grid | None:
    """Child region by product, faults against units of the same model, age and month elsewhere.

    A region without children is one row, itself. Compared with all regions of that level in the
    company. None without units in service or without regions.
    """
    company = read_scope(scope.store, as_of=scope.as_of)
    study = fault_study(company, months=months, attributes=("model", "region"), roll_up=False)
    return _study_grid(study, scope, column="product")


def return_grid(scope: Scope, *, months: int) -> Grid | None:
    """Child region by product or category, returns against the same month's orders elsewhere."""
    company = read_scope(scope.store, as_of=scope.as_of)
    study = return_study(company, months=months, attributes=("category", "region"), roll_up=False)
    if study is None:
        return None
    names = [c for c in ("product", "category") if c in study.cells]
    column = next((c for c in names if 1 < study.cells[c].nunique() <= MAX_COLUMNS), "")
    if not column:  # thousands of articles: all together
        column = "product"
        study.cells[column] = ALL
    return _study_grid(study, scope, column=column)


def _study_grid(study: Study | None, scope: Scope, *, column: str) -> Grid | None:
    cells = None if study is None else study.cells
    if cells is None or column not in cells or "region" not in cells:
        return None
    if cells["region"].nunique() < 2:
        return None
    held = [c for c in ("model", "age", "month") if c in cells]
    places = _ratios(study.cells, "region", held).rename(columns={"value": "region"})
    places.attrs["tau2"] = _tau2(places)
    rows = _rows(scope)
    level = study.cells.assign(region=_to_level(study.cells["region"], rows, scope))
    parts = []
    for value, part in level.groupby(column, observed=True):
        ratios = _ratios(part, "region", held)
        parts.append(ratios[ratios["value"].isin(rows)].assign(**{column: str(value)}))
    cells = pd.concat(parts, ignore_index=True).rename(columns={"value": "region"})
    return Grid(study.metric, "region", column, cells, places, adjusted=True)


def _rows(scope: Scope) -> list[str]:
    return [r.id for r in scope.children] or [scope.region.id]


def _to_level(region: pd.Series, rows: list[str], scope: Scope) -> pd.Series:
    """Each stored region as the region of the rows' level that holds it."""
    tree = scope.profile.regions
    level = tree[rows[0]].level
    holder = {member: r.id for r in tree.at_level(level) for member in tree.members(r.id)}
    return region.map(holder).fillna(region)


def _ratios(cells: pd.DataFrame, attribute: str, held: list[str]) -> pd.DataFrame:
    """Adjusted and crude ratio of every value."""
    call = {"count": "count", "exposure": "exposure", "attribute": attribute}
    table = stratified_ratios(cells, strata=held, **call)
    crude = stratified_ratios(cells, strata=[], **call).set_index("value")
    matched = table["value"]
    return table.assign(
        crude_ratio=matched.map(crude["ratio"]),
        crude_expected=matched.map(crude["expected"]),
        dispersion=table.attrs["dispersion"],
    )


def _tau2(places: pd.DataFrame) -> float:
    """Spread between places beyond chance, as a variance of the ratio (additive, by its median)."""
    usable = places[(places["expected"] > 0) & places["ratio"].notna()]
    if len(usable) < 3:
        return 0.0
    z = (usable["ratio"] - 1) * np.sqrt(usable["expected"])
    phi = robust_dispersion(z.to_numpy())
    return float((phi - 1) / usable["expected"].median()) if phi > 1 else 0.0


def mix_grid(scope: Scope, *, months: int) -> Grid | None:
    """Share of each product or issue among a place's tickets, against the other places.

    Used where no exposure is known: it shows what a place has more of *relative to its tickets*,
    not whether it has more tickets than it should. Without child regions, products (or versions)
    take the place of places.
    """
    store = scope.store
    columns = [c for c in _MIX_COLUMNS if store.has("tickets", c)]
    by_place = len(scope.children) > 1 and bool(columns)
    pair = ["region", columns[0]] if by_place else columns[:2]
    if len(pair) < 2:
        return None
    counts = _largest(_counts(scope, pair, months, back=0), pair)
    row, column = pair
    if counts.empty or counts[row].nunique() < 2 or counts[column].nunique() < 2:
        return None
    before = _counts(scope, pair, months, back=months)
    before = before[before[row].isin(counts[row]) & before[column].isin(counts[column])]
    cells = _grown(_shares(counts, row=row, column=column), before, row=row, column=column)
    places = pd.DataFrame(columns=["region", "ratio", "count", "expected"])
    return Grid("ticket_mix", row, column, cells, places, adjusted=False)


def _counts(scope: Scope, pair: list[str], months: int, *, back: int) -> pd.DataFrame:
    """Tickets by the pair in the window that ended `back` months ago."""
    level = scope.children[0].level if "region" in pair and scope.children else None
    counts = measure(
        "ticket_volume",
        scope.store,
        region=scope.region.id,
        by=pair,
        as_of=scope.last_month - pd.DateOffset(months=back) + pd.offsets.MonthEnd(0),
        months=months,
        level=level,
    ).rename(columns={METRICS["ticket_volume"].count: "count"})
    if "region" in pair:
        counts = counts[counts["region"].isin([r.id for r in scope.children])]
    return counts.dropna(subset=pair)


def _largest(counts: pd.DataFrame, pair: list[str], *, keep: int = 15) -> pd.DataFrame:
    """The rows and columns with the most tickets; a grid of hundreds cannot be read."""
    for name in pair:
        top = counts.groupby(name)["count"].sum().nlargest(keep).index
        counts = counts[counts[name].isin(top)]
    return counts


def _shares(counts: pd.DataFrame, *, row: str, column: str) -> pd.DataFrame:
    totals = counts.groupby(row)["count"].transform("sum").to_numpy()
    grid = counts.assign(exposure=totals)
    parts = []
    for value, part in grid.groupby(column, observed=True):
        whole = grid.drop_duplicates(row)[[row, "exposure"]]
        full = whole.merge(part[[row, "count"]], on=row, how="left").fillna({"count": 0})
        ratios = _ratios(full, row, [])
        parts.append(ratios.rename(columns={"value": row}).assign(**{column: str(value)}))
    return pd.concat(parts, ignore_index=True).assign(**{row: lambda f: f[row].astype(str)})


def _grown(cells: pd.DataFrame, before: pd.DataFrame, *, row: str, column: str) -> pd.DataFrame:
    """Adds ``growth`` and ``growth_p``: the cell's share of its row against the window before.

    A structure that was there before (one product has a part the others lack) is no news. NaN
    where the row had no tickets before.
    """
    past = before.astype({row: str, column: str}).set_index([row, column])["count"]
    totals = past.groupby(level=0).sum()
    tests = []
    for cell in cells.rename(columns={"count": "cases"}).itertuples():
        key = (getattr(cell, row), getattr(cell, column))
        total = float(totals.get(key[0], 0.0))
        if total == 0:
            tests.append((np.nan, np.nan))
            continue
        test = rate_ratio(cell.cases, cell.exposure, float(past.get(key, 0.0)), total)
        tests.append((test.ratio, test.p))
    growth, p = (np.array(x, dtype=float) for x in zip(*tests, strict=True))
    return cells.assign(growth=growth, growth_p=p)
