"""What a scan compares: the likelihood of groups of places, as observed and by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

BATCH = 4_000_000  # numbers held at once
AT_FIRST = 100  # maps simulated before it is asked whether they are enough
Array = np.ndarray


@dataclass(frozen=True)
class Differences:
    """How much rates differ without any cluster, as squared coefficients of variation.

    ``own`` of each place (and period) for itself; ``shared`` holds, for every way of grouping the
    places, the number of each place's group and the spread of what the places of a group have in
    common.
    """

    own: float
    shared: Sequence[tuple[Array, float]] = ()


@dataclass(frozen=True)
class Cells:
    """Places x windows, and one cell for all earlier periods.

    Cell ``place * windows + k`` holds the place's cases ``k`` periods before the last; the last
    cell holds what no window contains.
    """

    cases: Array
    size: Array
    windows: int
    binomial: bool

    @classmethod
    def of(cls, cases: Array, size: Array, windows: int, model: str) -> Cells:
        """The last ``windows`` periods of each place, the newest first, and the rest."""
        parts = []
        for table in (cases, size):
            recent = table[:, ::-1][:, :windows]
            rest = table.sum() - recent.sum() if table.shape[1] > windows else 0.0
            parts.append(np.append(recent.reshape(-1), rest))
        return cls(*parts, windows, model == "binomial")

    @property
    def total_cases(self) -> float:
        return float(self.cases.sum())

    @property
    def total_size(self) -> float:
        return float(self.size.sum())

    def inside(self, members: Array, maps: Array) -> Array:
        """Sums of each map inside each group and window: groups x windows x maps."""
        places = maps[:, :-1].reshape(len(maps), -1, self.windows)
        running = np.cumsum(places, axis=2)
        flat = running.transpose(1, 2, 0).reshape(running.shape[1], -1)
        return (members.astype(float) @ flat).reshape(len(members), self.windows, len(maps))


def likelihood_ratios(cells: Cells, members: Array, maps: Array) -> Array:
    """Log likelihood ratio of "more inside than outside": groups x windows x maps; 0 if not.

    Every map must have the same number of cases.
    """
    count, total = cells.inside(members, maps), cells.total_cases
    size, everyone = cells.inside(members, cells.size[None]), cells.total_size
    share = size / everyone
    judged = (share > 0) & (share < 1) & (count > share * total)
    share = np.where((share > 0) & (share < 1), share, 0.5)
    if cells.binomial:
        return np.where(judged, _binomial(count, total, size, everyone), 0.0)
    entropy = special.xlogy(np.arange(total + 1), np.arange(total + 1))  # k log k, looked up
    whole = count.astype(np.int64)
    value = entropy[whole] + entropy[int(total) - whole] - entropy[int(total)]
    value -= count * np.log(share) + (total - count) * np.log1p(-share)
    return np.where(judged, value, 0.0)


def simulated_maxima(
    cells: Cells,
    members: Array,
    simulations: int,
    *,
    seed: int,
    differ: Differences,
    stop: tuple[float, int] | None = None,
) -> Array:
    """Largest log likelihood ratio of each map that chance alone gives, the total kept.

    With ``stop`` (a ratio and a number of maps), ends before the map that is the so manieth with
    at least that ratio: (1 + maps beyond) / (1 + maps) is then the p of Besag and Clifford.
    """
    rng = np.random.default_rng(seed)
    best = np.zeros(0)
    while best.size < simulations:
        more = min(simulations - best.size, simulations if stop is None else AT_FIRST)
        maps = _chance_maps(cells, more, rng, differ)
        best = np.append(best, _largest(cells, members, maps))
        if stop is not None:
            beyond = np.flatnonzero(best >= stop[0] * (1 - 1e-9))
            if beyond.size >= stop[1]:
                return best[: max(beyond[stop[1] - 1], 1)]
    return best


def _largest(cells: Cells, members: Array, maps: Array) -> Array:
    """Largest log likelihood ratio of each map over all groups and windows."""
    best = np.zeros(len(maps))
    at_once = max(1, BATCH // (cells.windows * len(maps)))
    for start in range(0, len(members), at_once):
        ratios = likelihood_ratios(cells, members[start : start + at_once], maps)
        best = np.maximum(best, ratios.max(axis=(0, 1)))
    return best


def _chance_maps(
    cells: Cells, simulations: int, rng: np.random.Generator, differ: Differences
) -> Array:
    """Maps x cells: the total spread over the cells in proportion to their size."""
    total = int(cells.total_cases)
    if cells.binomial:
        size = cells.size.astype(np.int64)
        draws = rng.multivariate_hypergeometric(size, total, simulations, method="marginals")
        return draws.astype(float)
    chance = np.broadcast_to(cells.size, (simulations, cells.size.size))
    if differ.own > 0:
        factor = rng.gamma(1 / differ.own, differ.own, chance.shape)
        factor[:, -1] = 1.0
        chance = chance * factor
    for label, spread in differ.shared:
        if spread > 0:
            factor = rng.gamma(1 / spread, spread, (simulations, int(label.max()) + 1))[:, label]
            factor = np.repeat(factor, cells.windows, axis=1)
            chance = chance * np.append(factor, np.ones((simulations, 1)), axis=1)
    chance = np.maximum(chance, 1e-300 * (cells.size > 0))
    return rng.multinomial(total, chance / chance.sum(axis=1, keepdims=True)).astype(float)


def _binomial(count: Array, total: float, size: Array, everyone: float) -> Array:
    def score(hits: Array, trials: Array) -> Array:
        miss = trials - hits
        rate = special.xlogy(hits, hits) + special.xlogy(miss, miss)
        return rate - special.xlogy(trials, trials)

    outside = score(total - count, everyone - size)
    return score(count, size) + outside - score(np.float64(total), np.float64(everyone))
