"""Steps on the cells of the source: which rows are records, regular text, markers, rules."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.clean.rows import Plan, Rows, combined
from aftersales.data.read import values
from aftersales.data.read.batch import FILE, LINE
from aftersales.data.store.account import Note


def select(rows: Rows, plan: Plan) -> Rows:
    """Keep the rows that `where` declares to be records of this table; cells are as received."""
    where = plan.mapping.where
    if not where:
        return rows
    found = rows.evaluate(where, mapping=plan.mapping, place="where", cleaned=False)
    mask = pc.fill_null(_truth(found), False)
    n = len(mask) - values.n_true(mask)
    rest = rows.only(mask) if n else rows
    return rest.noted(Note("select", "select", n, {"where": where}, out=n))


def regular_text(rows: Rows, plan: Plan) -> Rows:
    """Bring the source columns that are used to Unicode form NFKC and trim them."""
    for name in used_columns(plan, rows.source.column_names):
        before = combined(rows.source[name])
        after = values.regular(before)
        changed = values.n_true(pc.not_equal(before, after))
        note = Note("text", "text", changed, {"column": name})
        rows = rows.with_cells({name: after}).noted(note)
    return rows


def used_columns(plan: Plan, names: list[str]) -> list[str]:
    """Source columns that a mapping entry names, or an SQL expression may name."""
    mapping = plan.mapping
    named = set(mapping.source_columns) - set(mapping.dropped)
    if mapping.content_key and mapping.content_key.besides:
        named = set(names)
    sql = " ".join(mapping.expressions.values()).casefold()
    return [n for n in names if n not in (FILE, LINE) and (n in named or n.casefold() in sql)]


def missing_markers(rows: Rows, plan: Plan) -> Rows:
    """Set the cells that hold a marker for "missing" to null; count them in every column."""
    markers = plan.mapping.missing
    for name in rows.source.column_names:
        if name in (FILE, LINE, *plan.mapping.dropped):
            continue
        text = rows.cells.get(name)
        text = combined(rows.source[name]) if text is None else text
        rows = rows.noted(*_marker_notes(text, name, markers))
        if name in rows.cells:
            cleaned = values.without_markers(text, markers=markers)
            rows = rows.with_cells({name: cleaned})
    return rows


def _marker_notes(text: pa.Array, name: str, markers: tuple[str, ...]) -> list[Note]:
    """One note per marker, found or not, so that the log keeps the profile's order."""
    found = text.filter(pc.is_in(text, value_set=pa.array(markers, pa.string())))
    counts = {pair["values"]: pair["counts"] for pair in pc.value_counts(found).to_pylist()}
    empty = counts.pop("", 0) + text.null_count
    step, said = "missing markers", {"column": name}
    return [Note(step, "empty", empty, said)] + [
        Note(step, "marker", counts.get(marker, 0), {**said, "marker": marker})
        for marker in markers
        if marker
    ]


def html_entities(rows: Rows, plan: Plan) -> Rows:
    """Decode HTML entities in all cells, where the table asks for it."""
    if not plan.mapping.html_entities:
        return rows
    rows = rows.noted(Note("html entities", "no_entities", 0))
    for name, before in rows.cells.items():
        after = values.without_entities(before)
        n = values.n_true(pc.not_equal(before, after))
        note = Note("html entities", "entities", n, {"column": name})
        rows = rows.with_cells({name: after}).noted(note)
    return rows


def reject_rules(rows: Rows, plan: Plan) -> Rows:
    """Reject the rows for which a declared condition holds."""
    for rule in plan.mapping.reject:
        place = f"reject, {rule.reason}"
        found = rows.evaluate(rule.where, mapping=plan.mapping, place=place, cleaned=True)
        note = Note("reject rules", "reject", 0, {"reason": _phrase(rule.reason)})
        rows = rows.without(_truth(found), reason=rule.reason, note=note)
    return rows


def flags(rows: Rows, plan: Plan) -> Rows:
    """Count the rows for which a declared condition holds; nothing changes."""
    for rule in plan.mapping.flags:
        place = f"flags, {rule.name}"
        found = rows.evaluate(rule.where, mapping=plan.mapping, place=place, cleaned=True)
        n, said = values.n_true(_truth(found)), {"name": rule.name, "reason": _phrase(rule.reason)}
        rows = rows.noted(Note("flags", "flag", n, said))
    return rows


def _truth(found: pa.Array) -> pa.Array:
    """What an SQL condition gave, as yes or no."""
    return found if found.type == pa.bool_() else found.cast(pa.bool_())


def _phrase(reason: str) -> str:
    return reason.rstrip(" .")
