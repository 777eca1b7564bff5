"""Steps on the cells of the source: which rows are records, regular text, markers, rules."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data import values
from aftersales.data.account import Note
from aftersales.data.batch import FILE, LINE, Batch, Plan, combined


def select(batch: Batch, plan: Plan) -> Batch:
    """Keep the rows that `where` declares to be records of this table; cells are as received."""
    where = plan.mapping.where
    if not where:
        return batch
    found = batch.evaluate(where, mapping=plan.mapping, place="where", cleaned=False)
    mask = pc.fill_null(_truth(found), False)
    n = len(mask) - values.n_true(mask)
    rest = batch.only(mask) if n else batch
    return rest.noted(Note("select", "select", n, {"where": where}, out=n))


def regular_text(batch: Batch, plan: Plan) -> Batch:
    """Bring the source columns that are used to Unicode form NFKC and trim them."""
    for name in used_columns(plan, batch.source.column_names):
        before = combined(batch.source[name])
        after = values.regular(before)
        changed = values.n_true(pc.not_equal(before, after))
        note = Note("text", "text", changed, {"column": name})
        batch = batch.with_cells(**{name: after}).noted(note)
    return batch


def used_columns(plan: Plan, names: list[str]) -> list[str]:
    """Source columns that a mapping entry names, or an SQL expression may name."""
    mapping = plan.mapping
    named = set(mapping.source_columns) - set(mapping.dropped)
    if mapping.content_key and mapping.content_key.besides:
        named = set(names)
    sql = " ".join(mapping.expressions.values()).casefold()
    return [n for n in names if n not in (FILE, LINE) and (n in named or n.casefold() in sql)]


def missing_markers(batch: Batch, plan: Plan) -> Batch:
    """Set the cells that hold a marker for "missing" to null; count them in every column."""
    markers = plan.mapping.missing
    for name in batch.source.column_names:
        if name in (FILE, LINE, *plan.mapping.dropped):
            continue
        text = batch.cells.get(name)
        text = combined(batch.source[name]) if text is None else text
        batch = batch.noted(*_marker_notes(text, name, markers))
        if name in batch.cells:
            cleaned = values.without_markers(text, markers=markers)
            batch = batch.with_cells(**{name: cleaned})
    return batch


def _marker_notes(text: pa.Array, name: str, markers: tuple[str, ...]) -> list[Note]:
    found = pc.is_in(text, value_set=pa.array(markers, pa.string()))
    if not pc.any(found, min_count=0).as_py() and not text.null_count:
        return []
    counts = {item["values"]: item["counts"] for item in pc.value_counts(text.filter(found)).to_pylist()}
    empty = counts.pop("", 0) + counts.pop(None, 0)
    if None not in markers:
        empty += text.null_count
    notes = [Note("missing markers", "empty", empty, {"column": name})] if empty else []
    return notes + [
        Note("missing markers", "marker", n, {"column": name, "marker": marker})
        for marker, n in sorted(counts.items())
    ]


def html_entities(batch: Batch, plan: Plan) -> Batch:
    """Decode HTML entities in all cells, where the table asks for it."""
    if not plan.mapping.html_entities:
        return batch
    batch = batch.noted(Note("html entities", "no_entities", 0))
    for name, before in batch.cells.items():
        after = values.without_entities(before)
        n = values.n_true(pc.not_equal(before, after))
        note = Note("html entities", "entities", n, {"column": name})
        batch = batch.with_cells(**{name: after}).noted(note)
    return batch


def reject_rules(batch: Batch, plan: Plan) -> Batch:
    """Reject the rows for which a declared condition holds."""
    for rule in plan.mapping.reject:
        place = f"reject, {rule.reason}"
        found = batch.evaluate(rule.where, mapping=plan.mapping, place=place, cleaned=True)
        note = Note("reject rules", "reject", 0, {"reason": _phrase(rule.reason)})
        batch = batch.without(_truth(found), reason=rule.reason, note=note)
    return batch


def flags(batch: Batch, plan: Plan) -> Batch:
    """Count the rows for which a declared condition holds; nothing changes."""
    for rule in plan.mapping.flags:
        place = f"flags, {rule.name}"
        found = batch.evaluate(rule.where, mapping=plan.mapping, place=place, cleaned=True)
        n, said = values.n_true(_truth(found)), {"name": rule.name, "reason": _phrase(rule.reason)}
        batch = batch.noted(Note("flags", "flag", n, said))
    return batch


def _truth(found: pa.Array) -> pa.Array:
    """What an SQL condition gave, as yes or no."""
    return found if found.type == pa.bool_() else found.cast(pa.bool_())


def _phrase(reason: str) -> str:
    return reason.rstrip(" .")
