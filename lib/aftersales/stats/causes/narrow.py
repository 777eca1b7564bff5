"""Where inside a cause does it act: in a few values of another attribute, or in all but a few?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, log

import numpy as np
from scipy import stats

from aftersales.stats.causes.search import LARGEST_RATIO, Key, Search, Where
from aftersales.stats.counts.more_than_expected import excess_ratio

P = 0.005  # largest p of an uneven spread, after allowing for all parts looked at
MILD = 1 / 3  # excess rate of the rest, as a share of that of the part, up to which it is narrowed
MOST = 2 / 3  # share of the cause's excess that the part must hold
NAMED = 3  # values that are named at most
OWN_CASES = 10.0  # cases for which the others' equal level counts, per value
LEAST_CASES = 10.0  # of the cause, below which nothing is looked for inside it
CONDITIONS = 2  # on top of the cause's own value


@dataclass(frozen=True)
class _Cut:
    """Some values of an attribute against its other ones, inside a cause."""

    attribute: str
    values: tuple[str, ...]
    inside: bool
    ways: int  # of choosing as many values
    gain: float  # log likelihood ratio
    p: float  # of this cut alone
    ratio: float  # in the part, to comparable cases
    elsewhere: float


def narrow(
    search: Search,
    effects: Mapping[Key, float],
    *,
    of: str,
    held: np.ndarray,
    by: Sequence[str],
) -> dict[Key, tuple[Where, ...]]:
    """Up to two conditions under which each cause of attribute `of` acts; none for everywhere.

    Inside the cause the cases are compared with those that the cause as a whole gives in the same
    `held` stratum (age and month), at the level that each value of `by` has among the cells of no
    cause; where those have few cases, that level is drawn towards 1. Values are sorted by their
    ratio and cut in two; a cut counts when chance gives it with p <= 0.005 after allowing for all
    cuts of all attributes, when the rest of the cause has at most a third of the part's excess
    rate, and when the part holds two thirds of the excess.

    The causes are looked at together first, each at its own level: two engines that
    fail outside one country say so more clearly than either does.
    """
    wide = np.zeros(search.n.size, dtype=bool)
    for attribute, value in effects:
        wide |= search.has(attribute, [value])
    group = [key for key in effects if key[0] == of]
    levels = _levels(search, ~wide)
    one = _Inside(search, effects, levels, held, [a for a in by if a != of])
    found = one.wheres(group) if len(group) > 1 else {}
    for key in [k for k in group if k not in found]:
        found |= one.wheres([key])
    return found


@dataclass(frozen=True)
class _Inside:
    """What is needed to look inside causes: the search, the levels outside, and strata."""

    search: Search
    effects: Mapping[Key, float]
    levels: Mapping[str, np.ndarray]
    held: np.ndarray
    by: Sequence[str]

    def wheres(self, keys: Sequence[Key]) -> dict[Key, tuple[Where, ...]]:
        """Conditions that all these causes share; empty where there is none."""
        size = self.search.explained({k: v for k, v in self.effects.items() if k not in keys})
        cells = {key: self.search.has(key[0], [key[1]]) & (size > 0) for key in keys}
        ratios = {key: self.effects[key] for key in keys}
        found: dict[Key, tuple[Where, ...]] = dict.fromkeys(keys, ())
        for _ in range(CONDITIONS):
            left = [a for a in self.by if a not in {w.attribute for w in found[keys[0]]}]
            best = self._best(cells, size, left, ratios)
            if best is None:
                break
            attribute, values, inside = best[0].attribute, best[0].values, best[0].inside
            chosen = self.search.has(attribute, values) == inside
            for key, cut in zip(keys, best, strict=True):
                found[key] += (Where(attribute, values, inside, cut.elsewhere, cut.p),)
                ratios[key] = min(cut.ratio, LARGEST_RATIO)
                cells[key] = cells[key] & chosen
        return {key: wheres for key, wheres in found.items() if wheres}

    def _best(
        self,
        cells: Mapping[Key, np.ndarray],
        size: np.ndarray,
        by: Sequence[str],
        ratios: Mapping[Key, float],
    ) -> list[_Cut] | None:
        """The best cut, as it looks in each of the causes; None where no cut counts."""
        rows = [np.flatnonzero(inside) for inside in cells.values()]
        if min(self.search.y[r].sum() for r in rows) < LEAST_CASES:
            return None
        tables = {a: t for a in by if (t := self._sums(a, rows, size)) is not None}
        best: tuple[float, list[_Cut]] | None = None
        for attribute, (seen, usual) in tables.items():
            names = self.search.names(attribute)
            for chosen, inside in _splits(seen.sum(axis=0), usual.sum(axis=0)):
                cuts = _cuts(attribute, names, chosen, inside, seen, usual, list(ratios.values()))
                if cuts is None or _p(cuts) * len(tables) > P:
                    continue
                score = sum(cut.gain for cut in cuts) - log(cuts[0].ways)
                if best is None or score > best[0]:
                    best = (score, cuts)
        return best[1] if best else None

    def _sums(
        self, attribute: str, rows: Sequence[np.ndarray], size: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Cases and expected cases by cause (rows) and value (columns; the last one: missing)."""
        code = self.search.codes(attribute)
        inside = np.concatenate([code[r] for r in rows])
        if np.unique(inside[inside >= 0]).size < 2:
            return None
        level = self.levels[attribute]
        n, seen, usual = len(level), [], []
        for r in rows:
            y = self.search.y[r]
            expected = _expected(y, size[r] * level[code[r]], self.held[r])
            seen.append(np.bincount(code[r] % n, y, n))
            usual.append(np.bincount(code[r] % n, expected, n))
        return np.array(seen), np.array(usual)


def _levels(search: Search, cells: np.ndarray) -> dict[str, np.ndarray]:
    """Level of each value of each attribute in some cells, drawn towards 1; the last: missing."""
    table = search.ratios({}, cells=cells)
    seen, expected = table["compared"].fillna(0.0), table["expected"].fillna(0.0)
    level = ((seen + OWN_CASES) / (expected + OWN_CASES)).where(table["ratio"].notna(), 1.0)
    return {a: np.append(part.to_numpy(), 1.0) for a, part in level.groupby(table["attribute"])}


def _expected(y: np.ndarray, size: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Cases of each cell at the rate of the whole cause in its stratum."""
    names, at = np.unique(held, return_inverse=True)
    cases, total = np.bincount(at, y, names.size), np.bincount(at, size, names.size)
    return size * (cases / np.maximum(total, 1e-300))[at]


def _splits(seen: np.ndarray, usual: np.ndarray) -> list[tuple[np.ndarray, bool]]:
    """The few worst values, and all but the few best: positions, and whether they are the part."""
    known = np.flatnonzero((usual[:-1] > 0) | (seen[:-1] > 0))
    order = known[np.argsort(-(seen[known] + 1) / (usual[known] + 1), kind="stable")]
    sizes = range(1, min(NAMED, max(order.size // 2, order.size > 1)) + 1)
    return [s for n in sizes for s in ((order[:n], True), (order[-n:], False))]


def _cuts(
    attribute: str,
    names: np.ndarray,
    chosen: np.ndarray,
    inside: bool,
    seen: np.ndarray,
    usual: np.ndarray,
    ratios: Sequence[float],
) -> list[_Cut] | None:
    """One cut in each of the causes; None where it does not narrow every one of them."""
    values = tuple(sorted(str(v) for v in names[chosen]))
    present = int(((usual > 0) | (seen > 0)).any(axis=0)[:-1].sum())
    ways = 2 * NAMED * comb(present, len(values))
    found = []
    for y, e, ratio in zip(seen, usual, ratios, strict=True):
        part, whole = (y[chosen].sum(), e[chosen].sum()), (y.sum(), e.sum())
        rest = (whole[0] - part[0], whole[1] - part[1])
        cut = _judged(*((part, rest) if inside else (rest, part)), ratio)
        if cut is None:
            return None
        found.append(_Cut(attribute, values, inside, ways, *cut))
    return found


def _p(cuts: Sequence[_Cut]) -> float:
    """p of a cut after allowing for all cuts of its attribute; Fisher's over several causes."""
    p = [max(cut.p, 1e-300) for cut in cuts]
    joint = float(stats.chi2.sf(-2 * np.log(p).sum(), 2 * len(p))) if len(p) > 1 else p[0]
    return min(1.0, joint * cuts[0].ways)


def _judged(
    part: tuple[float, float], rest: tuple[float, float], ratio: float
) -> tuple[float, float, float, float] | None:
    """Gain, p, ratio in the part and elsewhere; None where the cause is not narrowed by it."""
    if min(part[1], rest[1]) <= 0 or part[0] / part[1] <= rest[0] / rest[1]:
        return None
    seen, whole = part[0] + rest[0], part[1] + rest[1]
    here, there = (ratio * p[0] / p[1] * whole / seen for p in (part, rest))
    extra = [p[0] * (1 - 1 / r) if r > 0 else 0.0 for p, r in ((part, here), (rest, there))]
    mild = there - 1 <= MILD * (here - 1) and extra[0] >= MOST * (extra[0] + max(extra[1], 0))
    if not mild:
        return None
    others = max(rest[0], 0.5)
    p = excess_ratio(part[0], part[1] * others / rest[1], variance=1 / others).p
    gain = sum(p_[0] * log(p_[0] / p_[1] * whole / seen) for p_ in (part, rest) if p_[0] > 0)
    return gain, float(p), here, max(there, 1e-3)
