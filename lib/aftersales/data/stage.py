"""First half of cleaning: raw rows through the steps, batch by batch, into staged Parquet files.

A staged row has the canonical columns and ``__row`` (position in the table), ``__file``,
``__line``, ``__hash`` (of the complete source row), ``__content`` (of the declared content key)
and ``__order`` (the source column that says which of several rows about one record to keep).
Personal data are replaced and masked before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aftersales.data import rejects, steps, text_steps, values
from aftersales.data.account import Account, Note
from aftersales.data.batch import FILE, LINE
from aftersales.data.rows import Plan, Rows
from aftersales.data.sources import SourceReader

Step = Callable[[Rows, Plan], Rows]
Progress = Callable[[str, int], None]
BATCH_ROWS = 200_000
_FAST = {"compression": "none", "use_dictionary": False, "write_statistics": False}
_FIRST: tuple[Step, ...] = (
    text_steps.select,
    text_steps.regular_text,
    text_steps.missing_markers,
    text_steps.html_entities,
    text_steps.reject_rules,
    text_steps.flags,
    steps.make_columns,
    steps.codes,
    steps.dates,
    steps.future_dates,
    steps.impossible_dates,
    steps.numbers,
    steps.time_order,
    steps.required,
    steps.regions,
)


@dataclass
class Staged:
    """A table after the first half."""

    plan: Plan
    folder: Path
    account: Account
    inputs: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    combinations: dict[int, set[tuple]] = field(default_factory=dict)

    @property
    def files(self) -> str:
        return str(self.folder / "*.parquet")


def stage(plan: Plan, *, raw: Path, folder: Path, progress: Progress | None = None) -> Staged:
    """Read the table's sources, run the steps, and write staged and rejected rows to `folder`."""
    folder.mkdir(parents=True)
    staged = Staged(plan, folder, Account(plan.table))
    reader = SourceReader(plan.mapping, raw=raw, rows=BATCH_ROWS)
    read = 0
    with rejects.Writer(folder / "rejected", plan) as rejected:
        for number, found in enumerate(reader.batches()):
            read += len(found.records) + len(found.broken)
            rejected.write_broken(found.broken)
            staged.account.add(broken_notes(found.broken))
            rows = run(Rows(_one_piece(found.records)), plan)
            for gone in rows.rejected:
                rejected.write(gone)
            staged.account.add(rows.notes)
            _write(rows, staged, number)
            if progress:
                progress(plan.table, read)
    staged.inputs = reader.inputs
    staged.account.add(read_notes(read, reader.inputs))
    staged.account.add(_gap_notes(staged))
    staged.account.add(Note("privacy", "dropped", 1, {"column": c}) for c in plan.mapping.dropped)
    return staged


def run(rows: Rows, plan: Plan) -> Rows:
    """All steps that see one batch at a time, without privacy."""
    for step in _FIRST:
        rows = step(rows, plan)
    return rows


def _write(rows: Rows, staged: Staged, number: int) -> None:
    """Hide personal data and write the rows that remain."""
    plan = staged.plan
    _count_combinations(rows, staged)
    marks = _marks(rows, plan)
    hidden = steps.privacy(rows, plan)
    staged.account.add(hidden.notes[len(rows.notes) :])
    n = len(rows.source)
    numbers = pa.array(np.arange(staged.rows, staged.rows + n))
    table = pa.table({**hidden.columns, "__row": numbers, **marks})
    pq.write_table(table, staged.folder / f"part-{number:06}.parquet", **_FAST)
    staged.rows += n


def read_notes(n: int, inputs: list[dict[str, Any]]) -> list[Note]:
    return [Note("read", "read", n, {"files": _listed(inputs)})]


def _listed(inputs: list[dict[str, Any]]) -> str:
    """Names of the files, the first and the last where there are many."""
    names = [str(entry["file"]) for entry in inputs]
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} ... {names[-1]} ({len(names)})"


def broken_notes(broken: pa.Table) -> list[Note]:
    if not (n := len(broken)):
        return []
    first = f"{broken[FILE][0]}, line {broken[LINE][0]}"
    return [Note("incomplete", "incomplete", n, {}, {"first": first}, out=n)]


def _marks(rows: Rows, plan: Plan) -> dict[str, Any]:
    """File, line and hashes of the rows, from cells as they were before privacy."""
    source = rows.source
    names = [n for n in source.column_names if n not in (FILE, LINE)]
    marks = {FILE: source[FILE], LINE: source[LINE].cast(pa.int64())}
    marks["__hash"] = _hash([source[n] for n in names])
    key = plan.mapping.content_key
    if key:
        chosen = key.columns or [n for n in names if n not in key.besides]
        columns = [rows.columns.get(n, rows.cells.get(n)) for n in chosen]
        empty = [pc.is_null(column) for column in columns]
        content = _hash(columns).combine_chunks()
        for column in empty[1:]:
            empty[0] = pc.and_(empty[0], column)
        marks["__content"] = pc.if_else(empty[0], pa.scalar(None, content.type), content)
    if plan.mapping.keep and plan.mapping.keep.order not in rows.columns:
        marks["__order"] = rows.cells[plan.mapping.keep.order]
    return marks


def _hash(columns: list[Any]) -> pa.ChunkedArray:
    names = [f"c{i}" for i in range(len(columns))]
    table = pa.table(dict(zip(names, columns, strict=True)))
    return values.query(f"select hash({', '.join(names)}) as value from batch", table)["value"]


def _count_combinations(rows: Rows, staged: Staged) -> None:
    for i, gap in enumerate(staged.plan.mapping.gaps):
        columns = {n: rows.columns.get(n, rows.cells.get(n)) for n in gap.columns}
        found = pa.table(columns).group_by(list(columns)).aggregate([])
        combinations = zip(*(found[n].to_pylist() for n in columns), strict=True)
        complete = {c for c in combinations if None not in c}
        staged.combinations.setdefault(i, set()).update(complete)


def _gap_notes(staged: Staged) -> list[Note]:
    notes = []
    for i, gap in enumerate(staged.plan.mapping.gaps):
        found, total = staged.combinations.get(i, set()), 1
        for part in zip(*found, strict=True):
            total *= len(set(part))
        said = {"total": total, "columns": ", ".join(gap.columns), "reason": gap.reason.rstrip(".")}
        notes.append(Note("gaps", "gap", total - len(found), said))
    return notes


def _one_piece(table: pa.Table) -> pa.Table:
    return table.combine_chunks()
