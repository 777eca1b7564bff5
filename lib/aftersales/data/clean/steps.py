"""Steps that make canonical columns of source cells: codes, dates, numbers, order, regions."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.clean.rows import Plan, Rows, combined
from aftersales.data.mapping.fields import ColumnMapping
from aftersales.data.privacy.privacy import mask_text, pseudonym
from aftersales.data.read import values
from aftersales.data.read.batch import FILE, LINE
from aftersales.data.read.cells import amounts, times
from aftersales.data.store.account import Note
from aftersales.profile.regions import UNKNOWN, fold

_COUNTED = {"reopened", "escalated"}  # a source may say how often instead of whether
_LOOKED_AT = 10_000  # cells of a batch that tell how its numbers are written


def make_columns(rows: Rows, plan: Plan) -> Rows:
    """Give every canonical column its cells: a source column, an expression or a constant."""
    made: dict[str, pa.Array] = {}
    for column in plan.columns():
        if column.source is not None:
            made[column.name] = rows.cells[column.source]
        elif column.sql is not None:
            place = f"columns: {column.name}: sql"
            found = rows.evaluate(column.sql, mapping=plan.mapping, place=place, cleaned=True)
            made[column.name] = _as_cells(found, column, plan.timezone)
        elif column.made:
            line = rows.source[LINE].cast(pa.string())
            made[column.name] = combined(pc.binary_join_element_wise(rows.source[FILE], line, "#"))
        else:
            made[column.name] = pa.repeat(pa.scalar(column.value, pa.string()), len(rows.source))
    return rows.with_columns(made)


def _as_cells(found: pa.Array, column: ColumnMapping, timezone: str) -> pa.Array:
    """What an expression gave, as text; times stay times where a date is wanted."""
    if pa.types.is_timestamp(found.type) and found.type.tz:
        found = times.local(found, timezone)
    if column.kind == "date" and pa.types.is_temporal(found.type):
        return found.cast(values.TIME)
    return found.cast(pa.string())


def codes(rows: Rows, plan: Plan) -> Rows:
    """Replace codes by what they stand for, compared without regard to case and width."""
    for column in plan.columns():
        if column.kind == "date" or not (column.codes or column.values):
            continue
        known = {fold(v): v for v in column.values} | {fold(k): v for k, v in column.codes.items()}
        keep = column.other == "keep"
        before = rows.columns[column.name]
        after = values.recoded(before, codes=known, keep_others=keep)
        changed = values.n_true(pc.not_equal(before, after))
        rows = rows.with_columns({column.name: after})
        rows = rows.noted(Note("codes", "recoded", changed, {"column": column.name}))
        rows = _others(rows, column, before, after)
    return rows


def _others(rows: Rows, column: ColumnMapping, before: pa.Array, after: pa.Array) -> Rows:
    """Account for cells that are in no code list."""
    said = {"column": column.name}
    lost = pc.and_(pc.is_valid(before), pc.is_null(after))
    if column.other == "reject":
        reason = f"{column.name} is in no code list"
        return rows.without(lost, reason=reason, note=Note("codes", "other_reject", 0, said))
    if column.other == "keep" and column.kind == "str" and column.values:
        lists = {*column.values, *column.codes.values()}
        lost = pc.and_(pc.is_valid(after), pc.invert(pc.is_in(after, value_set=pa.array(lists))))
        return rows.noted(Note("codes", "other_keep", values.n_true(lost), said))
    return rows.noted(Note("codes", "other_missing", values.n_true(lost), said))


def rounded_ids(rows: Rows, plan: Plan) -> Rows:
    """Count ids that a spreadsheet turned into numbers and rounded, such as 2.02E+17."""
    for column in plan.columns("str"):
        if column.name.endswith("_id"):
            cells = rows.columns[column.name]
            n = 0
            if values.n_true(pc.match_substring(cells, "E+", ignore_case=False)):
                n = values.n_true(pc.match_substring_regex(cells, r"^\d(\.\d+)?E\+\d{2,}$"))
            rows = rows.noted(Note("doubts", "scientific", n, {"column": column.name}))
    return rows


def numbers(rows: Rows, plan: Plan) -> Rows:
    """Read numbers and yes/no, apply the scale, and keep numbers in their range."""
    for column in plan.columns("bool"):
        rows = _read_truths(rows, column)
    for column in plan.columns("int", "float"):
        rows = _in_range(_read_numbers(rows, column), column)
        if column.kind == "int":
            whole = rows.columns[column.name].cast(pa.int64(), safe=False)
            rows = rows.with_columns({column.name: whole})
    return rows


def _read_truths(rows: Rows, column: ColumnMapping) -> Rows:
    before = rows.columns[column.name]
    counts = column.name in _COUNTED
    after = values.truths(before, counts=counts)
    lost = pc.and_(pc.is_valid(before), pc.is_null(after))
    said, notes = {"column": column.name}, []
    if counts:
        more = pc.match_substring_regex(before, values.COUNT)
        notes = [
            Note("numbers", "counted", values.n_true(more), said),
            Note("numbers", "", values.n_true(pc.invert(after)), {**said, "is": "no"}),
        ]
    truth = Note("numbers", "truth_missing", values.n_true(lost), said, example(before, lost))
    return rows.with_columns({column.name: after}).noted(*notes, truth)


def example(cells: pa.Array, lost: pa.Array) -> dict[str, str]:
    """What the first cell that was lost looks like."""
    return {"example": values.shape(cells.filter(lost)[0].as_py())} if values.n_true(lost) else {}


def _writing_notes(cells: pa.Array, column: ColumnMapping) -> list[Note]:
    """How the numbers of a column seem to be written, by its first cells."""
    counts = amounts.writings(cells.slice(0, _LOOKED_AT))
    return [
        Note("numbers", "", n, {"column": column.name, "writing": kind})
        for kind, n in counts.items()
        if n
    ]


def _read_numbers(rows: Rows, column: ColumnMapping) -> Rows:
    before = rows.columns[column.name]
    after = amounts.numbers(before, column.writing)
    if column.scale != 1:  # a cell that names a unit of its own is not in that of the column
        after = pc.if_else(amounts.in_money(before), pa.scalar(None, pa.float64()), after)
    lost = pc.and_(pc.is_valid(before), pc.is_null(after))
    after = pc.multiply(after, column.scale)
    said, reason = {"column": column.name}, f"{column.name} is not a number"
    whole = _whole(after) if column.kind == "int" else after
    rows = rows.with_columns({column.name: whole}).noted(*_writing_notes(before, column))
    if column.kind == "int":
        n = whole.null_count - after.null_count
        rows = rows.noted(Note("numbers", "whole_missing", n, said))
    seen = example(before, lost)
    return lose(rows, column, lost, "numbers", "number", said, seen, reason)


def _whole(found: pa.Array) -> pa.Array:
    """Whole numbers that an integer column can hold; others become null."""
    rounded = pc.round(found)
    near = pc.less(pc.abs(pc.subtract(found, rounded)), 1e-9)  # 0.01 x 300 is not quite 3
    fits = pc.and_(near, pc.less(pc.abs(rounded), 2.0**63))
    return pc.if_else(fits, rounded, pa.scalar(None, pa.float64()))


def _in_range(rows: Rows, column: ColumnMapping) -> Rows:
    if column.min is None and column.max is None:
        return rows
    found = rows.columns[column.name]
    low = -float("inf") if column.min is None else column.min
    high = float("inf") if column.max is None else column.max
    outside = pc.or_(pc.less(found, low), pc.greater(found, high))
    away = pc.min_max(found.filter(outside)).as_py() if values.n_true(outside) else {}
    seen = {"low": away["min"], "high": away["max"]} if away else {}
    said = {"column": column.name, "range": f"{low:g} to {high:g}"}
    reason = f"{column.name} is outside {low:g} to {high:g}"
    return lose(rows, column, outside, "numbers", "range", said, seen, reason)


def lose(
    rows: Rows,
    column: ColumnMapping,
    mask: pa.Array,
    step: str,
    message: str,
    said: dict[str, Any],
    seen: dict[str, Any],
    reason: str,
) -> Rows:
    """Cells that cannot be right: reject the row if the column is required, else set missing."""
    mask = pc.fill_null(mask, False)
    if column.required:
        note = Note(step, f"{message}_reject", 0, said, seen)
        return rows.without(mask, reason=reason, note=note)
    note = Note(step, f"{message}_missing", values.n_true(mask), said, seen)
    if note.n:
        now = rows.columns[column.name]
        now = pc.if_else(mask, pa.scalar(None, now.type), now)
        rows = rows.with_columns({column.name: now})
    return rows.noted(note)


def required(rows: Rows, plan: Plan) -> Rows:
    """Reject rows that lack a required value."""
    for column in plan.columns():
        if column.required:
            note = Note("required", "required", 0, {"column": column.name})
            lacking = pc.is_null(rows.columns[column.name])
            rows = rows.without(lacking, reason=f"{column.name} is missing", note=note)
    return rows


def regions(rows: Rows, plan: Plan) -> Rows:
    """Replace spellings of regions by their ids; what the tree does not hold is `unknown`."""
    if "region" not in rows.columns:
        return rows
    before = rows.columns["region"]
    after = values.recoded(before, codes=plan.regions)
    lost = pc.and_(pc.is_valid(before), pc.is_null(after))
    said = {"file": plan.regions_file}
    rows = rows.with_columns({"region": pc.fill_null(after, UNKNOWN)})
    return rows.noted(
        Note("regions", "region_unknown", values.n_true(lost), said),
        Note("regions", "region_missing", before.null_count),
    )


def privacy(rows: Rows, plan: Plan) -> Rows:
    """Replace personal columns by pseudonyms and mask personal data in free text."""
    for column in plan.columns("str"):
        cells = rows.columns[column.name]
        said = {"column": column.name}
        if column.personal == "pseudonym":
            hidden = pseudonym(values.to_series(cells), key=plan.key)
            n = len(cells) - cells.null_count
            rows = rows.noted(Note("privacy", "pseudonym", n, said))
        elif column.mask:
            hidden, kinds = mask_text(values.to_series(cells))
            masked = [Note("privacy", "masked", n, {**said, "kind": k}) for k, n in kinds.items()]
            rows = rows.noted(*masked)
        else:
            continue
        rows = rows.with_columns({column.name: pa.Array.from_pandas(hidden, type=pa.string())})
    return rows
