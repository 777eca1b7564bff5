"""Places by products: counts and what comparable places lead one to expect."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aftersales.analyses.cells import Study, fault_study, return_study
from aftersales.analyses.scope import Scope, read_scope
from aftersales.metrics import METRICS, measure
from aftersales.stats.adjust import MIN_MEAN, robust_dispersion, stratified_ratios
from aftersales.stats.intervals import rate_ratio

MAX_COLUMNS = 30  # products above which a grid cannot be read
MOST = 15  # rows or columns of a grid of ticket shares; the largest are kept
ALL = "all"
_MIX_COLUMNS = ("product", "issue_type", "category", "model")
_HELD = ("model", "age", "month")


@dataclass(frozen=True)
class Grid:
    """Cells of `row` by `column`, and the same outcome by place on the map.

    `cells` has the two attributes and the columns of `stats.adjust.stratified_ratios`,
    ``crude_ratio`` and ``crude_expected``; of a grid of ticket shares also ``growth`` and
    ``growth_p``. `own` is the row of the region itself among its siblings, all products together.
    `detail` holds what the cells are made of, by month.
    """

    metric: str
    row: str
    column: str
    cells: pd.DataFrame
    places: pd.DataFrame
    adjusted: bool  # False: nothing but the totals is allowed for
    own: pd.Series | None = None
    detail: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def held(self) -> list[str]:
        """What is held equal inside a column."""
        return [c for c in _HELD if c in self.detail]


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
    detail = None if study is None else study.cells
    if detail is None or column not in detail or "region" not in detail:
        return None
    if detail["region"].nunique() < 2:
        return None
    held = [c for c in _HELD if c in detail]
    tree = scope.profile.regions
    places = _ratios(detail, "region", [column, *held]).rename(columns={"value": "region"})
    places = places[places["region"].isin([r.id for r in tree])].reset_index(drop=True)
    places.attrs["tau2"] = _tau2(places)
    rows = [r.id for r in scope.children] or [scope.region.id]
    level = detail.assign(region=_to_level(detail["region"], rows[0], scope))
    parts = []
    for value, part in level.groupby(column, observed=True):
        ratios = _ratios(part, "region", held)
        parts.append(ratios[ratios["value"].isin(rows)].assign(**{column: str(value)}))
    cells = pd.concat(parts, ignore_index=True).rename(columns={"value": "region"})
    own = _among_siblings(detail, scope, [column, *held])
    return Grid(study.metric, "region", column, cells, places, True, own, level)


def _among_siblings(detail: pd.DataFrame, scope: Scope, held: list[str]) -> pd.Series | None:
    """The region against the other children of its parent; None without siblings."""
    if scope.parent is None or not scope.siblings:
        return None
    inside = detail[detail["region"].isin(scope.profile.regions.members(scope.parent.id))]
    level = inside.assign(region=_to_level(inside["region"], scope.region.id, scope))
    if level.empty:
        return None
    ratios = _ratios(level, "region", held).set_index("value")
    return ratios.loc[scope.region.id] if scope.region.id in ratios.index else None


def _to_level(region: pd.Series, example: str, scope: Scope) -> pd.Series:
    """Each stored region as the region of the example's level that holds it."""
    tree = scope.profile.regions
    level = tree[example].level
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
    usable = places[(places["expected"] >= MIN_MEAN) & places["ratio"].notna()]
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
    places = pd.DataFrame(columns=["region", "ratio", "count", "expected"])
    return Grid("ticket_mix", row, column, cells, places, adjusted=False)


def _counts(scope: Scope, pair: list[str], months: int, *, back: int) -> pd.DataFrame:
    """Tickets by the pair in the window that ended `back` months ago, and of the row in all."""
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
    counts = counts.dropna(subset=pair).astype(dict.fromkeys(pair, str))
    return counts.assign(exposure=counts.groupby(pair[0])["count"].transform("sum"))


def _largest(counts: pd.DataFrame, pair: list[str]) -> pd.DataFrame:
    """The rows and columns with the most tickets; a grid of hundreds cannot be read."""
    for name in pair:
        top = counts.groupby(name)["count"].sum().nlargest(MOST).index
        counts = counts[counts[name].isin(top)]
    return counts


def _shares(counts: pd.DataFrame, *, row: str, column: str) -> pd.DataFrame:
    whole = counts.drop_duplicates(row)[[row, "exposure"]]
    parts = []
    for value, part in counts.groupby(column, observed=True):
        full = whole.merge(part[[row, "count"]], on=row, how="left").fillna({"count": 0})
        ratios = _ratios(full, row, [])
        parts.append(ratios.rename(columns={"value": row}).assign(**{column: str(value)}))
    return pd.concat(parts, ignore_index=True)


def _grown(cells: pd.DataFrame, before: pd.DataFrame, *, row: str, column: str) -> pd.DataFrame:
    """Adds ``growth`` and ``growth_p``: the cell's share of its row against the window before.

    A structure that was there before (one product has a part the others lack) is no news. NaN
    where the row had no tickets before.
    """
    past = before.set_index([row, column])["count"]
    totals = before.drop_duplicates(row).set_index(row)["exposure"]
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
