"""Which conjunctions explain why a sum missed its forecast, where causes can be many and small."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats.inputs import counts, share
from aftersales.stats.localise.leaves import coded

SPREADS = (0.03, 0.1)  # standard deviations of an effect between the leaves it reaches
STEPS = (0.05, 0.1)  # between the effect sizes tried for each of them
SMALLEST = 0.1  # effect that is looked for, as a share of the forecast
QUARTILE = 0.6745  # of the normal distribution: median absolute deviation to standard deviation
LEAST_NOISE = 0.005  # relative noise of a forecast that is better than any real one
WORTH = 0.05  # share by which the parts must beat the whole: less is rounding of the effect's size
CALMER = 0.9  # of the noise taken first: outside the causes it is lower, so look again
PASSES = 3
STRAY = 1e-7  # density of leaves that follow neither noise nor effect

Place = Mapping[int, int]


@dataclass(frozen=True)
class SumCause:
    """One conjunction whose leaves all miss their forecast by about the same share.

    ``actual`` and ``forecast`` are sums over its leaves outside better causes, ``deviation`` is
    actual minus forecast, ``severity`` its share of the forecast (0.3: 30 % below, -0.3: above),
    ``leaves`` how many leaves have a forecast. ``share`` is the share of the whole deviation in the
    same direction. ``score`` is a log likelihood ratio and ``p`` bounds the chance of so large a
    one anywhere: number of segments looked at times exp(-score).
    """

    where: Mapping[str, object]
    actual: float
    forecast: float
    deviation: float
    severity: float
    share: float
    leaves: int
    score: float
    p: float


@dataclass(frozen=True)
class SumLocalisation:
    """The answers, best first; an empty one is "no finding". ``noise`` is that of the forecast."""

    causes: tuple[SumCause, ...]
    tested: int
    noise: float

    def __getitem__(self, at: int) -> SumCause:
        return self.causes[at]

    def __len__(self) -> int:
        return len(self.causes)

    def __iter__(self) -> Iterator[SumCause]:
        return iter(self.causes)

    def to_frame(self) -> pd.DataFrame:
        """One row per answer; ``where`` as a mapping."""
        rows = [asdict(cause) | {"where": dict(cause.where)} for cause in self.causes]
        return pd.DataFrame(rows, columns=list(SumCause.__dataclass_fields__))


def localise_sum(
    leaves: pd.DataFrame,
    *,
    dims: Sequence[str],
    actual: str,
    forecast: str,
    max_depth: int | None = None,
    max_causes: int = 12,
    alpha: float = 0.05,
    direction: Literal["more", "fewer", "both"] = "both",
) -> SumLocalisation:
    """Find conjunctions in which a sum (cost, returned value) departs from its forecast.

    A cause moves all its leaves by about the same share of their forecast; elsewhere the forecast
    is off by noise, whose size is taken from the middle of all leaves outside the causes. Every
    conjunction is scored by the likelihood ratio of its leaves; the best one is split where parts
    of it explain more than the whole does (each further part has to earn its place among all
    segments), its leaves are set aside, and the search goes on. Made for up to some 100,000
    leaves; for more, give `max_depth`.

    Parameters
    ----------
    leaves : one row per attribute combination
        `actual` and `forecast` are not negative; rows of one combination are summed. Leaves
        without forecast cannot be judged and are left out.
    max_depth : None looks at conjunctions of all attributes
    alpha : largest p of a cause

    Returns
    -------
    SumLocalisation
        Causes, best first; empty where noise explains everything.

    >>> rng = np.random.default_rng(1)
    >>> leaves = [(site, part) for site in "ABCDEFGH" for part in range(40)]
    >>> plan = pd.DataFrame(leaves, columns=["site", "part"])
    >>> plan["plan"] = rng.uniform(50, 150, len(plan))
    >>> plan["cost"] = plan["plan"] * rng.normal(1, 0.05, len(plan))
    >>> plan.loc[plan["site"] == "C", "cost"] *= 1.3
    >>> found = localise_sum(plan, dims=["site", "part"], actual="cost", forecast="plan")
    >>> [(dict(c.where), round(c.severity, 1)) for c in found]
    [({'site': 'C'}, -0.3)]
    """
    if isinstance(dims, str) or len(dims) == 0 or len(set(dims)) < len(dims):
        raise DataError(f"`dims` must list different attribute columns; found {dims!r}.")
    if direction not in ("more", "fewer", "both"):
        raise DataError(f'`direction` must be "more", "fewer" or "both"; found {direction!r}.')
    share(alpha, name="alpha")
    counts(leaves[actual], name=actual)
    counts(leaves[forecast], name=forecast)
    table = leaves.groupby(list(dims), dropna=False, sort=False)[[actual, forecast]].sum()
    table = table[table[forecast] > 0].reset_index()
    levels, codes = coded([table], dims)
    v, f = table[actual].to_numpy(float), table[forecast].to_numpy(float)
    order = np.lexsort(codes) if len(table) else np.zeros(0, dtype=int)
    sums = _Sums(levels, codes[:, order], v[order], f[order], tuple(dims), direction)
    for _ in range(PASSES):
        result = sums.search(max_depth or len(dims), max_causes, alpha)
        noise = _noise(sums.actual[sums.quiet], sums.forecast[sums.quiet])
        if noise > CALMER * sums.noise:
            break
        sums.noise = noise  # the causes had raised it: look again
    return result


@dataclass
class _Sums:
    """The leaves, the log likelihood ratios of every effect size tried, and their sums."""

    levels: tuple[np.ndarray, ...]
    codes: np.ndarray
    actual: np.ndarray
    forecast: np.ndarray
    dims: tuple[str, ...]
    direction: str

    def __post_init__(self) -> None:
        self.noise = _noise(self.actual, self.forecast)
        self.keys: dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]] = {}

    def search(self, max_depth: int, max_causes: int, alpha: float) -> SumLocalisation:
        """Causes one after the other; `quiet` are then the leaves outside all of them."""
        missed = (self.forecast - self.actual) / np.maximum(self.forecast, 1e-300)
        self.gains = _gains(missed, self.noise, self.direction)
        self.alive, self.quiet = np.ones((2, missed.size), dtype=bool)
        self.depth, self.groups = max_depth, {}
        for depth in range(1, min(max_depth, len(self.dims)) + 1):
            for dims in itertools.combinations(range(len(self.dims)), depth):
                if dims not in self.keys:
                    self.keys[dims] = np.unique(self._key(dims), return_inverse=True)
                names, key = self.keys[dims]
                self.groups[dims] = (key, self._sum(key, names.size))
        tested = sum(sums.shape[1] for _, sums in self.groups.values())
        self.price = float(np.log(max(tested, 1) / alpha))
        found: list[SumCause] = []
        for _ in range(2 * max_causes):
            if len(found) == max_causes or (best := self._best()) is None:
                break
            place = self._split(best)
            rows = self._rows(place)
            score = float(self.gains[:, rows].sum(axis=1).max())
            cause = self._cause(place, rows, score, tested)
            if self._wanted(cause.severity):
                found.append(cause)
                self.quiet[rows] = False
            self._remove(rows)
        return SumLocalisation(tuple(found), tested, self.noise)

    def _wanted(self, severity: float) -> bool:
        """An effect to the wanted side; none at all means: steadier than the noise, no more."""
        side = {"fewer": severity, "more": -severity, "both": abs(severity)}[self.direction]
        return side >= SMALLEST / 2

    def _sum(self, key: np.ndarray, n: int) -> np.ndarray:
        return np.stack([np.bincount(key, gain, n) for gain in self.gains])

    def _key(self, dims: tuple[int, ...]) -> np.ndarray:
        key = np.zeros(self.actual.size, dtype=np.int64)
        for dim in dims:
            key = key * self.levels[dim].size + self.codes[dim]
        return key

    def _best(self) -> dict[int, int] | None:
        """The segment with the largest score above the price of a cause."""
        top, place = self.price, None
        for dims, (key, sums) in self.groups.items():
            if sums.size == 0:
                continue
            at = int(sums.max(axis=0).argmax())
            if (value := sums[:, at].max()) > top + 1e-9:
                row = int(np.argmax(key == at))
                top, place = value, {d: int(self.codes[d][row]) for d in dims}
        return place

    def _rows(self, place: Place) -> np.ndarray:
        found = np.flatnonzero(self.alive)
        for dim, code in place.items():
            found = found[self.codes[dim][found] == code]
        return found

    def _split(self, place: Place) -> dict[int, int]:
        """Go down as long as some children together explain more than the parent."""
        here = dict(place)
        while len(here) < self.depth:
            rows = self._rows(here)
            gains = self.gains[:, rows]
            top, child = (gains.sum(axis=1).max() - self.price) * (1 + WORTH), None
            for dim in set(range(len(self.dims))) - set(here):
                code, n = self.codes[dim][rows], self.levels[dim].size
                sums = np.stack([np.bincount(code, gain, n) for gain in gains]).max(axis=0)
                total = np.maximum(sums - self.price, 0).sum()
                if total > top + 1e-9:
                    top, child = total, {**here, dim: int(sums.argmax())}
            if child is None:
                break
            here = child
        return here

    def _remove(self, rows: np.ndarray) -> None:
        for key, sums in self.groups.values():
            for row, gain in zip(sums, self.gains, strict=True):
                row -= np.bincount(key[rows], gain[rows], row.size)
        self.alive[rows] = False

    def _cause(self, place: Place, rows: np.ndarray, score: float, tested: int) -> SumCause:
        v, f = float(self.actual[rows].sum()), float(self.forecast[rows].sum())
        gap = self.actual - self.forecast
        whole = gap[gap > 0].sum() if v > f else gap[gap < 0].sum()
        where = {self.dims[d]: self.levels[d][c] for d, c in sorted(place.items())}
        return SumCause(
            where={k: x.item() if isinstance(x, np.generic) else x for k, x in where.items()},
            **{"actual": v, "forecast": f, "deviation": v - f, "severity": (f - v) / f},
            share=float((v - f) / whole) if whole else np.nan,
            leaves=int(rows.size),
            score=score,
            p=float(min(1.0, tested * np.exp(-min(score, 700.0)))),
        )


def _noise(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Standard deviation of the relative error of the forecast, by a robust median."""
    if actual.size == 0:
        return LEAST_NOISE
    missed = 2 * (forecast - actual) / np.maximum(actual + forecast, 1e-300)
    return max(float(np.median(np.abs(missed))) / QUARTILE, LEAST_NOISE)


def _gains(missed: np.ndarray, noise: float, direction: str) -> np.ndarray:
    """Log likelihood ratio of every effect size tried (rows) for every leaf (columns).

    `missed` is the share of the forecast that is missing. Noise may act on the forecast or on the
    actual value, hence the mixture of both densities.
    """
    left = np.maximum(1 - missed, 1e-9)
    ordinary = 0.5 * _normal(missed, 0, noise) + 0.5 * _normal(missed / left, 0, noise) / left**2
    ordinary = np.log(ordinary + STRAY)
    sizes = []
    for spread, step in zip(SPREADS, STEPS, strict=True):
        grid = np.arange(SMALLEST, 1 + step / 2, step)
        if direction != "more":
            sizes += [(g, spread) for g in grid]
        if direction != "fewer":
            sizes += [(-g, spread) for g in grid]
    return np.stack([np.log(_normal(missed, g, sd) + STRAY) - ordinary for g, sd in sizes])


def _normal(x: np.ndarray, mean: float, sd: float) -> np.ndarray:
    return np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
