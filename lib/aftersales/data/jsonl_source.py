"""Records of a JSON Lines file: one JSON object per line, its values as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.batch import LINE, Batch, broken_table
from aftersales.data.csv_header import Header, checked_names
from aftersales.data.csv_source import CsvSource
from aftersales.data.mapping import TableMapping
from aftersales.data.textfile import TextFile
from aftersales.data.values import query
from aftersales.errors import DataError

_NEVER = "\x1f"  # a control character, which JSON text cannot hold: every line is one cell
_ROWS = 50_000  # lines parsed at a time when the keys are gathered
_OBJECT = "coalesce(json_valid(line) and json_type(line) = 'OBJECT', false)"


@dataclass(frozen=True)
class JsonLinesSource:
    """A file whose keys were gathered from all its lines. Nested values stay JSON text."""

    lines: CsvSource
    header: tuple[str, ...]

    def batches(self, *, rows: int) -> Iterator[Batch]:
        """Batches of at most `rows` records; a line that is no JSON object is a broken record."""
        kinds = json.dumps({key: "VARCHAR" for key in self.header}, ensure_ascii=False)
        sql = "select json_transform(line, '{}') as record from batch".format(
            kinds.replace("'", "''")
        )
        for batch in self.lines.batches(rows=rows):
            whole = _is_object(batch.records)
            good = batch.records.filter(whole)
            found = query(sql, good.select(["line"]))["record"].combine_chunks().flatten()
            records = pa.Table.from_arrays([*found, good[LINE]], names=[*self.header, LINE])
            bad = batch.records.filter(pc.invert(whole))[LINE].to_pylist()
            more = broken_table(bad, ["line is not a JSON object"] * len(bad))
            broken = pa.concat_tables([batch.broken, more]).sort_by(LINE)
            yield Batch(records, broken)


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
    return JsonLinesSource(lines, checked_names(list(keys), path=file.path))


def _is_object(records: pa.Table) -> pa.ChunkedArray:
    return query(f"select {_OBJECT} as whole from batch", records.select(["line"]))["whole"]


def _keys(lines: pa.Table) -> list[str]:
    """Keys in the order of their first appearance."""
    sql = (
        "select key from (select unnest(json_keys(line)) as key, row_number() over () as n "
        "from batch) group by key order by min(n), key"
    )
    return query(sql, lines)["key"].to_pylist()
