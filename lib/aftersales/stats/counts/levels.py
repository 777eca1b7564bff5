"""Columns of a table of cells as level numbers, and the strata that several columns make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aftersales.errors import RequestError, nearest


@dataclass(frozen=True)
class Strata:
    """Which stratum each cell lies in, and which level of each column each stratum has.

    Attributes
    ----------
    code : of each cell, the number of its stratum
    size : number of strata
    levels : column -> of each stratum, its level number; a missing value is the last level
    names : column -> the level names in order; None stands for a missing value
    """

    code: np.ndarray
    size: int
    levels: Mapping[str, np.ndarray]
    names: Mapping[str, Sequence[object]]

    def sums(self, weight: np.ndarray, *, cells: np.ndarray | None = None) -> np.ndarray:
        """Sum of `weight` by stratum, of all cells or of those at the given positions."""
        code, weights = (self.code, weight) if cells is None else (self.code[cells], weight[cells])
        return np.bincount(code, weights=weights, minlength=self.size)


@dataclass(frozen=True)
class Levels:
    """A table of cells whose columns are turned into level numbers once, when first asked for."""

    cells: pd.DataFrame
    _codes: dict = field(default_factory=dict, repr=False)
    _strata: dict = field(default_factory=dict, repr=False)

    def codes(self, column: str) -> tuple[np.ndarray, pd.Index]:
        """Level number of each cell (-1 for a missing value) and the sorted level names."""
        if column not in self._codes:
            if column not in self.cells.columns:
                hint = nearest(column, self.cells.columns)
                raise RequestError(f'There is no column "{column}"; {hint}')
            codes, names = pd.factorize(self.cells[column], sort=True)
            self._codes[column] = (codes.astype(np.int64), pd.Index(names))
        return self._codes[column]

    def strata(self, columns: Sequence[str]) -> Strata:
        """The strata of some columns; no column makes one stratum of all cells."""
        key = tuple(columns)
        if key not in self._strata:
            self._strata[key] = self._lay_out(key)
        return self._strata[key]

    def _lay_out(self, columns: tuple[str, ...]) -> Strata:
        group, parts = np.zeros(len(self.cells), dtype=np.int64), {}
        for column in columns:
            codes, names = self.codes(column)
            parts[column] = np.where(codes < 0, len(names), codes)
            group = pd.factorize(group * (len(names) + 1) + parts[column])[0].astype(np.int64)
        size = int(group.max(initial=-1)) + 1
        first = np.zeros(size, dtype=np.int64)
        first[group[::-1]] = np.arange(len(group))[::-1]
        names = {c: [*self.codes(c)[1], None] for c in columns}
        return Strata(group, size, {c: parts[c][first] for c in columns}, names)

    def inside(self, where: Mapping[str, object]) -> np.ndarray:
        """True for the cells that have all the values; values are compared as text."""
        found = np.ones(len(self.cells), dtype=bool)
        for column, value in where.items():
            codes, names = self.codes(column)
            place = np.flatnonzero(names.astype(str) == str(value))
            found &= np.isin(codes, place)
        return found

    def known(self, columns: Sequence[str]) -> np.ndarray:
        """True for the cells in which none of the columns is missing."""
        found = np.ones(len(self.cells), dtype=bool)
        for column in columns:
            found &= self.codes(column)[0] >= 0
        return found


@dataclass(frozen=True)
class Group:
    """Some cells, and the cells they are compared with stratum by stratum.

    Attributes
    ----------
    where : attribute -> value of the cells inside
    inside, known : positions of the cells inside, and of all cells with a value of its attributes
    strata : what is held equal
    """

    where: Mapping[str, object]
    inside: np.ndarray
    known: np.ndarray
    strata: Strata


def group_of(levels: Levels, where: Mapping[str, object], *, held: Sequence[str]) -> Group:
    """The cells with all the values of `where`, to be compared inside the columns `held`."""
    known = levels.known(list(where))
    inside = levels.inside(where)
    return Group(where, np.flatnonzero(inside), np.flatnonzero(known), levels.strata([*held]))
