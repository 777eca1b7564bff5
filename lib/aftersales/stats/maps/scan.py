"""Cluster scan: is any group of places worse than chance gives anywhere on the map?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers
from aftersales.stats.maps.scan_chance import (
    Cells,
    Differences,
    likelihood_ratios,
    simulated_maxima,
)
from aftersales.stats.maps.scan_zones import Zones, find_zones

SHOWN = 20  # clusters reported at most
COLUMNS = [
    *("cluster", "name", "places", "n_places", "start", "cases", "expected", "excess"),
    *("ratio", "relative_risk", "llr", "p", "recurrence"),
]


@dataclass(frozen=True)
class Scan:
    """The clusters of a scan, the most likely first, and what chance alone gives.

    Attributes
    ----------
    clusters : one row per cluster, none overlapping one above it: ``cluster`` (1, 2, ...),
        ``name`` (branch of the tree, else ""), ``places`` (tuple of labels), ``n_places``,
        ``start`` (first period of a cluster alive now, else missing), ``cases``, ``expected``,
        ``excess``, ``ratio`` (cases over expected), ``relative_risk`` (inside over outside),
        ``llr`` (log likelihood ratio), ``p`` (chance of a cluster this likely anywhere),
        ``recurrence`` (1 / p: one scan in so many gives as much by chance)
    maxima : largest log likelihood ratio of each simulation; n_zones : groups searched
    """

    clusters: pd.DataFrame
    maxima: np.ndarray
    n_zones: int

    def to_frame(self) -> pd.DataFrame:
        """The table of clusters."""
        return self.clusters

    @property
    def p(self) -> float:
        """Chance of a cluster as likely as the first anywhere; 1 where there is none."""
        return float(self.clusters["p"].iloc[0]) if len(self.clusters) else 1.0


def scan(
    cases: Numbers,
    expected: Numbers,
    *,
    centroids: Numbers | None = None,
    neighbours: Numbers | None = None,
    tree: object | None = None,
    groups: object | None = None,
    max_share: float = 0.5,
    simulations: int = 999,
    stop_after: int | None = None,
    seed: int,
    model: Literal["poisson", "binomial"] = "poisson",
    max_periods: int | None = None,
    spread: float = 0.0,
    shared: Sequence[tuple[Sequence[object], float]] = (),
) -> Scan:
    """Kulldorff's scan for groups of places with more cases than the rest of the map.

    Searched are circles around ``centroids`` (one row of coordinates per place), connected
    groups (``neighbours``, a square matrix), the branches of a hierarchy (``tree``, one row per
    place, a column per level, coarsest first), ``groups`` of your own (a table of True and False,
    one row per group, named by its index, and one column per place), or single places where none
    is given. A group holds at most ``max_share`` of the expected cases.

    Parameters
    ----------
    cases : whole numbers, one per place; or a table, one row per place and one column per
        period: then only groups of places in the last 1 to ``max_periods`` periods (default: a
        quarter of them) are searched, clusters alive now
    expected : expected cases, or population at risk, same shape; only their proportions count.
        What it allows for decides the answer: crude shares find where old products are.
    model : "poisson", or "binomial" where ``expected`` is a number of trials
    seed : of the simulated maps on which p stands; p is at least 1 / (simulations + 1)
    stop_after : stop simulating when so many maps hold a cluster as likely as the first, as its p
        is then known well enough; None never stops
    spread : squared coefficient of variation of the rates of places beyond chance (such as
        1 / shape of `gamma_poisson`, or variance over mean of the counts less 1, over the mean).
        0 tests against equal rates, more against places (over time: places and periods, each for
        itself) that differ anyway. Poisson only.
    shared : pairs of a label per place and the squared coefficient of variation of a factor that
        places of one label have in common (cells of one region by several products) in all periods,
        on top of ``spread``

    Notes
    -----
    Kulldorff 1997, Commun. Stat. Theory Methods 26:1481; over time, 2001, J. R. Stat. Soc. A
    164:61. p of further clusters comes from the same maxima (conservative). Stopping: Besag and
    Clifford 1991, Biometrika 78:301; p is then the share at the map before the last.

    >>> found = scan([9, 1, 1, 1], [3, 3, 3, 3], simulations=99, seed=1).clusters
    >>> found[["places", "cases", "expected"]].values.tolist()
    [[(0,), 9, 3.0]]
    """
    if model not in ("poisson", "binomial"):
        raise DataError(f'`model` must be "poisson" or "binomial"; found {model!r}.')
    if simulations < 1 or spread < 0:
        raise DataError("`simulations` must be at least 1 and `spread` must not be negative.")
    y, mu, labels, periods = _table(cases, expected, model)
    shape = {"centroids": centroids, "neighbours": neighbours, "tree": tree, "groups": groups}
    zones = find_zones(mu.sum(axis=1), **shape, max_share=max_share)
    cells = Cells.of(y, mu, _windows(y.shape[1], periods is not None, max_periods), model)
    if not len(zones.members) or cells.total_cases == 0:
        return Scan(_frame([]), np.zeros(simulations), len(zones.members))
    ratios = likelihood_ratios(cells, zones.members, cells.cases[None])[..., 0]
    differ = Differences(spread, [_shared(*pair, len(y)) for pair in shared])
    stop = None if stop_after is None else (float(ratios.max()), stop_after)
    maxima = simulated_maxima(
        cells, zones.members, simulations, seed=seed, differ=differ, stop=stop
    )
    chosen = _clusters(ratios, zones)
    rows = [_describe(cells, zones, *at, labels, periods) | {"llr": ratios[at]} for at in chosen]
    return Scan(_frame(rows, maxima), maxima, ratios.size)


def _table(
    cases: Numbers, expected: Numbers, model: str
) -> tuple[np.ndarray, np.ndarray, list, list | None]:
    """Cases and expected as places x periods, labels of the places, and of the periods if any."""
    y, mu = inputs.counts(cases, name="cases"), inputs.counts(expected, name="expected")
    if y.shape != mu.shape or y.ndim not in (1, 2) or y.size == 0:
        raise DataError(
            "`cases` and `expected` must have the same shape, one row per place; found "
            f"{y.shape} and {mu.shape}."
        )
    inputs.series(y.reshape(-1), mu.reshape(-1))
    if (y != np.round(y)).any() or (model == "binomial" and (mu != np.round(mu)).any()):
        raise DataError("`cases` (and the trials of a binomial scan) must be whole numbers.")
    if model == "binomial":
        inputs.within(y, mu, names=("cases", "expected"))
    indexed = isinstance(cases, pd.Series | pd.DataFrame)
    labels = list(cases.index) if indexed else list(range(y.shape[0]))
    if y.ndim == 1:
        return y[:, None], mu[:, None], labels, None
    periods = list(cases.columns) if isinstance(cases, pd.DataFrame) else list(range(y.shape[1]))
    return y, mu, labels, periods


def _shared(labels: Sequence[object], spread: float, n: int) -> tuple[np.ndarray, float]:
    """Number of each place's label, and the spread of what places of a label have in common."""
    codes = pd.factorize(np.asarray(labels, dtype=object))[0]
    if len(codes) != n or spread < 0:
        raise DataError(
            f"`shared` must hold a label for each of the {n} places and a spread of at least 0; "
            f"found {len(codes)} labels and {spread!r}."
        )
    return codes, float(spread)


def _windows(periods: int, in_time: bool, longest: int | None) -> int:
    """How many of the last periods a cluster may last; 1 for a map without time."""
    if not in_time:
        return 1
    wanted = max(1, periods // 4) if longest is None else longest
    if not (periods >= 2 and 1 <= wanted < periods):
        raise DataError(
            "A scan over time needs at least 2 periods and `max_periods` below their number; "
            f"found {periods} and {wanted}."
        )
    return wanted


def _clusters(ratios: np.ndarray, zones: Zones) -> list[tuple[int, int]]:
    """Group and window of each cluster: the best, then the best that shares no place, ..."""
    best = ratios.argmax(axis=1)
    top = ratios[np.arange(len(best)), best].copy()
    chosen: list[tuple[int, int]] = []
    while len(chosen) < SHOWN and top.max() > 0:
        zone = int(top.argmax())
        chosen.append((zone, int(best[zone])))
        top[(zones.members & zones.members[zone]).any(axis=1)] = 0
    return chosen


def _describe(
    cells: Cells, zones: Zones, zone: int, window: int, labels: list, periods: list | None
) -> dict:
    inside = zones.members[zone]
    count = float(cells.inside(inside[None], cells.cases[None])[0, window, 0])
    # For a binomial scan: the cases that the trials inside would have at the overall rate.
    size = float(cells.inside(inside[None], cells.size[None])[0, window, 0])
    share = size / cells.total_size
    expected = share * cells.total_cases
    rest = (cells.total_cases - count) / (1 - share)
    return {
        "name": zones.names[zone],
        "places": tuple(label for label, held in zip(labels, inside, strict=True) if held),
        "n_places": int(inside.sum()),
        "start": None if periods is None else periods[len(periods) - 1 - window],
        "cases": int(count),
        "expected": expected,
        "excess": count - expected,
        "ratio": count / expected,
        "relative_risk": count / share / rest if rest > 0 else np.inf,
    }


def _frame(rows: list[dict], maxima: np.ndarray | None = None) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=COLUMNS)
    if maxima is None or not rows:
        return frame
    beyond = [(maxima >= llr * (1 - 1e-9)).sum() for llr in frame["llr"]]
    p = (1 + np.array(beyond)) / (1 + maxima.size)
    return frame.assign(cluster=range(1, len(rows) + 1), p=p, recurrence=1 / p)
