"""Steps of cleaning that read times: from text, within what is possible, in their order."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.clean.rows import Plan, Rows
from aftersales.data.clean.steps import example, lose
from aftersales.data.read import values
from aftersales.data.read.cells import times
from aftersales.data.store.account import Note

EARLIEST = pd.Timestamp("1900-01-01")  # no after-sales record is older; a profile may say later
AHEAD = {("orders", "promised_at"), ("subscriptions", "due_at")}  # may lie after as_of


def dates(rows: Rows, plan: Plan) -> Rows:
    """Read dates by the declared formats; a required one that cannot be read rejects its row."""
    for column in plan.columns("date"):
        before = rows.columns[column.name]
        if before.type == values.TIME:
            continue
        after = times.dates(
            before,
            formats=column.format,
            timezone=plan.timezone,
            written_in=column.written_in,
            serials=plan.mapping.may_be_excel,
        )
        if column.swapped:
            after = times.exchanged(after)
        rows = rows.with_columns({column.name: after})
        lost = pc.and_(pc.is_valid(before), pc.is_null(after))
        seen = example(before, lost)
        shown = ", ".join(column.format) or "ISO 8601"
        said = {"column": column.name, "formats": shown}
        total = Note("dates", "", len(before) - before.null_count, {"column": column.name})
        reason = f"{column.name} is not a date in {shown}"
        rows = lose(rows.noted(total), column, lost, "dates", "date", said, seen, reason)
    return rows


def future_dates(rows: Rows, plan: Plan) -> Rows:
    """No date lies after its declared `max`, or the end of the day `as_of`."""
    for column in plan.columns("date"):
        limit = column.max if column.max is not None else plan.as_of
        if limit is None or (column.max is None and (plan.table, column.name) in AHEAD):
            continue
        limit = end_of_day(limit)
        found = rows.columns[column.name]
        late = pc.greater(found, _moment(limit))
        seen = {"high": _day(pc.max(found))} if values.n_true(late) else {}
        said = {"column": column.name, "limit": f"{limit:%Y-%m-%d}"}
        reason = f"{column.name} lies after {limit:%Y-%m-%d}"
        rows = lose(rows, column, late, "future dates", "future", said, seen, reason)
    return rows


def impossible_dates(rows: Rows, plan: Plan) -> Rows:
    """No date lies before its declared `min`, or 1900."""
    for column in plan.columns("date"):
        limit = EARLIEST if column.min is None else column.min
        found = rows.columns[column.name]
        early = pc.less(found, _moment(limit))
        seen = {"low": _day(pc.min(found))} if values.n_true(early) else {}
        said = {"column": column.name, "limit": f"{limit:%Y-%m-%d}"}
        reason = f"{column.name} lies before {limit:%Y-%m-%d}"
        rows = lose(rows, column, early, "impossible dates", "past", said, seen, reason)
    return rows


def time_order(rows: Rows, plan: Plan) -> Rows:
    """Set the later time of a declared pair to missing where it lies before the earlier one."""
    for earlier, later in plan.mapping.time_order:
        if earlier not in rows.columns or later not in rows.columns:
            continue
        wrong = pc.fill_null(pc.less(rows.columns[later], rows.columns[earlier]), False)
        mended = pc.if_else(wrong, pa.scalar(None, values.TIME), rows.columns[later])
        note = Note(
            "time order", "order", values.n_true(wrong), {"later": later, "earlier": earlier}
        )
        rows = rows.with_columns({later: mended}).noted(note)
    return rows


def end_of_day(moment: pd.Timestamp) -> pd.Timestamp:
    """The last microsecond of the day, for a limit that is given as a day."""
    if moment != moment.normalize():
        return moment
    return moment + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)


def _moment(limit: pd.Timestamp) -> pa.Scalar:
    return pa.scalar(limit.to_pydatetime(), values.TIME)


def _day(moment: pa.Scalar) -> str:
    return f"{moment.as_py():%Y-%m-%d}"
