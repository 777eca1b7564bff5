"""Counts behind the metrics of a scope: from the company's where these are kept, else directly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import narwhals as nw
import pandas as pd

from aftersales.metrics.counting.company import added, cut, holders
from aftersales.metrics.counting.engines import (
    collect,
    reduce,
    with_mature,
    with_wilson_interval,
)
from aftersales.metrics.counting.exposure import (
    FOREVER,
    exposure_at_risk,
    months_at_risk,
    service_starts,
    units_at_risk,
)
from aftersales.metrics.counting.rows import Scope, denominator
from aftersales.metrics.families.product import events
from aftersales.metrics.families.volume import counted
from aftersales.metrics.metric import Metric
from aftersales.stats.counts.intervals import nps

_UNIT_PLACE = "unit_region"  # where the unit of a ticket is stored
# What can be added up over regions. Others are not: a repair is followed by the next of its unit,
# costs are resampled by customer, and medians have no sum.
ADDITIVE = (
    *("ticket_volume", "csat_rate", "net_promoter_score", "sla_attainment_rate", "return_rate"),
    *("first_contact_resolution_rate", "reopen_rate", "escalation_rate", "no_fault_found_rate"),
)
_PROMOTERS = ("n_promoters", "n_passives", "n_detractors")


def at_risk_in(
    scope: Scope, by: Iterable[str], *, age_bands: Sequence[int] | None = None
) -> pd.DataFrame:
    """Those at risk by group and month, from the table that `denominator` names.

    With `age_bands` (units only) also by ``age``, see `exposure.units_at_risk`.
    """
    by = [column for column in by if column != "month"]
    table = denominator(scope.store, by)
    frame = _units(scope, by, age_bands) if table == "units" else _exposure(scope, by)
    frame.attrs["denominator"] = table
    return frame


def _units(scope: Scope, by: list[str], age_bands: Sequence[int] | None) -> pd.DataFrame:
    bands = None if age_bands is None else list(age_bands)
    span = {"by": by, "start": scope.start, "as_of": scope.as_of, "age_bands": bands}

    def starts(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        groups = [column for column in keys if column != "started"]
        return service_starts(rows, by=groups, as_of=scope.as_of).drop(columns="warranty_months")

    found = cut(scope, "units", key=("starts",), by=[*by, "started"], count=starts)
    if found is None:
        return units_at_risk(scope.rows("units", by=by), **span)
    return months_at_risk(found.assign(warranty_months=FOREVER), **span)


def _exposure(scope: Scope, by: list[str]) -> pd.DataFrame:
    span = {"start": scope.start, "as_of": scope.as_of}

    def sums(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        return exposure_at_risk(rows, by=keys, **span)[[*keys, "at_risk"]]

    key = ("at_risk", scope.start)
    found = cut(scope, "exposure", key=key, by=[*by, "month"], count=sums)
    if found is None:
        return exposure_at_risk(scope.rows("exposure", by=by), by=by, **span)
    return found


def products_at_risk(scope: Scope) -> list[str]:
    """The products whose exposure is known; faults of others have no denominator."""

    def count(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        return collect(reduce(rows, keys, n=nw.len()), sort=keys)

    found = cut(scope, "exposure", key=("products",), by=["product"], count=count)
    if found is None:
        found = count(scope.rows("exposure"), ["product"])
    return found["product"].dropna().tolist()


def events_of_units(
    scope: Scope,
    *,
    by: Sequence[str],
    months: pd.DatetimeIndex | None,
    ticket_type: str = "fault",
    band: tuple[str, nw.Expr] | None = None,
) -> pd.DataFrame | None:
    """Tickets of one type by attributes of their unit, cut from the company's counts, or None.

    The same as `product.faults` of the region's tickets with the region's units: a ticket whose
    unit is not known, or stands in another region, counts in ``attrs["without_unit"]`` only.

    Parameters
    ----------
    by : attributes of units, of tickets where units lack them, and "month"
    months : only tickets opened in these; None: in all
    band : a column of `by` made from the ticket, such as the age of its unit
    """
    store, count = scope.store, f"n_{ticket_type}s"
    placed = store.has("units", "region")
    groups = [c for c in by if c != "month" and not (placed and c == "region")]
    theirs = [c for c in groups if band is None or c != band[0]]
    made = {} if band is None else {band[0]: band[1]}
    extra = [_UNIT_PLACE] if placed else []

    def of_units(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        units = scope.company().rows("units", by=theirs)
        units = units.with_columns(**{name: nw.col("region") for name in extra})
        call = {"by": keys, "as_of": scope.as_of, "ticket_type": ticket_type}
        found = events(rows.with_columns(**made) if made else rows, units=units, **call)
        return found.assign(_known=found["_known"].notna().astype("int64"))

    key = ("events of units", ticket_type, tuple(made))
    wanted = [*groups, "month", *extra, "_known"]
    found = cut(
        scope, "tickets", key=key, by=wanted, count=lambda r, k: of_units(r, _without(k, "_known"))
    )
    if found is None:
        return None
    if months is not None:
        found = found[found["month"].isin(months)]
    known = found["_known"] == 1
    if placed:
        place = found[_UNIT_PLACE]
        if scope.region is not None:
            known &= place.isin(store.profile.regions.members(scope.region))
        held = holders(scope)
        found = found.assign(region=place.map(held).fillna(place) if held else place)
    result = added(found[known], by=list(by), numbers=[count])
    result.attrs["without_unit"] = int(found.loc[~known, count].sum())
    return result


def _without(columns: list[str], name: str) -> list[str]:
    return [column for column in columns if column != name]


def events_of_tickets(
    scope: Scope,
    *,
    by: Sequence[str],
    months: pd.DatetimeIndex | None,
    ticket_type: str,
    products: Sequence[str] | None,
) -> pd.DataFrame | None:
    """Tickets of one type by their own attributes, cut from the company's counts, or None.

    `products`: only tickets of these.
    """

    def count(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        return events(rows, by=keys, as_of=scope.as_of, ticket_type=ticket_type)

    more = [] if products is None else ["product"]
    wanted = list(dict.fromkeys([*by, "month", *more]))
    found = cut(scope, "tickets", key=("events", ticket_type), by=wanted, count=count)
    if found is None:
        return None
    if months is not None:
        found = found[found["month"].isin(months)]
    if products is not None:
        found = found[found["product"].isin(products)]
    return added(found, by=list(by), numbers=[f"n_{ticket_type}s"])


def additive_metric(
    metric: Metric,
    scope: Scope,
    *,
    by: list[str],
    since: str,
    options: dict[str, Any],
) -> pd.DataFrame | None:
    """The frame of a metric in `ADDITIVE`, cut from the company's counts, or None.

    `since` is the time of the metric's main table, `options` those of its function.
    """
    company = scope.company()

    def count(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        first, *others = [
            rows if table == metric.main else company.rows(table)
            for table in metric.inputs.values()
        ]
        named = dict(zip(list(metric.inputs)[1:], others, strict=True))
        frame = metric.function(first, **named, by=keys, as_of=scope.as_of, **options)
        return frame[[c for c in frame if c in (*keys, "n", "_all") or c.startswith("n_")]]

    key = (metric.key, repr(sorted(options.items())))
    found = cut(scope, metric.main, key=key, by=by, count=count, since=since)
    return None if found is None else _finished(metric, found, by)


def _finished(metric: Metric, counts: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """What the metric's function makes of its counts."""
    if metric.kind == "count":
        return counted(counts[[*by, metric.count]])
    if metric.key == "net_promoter_score":
        score, low, high = nps(*(counts[name] for name in _PROMOTERS))
        return counts.assign(score=score, score_low=low, score_high=high)
    if "_all" in counts:
        return with_mature(counts, hits=metric.count)
    return with_wilson_interval(counts, hits=metric.count)


def count_rows(
    store: Any,
    table: str,
    *,
    region: str,
    as_of: pd.Timestamp,
    key: tuple[Any, ...],
    by: list[str],
    count: Callable[[nw.LazyFrame, list[str]], pd.DataFrame],
) -> pd.DataFrame:
    """Any counts of a region's rows: added up from the company's where kept, else counted.

    Parameters
    ----------
    key : the name of the count and all that it depends on but the parameters here
    count : takes rows and groups, returns one row per group: the groups, and else only columns
        that can be added up; `frames.collect` of a `group_by(...)`, for one
    """
    found = cut(Scope(store, region, as_of), table, key=key, by=by, count=count)
    return count(store.scan(table, region=region), by) if found is None else found
