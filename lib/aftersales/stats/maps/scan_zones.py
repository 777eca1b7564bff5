"""The groups of places in which a scan looks for a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers

LARGEST_SHAPE = 4  # places in a connected group of any shape; larger ones are rings of neighbours
MOST_ZONES = 200_000  # beyond this a scan takes minutes; a smaller `max_share` gives fewer


@dataclass(frozen=True)
class Zones:
    """Groups of places: ``members`` has a row per group, a column per place; names or ""."""

    members: np.ndarray
    names: list[str]


def find_zones(
    size: np.ndarray,
    *,
    centroids: Numbers | None,
    neighbours: Numbers | None,
    tree: object | None,
    groups: object | None = None,
    max_share: float,
) -> Zones:
    """Every group that holds at most ``max_share`` of the total ``size``, each once."""
    given = [x is not None for x in (centroids, neighbours, tree, groups)]
    if sum(given) > 1:
        raise DataError("Give one of `centroids`, `neighbours`, `tree` and `groups`, not several.")
    if not 0 < max_share <= 0.5:
        raise DataError(f"`max_share` must be above 0 and at most 0.5; found {max_share!r}.")
    if centroids is not None:
        members = circles(centroids, size, max_share=max_share)
    elif neighbours is not None:
        members = connected(neighbours, size.size)
    elif tree is not None:
        return _small(*branches(tree, size.size), size, max_share)
    elif groups is not None:
        return _small(*_given(groups, size.size), size, max_share)
    else:
        members = np.eye(size.size, dtype=bool)
    return _small(members, [""] * len(members), size, max_share)


def circles(centroids: Numbers, size: np.ndarray, *, max_share: float = 0.5) -> np.ndarray:
    """Groups of places nearest to each place, from itself up to ``max_share`` of the size.

    Kulldorff's circles; distances are Euclidean, so project longitude and latitude first.
    Places at equal distance enter in their order.
    """
    points = inputs.numbers(centroids, name="centroids")
    if points.ndim != 2 or points.shape[0] != size.size:
        raise DataError(
            f"`centroids` must hold one point for each of the {size.size} places; found the "
            f"shape {points.shape}."
        )
    apart = np.sqrt(((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2))
    found = []
    for order in np.argsort(apart, axis=1, kind="stable"):
        width = int((np.cumsum(size[order]) <= max_share * size.sum()).sum())
        rows = np.zeros((width, size.size), dtype=bool)
        for k in range(width):
            rows[k:, order[k]] = True
        found.append(rows)
        _check_number(sum(map(len, found)))
    return np.concatenate(found)


def connected(neighbours: Numbers, n: int) -> np.ndarray:
    """Connected groups of up to 4 places of any shape, and whole rings around each place.

    ``neighbours`` is a square matrix, above 0 where two places touch. The groups of any shape:
    Tango and Takahashi 2005, Int. J. Health Geogr. 4:11.
    """
    touching = inputs.numbers(neighbours, name="neighbours") > 0
    if touching.shape != (n, n):
        raise DataError(f"`neighbours` must be {n} x {n}; found the shape {touching.shape}.")
    touching = (touching | touching.T) & ~np.eye(n, dtype=bool)
    near = [set(np.flatnonzero(row).tolist()) for row in touching]
    shapes = {frozenset([i]) for i in range(n)}
    found = set(shapes)
    for _ in range(LARGEST_SHAPE - 1):
        shapes = {s | {j} for s in shapes for i in s for j in near[i] - s}
        found |= shapes
        _check_number(len(found))
    found |= {ring for i in range(n) for ring in _rings(i, near)}
    rows = np.zeros((len(found), n), dtype=bool)
    for row, group in zip(rows, sorted(found, key=sorted), strict=True):
        row[list(group)] = True
    return rows


def branches(tree: object, n: int) -> tuple[np.ndarray, list[str]]:
    """Every branch of a hierarchy and its name, "washer / pump".

    ``tree`` has one row per place (a leaf) and one column per level, the coarsest first; a row
    may end early with missing values. Tree-based scan: Kulldorff, Fang and Walsh 2003,
    Biometrics 59:323.
    """
    frame = isinstance(tree, pd.DataFrame)
    given = list(tree.itertuples(index=False, name=None) if frame else tree)
    if len(given) != n:
        raise DataError(f"`tree` must have a row for each of the {n} places; found {len(given)}.")
    paths = [[str(level) for level in row if not pd.isna(level)] for row in given]
    leaves: dict[tuple[str, ...], list[int]] = {}
    for i, path in enumerate(paths):
        for depth in range(1, len(path) + 1):
            leaves.setdefault(tuple(path[:depth]), []).append(i)
    rows = np.zeros((len(leaves), n), dtype=bool)
    for row, held in zip(rows, leaves.values(), strict=True):
        row[held] = True
    return rows, [" / ".join(path) for path in leaves]


def _given(groups: object, n: int) -> tuple[np.ndarray, list[str]]:
    members = np.asarray(groups, dtype=bool)
    if members.ndim != 2 or members.shape[1] != n:
        raise DataError(
            f"`groups` must have a column for each of the {n} places; found the shape "
            f"{members.shape}."
        )
    _check_number(len(members))
    frame = isinstance(groups, pd.DataFrame)
    return members, [str(name) for name in groups.index] if frame else [""] * len(members)


def _rings(start: int, near: list[set[int]]) -> Iterator[frozenset[int]]:
    """The place, with its neighbours, with theirs, and so on until nothing is added."""
    group = frozenset([start])
    while True:
        wider = group.union(*(near[i] for i in group))
        if wider == group:
            return
        group = wider
        yield group


def _small(members: np.ndarray, names: list[str], size: np.ndarray, max_share: float) -> Zones:
    """The groups within the largest share, the same places once (the first name stays)."""
    if not len(members):
        return Zones(members.reshape(0, size.size), [])
    _, first = np.unique(np.packbits(members, axis=1), axis=0, return_index=True)
    share = members[first] @ size
    kept = np.sort(first[(share > 0) & (share <= max_share * size.sum() * (1 + 1e-12))])
    return Zones(members[kept], [names[i] for i in kept])


def _check_number(found: int) -> None:
    if found > MOST_ZONES:
        raise DataError(
            f"The scan would search more than {MOST_ZONES:,} groups of places; give a smaller "
            "`max_share`, or scan fewer places at a time."
        )
