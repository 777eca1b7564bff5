"""Monthly tables of a region by metric, and the series they fall into."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from aftersales.metrics import METRICS, available
from aftersales.studies.scope import Scope
from aftersales.studies.series.monthly import Series, bad_count, complete

MONTH_DAYS = 30


def monthly_table(
    scope: Scope, metric: str, *, by: Sequence[str], months: int, region: str = ""
) -> pd.DataFrame:
    """A metric by month up to the last complete one.

    Returns `by`, ``month``, ``bad`` (see `monthly.bad_count`), ``n`` and the metric's own columns.
    Column ``region`` holds children of the scope's region, and is missing elsewhere.
    """
    frame = scope.measure(metric, by=by, months=months, region=region, monthly=True)
    frame = frame.assign(bad=bad_count(frame, metric=metric))
    if "region" in by and not scope.children:
        return frame.assign(region=None)
    return frame


def total(scope: Scope, metric: str, *, months: int, region: str = "") -> pd.DataFrame:
    """The metric of the whole region by month, months with exposure only."""
    frame = monthly_table(scope, metric, by=[], months=months, region=region)
    frame = frame[frame["month"].isin(scope.months(months))]
    if METRICS[metric].kind == "count":
        counted = complete(frame, months=scope.months(months), counted=True)
        frame = frame.drop(columns="n").merge(counted[["month", "n"]], on="month")
    return frame[frame["n"] > 0].reset_index(drop=True)


def parts(scope: Scope, *, split_by: str) -> list[list[str]]:
    """What a rate is judged by: in all, by `split_by`, by child region, and by both."""
    found: list[list[str]] = [[]]
    if split_by:
        found.append([split_by])
    if len(scope.children) > 1:
        found += [[*by, "region"] for by in list(found)]
    return found


def series_of(
    scope: Scope, metric: str, *, by: Sequence[Sequence[str]], months: int
) -> list[Series]:
    """Every series of the metric by each grouping in `by`, not judged yet (`judge_series`).

    Groupings that the metric cannot be split into are left out.
    """
    possible = [list(part) for part in by if available(metric, scope.store, by=list(part))]
    found: list[Series] = []
    done: list[list[str]] = []
    for finest in sorted(possible, key=len, reverse=True):
        inside = [part for part in possible if set(part) <= set(finest) and part not in done]
        if inside:
            table = monthly_table(scope, metric, by=finest, months=months)
            found += [s for part in inside for s in _series(scope, table, metric, part, months)]
            done += inside
    return sorted(found, key=lambda s: len(s.subject))


def _series(
    scope: Scope, table: pd.DataFrame, metric: str, by: list[str], months: int
) -> list[Series]:
    target, info = scope.profile.target(metric), METRICS[metric]
    counted = info.kind == "count"
    days = target.window_days or info.window_days or 0
    return [
        Series(
            metric,
            subject,
            frame,
            min_n=0 if counted else target.min_n,
            patience=1 + math.ceil(days / MONTH_DAYS),
            counted=counted,
        )
        for subject, frame in split(table, by=by, months=scope.months(months), counted=counted)
    ]


def split(
    table: pd.DataFrame, *, by: Sequence[str], months: pd.DatetimeIndex, counted: bool = False
) -> list[tuple[dict[str, str], pd.DataFrame]]:
    """The series of a long table (``by`` columns, ``month``, ``bad``, ``n``), gaps filled.

    With an empty `by` all rows are one series. Rows with a missing attribute are left out of the
    split, so they count in the whole only. `counted` as in `monthly.complete`.
    """
    if not by:
        whole = table.groupby("month", as_index=False)[["bad", "n"]].sum()
        return [({}, complete(whole, months=months, counted=counted))]
    sums = table.groupby([*by, "month"], as_index=False, dropna=True)[["bad", "n"]].sum()
    return [
        (
            dict(zip(by, map(str, key), strict=True)),
            complete(part, months=months, counted=counted),
        )
        for key, part in sums.groupby(list(by))
    ]
