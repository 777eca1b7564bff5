"""Who could have complained: units, users and orders at risk, month by month.

The convention for units, used wherever a rate is per 1,000 unit-months: a unit is taken to go
into service in the middle of its first month (actuaries' mid-month convention), so it counts
one half in that month and one in every later month; the month of `as_of` counts for the part
of it that has passed.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from aftersales.metrics.counting.engines import (
    add_month,
    closing,
    collect,
    first_day,
    known,
    month_index,
    month_of,
    reduce,
    scan,
    total,
)

DAYS_PER_MONTH = 365.25 / 12
FOREVER = 100_000  # months; a warranty that never ends


def units_at_risk(
    units: IntoFrame,
    *,
    by: list[str],
    start: pd.Timestamp | None = None,
    as_of: pd.Timestamp,
    age_bands: list[int] | None = None,
    in_warranty: bool = False,
) -> pd.DataFrame:
    """Unit-months in service, by group and calendar month.

    A unit is in service from ``in_service_at``, or from ``shipped_at`` where that is missing;
    units with neither are left out and counted in ``result.attrs["units_without_start"]``.

    Parameters
    ----------
    units : any table narwhals reads, one row per unit
        Needs ``in_service_at`` or ``shipped_at`` and the columns in `by`.
    by : attributes of units; "month" may be named and is always there
    start : first month of the result; None is the first month with a unit in service
    as_of : last day on which the data are complete
    age_bands : edges in months in service, e.g. ``[0, 3, 12, 24]``; adds column ``age``, the
        lower edge of the band. Months at or above the last edge form the last band.
    in_warranty : count a unit only in its first ``warranty_months`` (missing: for ever)

    Returns
    -------
    DataFrame, one row per group and month (and age band)
        `by`, ``month`` (first day), ``age`` if asked for, ``at_risk`` in unit-months.

    Examples
    --------
    >>> units = pd.DataFrame({"product": ["tv", "tv"],
    ...     "in_service_at": pd.to_datetime(["2024-01-20", "2024-02-10"])})
    >>> units_at_risk(units, by=["product"], as_of=pd.Timestamp("2024-03-31"))
      product      month  at_risk
    0      tv 2024-01-01      0.5
    1      tv 2024-02-01      1.5
    2      tv 2024-03-01      2.0
    """
    groups = [column for column in by if column != "month"]
    starts = service_starts(units, by=groups, as_of=as_of, in_warranty=in_warranty)
    return months_at_risk(starts, by=groups, start=start, as_of=as_of, age_bands=age_bands)


def months_at_risk(
    starts: pd.DataFrame,
    *,
    by: list[str],
    start: pd.Timestamp | None = None,
    as_of: pd.Timestamp,
    age_bands: list[int] | None = None,
) -> pd.DataFrame:
    """Unit-months from what `service_starts` counted; parameters and result of `units_at_risk`."""
    groups = [column for column in by if column != "month"]
    unplaced = starts["started"].isna()
    left_out = int(starts.loc[unplaced, "n"].sum())
    starts = starts[~unplaced].reset_index(drop=True)
    first = month_of(start) if start is not None else _first(starts, as_of)
    months = np.arange(first, month_of(as_of) + 1)
    bands = _bands(age_bands)
    names, at_risk = _spread(starts, groups=groups, months=months, bands=bands)
    at_risk[:, -1:] *= _passed(as_of)
    group, month, band = np.nonzero(at_risk > 0)
    frame = names.take(group).reset_index(drop=True).assign(month=first_day(months[month]))
    if age_bands is not None:
        frame["age"] = np.array([low for low, _ in bands], dtype="int64")[band]
    frame["at_risk"] = at_risk[group, month, band]
    frame.attrs["units_without_start"] = left_out
    return frame


def service_starts(
    units: IntoFrame, *, by: list[str], as_of: pd.Timestamp, in_warranty: bool = False
) -> pd.DataFrame:
    """Units by group and the month they went into service.

    Parameters
    ----------
    units, by, as_of, in_warranty : as for `units_at_risk`

    Returns
    -------
    DataFrame, one row per group, month and length of warranty
        `by`, ``started`` (months since January 1970, missing where unknown), ``n`` units,
        ``warranty_months`` (a very large number for ever).
    """
    lazy = in_service(units, needs=[*by, *(["warranty_months"] if in_warranty else [])])
    known_start = (nw.col("started_at") < closing(as_of)) | nw.col("started_at").is_null()
    lazy = lazy.filter(known_start).with_columns(started=month_index("started_at"))
    keys = [*by, "started", *(["warranty_months"] if in_warranty else [])]
    counts = collect(reduce(lazy, keys, n=nw.len()), sort=keys)
    if not in_warranty:
        return counts.assign(warranty_months=FOREVER)
    return counts.assign(warranty_months=counts["warranty_months"].fillna(FOREVER).astype(int))


def in_service(
    units: IntoFrame, *, needs: list[str], metric: str = "units_at_risk"
) -> nw.LazyFrame:
    """Units with ``started_at``: ``in_service_at``, or ``shipped_at`` where that is missing."""
    lazy = nw.from_native(units).lazy()
    have = lazy.collect_schema().names()
    times = [column for column in ("in_service_at", "shipped_at") if column in have]
    wanted = [*(times or ["in_service_at"]), *needs]
    lazy = scan(lazy, needs=wanted, table="units", metric=metric)
    started = nw.coalesce(*[nw.col(t) for t in times]) if len(times) > 1 else nw.col(times[0])
    return lazy.with_columns(started_at=started)


def _first(starts: pd.DataFrame, as_of: pd.Timestamp) -> int:
    return int(starts["started"].min()) if len(starts) else month_of(as_of)


def _passed(as_of: pd.Timestamp) -> float:
    """The share of the month of `as_of` that has passed at its end."""
    return pd.Timestamp(as_of).day / pd.Timestamp(as_of).days_in_month


def _bands(age_bands: list[int] | None) -> list[tuple[int, int]]:
    edges = sorted(set(age_bands)) if age_bands else [0]
    return list(zip(edges, [*edges[1:], FOREVER], strict=True))


def _spread(
    starts: pd.DataFrame,
    *,
    groups: list[str],
    months: np.ndarray,
    bands: list[tuple[int, int]],
) -> tuple[pd.DataFrame, np.ndarray]:
    """Cumulate units by their first month into unit-months per group, month and age band.

    With H(m) the units put in service before month m plus half of those of month m, the units
    aged a to b months in month m are H(m - a) - H(m - b). The groups are sorted, missing values
    last; the array has one cell per group, month and band.
    """
    keyed = starts.groupby(groups, dropna=False, sort=True) if groups else None
    group = keyed.ngroup().to_numpy() if groups else np.zeros(len(starts), dtype=int)
    names = starts[groups].assign(_g=group).drop_duplicates("_g").sort_values("_g")
    grid = np.zeros((len(names), len(months), len(bands)))
    for band, (low, high) in enumerate(bands):
        for warranty, rows in starts.groupby("warranty_months"):
            if (end := min(high, warranty)) > low:
                index = group[rows.index]
                grid[:, :, band] += _in_service(rows, index, len(names), months - low)
                if end < FOREVER:
                    grid[:, :, band] -= _in_service(rows, index, len(names), months - end)
    return names[groups], grid


def _in_service(
    rows: pd.DataFrame, group: np.ndarray, n_groups: int, months: np.ndarray
) -> np.ndarray:
    """H for every group and month: units started before it plus half of those that start in it."""
    if not len(months) or not len(rows):
        return np.zeros((n_groups, len(months)))
    started, n = rows["started"].to_numpy(int), rows["n"].to_numpy("float64")
    half = np.zeros((n_groups, len(months) + 1))
    place = np.clip(started - months[0], -1, len(months))
    for offset in (0, 1):  # half a unit in its first month, the other half from the next
        at = np.clip(place + offset, 0, len(months))
        np.add.at(half, (group, at), n / 2)
    return half.cumsum(axis=1)[:, :-1]


def exposure_at_risk(
    exposure: IntoFrame,
    *,
    by: list[str],
    start: pd.Timestamp | None = None,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """At-risk counts of the `exposure` table, summed by group and month.

    Parameters
    ----------
    exposure : one row per period and combination of attributes
        Needs ``period`` (a day in the month), ``at_risk`` and the columns in `by`.
    start, as_of : first month and last complete day; later periods are left out

    Returns
    -------
    DataFrame, one row per group and month
        `by`, ``month`` (first day), ``at_risk`` (unit-, user- or order-months).
    """
    groups = [column for column in by if column != "month"]
    needs = ["period", "at_risk", *groups]
    lazy = scan(exposure, needs=needs, table="exposure", metric="exposure_at_risk")
    lazy = lazy.filter(known("period", as_of=as_of))
    if start is not None:
        lazy = lazy.filter(nw.col("period") >= pd.Timestamp(start).normalize().replace(day=1))
    lazy = add_month(lazy, "period")
    keys = [*groups, "month"]
    sums = collect(reduce(lazy, keys, at_risk=total("at_risk")), sort=keys)
    return sums.astype({"at_risk": "float64"})
