"""Parent or child: does an effect reach beyond one value of an attribute, or end there?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import special

from aftersales.stats.localise.leaves import Leaves
from aftersales.stats.localise.search import Place, Segments

INSIDE = 0.5  # chance that another value of the attribute is affected when the parent is the cause
OUTSIDE = 0.01  # and when the child alone is: some cause of its own
SPREAD = 3.0  # shape of the gamma by which an effect varies between the values it reaches
NOISE = 0.2**2  # squared coefficient of variation of ordinary rates between values
INFORMED = 0.5  # cases the effect should give in the rest before the rest can speak
HALF = 0.5  # share of the parent's score that a child needs to be looked at

Key = tuple[tuple[int, int], ...]


@dataclass
class Family:
    """The conjunctions around a candidate, judged on the leaves not yet explained (`alive`)."""

    leaves: Leaves
    alive: np.ndarray
    totals: np.ndarray = field(init=False)  # cases, exposure, expected cases of the live leaves

    def __post_init__(self) -> None:
        parts = (self.leaves.count, self.leaves.size, self.leaves.expected)
        self.totals = np.array([part[self.alive].sum() for part in parts])

    def rows(self, place: Place) -> np.ndarray:
        found = self.leaves.rows(place)
        return found[self.alive[found]]

    def slices(self, rows: np.ndarray, dim: int) -> np.ndarray:
        """Cases, exposure, expected and its variance (rows) by value of an attribute (columns)."""
        out, code = self.leaves, self.leaves.codes[dim][rows]
        parts = (out.count, out.size, out.expected, out.doubt)
        n = out.levels[dim].size
        return np.stack([np.bincount(code, part[rows], n) for part in parts])

    def reach(self, slices: np.ndarray, code: int) -> float:
        """Log Bayes factor that the effect seen at one value reaches the parent's other values.

        Each other value is either affected (its cases follow the ordinary rate plus the child's
        effect, which may vary) or not (ordinary rate). Under the parent half of the values are
        affected, under the child hardly any. Above 0 the parent is the better cause, below 0 the
        child; 0 where the others are too small to tell.
        """
        count, size, expected, _ = slices[:, code]
        outside = self.totals[:3] - np.array([count, size, expected])
        common = (outside[0] + 0.5) / (outside[2] + 0.5)
        other = slices[:, (slices[1] > 0) & (np.arange(slices.shape[1]) != code)]
        if other.shape[1] == 0:
            return 0.0
        ordinary = common * other[2]
        noise = ordinary**2 * NOISE + common**2 * other[3]
        scale = count / max(expected, 1e-9) / common
        if scale >= 1:
            effect = (count - common * expected) / max(size, 1e-9) * other[1]
            mean = ordinary + effect
            varied = noise + effect**2 * (1 / SPREAD + 1 / max(count, 1.0))
        else:
            mean = ordinary * max(scale, 1e-6)
            effect, varied = ordinary - mean, noise * scale**2 + mean**2 / SPREAD
        if effect.sum() < INFORMED:
            return 0.0
        affected = _log_chance(other[0], mean, varied)
        healthy = _log_chance(other[0], ordinary, noise)
        return float((_mix(affected, healthy, INSIDE) - _mix(affected, healthy, OUTSIDE)).sum())

    def judge(self, start: Place, search: Segments) -> tuple[dict[int, int], list[dict[int, int]]]:
        """Climb while the effect reaches beyond the child, then descend while it does not.

        Returns the conjunction at which both stop, and those passed on the way.
        """
        here, seen = dict(start), [_key(start)]
        while len(here) > 1 and (up := self._parent(here, search)) is not None:
            here = up
            seen.append(_key(here))
        while (down := self._child(here, search, seen)) is not None:
            here = down
            seen.append(_key(here))
        return here, [dict(key) for key in seen if key != _key(here)]

    def _parent(self, here: Place, search: Segments) -> dict[int, int] | None:
        """The best parent that the effect reaches."""
        found = []
        for dim, code in here.items():
            parent = {d: c for d, c in here.items() if d != dim}
            if self.reach(self.slices(self.rows(parent), dim), code) > 0:
                found.append((search.score_of(parent), parent))
        found = [f for f in found if f[0] > 0]
        return max(found, key=lambda f: f[0])[1] if found else None

    def _child(self, here: Place, search: Segments, seen: list[Key]) -> dict[int, int] | None:
        """The best child in which the effect ends, if the rest of the parent can tell."""
        deepest = max((len(group.dims) for group in search.groups), default=0)
        if len(here) >= deepest:
            return None
        rows, found = self.rows(here), []
        needed = HALF * search.score_of(here)
        for dim in set(range(len(self.leaves.dims))) - set(here):
            slices = self.slices(rows, dim)
            for code in _large(slices):
                child = {**here, dim: int(code)}
                value = search.score_of(child)
                new = value >= max(needed, 1e-9) and _key(child) not in seen
                if new and self.reach(slices, int(code)) < 0:
                    found.append((value, _key(child)))
        return dict(max(found)[1]) if found else None


def _large(slices: np.ndarray) -> np.ndarray:
    """Values with a third or more of the cases or of the expected ones: no other can win."""
    share = slices[[0, 2]] / np.maximum(slices[[0, 2]].sum(axis=1, keepdims=True), 1e-9)
    return np.flatnonzero((share >= 1 / 3).any(axis=0))


def _key(place: Place) -> Key:
    return tuple(sorted(place.items()))


def _mix(affected: np.ndarray, healthy: np.ndarray, share: float) -> np.ndarray:
    return np.logaddexp(np.log(share) + affected, np.log1p(-share) + healthy)


def _log_chance(count: np.ndarray, mean: np.ndarray, extra: np.ndarray) -> np.ndarray:
    """Negative binomial log probability: Poisson around `mean`, with variance `extra` added."""
    mean = np.maximum(mean, 1e-6)
    shape = np.minimum(mean**2 / np.maximum(extra, 1e-12 * mean), 1e7)
    return (
        special.gammaln(count + shape)
        - special.gammaln(shape)
        - special.gammaln(count + 1)
        + shape * np.log(shape / (shape + mean))
        + special.xlogy(count, mean / (shape + mean))
    )
