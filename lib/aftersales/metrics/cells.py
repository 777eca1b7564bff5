"""Cases and those at risk, by attributes, month and age: the one way to count them.

Every rate per 1,000, every comparison of places, products or batches, and every weekly or monthly
series of tickets stands on these counts, so a number has one origin wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import narwhals as nw
import pandas as pd

from aftersales.data.mapping.schema import time_column
from aftersales.errors import DataError
from aftersales.metrics.counting.attributes import lacking
from aftersales.metrics.counting.company import added, cut, holders, reach
from aftersales.metrics.counting.engines import (
    closing,
    collect,
    hours_until,
    known,
    merge_groups,
    reduce,
    scan,
)
from aftersales.metrics.counting.exposure import (
    DAYS_PER_MONTH,
    FOREVER,
    exposure_at_risk,
    months_at_risk,
    service_starts,
)
from aftersales.metrics.counting.rows import Rows, denominator
from aftersales.metrics.families.product import events

_UNIT_PLACE = "unit_region"  # where the unit of a ticket is stored
AGE, WEEKS_AGO = "age", "weeks_ago"
WEEK_HOURS = 168.0


def cells(
    asked: Rows,
    *,
    ticket_type: str,
    by: Sequence[str],
    age: Sequence[int] = (),
    joined: bool = False,
) -> pd.DataFrame:
    """Tickets of one type and those at risk of one, by attributes and month.

    Units in service are at risk where they are known by these attributes, else what the table
    `exposure` counts (`rows.denominator`). With units, attributes that tickets lack are those of
    the ticket's unit, and so are all of them where `joined`; a ticket whose unit is not known, or
    stands in another region, then counts in ``attrs["without_unit"]`` only. Tickets of products
    without exposure are left out.

    Parameters
    ----------
    asked : the region, the months and the level of column ``region``
    ticket_type : "fault" or "complaint"
    by : attributes
    age : edges in months in service, e.g. ``(0, 3, 12)``; adds column ``age``, the lower edge of
        the band. Needs units, and the age of its unit on a ticket (``tickets.age_days``).
    joined : take all attributes from the ticket's unit

    Returns
    -------
    DataFrame, one row per group, month and age
        `by`, ``month`` (first day), ``age`` if asked for, ``cases`` and ``at_risk``; cases in
        months that no exposure covers are left out, cells with cases only have 0 at risk.
        ``attrs["denominator"]`` is "units" or "exposure".

    Raises
    ------
    DataError : nothing is known to be at risk by these attributes
    """
    groups = [column for column in by if column != "month"]
    exposure = at_risk_in(asked, groups, age_bands=age or None)
    of_units = exposure.attrs["denominator"] == "units"
    joined = of_units and (joined or bool(age) or not asked.store.has("tickets", *groups))
    first, last = exposure["month"].min(), exposure["month"].max()
    months = None if pd.isna(first) else pd.date_range(first, last, freq="MS")
    keys = [*groups, "month", *([AGE] if age else [])]
    call = {"by": keys, "months": months, "ticket_type": ticket_type}
    cases = events_of_units(asked, **call, age=age) if joined else events_of_tickets(asked, **call)
    found = merge_groups(exposure, cases, by=keys)
    found.attrs = {"denominator": exposure.attrs["denominator"], **cases.attrs}
    return found


def at_risk_in(
    asked: Rows, by: Iterable[str], *, age_bands: Sequence[int] | None = None
) -> pd.DataFrame:
    """Those at risk by group and month, from the table that `denominator` names.

    With `age_bands` (units only) also by ``age``, see `exposure.units_at_risk`.
    """
    by = [column for column in by if column != "month"]
    table = denominator(asked.store, by)
    if table is None:
        raise DataError(
            f"Profile {asked.store.profile.name} has neither units nor exposure by "
            f"{', '.join(by) or 'month'}, so nothing is known to divide by. Map one of the tables "
            "in sources.yaml, or use the metric ticket_volume, which counts."
        )
    frame = _units(asked, by, age_bands) if table == "units" else _exposure(asked, by)
    frame.attrs["denominator"] = table
    return frame


def units_started(asked: Rows, by: Sequence[str]) -> pd.DataFrame:
    """Units by group and the month they went into service, see `exposure.service_starts`."""

    def starts(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        groups = [column for column in keys if column != "started"]
        return service_starts(rows, by=groups, as_of=asked.as_of).drop(columns="warranty_months")

    found = cut(asked, "units", key=("starts",), by=[*by, "started"], count=starts)
    return found.assign(warranty_months=FOREVER)


def _units(asked: Rows, by: list[str], age_bands: Sequence[int] | None) -> pd.DataFrame:
    bands = None if age_bands is None else list(age_bands)
    started = units_started(asked, by)
    span = {"start": asked.start, "as_of": asked.as_of, "age_bands": bands}
    return months_at_risk(started, by=by, **span)


def _exposure(asked: Rows, by: list[str]) -> pd.DataFrame:
    """The exposure table by `by` and month, in the months asked for."""

    def sums(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        return exposure_at_risk(rows, by=keys, as_of=asked.as_of)[[*keys, "at_risk"]]

    found = cut(asked, "exposure", key=("at_risk",), by=[*by, "month"], count=sums)
    if asked.start is not None:
        found = found[found["month"] >= asked.start].reset_index(drop=True)
    return found


def products_at_risk(asked: Rows, by: Iterable[str] = ()) -> list[str] | None:
    """The products whose exposure is known, as faults of others have no denominator.

    None where what is at risk by these attributes are units, or exposure without products.
    """
    store = asked.store
    if denominator(store, by) != "exposure" or not store.has("exposure", "product"):
        return None
    if not store.has("tickets", "product"):
        return None
    known = _exposure(replace(asked, months=None), ["product"])
    return known["product"].dropna().unique().tolist()


def events_of_units(
    asked: Rows,
    *,
    by: Sequence[str],
    months: pd.DatetimeIndex | None,
    ticket_type: str = "fault",
    age: Sequence[int] = (),
) -> pd.DataFrame:
    """Tickets of one type by attributes of their unit.

    A ticket whose unit is not known, or stands in another region, counts in
    ``attrs["without_unit"]`` only.

    Parameters
    ----------
    by : attributes of units, of tickets where units lack them, "month", and "age"
    months : only tickets opened in these; None: in all
    age : edges of the age bands, where "age" is asked for

    Returns
    -------
    DataFrame, one row per group: `by` and ``cases``.
    """
    placed = asked.store.has("units", "region")
    groups = [c for c in by if c != "month" and not (placed and c == "region")]
    theirs = [c for c in groups if c != AGE and not lacking(asked.store, "units", [c])]
    # Named apart from the ticket's own, so that counts of tickets can be added up from these.
    aside = {name: f"{name} of unit" for name in theirs} | {AGE: f"{AGE} {age}"}
    back = {name: column for column, name in aside.items()}
    counted = reach(asked)

    def of_units(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        units = counted.of("units", by=theirs)
        units = units.with_columns(nw.col("region").alias(_UNIT_PLACE)) if placed else units
        rows = rows.with_columns(**{AGE: age_band(age)}) if age else rows
        named = [back.get(column, column) for column in keys if column != "_known"]
        found = _tickets(asked, rows, named, units=units).rename(columns=aside)
        return found.assign(_known=found["_known"].notna().astype("int64"))

    made = [*back, "month", *([_UNIT_PLACE] if placed else []), "_known"]
    own = ["ticket_type", *(aside.get(column, column) for column in groups)]
    wanted = list(dict.fromkeys([*own, *made[len(back) :]]))
    found = cut(asked, "tickets", key=("events",), by=wanted, count=of_units, made=made)
    found = _in(found.rename(columns=back), ticket_type, months)
    known = found["_known"] == 1
    if placed:
        place = found[_UNIT_PLACE]
        if asked.region is not None:
            known &= place.isin(asked.store.profile.regions.members(asked.region))
        held = holders(asked)
        found = found.assign(region=place.map(held).fillna(place) if held else place)
    result = added(found[known], by=list(by), numbers=["cases"])
    result.attrs["without_unit"] = int(found.loc[~known, "cases"].sum())
    return result


def events_of_tickets(
    asked: Rows, *, by: Sequence[str], months: pd.DatetimeIndex | None, ticket_type: str
) -> pd.DataFrame:
    """Tickets of one type by their own attributes: `by` and ``cases``; parameters as of
    `events_of_units`. Those of products without exposure are left out."""
    products = products_at_risk(asked, [column for column in by if column != "month"])
    more = [] if products is None else ["product"]
    found = ticket_counts(asked, by=list(dict.fromkeys([*by, "ticket_type", "month", *more])))
    found = _in(found, ticket_type, months)
    if products is not None:
        found = found[found["product"].isin(products)]
    return added(found, by=list(by), numbers=["cases"])


def ticket_counts(asked: Rows, *, by: Sequence[str]) -> pd.DataFrame:
    """Tickets of every type by attributes of theirs (or of their unit or customer).

    Parameters
    ----------
    by : attributes, "month", and "weeks_ago": weeks of seven days before the end of the last
        day, 1 for the last

    Returns
    -------
    DataFrame, one row per group
        `by`, ``cases``, and where tickets have a cost ``n_priced``, the number of those with one,
        and their ``cost``.
    """

    def count(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        if WEEKS_AGO in keys:
            hours = hours_until(rows, "opened_at", closing(asked.as_of))
            rows = rows.with_columns((hours / WEEK_HOURS).ceil().cast(nw.Int64).alias(WEEKS_AGO))
        return _tickets(asked, rows, keys)

    made = ("month", WEEKS_AGO)
    return cut(asked, "tickets", key=("events",), by=list(by), count=count, made=made)


def _tickets(
    asked: Rows, rows: nw.LazyFrame, keys: list[str], *, units: nw.LazyFrame | None = None
) -> pd.DataFrame:
    """All that is ever counted of tickets, by `keys`."""
    priced = asked.store.has("tickets", "cost")
    call = {"by": keys, "as_of": asked.as_of, "units": units}
    return events(rows, **call, ticket_type=None, priced=priced)


def _in(events: pd.DataFrame, ticket_type: str, months: pd.DatetimeIndex | None) -> pd.DataFrame:
    events = events[events["ticket_type"] == ticket_type]
    return events if months is None else events[events["month"].isin(months)]


def age_band(edges: Sequence[int]) -> nw.Expr:
    """Lower edge of the age band of a ticket's unit, in months in service."""
    age = nw.lit(edges[0])
    for edge in edges[1:]:
        older = nw.col("age_days") >= edge * DAYS_PER_MONTH
        age = nw.when(older).then(nw.lit(edge)).otherwise(age)
    return age


def count_rows(asked: Rows, table: str, *, by: Sequence[str]) -> pd.DataFrame:
    """Rows of a table by attributes: `by` and ``n``; "month" is that of the table's own time."""
    time = time_column(table)

    def count(rows: nw.LazyFrame, keys: list[str]) -> pd.DataFrame:
        lazy = scan(rows, needs=keys, table=table, time=time)
        lazy = lazy.filter(known(time, as_of=asked.as_of))
        return collect(reduce(lazy, keys, n=nw.len()), sort=keys)

    return cut(asked, table, key=("rows",), by=list(by), count=count, made=("month",))


def count_ahead(asked: Rows, *, by: Sequence[str]) -> None:
    """Count tickets by week and month, and those at risk, at the grain of `by`, to be kept.

    Series of months and of weeks, of the region and of those below it, are then added up from
    these counts, and the rows are read once.
    """
    if asked.store.has("tickets", "opened_at", "ticket_type"):
        attributes = [c for c in by if not lacking(asked.store, "tickets", [c])]
        ticket_counts(asked, by=[*attributes, "ticket_type", "month", WEEKS_AGO])
    if denominator(asked.store, by) is not None:
        at_risk_in(asked, by)
