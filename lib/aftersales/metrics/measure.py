"""One call for any metric of a store: the right tables, columns, attributes and months."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

from aftersales.errors import DataError, RequestError
from aftersales.metrics.additive import ADDITIVE, additive_metric
from aftersales.metrics.cells import at_risk_in, cells
from aftersales.metrics.counting.attributes import lacking
from aftersales.metrics.counting.engines import with_poisson_interval
from aftersales.metrics.counting.rows import Rows, denominator
from aftersales.metrics.families.backlog import backlog_by_month
from aftersales.metrics.families.volume import every_month
from aftersales.metrics.metric import Metric
from aftersales.metrics.registry import metric as entry

PER_1000 = ("faults_per_1000", "complaints_per_1000")
Groups = list[str] | tuple[str, ...]


def measure(
    key: str,
    store: Any,
    *,
    region: str | None = None,
    by: Groups = (),
    as_of: pd.Timestamp | None = None,
    monthly: bool = False,
    months: int | None = None,
    level: str | None = None,
    window_days: int | None = None,
    **options: Any,
) -> pd.DataFrame:
    """A metric of the registry, computed from the tables of a store.

    Parameters
    ----------
    key : name of the metric, e.g. "return_rate"
    store : what `load_project` returns
    region : only rows in this region or below it
    by : attributes; one that the metric's table lacks is looked up by key, e.g. the tier of the
        customer of a survey
    as_of : last complete day; None: the store's
    monthly : also split by the month of the metric's cohort time, in column ``month``
    months : only the last so many calendar months, up to the one of `as_of`; a stock is always
        the one at `as_of`
    level : "region" in `by` means the ancestor at this level of regions.yaml
    window_days : of a windowed metric; None: as in targets.yaml, else the metric's default
    options : passed to the metric's function

    Returns
    -------
    DataFrame, one row per group (and month)
        As the metric's function documents. Rates per 1,000 carry ``attrs["denominator"]``
        ("units" or "exposure") and, where units were joined, ``attrs["without_unit"]``.
        Monthly ticket counts have every month of the span, zeros included.

    Raises
    ------
    DataError : a table or column is missing; the text names it
    RequestError : there is no such metric, or it cannot be split by month
    """
    metric = entry(key)
    if lacks := missing(key, store, by=by):
        raise DataError(
            f"Metric {key} needs {', '.join(lacks)}, which profile {store.profile.name} does not "
            "have. Map it in sources.yaml, or leave this metric out."
        )
    asked = Rows(store, region, pd.Timestamp(as_of or store.as_of), months, level)
    groups = [*by, "month"] if monthly and "month" not in by else [*by]
    if key in PER_1000:
        return _per_1000(metric, asked, by=groups, **options)
    if metric.window_days:
        options = _window(metric, asked, window_days) | options
    if key == "open_backlog" and "month" in groups:
        return _backlog(metric, asked, by=groups)
    return _frame(metric, asked, by=groups, options=options)


def at_risk(
    store: Any,
    *,
    region: str | None = None,
    by: Groups = (),
    as_of: pd.Timestamp | None = None,
    months: int | None = None,
    level: str | None = None,
) -> pd.DataFrame:
    """Those at risk by group and month: what rates per 1,000 are divided by.

    Returns
    -------
    DataFrame, one row per group and month
        `by`, ``month``, ``at_risk``; ``attrs["denominator"]`` is "units" or "exposure".
    """
    return at_risk_in(Rows(store, region, pd.Timestamp(as_of or store.as_of), months, level), by)


def available(key: str, store: Any, *, by: Groups = ()) -> bool:
    """Whether the store has what the metric needs, grouped by these attributes."""
    return not missing(key, store, by=by)


def missing(key: str, store: Any, *, by: Groups = ()) -> list[str]:
    """What the store lacks for a metric: tables, "table.column"s, or alternatives "a.x or b.y"
    of which one would do; empty when nothing."""
    metric, by = entry(key), [column for column in by if column != "month"]
    choices = [
        " or ".join(f"{metric.main}.{column}" for column in columns)
        for columns in metric.options.values()
        if None not in columns
    ]
    lacks = [need for need in (*metric.needs, *choices) if not _met(store, need)]
    if lacks:
        return list(dict.fromkeys(_table_or(need, store) for need in lacks))
    if key in PER_1000:
        return _lacking_per_1000(store, by)
    return [f"{metric.main}.{column}" for column in lacking(store, metric.main, by)]


def _met(store: Any, need: str) -> bool:
    return any(store.has(*choice.split(".")) for choice in need.split(" or "))


def _table_or(need: str, store: Any) -> str:
    """The table's name alone where the whole table is not there."""
    tables = {choice.split(".")[0] for choice in need.split(" or ")}
    alone = len(tables) == 1 and not store.has(*tables)
    return tables.pop() if alone else need


def _lacking_per_1000(store: Any, by: list[str]) -> list[str]:
    table = denominator(store, by)
    if table is None:
        return [f"units.{c} or exposure.{c}" for c in by if not store.has("units", c)]
    if table == "units" and store.has("tickets", "unit_id"):
        return []
    return [f"tickets.{column}" for column in by if not store.has("tickets", column)]


def _per_1000(metric: Metric, asked: Rows, *, by: list[str]) -> pd.DataFrame:
    """Events over those at risk."""
    found = cells(asked, ticket_type=metric.count[2:-1], by=by)
    numbers = found[["at_risk", "cases"]]
    sums = numbers.groupby([found[c] for c in by], dropna=False).sum() if by else None
    sums = numbers.sum().to_frame().T if sums is None else sums.reset_index()
    sums = sums.rename(columns={"at_risk": "n", "cases": metric.count})
    frame = with_poisson_interval(sums.astype({metric.count: "int64"}), count=metric.count)
    frame.attrs = found.attrs
    return frame


def _window(metric: Metric, asked: Rows, window_days: int | None) -> dict[str, float]:
    """The window asked for, else that of targets.yaml, else the metric's own."""
    target = asked.store.profile.target(metric.key).window_days
    days = window_days or target or metric.window_days
    if metric.key == "sla_attainment_rate":
        return {"sla_hours": 24.0 * days}
    return {"window_days": days}


def _columns(metric: Metric, store: Any) -> dict[str, str | None]:
    """For every option of the metric the best column that is there."""
    return {
        name: next(c for c in columns if c is None or store.has(metric.main, c))
        for name, columns in metric.options.items()
    }


def _backlog(metric: Metric, asked: Rows, *, by: list[str]) -> pd.DataFrame:
    rows = asked.of("tickets", by=by)
    chosen = _columns(metric, asked.store)
    frame = backlog_by_month(rows, by=by, as_of=asked.as_of, **chosen)
    if asked.start is None:
        return frame
    return frame[frame["month"] >= asked.start].reset_index(drop=True)


def _frame(metric: Metric, asked: Rows, *, by: list[str], options: dict[str, Any]) -> pd.DataFrame:
    """The metric's own function, fed with the rows of its tables."""
    options = _columns(metric, asked.store) | options
    time = options.get(metric.time, metric.time)
    table, _, column = time.rpartition(".")
    if "month" in by and (table or not time):
        raise RequestError(f"Metric {metric.key} cannot be split by month; ask for it as a whole.")
    if metric.key in ADDITIVE:
        frame = additive_metric(metric, asked, by=by, since=column, options=options)
    else:
        frame = _direct(metric, asked, by=by, since=column, of=table, options=options)
    if metric.key == "ticket_volume" and "month" in by:
        return every_month(frame, by=by, start=asked.start, as_of=asked.as_of)
    return frame


def _direct(
    metric: Metric, asked: Rows, *, by: list[str], since: str, of: str, options: dict[str, Any]
) -> pd.DataFrame:
    """The metric's function on the rows of the region."""
    tables = {
        name: _rows(metric, asked, source, by=by, since=since, of=of or metric.main)
        for name, source in metric.inputs.items()
    }
    first = tables.pop(next(iter(metric.inputs)))
    return metric.function(first, **tables, by=by, as_of=asked.as_of, **options)


def _rows(
    metric: Metric, asked: Rows, table: str, *, by: list[str], since: str, of: str
) -> nw.LazyFrame:
    """One input of a metric; the months asked for limit the time `since` of the table `of`."""
    if (
        table == "repairs"
        and metric.key == "claims_per_1000"
        and not asked.store.has(table, "unit_id")
    ):
        return asked.of("tickets").filter(nw.col("ticket_type") == "fault")
    wanted = _wanted(metric, asked.store, by) if table == metric.main else ()
    return asked.of(table, by=wanted, since=since if table == of else "")


def _wanted(metric: Metric, store: Any, by: list[str]) -> list[str]:
    """Attributes of the main table; for costs also the customer, who is resampled."""
    if metric.kind != "money" or lacking(store, metric.main, ["customer_id"]):
        return by
    return [*by, "customer_id"]
