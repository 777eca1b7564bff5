"""A second look at the whole map: groups of places and products with more cases than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.metrics.counting.company import once
from aftersales.profile.regions import RegionTree
from aftersales.stats.counts.more_than_expected import excess_ratio
from aftersales.stats.maps.scan import Scan, scan
from aftersales.stats.maps.scan_spread import nested_spread, spread_beyond_chance
from aftersales.stats.maps.scan_zones import circles
from aftersales.studies.places.grid import CompanyStudy
from aftersales.studies.scope import Scope

SIMULATIONS = 999
ENOUGH = 50  # maps with as strong a cluster after which its p is known well enough
FEWEST_PLACES = 3  # with fewer there is nothing to scan
MOST_CELLS = 600  # places x models above which products are not split into models
FEWEST_MONTHS = 4  # with fewer nothing is called new
LONGEST = 0.5  # of the window: the longest a cluster alive now may have lasted
CAUTION = 1.0  # standard errors by which the spread of places is taken wider than estimated
SHARE = 0.5  # of the expected cases of a product that a cluster may hold
COLUMNS = [
    *("places", "product", "model", "start", "cases", "at_risk", "expected", "excess"),
    *("ratio", "low", "high", "dispersion", "llr", "p", "recurrence", "floor"),
    *("cases_before", "expected_before"),
]
COUNTED = ["cases", "at_risk", "expected"]


@dataclass(frozen=True)
class Clusters:
    """What the scans of a whole company found; the same for all its regions.

    `window` holds the clusters of the whole window, `now` those of its last months, up to half of
    it. One row per cluster, the most likely first: ``places`` (tuple of region ids), ``product``
    (or the column of the grid; "" is all), ``model`` ("" is all of the product), ``start`` (first
    month, `now` only), ``cases``, ``at_risk``, ``expected`` (as if all places were alike inside
    the same product, model, age and month), ``excess``, ``ratio`` with the 95 % interval ``low``,
    ``high`` and the ``dispersion`` (variance over mean) it allows for, ``llr``, ``p`` (chance of
    one as likely anywhere on the map), ``recurrence`` (1 / p), ``floor`` (p is the smallest that
    the simulated maps can show); of `now` also ``cases_before`` and ``expected_before``, those of
    the same cells earlier in the window. What `judged.judged_clusters` adds is for reports.
    `spread` is what places differ anyway, as squared coefficients of variation: of cells for
    themselves, of what the models of a product share in a place, and of what all share there.
    """

    window: pd.DataFrame
    now: pd.DataFrame
    groups: int
    spread: tuple[float, ...]


@dataclass(frozen=True)
class Layout:
    """Places, items (products or their models) and the groups of both that are searched."""

    places: list[str]
    items: pd.DataFrame  # product, model; a row per column of a table of cells
    members: pd.DataFrame  # a row per group, named "place group, item group"
    place_groups: list[tuple[str, ...]]
    item_groups: list[tuple[str, str]]  # product, model; "" is all


def find_clusters(study: CompanyStudy, tree: RegionTree, *, seed: int) -> Clusters | None:
    """Scan a company's cells for clusters; None with fewer than 3 places or nothing expected.

    Expected is what each cell would have if all places had the same rate inside a product, model,
    age band and month. Searched are single places, the branches of the tree of regions, and circles
    on the tile map, each for all products together, for one product and for one model. Random maps
    differ as much between places as the places of this map do anyway (`stats.scan_spread`).
    """
    cells = leaves(study, tree)
    if cells["region"].nunique() < FEWEST_PLACES or not cells["expected"].sum() > 0:
        return None
    window, groups, spread = _of_window(cells, tree, seed)
    return Clusters(window, _alive_now(cells, tree, seed), groups, spread)


def company_clusters(
    study: CompanyStudy, scope: Scope, *, months: int, seed: int
) -> Clusters | None:
    """The clusters of the company: computed once for all regions of a run."""
    key = ("clusters of the company", months, scope.as_of, seed)
    tree = scope.profile.regions
    return once(scope.store, key, lambda: find_clusters(study, tree, seed=seed))


def leaves(study: CompanyStudy, tree: RegionTree) -> pd.DataFrame:
    """One row per place, product, model and month: ``cases``, ``at_risk``, and ``expected`` if all
    places were alike."""
    cells = study.cells
    known = cells["region"].isin([r.id for r in tree])
    strata = cells.groupby([study.column, *study.held], observed=True, dropna=False, sort=False)
    sums = strata[["cases", "at_risk"]].transform("sum")
    rate = sums["cases"] / sums["at_risk"].where(sums["at_risk"] > 0)
    frame = pd.DataFrame(
        {
            "region": cells["region"],
            "product": cells[study.column].astype(str),
            "model": cells["model"].astype(str) if "model" in study.held else "",
            "month": cells["month"] if "month" in cells else pd.Timestamp(0),
            "cases": cells["cases"].where(cells["at_risk"] > 0, 0.0),
            "at_risk": cells["at_risk"],
            "expected": (cells["at_risk"] * rate).fillna(0.0),
        }
    )[known]
    keys = ["region", "product", "model", "month"]
    return frame.groupby(keys, as_index=False, observed=True)[COUNTED].sum()


def _of_window(cells: pd.DataFrame, tree: RegionTree, seed: int) -> tuple:
    """Clusters of the whole window, the number of groups searched, and the spread of places."""
    many = cells["region"].nunique() * len(cells[["product", "model"]].drop_duplicates())
    if many > MOST_CELLS:
        cells = cells.assign(model="")
    counts, expected = (_wide(cells, column) for column in ("cases", "expected"))
    layout = _layout(expected, tree)
    labels = _labels(layout)
    values = (counts.to_numpy().ravel(), expected.to_numpy().ravel())
    own, *shared = nested_spread(*values, labels=labels, errors=CAUTION)
    found = scan(
        *values,
        groups=layout.members,
        simulations=SIMULATIONS,
        stop_after=ENOUGH,
        seed=seed,
        spread=own,
        shared=list(zip(labels, shared, strict=True)),
    )
    exposure = _wide(cells, "at_risk").to_numpy().ravel()
    spread = (own, *shared)
    return _table(found, layout, exposure=exposure, spread=spread), len(layout.members), spread


def _labels(layout: Layout) -> list[np.ndarray]:
    """What cells have in common: their place and product, and their place."""
    places = np.repeat(layout.places, len(layout.items))
    products = np.tile(layout.items["product"].to_numpy(str), len(layout.places))
    return [np.char.add(np.char.add(places, " "), products), places]


def _alive_now(cells: pd.DataFrame, tree: RegionTree, seed: int) -> pd.DataFrame:
    """Clusters that last up to the end of the window, and what their cells had before.

    Random maps let each cell differ from the others by the spread of the whole window, and from
    month to month by the spread of the months around the cell's own level.
    """
    cells = cells.assign(model="")
    months = sorted(cells["month"].unique())
    if len(months) < FEWEST_MONTHS:
        return pd.DataFrame(columns=COLUMNS)
    layout = _layout(_wide(cells, "expected"), tree)
    counts, expected = (_monthly(cells, c, layout) for c in ("cases", "expected"))
    level = counts.sum(axis=1) / expected.sum(axis=1).where(expected.sum(axis=1) > 0)
    own = expected.mul(level.fillna(0.0), axis=0)
    labels = _labels(layout)
    sums = (counts.sum(axis=1), expected.sum(axis=1))
    shared = nested_spread(*sums, labels=labels[1:], errors=CAUTION)
    found = scan(
        counts,
        expected,
        groups=layout.members,
        simulations=SIMULATIONS,
        stop_after=ENOUGH,
        max_periods=int(len(months) * LONGEST),
        seed=seed,
        spread=spread_beyond_chance(counts.to_numpy().ravel(), own.to_numpy().ravel()),
        shared=list(zip(labels, shared, strict=True)),
    )
    exposure = _monthly(cells, "at_risk", layout)
    spread = (0.0, *shared)
    return _table(found, layout, exposure=exposure, spread=spread, before=(counts, expected))


def _before(inside: np.ndarray, start: object, tables: tuple[pd.DataFrame, ...]) -> list[float]:
    """Sums of the marked cells in the window before `start`."""
    earlier = [m for m in tables[0].columns if m < start]
    return [float(t.loc[inside, earlier].to_numpy().sum()) for t in tables]


def _monthly(cells: pd.DataFrame, column: str, layout: Layout) -> pd.DataFrame:
    """Places by products, in the order of the layout's groups, and months."""
    keys = ["region", "product", "month"]
    sums = cells.groupby(keys, observed=True)[column].sum().unstack(fill_value=0.0)
    order = pd.MultiIndex.from_product([layout.places, layout.items["product"]])
    return sums.reindex(order, fill_value=0.0).reset_index(drop=True)


def _wide(cells: pd.DataFrame, column: str) -> pd.DataFrame:
    """Places by items, over all months."""
    table = cells.pivot_table(
        index="region",
        columns=["product", "model"],
        values=column,
        aggfunc="sum",
        fill_value=0.0,
        observed=True,
    )
    return table.astype(float)


def _layout(expected: pd.DataFrame, tree: RegionTree) -> Layout:
    places, items = list(expected.index), expected.columns.to_frame(index=False)
    near, kinds = _place_groups(expected, tree), _item_groups(items)
    inside = np.array([[p in group for p in places] for group in map(set, near)])
    of = np.array([_chosen(items, *kind) for kind in kinds])
    size = expected.to_numpy()
    share = (inside @ size @ of.T) / np.maximum(size.sum(axis=0) @ of.T, 1e-300)
    some = [(i, j) for j in range(len(kinds)) for i in range(len(near)) if 0 < share[i, j] <= SHARE]
    members = np.array([np.outer(inside[i], of[j]).ravel() for i, j in some], dtype=bool)
    names = [f"{i},{j}" for i, j in some]
    shape = (len(some), size.size)
    return Layout(places, items, pd.DataFrame(members.reshape(shape), index=names), near, kinds)


def _place_groups(expected: pd.DataFrame, tree: RegionTree) -> list[tuple[str, ...]]:
    """Single places, the branches of the tree, and circles on the tile map, each once."""
    places = list(expected.index)
    groups = [(p,) for p in places]
    groups += [tuple(p for p in places if p in set(tree.members(r.id))) for r in tree]
    tiled = [p for p in places if tree[p].tile is not None]
    if len(tiled) >= FEWEST_PLACES:
        points = np.array([tree[p].tile for p in tiled], dtype=float)
        rows = circles(points, expected.loc[tiled].sum(axis=1).to_numpy(), max_share=SHARE)
        groups += [tuple(np.array(tiled)[row]) for row in rows]
    return [g for g in dict.fromkeys(tuple(sorted(map(str, g))) for g in groups) if g]


def _item_groups(items: pd.DataFrame) -> list[tuple[str, str]]:
    """All products, each product, and each model of a product that has several."""
    products = list(dict.fromkeys(items["product"]))
    models = items.groupby("product")["model"].nunique()
    finer = [(p, m) for p, m in items.itertuples(index=False) if models[p] > 1]
    return [("", ""), *((p, "") for p in products), *finer]


def _chosen(items: pd.DataFrame, product: str, model: str) -> np.ndarray:
    inside = items["product"].eq(product) | (product == "")
    return (inside & (items["model"].eq(model) | (model == ""))).to_numpy()


def _table(
    found: Scan,
    layout: Layout,
    *,
    exposure: np.ndarray | pd.DataFrame,
    spread: tuple[float, ...],
    before: tuple[pd.DataFrame, ...] = (),
) -> pd.DataFrame:
    """The clusters of a scan with what they are made of, their interval and what was before."""
    rows = []
    for row in found.clusters.itertuples():
        i, j = (int(x) for x in row.name.split(","))
        product, model = layout.item_groups[j]
        places = layout.place_groups[i]
        of = np.outer(np.isin(layout.places, places), _chosen(layout.items, product, model)).ravel()
        if before:
            lasted = [m for m in exposure.columns if m >= row.start]
            at_risk = float(exposure.loc[of, lasted].to_numpy().sum())
        else:
            at_risk = float(exposure[of].sum())
        phi = 1 + row.expected * (spread[0] / of.sum() + sum(spread[1:]))
        interval = excess_ratio(row.cases, row.expected, dispersion=phi)
        floor = bool((found.maxima < row.llr * (1 - 1e-9)).all())
        past = _before(of, row.start, before) if before else [np.nan, np.nan]
        values = (row.cases, at_risk, row.expected, row.excess, row.ratio)
        chance = (interval.low, interval.high, phi, row.llr, row.p, row.recurrence, floor)
        rows.append((places, product, model, row.start, *values, *chance, *past))
    return pd.DataFrame(rows, columns=COLUMNS)
