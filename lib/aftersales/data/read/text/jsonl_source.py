"""Records of a JSON Lines file: one JSON object per line, its values as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.mapping.mapping import TableMapping
from aftersales.data.read.batch import LINE, Batch, broken_table
from aftersales.data.read.text.csv_header import Header, checked_names
from aftersales.data.read.text.csv_source import CsvSource
from aftersales.data.read.text.textfile import TextFile
from aftersales.data.read.values import query
from aftersales.errors import DataError

_NEVER = "\x1f"  # a control character, which JSON text cannot hold: every line is one cell
_ROWS = 50_000  # lines parsed at a time when the keys are gathered
_OBJECT = "case when json_valid(line) then json_type(line) = 'OBJECT' else false end"


@dataclass(frozen=True)
class JsonLinesSource:
    """A file whose keys were gathered from all its lines. Nested values stay JSON text."""

    lines: CsvSource
    keys: tuple[str, ...]

    @property
    def header(self) -> tuple[str, ...]:
        return checked_names(self.keys, path=self.lines.file.path)

    @property
    def facts(self) -> dict[str, Any]:
        return self.lines.facts

    def batches(self, *, rows: int) -> Iterator[Batch]:
        """Batches of at most `rows` records; a line that is no JSON object is a broken record."""
        for batch in self.lines.batches(rows=rows):
            whole = _is_object(batch.records)
            good = batch.records.filter(whole)
            records = pa.Table.from_arrays(
                [*_values(good, self.keys), good[LINE]], names=[*self.header, LINE]
            )
            _check_keys(good, self.lines.file)
            bad = batch.records.filter(pc.invert(whole))[LINE].to_pylist()
            more = broken_table(bad, ["line is not a JSON object"] * len(bad))
            yield Batch(records, pa.concat_tables([batch.broken, more]).sort_by(LINE))


def open_jsonl(file: TextFile, mapping: TableMapping) -> JsonLinesSource:
    """A JSON Lines file; one whose lines are not JSON objects is an error."""
    head = Header(("line",), _NEVER, 0, 0, quotes=False)
    lines = CsvSource(file, head)
    keys: dict[str, None] = {}
    for batch in lines.batches(rows=_ROWS):
        good = batch.records.filter(_is_object(batch.records)).select(["line"])
        keys |= dict.fromkeys(_keys(good))
    if not keys:
        raise DataError(
            f"{file.path} holds no JSON objects, one per line; a JSON array must be written as "
            f"JSON Lines, another format declared as `format:` in {mapping.place}."
        )
    checked_names(keys, path=file.path)
    return JsonLinesSource(lines, tuple(keys))


def _is_object(records: pa.Table) -> pa.ChunkedArray:
    return query(f"select {_OBJECT} as whole from batch", records.select(["line"]))["whole"]


def _values(lines: pa.Table, keys: Sequence[str]) -> list[pa.Array]:
    """The values of some keys as text, one array per key."""
    pointers = ("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
    paths = ", ".join("'" + pointer.replace("'", "''") + "'" for pointer in pointers)
    sql = f"select json_extract_string(line, [{paths}]) as found from batch"
    found = pc.list_flatten(query(sql, lines.select(["line"]))["found"])
    return [found.take(np.arange(i, len(found), len(keys))) for i in range(len(keys))]


def _check_keys(lines: pa.Table, file: TextFile) -> None:
    """A key that stands twice in a record has two values, and nobody knows which is meant."""
    sql = """
        select "__line", key from (
            select "__line", unnest(keys) as key
            from (select "__line", json_keys(line) as keys from batch)
            where len(keys) > len(list_distinct(keys))
        ) group by all having count(*) > 1 order by "__line" limit 1
    """
    for row in query(sql, lines).to_pylist():
        raise DataError(
            f'{file.path}, line {row[LINE]:,}: the key "{row["key"]}" stands twice in the record; '
            "export it with each key once, or rename one."
        )


def _keys(lines: pa.Table) -> list[str]:
    """Keys in the order of their first appearance."""
    sql = """
        select key from (
            select line_number, unnest(keys) as key, unnest(range(len(keys))) as place
            from (select row_number() over () as line_number, json_keys(line) as keys from batch)
        ) group by key order by min((line_number, place))
    """
    return query(sql, lines)["key"].to_pylist()
