"""Which conjunctions of attribute values explain a rise: causes, worst first, or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats.counts.more_than_expected import excess_ratio
from aftersales.stats.inputs import share
from aftersales.stats.localise.leaves import PRIOR_CASES, Leaves, leaves, scatter
from aftersales.stats.localise.parent_or_child import Family
from aftersales.stats.localise.search import Place, Segments, segments

CHANCE = 4.0  # log likelihood ratio below which a segment is not followed further
RIVAL = 0.6  # share of the cause's score from which an overlapping segment explains it as well
SAME = 0.5  # share of the excess that two segments have in common to explain the same
CLEAR = 3.0  # standard deviations by which cases in all must have changed to be shared out
RIVALS = 2  # of each cause that are named
LOOKED_AT = 60  # best segments among which rivals are sought


@dataclass(frozen=True)
class Cause:
    """One conjunction of attribute values, and how far it departs from what was expected.

    ``count``, ``exposure``, ``rate`` and their ``_before`` are of the whole segment (before: NaN
    without a table of the past). ``expected`` and ``excess`` are of its part outside better causes,
    at the rate of the rest, so that excesses add up; ``ratio`` with its 95 % interval compares the
    two. ``share`` is the share of the rise explained: excess over all cases beyond those the past
    gives (NaN where cases in all hardly changed or moved the other way); without a past, excess
    over all cases.
    ``p`` is already multiplied by the number of segments looked at. ``overlap`` is the share of the
    segment's exposure that lies in better causes. ``rival_of`` is the position of the cause that
    this segment explains nearly as well, -1 for a cause of its own.
    """

    where: Mapping[str, object]
    direction: Literal["more", "fewer"]
    count: float
    exposure: float
    rate: float
    count_before: float
    exposure_before: float
    rate_before: float
    expected: float
    excess: float
    share: float
    ratio: float
    low: float
    high: float
    p: float
    score: float
    overlap: float = 0.0
    rival_of: int = -1


@dataclass(frozen=True)
class Localisation:
    """The answers, best first; an empty one is "no finding". Reads like a tuple of causes.

    A rival follows the cause it explains as well and is marked by ``rival_of``; `distinct` leaves
    rivals out. ``tested`` is the number of segments looked at.
    """

    causes: tuple[Cause, ...]
    tested: int
    cases: float  # in all, now
    expected: float  # in all, by the past
    dims: tuple[str, ...]

    def __getitem__(self, at: int) -> Cause:
        return self.causes[at]

    def __len__(self) -> int:
        return len(self.causes)

    def __iter__(self) -> Iterator[Cause]:
        return iter(self.causes)

    def distinct(self) -> tuple[Cause, ...]:
        """Causes without their rivals."""
        return tuple(cause for cause in self.causes if cause.rival_of < 0)

    def to_frame(self) -> pd.DataFrame:
        """One row per answer; ``where`` as a mapping."""
        rows = [asdict(cause) | {"where": dict(cause.where)} for cause in self.causes]
        return pd.DataFrame(rows, columns=list(Cause.__dataclass_fields__))


def localise(
    now: pd.DataFrame,
    *,
    before: pd.DataFrame | None = None,
    dims: Sequence[str],
    count: str,
    exposure: str | None,
    max_depth: int = 3,
    max_causes: int = 5,
    min_cases: float = 3.0,
    min_ratio: float = 1.2,
    alpha: float = 0.01,
    direction: Literal["more", "fewer", "both"] = "both",
    rivals: bool = True,
) -> Localisation:
    """Find the conjunctions of attribute values in which cases departed from what was expected.

    Every conjunction of up to `max_depth` attributes with at least `min_cases` cases is scored on
    its sums: likelihood with its own rate, and another one outside, against one common rate. The
    best is compared with its parents and children (`localise_family`): a parent whose other values
    are affected too takes its place, and so does a child outside which nothing is left. Then its
    leaves are set aside and the search goes on until chance explains what remains.

    Parameters
    ----------
    now : one row per attribute combination
        With `dims`, cases in `count` and what they are out of in `exposure` (units in service,
        orders, viewers). Rows may repeat a combination. A combination that is absent had no
        exposure. A missing value of an attribute is the value "(missing)".
    before : the same columns for a time in which all was well
        Its rates, drawn towards those of the attributes where few cases were seen, say what to
        expect of each combination, so that a change of mix is no rise. Without it the overall rate
        of `now` is expected everywhere: a hotspot instead of a rise.
    exposure : None compares plain counts
        A combination absent now then has zero cases, which finds a total outage.
    direction : "more" for rises, "fewer" for falls and outages
        "both" gives the causes of a rise first where cases rose in all.
    alpha : largest p, after Bonferroni over all segments looked at, of a cause
    min_ratio : smallest ratio to the expected cases (or 1 / ratio for "fewer")
    rivals : also give up to two segments each that explain a cause nearly as well

    Returns
    -------
    Localisation
        Causes, best first; empty where nothing stands out. Never an error for empty tables.

    >>> cells = pd.DataFrame({"lot": ["A", "A", "B", "B"], "site": ["x", "y", "x", "y"],
    ...                       "failed": [5, 6, 60, 5], "units": [500, 500, 500, 500]})
    >>> found = localise(cells, dims=["lot", "site"], count="failed", exposure="units")
    >>> [(dict(c.where), round(c.ratio, 1)) for c in found]
    [({'lot': 'B', 'site': 'x'}, 11.0)]
    """
    _check(now, dims, direction, max_depth, max_causes, alpha)
    cells = leaves(now, before, dims=dims, count=count, exposure=exposure)
    search = segments(
        cells, max_depth=max_depth, min_cases=min_cases, direction=direction, keep=CHANCE
    )
    run = _Run(cells, search, alpha, min_ratio)
    rose = before is not None and cells.count.sum() > cells.expected.sum()
    for way in ("more", "both") if direction == "both" and rose else (direction,):
        search.direction = way
        while len(run.distinct()) < max_causes and run.step(with_rivals=rivals):
            pass
    total, expected = float(cells.count.sum()), float(cells.expected.sum())
    return Localisation(tuple(run.answers), search.tested, total, expected, tuple(dims))


def _check(
    now: pd.DataFrame, dims: Sequence[str], direction: str, depth: int, causes: int, alpha: float
) -> None:
    if isinstance(dims, str) or len(dims) == 0 or len(set(dims)) < len(dims):
        raise DataError(f"`dims` must list different attribute columns; found {dims!r}.")
    if direction not in ("more", "fewer", "both"):
        raise DataError(f'`direction` must be "more", "fewer" or "both"; found {direction!r}.')
    if depth < 1 or causes < 1:
        raise DataError(
            f"`max_depth` and `max_causes` must be at least 1; found {depth} and {causes}."
        )
    share(alpha, name="alpha")


@dataclass
class _Run:
    """The search in progress: what is explained already, and the answers so far."""

    leaves: Leaves
    search: Segments
    alpha: float
    min_ratio: float
    answers: list[Cause] = field(default_factory=list)
    alive: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.alive = np.ones(self.leaves.count.size, dtype=bool)

    def distinct(self) -> list[Cause]:
        return [cause for cause in self.answers if cause.rival_of < 0]

    def step(self, *, with_rivals: bool) -> bool:
        """Find the next cause; False where chance explains the rest."""
        ranked = self.search.ranked(LOOKED_AT)
        if not ranked or ranked[0][0] < CHANCE:
            return False
        value, best = ranked[0]
        place, passed = Family(self.leaves, self.alive).judge(best, self.search)
        cause = self._cause(place, self.search.score_of(place))
        if not self._holds(cause):
            place, passed = best, []
            cause = self._cause(best, value)
        if not self._holds(cause):
            return False
        at = len(self.answers)
        self.answers.append(cause)
        if with_rivals:
            self._add_rivals(at, place, passed, ranked)
        rows = self.leaves.rows(place)
        rows = rows[self.alive[rows]]
        self.search.remove(rows)
        self.alive[rows] = False
        return True

    def _holds(self, cause: Cause) -> bool:
        large = max(cause.ratio, 1 / max(cause.ratio, 1e-9)) >= self.min_ratio
        return cause.p <= self.alpha and large and cause.score > 0

    def _add_rivals(self, at: int, place: Place, passed: list, ranked: list) -> None:
        """Segments that share most of the excess and score nearly as well, or were passed."""
        limit = RIVAL * self.search.score_of(place)
        named = [(self.search.score_of(p), p) for p in passed]
        named += [r for r in ranked if r[0] >= limit and r[1] != place and r[1] not in passed]
        for value, other in named:
            rival = self._cause(other, value, rival_of=at)
            known = {(c.count, c.exposure) for c in self.answers[at:]}
            if (rival.count, rival.exposure) not in known and self._same(place, other):
                self.answers.append(rival)
            if len(self.answers) > at + RIVALS:
                return

    def _same(self, place: Place, other: Place) -> bool:
        """Most cases beyond the expected of either are in both."""
        one, two = self.leaves.rows(place), self.leaves.rows(other)
        both = np.intersect1d(one, two, assume_unique=True)
        extra = [abs(self._excess(rows)) for rows in (one, two, both)]
        return extra[2] >= SAME * max(extra[0], extra[1])

    def _excess(self, rows: np.ndarray) -> float:
        rows = rows[self.alive[rows]]
        return float(self.leaves.count[rows].sum() - self.leaves.expected[rows].sum())

    def _cause(self, place: Place, value: float, rival_of: int = -1) -> Cause:
        """Counts of the whole segment, and the test of its part not explained yet."""
        out = self.leaves
        whole = out.rows(place)
        rows = whole[self.alive[whole]]
        y, n = float(out.count[whole].sum()), float(out.size[whole].sum())
        yb, nb = float(out.before_count[whole].sum()), float(out.before_size[whole].sum())
        if not self.leaves.with_past:
            yb = nb = np.nan
        observed = float(out.count[rows].sum())
        expected, variance = self._expected(rows)
        test = excess_ratio(observed, expected, variance=variance)
        excess = observed - expected
        alive = float(out.size[rows].sum())
        names = {out.dims[d]: _plain(out.levels[d][c]) for d, c in sorted(place.items())}
        return Cause(
            where=names,
            direction="more" if excess >= 0 else "fewer",
            **{"count": y, "exposure": n, "rate": y / n if n else np.nan},
            **{"count_before": yb, "exposure_before": nb, "rate_before": yb / nb if nb else np.nan},
            **{"expected": expected, "excess": excess, "share": self._share(excess)},
            **{"ratio": test.ratio, "low": test.low, "high": test.high},
            p=min(1.0, test.p * max(self.search.tested, 1)) if test.p == test.p else 1.0,
            score=value,
            overlap=1 - alive / n if n else 0.0,
            rival_of=rival_of,
        )

    def _share(self, excess: float) -> float:
        cases, past = float(self.leaves.count.sum()), float(self.leaves.expected.sum())
        if not self.leaves.with_past:
            return excess / cases
        rise = cases - past
        clear = abs(rise) > CLEAR * max(past, 1.0) ** 0.5
        return excess / rise if clear and rise * excess > 0 else np.nan

    def _expected(self, rows: np.ndarray) -> tuple[float, float]:
        """Cases at the rate of the rest, and the squared relative error of that number."""
        out = self.leaves
        rest = self.alive.copy()
        rest[rows] = False
        seen, base = out.count[rest].sum() + 0.5, out.expected[rest].sum() + 0.5
        common, own = seen / base, out.expected[rows]
        if own.sum() <= 0:
            return 0.0, 0.0
        wide = scatter(out.count[rest], out.expected[rest] * common) * (own**2).sum()
        doubt = (wide + out.doubt[rows].sum()) / own.sum() ** 2
        if (
            self.leaves.with_past
        ):  # the segment's past as a whole is no surer than its cases make it
            doubt = max(doubt, 1 / (out.before_count[rows].sum() + PRIOR_CASES))
        return float(common * own.sum()), float(doubt + 1 / seen)


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
