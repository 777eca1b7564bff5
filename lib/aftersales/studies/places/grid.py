"""Places by products: counts and what comparable places lead one to expect."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aftersales.metrics import METRICS
from aftersales.metrics.counting.company import once
from aftersales.stats.like.mantel_haenszel import MIN_MEAN, robust_dispersion, stratified_ratios
from aftersales.studies.scope import Scope, read_scope
from aftersales.studies.strata import Study, fault_study, return_study
from aftersales.studies.verdict import STABLE_EXPECTED

MAX_COLUMNS = 30  # products above which a grid cannot be read
ALL = "all"
_HELD = ("model", "age", "month")
_COUNTED = {"count": "cases", "exposure": "at_risk"}  # of a study's cells
_COMPARED = {"count": "all_cases", "exposure": "all_at_risk", "compared": "cases"}
_CRUDE = ("ratio", "expected", "low", "high")


@dataclass(frozen=True)
class CompanyStudy:
    """Cases and exposure of the whole company: place by `column`, inside what is `held` equal.

    `cells` has ``region`` (as stored), the column, what is held, ``cases`` and ``at_risk``.
    """

    metric: str
    column: str
    cells: pd.DataFrame

    @property
    def held(self) -> list[str]:
        """What is held equal inside a column."""
        return [c for c in _HELD if c in self.cells]


@dataclass(frozen=True)
class Grid:
    """Cells of `row` by `column`, and the same outcome by place on the map.

    `cells` has the two attributes and the columns of `crude_and_adjusted`; of a grid of ticket
    shares also ``growth`` and ``growth_p``. `whole` has one row per `row`, all products together;
    `own` is the row of the region itself among its siblings, all products together, with its
    ``evidence``. `detail` holds what the cells are made of, by month.
    """

    metric: str
    row: str
    column: str
    cells: pd.DataFrame
    places: pd.DataFrame
    adjusted: bool  # False: nothing but the totals is allowed for
    whole: pd.DataFrame = field(default_factory=pd.DataFrame)
    own: pd.Series | None = None
    detail: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def held(self) -> list[str]:
        """What is held equal inside a column."""
        return [c for c in _HELD if c in self.detail]

    @property
    def per(self) -> float:
        """The base of the metric's rate: 1,000 for rates, 1 for shares."""
        return 1000.0 if METRICS[self.metric].kind == "rate" else 1.0


def company_study(scope: Scope, *, months: int) -> CompanyStudy | None:
    """The company's faults by place and product, else its returns; None where neither can be told.

    Faults against units of the same model, age and month in service; returns against the same
    month's orders. Computed once for all regions of a run.
    """
    key = ("cases by place and product", months, scope.as_of)
    return once(scope.store, key, lambda: _company_study(scope, months))


def _company_study(scope: Scope, months: int) -> CompanyStudy | None:
    company = read_scope(scope.store, as_of=scope.as_of)
    faults = fault_study(company, months=months, attributes=("model", "region"), roll_up=False)
    if _comparable(faults) and "product" in faults.cells:
        return CompanyStudy(faults.metric, "product", faults.cells.rename(columns=_COUNTED))
    returns = return_study(company, months=months, attributes=("category", "region"), roll_up=False)
    if not _comparable(returns):
        return None
    cells = returns.cells.rename(columns=_COUNTED)
    names = [c for c in ("product", "category") if c in cells]
    column = next((c for c in names if 1 < cells[c].nunique() <= MAX_COLUMNS), "")
    if not column:  # thousands of articles: all together
        column, cells = "product", cells.assign(product=ALL)
    return CompanyStudy(returns.metric, column, cells)


def _comparable(study: Study | None) -> bool:
    return study is not None and "region" in study.cells and study.cells["region"].nunique() > 1


def company_places(study: CompanyStudy, scope: Scope, *, months: int) -> pd.DataFrame:
    """Every place of the company against the others, all products together.

    One row per region as stored, as `crude_and_adjusted` gives it; ``attrs["tau2"]`` is the spread
    between places beyond chance. Computed once for all regions of a run.
    """
    key = ("places of the company", months, scope.as_of)
    return once(scope.store, key, lambda: _company_places(study, scope))


def _company_places(study: CompanyStudy, scope: Scope) -> pd.DataFrame:
    known = [r.id for r in scope.profile.regions]
    places = crude_and_adjusted(study.cells, "region", [study.column, *study.held])
    places = places[places["region"].isin(known)].reset_index(drop=True)
    places.attrs["tau2"] = _tau2(places)
    return places


def study_grid(study: CompanyStudy, scope: Scope, *, places: pd.DataFrame) -> Grid:
    """Child region by product, each against all regions of that level in the company.

    A region without children is one row, itself.
    """
    detail, column, held = study.cells, study.column, study.held
    rows = [r.id for r in scope.children] or [scope.region.id]
    level = detail.assign(region=_to_level(detail["region"], rows[0], scope))
    parts = []
    for value, part in level.groupby(column, observed=True):
        ratios = crude_and_adjusted(part, "region", held)
        parts.append(ratios[ratios["region"].isin(rows)].assign(**{column: str(value)}))
    cells = pd.concat(parts, ignore_index=True)
    whole = _whole_rows(level, rows, [column, *held], places)
    own = _among_siblings(detail, scope, [column, *held])
    return Grid(study.metric, "region", column, cells, places, True, whole, own, level)


def _whole_rows(
    level: pd.DataFrame, rows: list[str], held: list[str], places: pd.DataFrame
) -> pd.DataFrame:
    """The rows of a grid, all products together."""
    if not set(rows) <= set(places["region"]):
        places = crude_and_adjusted(level, "region", held)
    return places[places["region"].isin(rows)].reset_index(drop=True)


def _among_siblings(detail: pd.DataFrame, scope: Scope, held: list[str]) -> pd.Series | None:
    """The region against the other children of its parent; None without siblings."""
    if scope.parent is None or not scope.siblings:
        return None
    inside = detail[detail["region"].isin(scope.profile.regions.members(scope.parent.id))]
    level = inside.assign(region=_to_level(inside["region"], scope.region.id, scope))
    if level.empty:
        return None
    ratios = crude_and_adjusted(level, "region", held).set_index("region")
    if scope.region.id not in ratios.index:
        return None
    stable = ratios["expected"] >= STABLE_EXPECTED
    return ratios.assign(evidence=np.where(stable, "A", "B")).loc[scope.region.id]


def _to_level(region: pd.Series, example: str, scope: Scope) -> pd.Series:
    """Each stored region as the region of the example's level that holds it."""
    tree = scope.profile.regions
    level = tree[example].level
    holder = {member: r.id for r in tree.at_level(level) for member in tree.members(r.id)}
    return region.map(holder).fillna(region)


def crude_and_adjusted(cells: pd.DataFrame, attribute: str, held: list[str]) -> pd.DataFrame:
    """One row of comparison per value of an attribute, the crude comparison beside the adjusted.

    Parameters
    ----------
    cells : with ``cases``, ``at_risk``, the attribute and what is held
    held : columns held equal; the crude comparison holds nothing equal

    Returns
    -------
    DataFrame, one row per value
        The attribute, ``cases`` and ``at_risk`` where there is something to compare with,
        ``all_cases`` and ``all_at_risk`` in all, ``others``, ``mean``, ``expected``, ``ratio``,
        ``low``, ``high``, ``z``, ``p`` as `stratified_ratios` has them, ``excess``,
        ``crude_ratio``, ``crude_expected``, ``crude_low``, ``crude_high`` (with the interval of
        chance alone, as a reader of raw rates takes it), and the ``dispersion`` that the adjusted
        interval allows for.
    """
    call = {"count": "cases", "exposure": "at_risk", "attribute": attribute}
    table = stratified_ratios(cells, strata=held, **call)
    crude = stratified_ratios(cells, strata=[], dispersion=1.0, **call).set_index("value")
    beside = {f"crude_{name}": table["value"].map(crude[name]) for name in _CRUDE}
    return table.rename(columns=_COMPARED | {"value": attribute}).assign(
        excess=table["compared"] - table["expected"],
        dispersion=table.attrs["dispersion"],
        **beside,
    )


def _tau2(places: pd.DataFrame) -> float:
    """Spread between places beyond chance, as a variance of the ratio (additive, by its median)."""
    usable = places[(places["expected"] >= MIN_MEAN) & places["ratio"].notna()]
    if len(usable) < 3:
        return 0.0
    z = (usable["ratio"] - 1) * np.sqrt(usable["expected"])
    phi = robust_dispersion(z.to_numpy())
    return float((phi - 1) / usable["expected"].median()) if phi > 1 else 0.0
