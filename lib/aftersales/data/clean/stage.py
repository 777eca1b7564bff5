"""First half of cleaning: raw rows through the steps, batch by batch, into staged Parquet files.

A staged row has the canonical columns and ``__row`` (position in the table), ``__file``,
``__line``, ``__hash`` (of the complete source row) and ``__content`` (of the declared content
key), both keyed, and ``__order`` (the source column that says which of several rows about one
record to keep).
Personal data are replaced and masked before anything is written.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aftersales.data.clean import date_steps, parts, rejects, steps, text_steps
from aftersales.data.clean.parts import Part
from aftersales.data.clean.rows import Plan, Rows, combined
from aftersales.data.privacy.siphash import siphash
from aftersales.data.read import values
from aftersales.data.read.batch import FILE, LINE, Batch
from aftersales.data.read.sources import SourceReader, find_files
from aftersales.data.store.account import Account, Note

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
    steps.rounded_ids,
    date_steps.dates,
    date_steps.future_dates,
    date_steps.impossible_dates,
    steps.numbers,
    date_steps.time_order,
    steps.required,
    steps.regions,
)


@dataclass
class Staged:
    """A table after the first half; its rows lie in `parts`, one for each file."""

    plan: Plan
    account: Account
    parts: list[Part] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def inputs(self) -> list[dict[str, Any]]:
        return [entry for part in self.parts for entry in part.entries]

    def select(self) -> str:
        """SQL of all rows; ``__row`` counts through the files."""
        offsets = [0, *np.cumsum([part.rows for part in self.parts])]
        return " union all by name ".join(
            f"select * replace (__row + {offset}::bigint as __row) "
            f"from read_parquet('{part.files}')"
            for part, offset in zip(self.parts, offsets, strict=False)
        )


def stage(
    plan: Plan,
    *,
    raw: Path,
    folder: Path,
    scratch: Path,
    old: Path | None = None,
    progress: Progress | None = None,
) -> Staged:
    """Read the table's sources, run the steps, and write staged and rejected rows.

    Each file's rows lie in `folder`, to be kept; those of a query or a database in `scratch`.
    Parts in `old` that hold for a file as it is now are taken over, and the file is not read.
    """
    folder.mkdir(parents=True)
    reader, kept = _open(plan, raw, old)
    made = {n: parts.adopt(p, folder=parts.place(folder, n)) for n, p in kept.items()}
    read = sum(part.read for part in kept.values())
    if progress and read:
        progress(plan.table, read)
    told = 0
    for name, batches in reader.by_source():
        home = parts.place(folder, name) if name else scratch
        made[name] = part = Part(name, home, reader.headers.get(name, ()), reader.header)
        for n in _stage_part(part, plan, batches):
            if progress:
                progress(plan.table, read + n)
        read += part.read
        part.entries, told = reader.inputs[told:], len(reader.inputs)
        if name:
            parts.write(part, plan=plan, path=reader.paths[name])
    return _summed(plan, [made[name] for name in (*reader.paths, "") if name in made])


def _open(plan: Plan, raw: Path, old: Path | None) -> tuple[SourceReader, dict[str, Part]]:
    """The sources that have to be read, and the parts of those that do not."""
    mapping = plan.mapping
    kept: dict[str, Part] = {}
    if old is not None and not (mapping.sql or mapping.query):
        files = {p.relative_to(raw).as_posix(): p for p in find_files(mapping, raw=raw)}
        kept = parts.usable(old, plan=plan, files=files)
    headers = {name: part.header for name, part in kept.items()}
    reader = SourceReader(mapping, raw=raw, rows=BATCH_ROWS, known=headers)
    if any(tuple(part.together) != reader.header for part in kept.values()):
        return SourceReader(mapping, raw=raw, rows=BATCH_ROWS), {}
    return reader, kept


def _stage_part(part: Part, plan: Plan, batches: Iterator[Batch]) -> Iterator[int]:
    """Run the steps on every batch of a file and write what is left; the records read so far."""
    part.folder.mkdir(parents=True)
    account = Account(plan.table)
    with rejects.Writer(part.folder / parts.REJECTED, plan) as rejected:
        for number, found in enumerate(batches):
            part.read += len(found.records) + len(found.broken)
            rejected.write_broken(found.broken)
            account.add([*found.notes, *broken_notes(found.broken)])
            rows = run(Rows(_one_piece(found.records)), plan)
            for gone in rows.rejected:
                rejected.write(gone)
            account.add(rows.notes)
            account.add(_write(rows, part, plan, number))
            yield part.read
    part.notes = account.all()


def _summed(plan: Plan, found: list[Part]) -> Staged:
    staged = Staged(plan, Account(plan.table), found)
    for part in found:
        staged.account.add(part.notes)
    staged.account.add(read_notes(sum(part.read for part in found), staged.inputs))
    staged.account.add(_gap_notes(staged))
    staged.account.add(Note("privacy", "dropped", 1, {"column": c}) for c in plan.mapping.dropped)
    return staged


def run(rows: Rows, plan: Plan) -> Rows:
    """All steps that see one batch at a time, without privacy."""
    for step in _FIRST:
        rows = step(rows, plan)
    return rows


def _write(rows: Rows, part: Part, plan: Plan, number: int) -> tuple[Note, ...]:
    """Hide personal data and write the rows that remain; what was hidden."""
    marks = _marks(rows, plan)
    hidden = steps.privacy(rows, plan)
    _count_combinations(hidden, part, plan)
    n = len(rows.source)
    numbers = pa.array(np.arange(part.rows, part.rows + n))
    table = pa.table({**hidden.columns, "__row": numbers, **marks})
    pq.write_table(table, part.folder / f"part-{number:06}.parquet", **_FAST)
    part.rows += n
    return hidden.notes[len(rows.notes) :]


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
    marks["__hash"] = _keyed([source[n] for n in names], plan.key)
    key = plan.mapping.content_key
    if key:
        chosen = key.columns or [n for n in names if n not in key.besides]
        columns = [rows.columns.get(n, rows.cells.get(n)) for n in chosen]
        empty = [pc.is_null(column) for column in columns]
        content = _keyed(columns, plan.key)
        for column in empty[1:]:
            empty[0] = pc.and_(empty[0], column)
        marks["__content"] = pc.if_else(empty[0], pa.scalar(None, content.type), content)
    order = plan.mapping.keep.order if plan.mapping.keep else ""
    if order and order not in rows.columns:
        marks["__order"] = rows.cells[order]
    return marks


def _keyed(columns: list[Any], key: bytes) -> pa.Array:
    """Equal for equal rows; without the key nobody can try out what they hold.

    DuckDB's hash tells rows apart and is quick, but whoever sees it can undo it; so it is hashed
    once more with a key, and only that is kept.
    """
    salt = hmac.digest(key, b"rows", "sha256").hex()
    names = [f"c{i}" for i in range(len(columns))]
    table = pa.table(dict(zip(names, columns, strict=True)))
    query = f"select hash('{salt}', {', '.join(names)}) as value from batch"
    numbers = combined(values.query(query, table)["value"]).to_numpy()
    return pa.array(siphash(numbers, key=hmac.digest(key, b"row marks", "sha256")))


def _count_combinations(rows: Rows, part: Part, plan: Plan) -> None:
    for i, gap in enumerate(plan.mapping.gaps):
        columns = {n: rows.columns.get(n, rows.cells.get(n)) for n in gap.columns}
        found = pa.table(columns).group_by(list(columns)).aggregate([])
        combinations = zip(*(found[n].to_pylist() for n in columns), strict=True)
        complete = {tuple(_told_apart(v, plan) for v in c) for c in combinations if None not in c}
        part.combinations.setdefault(i, set()).update(complete)


def _told_apart(value: Any, plan: Plan) -> str:
    """What stands for a value where only its being another one counts."""
    return hmac.digest(plan.key, str(value).encode(), "sha256").hex()[:16]


def _gap_notes(staged: Staged) -> list[Note]:
    notes = []
    for i, gap in enumerate(staged.plan.mapping.gaps):
        found = set().union(*(part.combinations.get(i, set()) for part in staged.parts))
        total = 1
        for part in zip(*found, strict=True):
            total *= len(set(part))
        said = {"total": total, "columns": ", ".join(gap.columns), "reason": gap.reason.rstrip(".")}
        notes.append(Note("gaps", "gap", total - len(found), said))
    return notes


def _one_piece(table: pa.Table) -> pa.Table:
    return table.combine_chunks()
