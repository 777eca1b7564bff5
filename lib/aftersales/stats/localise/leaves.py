"""Attribute combinations laid out for a search: codes, counts, and what the past lets us expect."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.errors import DataError, nearest
from aftersales.stats.inputs import series

MISSING = "(missing)"  # the value of an attribute that is not filled in
PRIOR_CASES = 2.0  # earlier cases that the rate of the attributes alone counts for, per leaf
LEVEL_CASES = 20.0  # earlier cases that the overall rate counts for, per value of an attribute
RATIO_CASES = 5.0  # cases from which a group's ratio of now to before can be used
ROUNDS = 3  # of proportional fitting: the main effects settle quickly
FILLED = 3.0  # expected cases from which a leaf tells something about the scatter
ENOUGH = 20  # such leaves from which the scatter is estimated
WIDEST = 0.3**2  # larger scatter than this is not chance: other effects are at work
MEDIAN_CHI2 = 0.4549364  # of chi-square with one degree of freedom


@dataclass(frozen=True)
class Leaves:
    """One element per attribute combination.

    `codes` holds one row per attribute and one column per leaf, places in `levels`. `expected` are
    the cases that the leaf's own past gives for its exposure now, `doubt` is the variance of
    `expected` that comes from having seen few earlier cases.
    """

    dims: tuple[str, ...]
    levels: tuple[np.ndarray, ...]
    codes: np.ndarray
    count: np.ndarray
    size: np.ndarray
    expected: np.ndarray
    doubt: np.ndarray
    before_count: np.ndarray
    before_size: np.ndarray
    shares: bool  # the count is a part of the exposure: binomial, otherwise Poisson
    with_past: bool

    def rows(self, place: Mapping[int, int], among: np.ndarray | None = None) -> np.ndarray:
        """Positions of the leaves with these codes (dimension -> code), in order."""
        found = np.arange(self.count.size) if among is None else among
        for dim, code in place.items():
            found = found[self.codes[dim][found] == code]
        return found


def leaves(
    now: pd.DataFrame,
    before: pd.DataFrame | None,
    *,
    dims: Sequence[str],
    count: str,
    exposure: str | None,
) -> Leaves:
    """Join both tables by attribute combination; a combination that is absent had no exposure."""
    tables = [now] if before is None else [now, before]
    for table in tables:
        _check_columns(table, [*dims, count, *([exposure] if exposure else [])])
    levels, codes = coded(tables, dims)
    key, first = _keys(codes, [len(level) for level in levels])
    split = len(now)
    y, n = _sums(now, key[:split], first.size, count, exposure)
    if before is None:
        yb, nb = np.zeros_like(y), np.zeros_like(n)
        overall = y.sum() / n.sum() if n.sum() > 0 else 0.0
        expected, doubt = n * overall, np.zeros_like(y)
    else:
        yb, nb = _sums(before, key[split:], first.size, count, exposure)
        rate, cases = _past_rate(yb, nb, codes[:, first])
        expected, doubt = n * rate, (n * rate) ** 2 / cases
    if before is not None and exposure is None:  # the two periods may differ in length
        scale = _usual_ratio(y, expected, codes[:, first])
        expected, doubt = expected * scale, doubt * scale**2
    part = exposure is not None and bool((y <= n).all() and (yb <= nb).all())
    found = (levels, codes[:, first], y, n, expected, doubt, yb, nb)
    return Leaves(tuple(dims), *found, shares=part, with_past=before is not None)


def _usual_ratio(count: np.ndarray, expected: np.ndarray, codes: np.ndarray) -> float:
    """Median of cases now to expected ones by their weight: over leaves, or over larger groups.

    The finest groups are taken whose cases are enough for a ratio, since in coarse ones an outage
    of one part shows everywhere.
    """
    pairs = list(itertools.combinations(range(len(codes)), 2))
    keys = [codes[a] * (int(codes[b].max(initial=0)) + 1) + codes[b] for a, b in pairs]
    for groups in ([np.arange(count.size)], keys, list(codes)):
        now = np.concatenate([np.bincount(g, count) for g in groups] or [np.zeros(0)])
        past = np.concatenate([np.bincount(g, expected) for g in groups] or [np.zeros(0)])
        now, past = now[past > 0], past[past > 0]
        order = np.argsort(now / past, kind="stable")
        if order.size:
            middle = order[np.searchsorted(np.cumsum(past[order]), past.sum() / 2)]
            if now[middle] >= RATIO_CASES:
                return float(now[middle] / past[middle])
    return float(count.sum() / expected.sum()) if count.sum() > 0 else 1.0


def _check_columns(table: pd.DataFrame, needed: Sequence[str]) -> None:
    for name in needed:
        if name not in table.columns:
            raise DataError(
                f"The table has no column `{name}`; {nearest(name, table.columns)} "
                "Name attributes in `dims`, the cases in `count`, what they are out of in "
                "`exposure`."
            )


def coded(tables: list[pd.DataFrame], dims: Sequence[str]) -> tuple[tuple, np.ndarray]:
    """Levels in the order of their names (so that row order does not matter), and codes."""
    levels, rows = [], []
    for dim in dims:
        column = pd.concat([table[dim] for table in tables], ignore_index=True)
        codes, values = pd.factorize(column)
        values = np.asarray(values, dtype=object)
        if (codes < 0).any():
            codes = np.where(codes < 0, values.size, codes)
            values = np.append(values, MISSING)
        order = np.argsort(values.astype(str), kind="stable")
        place = np.empty(order.size, dtype=np.int32)
        place[order] = np.arange(order.size)
        levels.append(values[order])
        rows.append(place[codes])
    return tuple(levels), np.stack(rows) if rows else np.zeros((0, 0), dtype=np.int32)


def _keys(codes: np.ndarray, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Number of the combination of each row, and one row of each combination."""
    key = np.zeros(codes.shape[1], dtype=np.int64)
    span = 1
    for row, size in zip(codes, sizes, strict=True):
        if span > 2**62 // max(size, 1):  # would not fit in 64 bits: renumber what there is
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
            span = int(key.max()) + 1
        key = key * size + row
        span *= size
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    return number, first


def _sums(
    table: pd.DataFrame, key: np.ndarray, n: int, count: str, exposure: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Cases and exposure per leaf; without exposure every leaf counts for one."""
    size = table[exposure].to_numpy(float) if exposure else np.ones(len(table))
    cases, size = series(table[count].to_numpy(float), size)
    if not exposure:
        return np.bincount(key, cases, n), np.ones(n)
    return np.bincount(key, cases, n), np.bincount(key, size, n)


def _past_rate(y: np.ndarray, n: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Earlier rate of each leaf, and the cases it rests on.

    A leaf's own rate is drawn towards what its attributes' main effects give (gamma-Poisson with
    `PRIOR_CASES`; the main effects by proportional fitting), so that a leaf seldom or never seen
    before gets a sensible expectation.
    """
    prior = np.full(y.size, (y.sum() + 0.5) / max(n.sum(), 1.0))
    for _ in range(ROUNDS):
        for code in codes:
            seen = np.bincount(code, y) + LEVEL_CASES
            prior *= (seen / (np.bincount(code, prior * n) + LEVEL_CASES))[code]
    prior = np.maximum(prior, 1e-12)
    return (y + PRIOR_CASES) / (n + PRIOR_CASES / prior), y + PRIOR_CASES


def scatter(count: np.ndarray, mean: np.ndarray) -> float:
    """Squared coefficient of variation of the leaves' rates beyond chance, by a robust median.

    Half of the leaves may be affected by causes without moving it much. 0 where fewer than
    `ENOUGH` leaves have enough expected cases; never above `WIDEST`.
    """
    filled = mean >= FILLED
    if filled.sum() < ENOUGH:
        return 0.0
    mean, squares = mean[filled], (count[filled] - mean[filled]) ** 2
    low, high = 0.0, WIDEST
    if np.median(squares / mean) <= MEDIAN_CHI2:
        return 0.0
    for _ in range(30):
        middle = (low + high) / 2
        wide = np.median(squares / (mean + middle * mean**2)) > MEDIAN_CHI2
        low, high = (middle, high) if wide else (low, middle)
    return high
