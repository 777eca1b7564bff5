"""All conjunctions of attribute values with enough cases, scored on their sums."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from aftersales.stats.localise.leaves import Leaves

Place = Mapping[int, int]  # dimension -> code: a conjunction
KEEP_ALL = 200_000  # segments up to which all are kept for the next rounds
TIE = 1e-6  # relative; two values of one attribute can fit equally well: one up, the other down
DENSE = 4  # times the rows: codes up to which sums are taken without sorting


@dataclass
class Group:
    """All segments of one set of dimensions that have enough cases."""

    dims: tuple[int, ...]
    keys: np.ndarray  # sorted
    count: np.ndarray
    size: np.ndarray
    expected: np.ndarray

    def take(self, chosen: np.ndarray) -> Group:
        return Group(self.dims, *(x[chosen] for x in self.arrays()))

    def arrays(self) -> tuple[np.ndarray, ...]:
        return self.keys, self.count, self.size, self.expected


@dataclass(frozen=True)
class Totals:
    """Cases, exposure and expected cases of all leaves not yet explained."""

    count: float
    size: float
    expected: float


@dataclass
class Segments:
    """The segments under search; `tested` is how many were looked at, for multiplicity."""

    leaves: Leaves
    groups: list[Group]
    totals: Totals
    tested: int
    direction: str

    def scores(self) -> Iterator[tuple[Group, np.ndarray]]:
        for group in self.groups:
            yield group, score(group, self.totals, self.leaves, self.direction)

    def ranked(self, n: int) -> list[tuple[float, dict[int, int]]]:
        """The n best segments: score and place; of equals the shorter one first."""
        best: list[tuple[float, tuple, dict[int, int]]] = []
        for group, values in self.scores():
            top = np.argsort(-values, kind="stable")[:n]
            for at in top[values[top] > 0]:
                place = self.place(group, int(group.keys[at]))
                best.append((round(float(values[at]), 9), tuple(sorted(place.items())), place))
        best.sort(key=lambda b: (-b[0], len(b[1]), b[1]))
        return [(value, place) for value, _, place in best[:n]]

    def score_of(self, place: Place) -> float:
        """Score of one segment, -1 where it is not under search."""
        dims = tuple(sorted(place))
        for group in self.groups:
            if group.dims == dims:
                key = _key(self.leaves, dims, np.array([[place[d]] for d in dims]))[0]
                at = np.searchsorted(group.keys, key)
                if at < group.keys.size and group.keys[at] == key:
                    one = group.take(np.array([at]))
                    return float(score(one, self.totals, self.leaves, self.direction)[0])
        return -1.0

    def place(self, group: Group, key: int) -> dict[int, int]:
        place = {}
        for dim in reversed(group.dims):
            key, code = divmod(key, self.leaves.levels[dim].size)
            place[dim] = code
        return dict(sorted(place.items()))

    def remove(self, rows: np.ndarray) -> None:
        """Take the leaves at these positions out of all sums."""
        out = self.leaves
        parts = out.count[rows], out.size[rows], out.expected[rows]
        old = self.totals
        self.totals = Totals(
            old.count - parts[0].sum(), old.size - parts[1].sum(), old.expected - parts[2].sum()
        )
        for group in self.groups:
            key = _key(out, group.dims, out.codes[list(group.dims)][:, rows])
            at = np.minimum(np.searchsorted(group.keys, key), max(group.keys.size - 1, 0))
            hit = group.keys[at] == key if group.keys.size else np.zeros(rows.size, dtype=bool)
            for sums, part in zip(group.arrays()[1:], parts, strict=True):
                sums -= np.bincount(at[hit], part[hit], sums.size)
                np.maximum(sums, 0, out=sums)


def segments(
    leaves: Leaves, *, max_depth: int, min_cases: float, direction: str, keep: float
) -> Segments:
    """Sums of every conjunction with at least `min_cases` observed or expected.

    Where there are very many, only those with a score of at least `keep` stay for later rounds.
    """
    totals = Totals(leaves.count.sum(), leaves.size.sum(), leaves.expected.sum())
    live = [_live(leaves, d, min_cases) for d in range(len(leaves.dims))]
    groups, tested = [], 0
    for depth in range(1, min(max_depth, len(leaves.dims)) + 1):
        for dims in itertools.combinations(range(len(leaves.dims)), depth):
            group = _group(leaves, dims, live, min_cases)
            tested += group.keys.size
            if group.keys.size > KEEP_ALL // 50:
                good = score(group, totals, leaves, direction) >= keep
                group = group.take(np.flatnonzero(good))
            groups.append(group)
    return Segments(leaves, groups, totals, tested, direction)


def score(group: Group, totals: Totals, leaves: Leaves, direction: str) -> np.ndarray:
    """Log likelihood ratio: inside and outside each at their own rate, against one common ratio.

    The ratio is cases over expected cases. Kulldorff 1997, Commun. Stat. Theory Methods 26:1481,
    with expectations from the past; binomial where the cases are part of the exposure. -1 where
    the segment does not stand out to the wanted side, both against the rest and its own past.
    """
    inside = group.count, group.size, group.expected
    whole = totals.count, totals.size, totals.expected
    outside = tuple(np.maximum(w - i, 0.0) for w, i in zip(whole, inside, strict=True))
    common = totals.count / totals.expected if totals.expected > 0 else 1.0
    own = inside[0] / np.maximum(inside[2], 1e-12)
    rest = (outside[0] + 0.5) / (outside[2] + 0.5)
    more, fewer = (own > rest) & (own > 1), (own < rest) & (own < 1)
    wanted = {"more": more, "fewer": fewer, "both": more | fewer}[direction]
    value = np.full(group.count.size, -1.0)
    at = np.flatnonzero(wanted)
    parts = [tuple(x[at] for x in part) for part in (inside, outside)]
    value[at] = sum(_fit(*part, common, leaves.shares) for part in parts)
    if leaves.with_past:  # of a segment and its complement the one that left its own past
        moved = [_fit(*part, 1.0, leaves.shares) for part in parts]
        value[at] *= 1 + TIE * moved[0] / np.maximum(moved[0] + moved[1], 1e-12)
    else:
        value[at] *= 1 + TIE * more[at]
    return value


def _fit(
    count: np.ndarray, size: np.ndarray, expected: np.ndarray, common: float, shares: bool
) -> np.ndarray:
    """Gain in log likelihood from an own rate instead of the common ratio."""
    mean = expected * common
    gain = _xlog(count, mean)
    if not shares:
        return gain - (count - mean)
    healthy = size - np.minimum(mean, 0.999 * size)
    return gain + _xlog(size - count, healthy)


def _xlog(x: np.ndarray, mean: np.ndarray) -> np.ndarray:
    some = x > 0
    ratio = np.where(some, x, 1.0) / np.maximum(np.where(some, mean, 1.0), 1e-12)
    return np.where(some, x * np.log(ratio), 0.0)


def _live(leaves: Leaves, dim: int, min_cases: float) -> np.ndarray:
    """Leaves whose value of this attribute has enough cases to take part in any segment."""
    code, n = leaves.codes[dim], leaves.levels[dim].size
    cases = np.maximum(np.bincount(code, leaves.count, n), np.bincount(code, leaves.expected, n))
    return (cases >= min_cases)[code] & (leaves.size > 0)


def _group(leaves: Leaves, dims: tuple[int, ...], live: list, min_cases: float) -> Group:
    use = np.logical_and.reduce([live[d] for d in dims])
    rows = slice(None) if use.all() else np.flatnonzero(use)
    key = _key(leaves, dims, [leaves.codes[d][rows] for d in dims])
    span = int(np.prod([leaves.levels[d].size for d in dims]))
    if span <= DENSE * max(key.size, 1000):
        names = np.arange(span)
    else:
        names, key = np.unique(key, return_inverse=True)
    count = np.bincount(key, leaves.count[rows], names.size)
    expected = np.bincount(key, leaves.expected[rows], names.size)
    enough = np.flatnonzero(np.maximum(count, expected) >= min_cases)
    size = np.bincount(key, leaves.size[rows], names.size)
    return Group(dims, names[enough], count[enough], size[enough], expected[enough])


def _key(leaves: Leaves, dims: tuple[int, ...], codes: object) -> np.ndarray:
    key = np.zeros(0, dtype=np.int64)
    for place, (dim, code) in enumerate(zip(dims, codes, strict=True)):
        code = np.asarray(code, dtype=np.int64)
        key = code if place == 0 else key * leaves.levels[dim].size + code
    return key
