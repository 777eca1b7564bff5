"""The last periods of many series, over several lengths: which left its past most clearly?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from aftersales.stats.counts.more_than_expected import excess_p
from aftersales.stats.series.change import (
    Change,
    compare,
    expectation,
    is_short,
    least_for_season,
    step_change,
)
from aftersales.stats.series.seasonal_rate import SeasonalRate, fit_seasonal_rates

SEASON = 12


class Window(NamedTuple):
    """The window of a series that differs most, its length, and p times the windows looked at."""

    change: Change
    recent: int
    p: float


class _Row(NamedTuple):
    """One series and window; `simple` where there is no past to fit a model to."""

    series: int
    recent: int
    simple: bool


def best_windows(
    counts: Sequence[np.ndarray],
    exposures: Sequence[np.ndarray],
    *,
    windows: Sequence[Sequence[int]],
) -> list[Window]:
    """`change.step_change` of every series over its windows, and the smallest p of each series.

    The smallest p is multiplied by the number of windows (Bonferroni); a p that is not known
    counts as 1. All models are fitted together (`fit_seasonal_rates`), with the same result.

    Parameters
    ----------
    counts, exposures : monthly series, oldest first, of any length
    windows : of each series at least one number of recent periods

    >>> y = np.array([10.0] * 24 + [30.0])
    >>> found = best_windows([y], [np.full(25, 100.0)], windows=[[1, 3]])
    >>> found[0].recent, round(found[0].change.ratio, 6), found[0].p < 0.001
    (1, 3.0, True)
    """
    rows = [
        _Row(i, w, _is_simple(counts[i], exposures[i], w))
        for i, own in enumerate(windows)
        for w in own
    ]
    y, size = _grid(counts), _grid(exposures)
    models = _models(rows, y, size, lengths=[len(c) for c in counts])
    p = _chances(rows, models, y, size)
    found = []
    for i, own in enumerate(windows):
        at = [r for r, row in enumerate(rows) if row.series == i]
        best = min(at, key=lambda r: p[r])
        recent = rows[best].recent
        if models[best] is None:
            change = step_change(counts[i], exposures[i], recent=recent)
        else:
            change = compare(models[best], y[i], size[i], recent=recent)
        found.append(Window(change, recent, min(1.0, float(p[best]) * len(own))))
    return found


def _is_simple(y: np.ndarray, size: np.ndarray, recent: int) -> bool:
    """Nothing to fit a model to: no case or no exposure before, or no exposure now."""
    past = slice(0, len(y) - recent)
    return not (size[past].sum() > 0 and y[past].sum() > 0 and size[len(y) - recent :].sum() > 0)


def _grid(parts: Sequence[np.ndarray]) -> np.ndarray:
    """All series side by side, ending together; 0 before they begin."""
    grid = np.zeros((len(parts), max((len(part) for part in parts), default=0)))
    for row, part in zip(grid, parts, strict=True):
        row[row.size - len(part) :] = part
    return grid


def _models(
    rows: Sequence[_Row], y: np.ndarray, size: np.ndarray, *, lengths: Sequence[int]
) -> list[SeasonalRate | None]:
    """The model of the past of each row."""
    fitted = [r for r, row in enumerate(rows) if not row.simple]
    found: list[SeasonalRate | None] = [None] * len(rows)
    if not fitted:
        return found
    series = np.array([rows[r].series for r in fitted])
    recent = np.array([rows[r].recent for r in fitted])
    past = np.arange(y.shape[1]) < y.shape[1] - recent[:, None]
    least = np.array([least_for_season(lengths[i], SEASON) for i in series])
    models = fit_seasonal_rates(
        y[series] * past, size[series] * past, period=SEASON, least=least, robust=True
    )
    for r, model in zip(fitted, models, strict=True):
        found[r] = model
    return found


def _chances(
    rows: Sequence[_Row], models: Sequence[SeasonalRate | None], y: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """p of each row, 1 where it is not known."""
    p = np.ones(len(rows))
    fitted = [r for r, model in enumerate(models) if model is not None]
    told = [expectation(models[r], size[rows[r].series], recent=rows[r].recent) for r in fitted]
    if fitted:
        count = np.array([y[rows[r].series, -rows[r].recent :].sum() for r in fitted])
        noise = {key: np.array([n[key] for _, n in told]) for key in told[0][1]}
        p[fitted] = excess_p(count, np.array([e for e, _ in told]), **noise)
    for r, (row, model) in enumerate(zip(rows, models, strict=True)):
        past = int((size[row.series, : y.shape[1] - row.recent] > 0).sum())
        if model is not None and is_short(model, past):
            p[r] = 1.0
        elif model is None:
            before = slice(0, y.shape[1] - row.recent)
            p[r] = (
                step_change(y[row.series], size[row.series], recent=row.recent).p
                if size[row.series, before].sum() > 0
                else 1.0
            )
    return np.where(np.isnan(p), 1.0, p)
