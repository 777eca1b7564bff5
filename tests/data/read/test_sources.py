"""Raw files of every format, and the sentences for those that cannot be read."""

import datetime
import decimal
import gzip
import hashlib
import json
import sqlite3
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from aftersales.data.mapping.fields import ColumnMapping
from aftersales.data.mapping.mapping import SqlSource, TableMapping
from aftersales.data.read.sources import SourceReader


def mapping(*files: str, columns: dict | None = None, **keys) -> TableMapping:
    named = {n: ColumnMapping(n, "str", **c) for n, c in (columns or {}).items()}
    return TableMapping("tickets", "config/acme/sources.yaml", named, files=files, **keys)


def read(raw: Path, *files: str, rows: int = 100, **keys) -> tuple[list[dict], list, list]:
    """Records, broken records and inputs."""
    reader = SourceReader(mapping(*files, **keys), raw=raw, rows=rows)
    batches = list(reader.batches())
    records = [row for batch in batches for row in batch.records.to_pylist()]
    broken = [tuple(row.values()) for batch in batches for row in batch.broken.to_pylist()]
    return records, broken, reader.inputs


def write(raw: Path, name: str, content: bytes | str) -> Path:
    path = raw / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(raw: Path, rows: list[list], sheet: str = "Sheet") -> None:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(raw / "t.xlsx")


def test_files_of_a_table_are_read_in_order_though_their_columns_differ(tmp_path):
    write(tmp_path, "b/t_2.csv", "id;extra\n3;x\n")
    write(tmp_path, "t_1.csv", "place,id\nHere,1\n,2\n")

    records, _, inputs = read(tmp_path, "t_1.csv", "*/t_*.csv", rows=1)

    assert records == [
        {"place": "Here", "id": "1", "extra": None, "__file": "t_1.csv", "__line": 2},
        {"place": "", "id": "2", "extra": None, "__file": "t_1.csv", "__line": 3},
        {"place": None, "id": "3", "extra": "x", "__file": "b/t_2.csv", "__line": 2},
    ]
    assert [(i["file"], i["rows"]) for i in inputs] == [("t_1.csv", 2), ("b/t_2.csv", 1)]


def test_inputs_tell_the_hash_of_the_file_and_count_broken_records(tmp_path):
    path = write(tmp_path, "t.csv.gz", gzip.compress("a,b\n机器,2\n1\n".encode("gb18030")))

    _, broken, inputs = read(tmp_path, "t.csv.gz")

    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert broken == [("t.csv.gz", 3, "record is incomplete: 1 of 2 fields")]
    assert inputs == [{"file": "t.csv.gz", "sha256": sha256, "encoding": "gb18030", "rows": 2}]


def test_excel_cells_become_text_and_lines_are_row_numbers(tmp_path):
    when = datetime.datetime(2024, 1, 31, 8, 30)
    rows = [
        ["id", "at", "n", "ok"],
        [1, when, 2.5, True],
        [],
        ["x", None, 3.0, "y"],
        [1, 2, 3, 4, 5],
    ]
    workbook(tmp_path, [["Title"], *rows])

    records, broken, _ = read(tmp_path, "t.xlsx", skip_rows=1)

    cells = [tuple(record.values()) for record in records]
    assert cells == [
        ("1", "2024-01-31 08:30:00", "2.5", "true", "t.xlsx", 3),
        ("x", None, "3", "y", "t.xlsx", 5),
    ]
    assert broken == [("t.xlsx", 6, "record has 5 fields instead of 4")]


def test_a_sheet_is_found_by_name_or_number(tmp_path):
    workbook(tmp_path, [["a"], [1]], sheet="2024")

    for sheets in (("2024",), (2024,), (1,), (), ("*",)):
        assert read(tmp_path, "t.xlsx", sheets=sheets)[0][0]["a"] == "1"


def test_parquet_values_become_text(tmp_path):
    zone = datetime.timezone(datetime.timedelta(hours=8))
    table = pa.table(
        {
            "id": [17850.0, None],
            "at": [datetime.datetime(2024, 1, 31, 8, 30), None],
            "zoned": pa.array(
                [datetime.datetime(2024, 1, 31, 8, tzinfo=zone), None], pa.timestamp("ms", "UTC")
            ),
            "cost": [decimal.Decimal("1.50"), None],
            "kind": pa.array(["x", None]).dictionary_encode(),
            "ok": [True, None],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")

    records, _, _ = read(tmp_path, "t.parquet", rows=1)

    first = ("17850", "2024-01-31 08:30:00", "2024-01-31 00:00:00+00:00", "1.50", "x", "true")
    assert [tuple(record.values()) for record in records] == [
        (*first, "t.parquet", 1),
        (*[None] * 6, "t.parquet", 2),
    ]


def test_json_lines_are_read_whichever_keys_they_have(tmp_path):
    good = [{"id": 1, "a/b": None, "text": 'say "hi"\n'}, {"id": "x", "more": {"deep": [1]}, "": 2}]
    lines = [json.dumps(line, ensure_ascii=False) for line in good]
    write(tmp_path, "t.jsonl", f"{lines[0]}\n\n{{cut\n[1]\n{lines[1]}\n")

    records, broken, inputs = read(tmp_path, "t.jsonl")

    assert [tuple(record.values()) for record in records] == [
        ("1", None, 'say "hi"\n', None, None, "t.jsonl", 1),
        ("x", None, None, '{"deep":[1]}', "2", "t.jsonl", 5),
    ]
    assert list(records[0])[:5] == ["id", "a/b", "text", "more", "column_5"]
    reason = "line is not a JSON object"
    assert broken == [("t.jsonl", 3, reason), ("t.jsonl", 4, reason)]
    assert inputs[0]["rows"] == 4


def sqlite(raw: Path, rows: int) -> None:
    with sqlite3.connect(raw / "crm.db") as connection:
        connection.execute("create table t (id integer, name text, cost real, at text)")
        connection.executemany(
            "insert into t values (?, ?, ?, ?)",
            [(i, "机器: 坏" if i else None, i / 2, "2024-01-31 08:30") for i in range(rows)],
        )
    connection.close()


def test_a_database_is_read_in_batches(tmp_path):
    sqlite(tmp_path, 5)
    source = SqlSource("sqlite:///{raw}/crm.db", "select * from t where at > '2024-01-31 08:00'")

    records, _, inputs = read(tmp_path, sql=source, rows=2)

    assert [tuple(record.values()) for record in records[:2]] == [
        ("0", None, "0", "2024-01-31 08:30", "sqlite: crm.db", 1),
        ("1", "机器: 坏", "0.5", "2024-01-31 08:30", "sqlite: crm.db", 2),
    ]
    assert [record["__line"] for record in records] == [1, 2, 3, 4, 5]
    assert inputs[0]["rows"] == 5
    assert inputs[0]["sha256"] == read(tmp_path, sql=source, rows=100)[2][0]["sha256"]


def test_a_query_joins_files_and_tells_their_broken_records(tmp_path):
    write(tmp_path, "orders.csv", "order_id,customer\n1,A\n2,\n3\n")
    write(tmp_path, "items.v2.csv", "order_id,price\n1,5\n1,7\n2,1\n")
    query = "select order_id, customer, sum(price::float) total from orders join items "
    query += "using (order_id) group by all order by 1;"

    records, broken, inputs = read(tmp_path, "orders.csv", "items.v2.csv", query=query)

    names = "orders.csv, items.v2.csv"
    assert [tuple(record.values()) for record in records] == [
        ("1", "A", "12", names, 1),
        ("2", None, "1", names, 2),
    ]
    assert broken == [("orders.csv", 4, "record is incomplete: 1 of 2 fields")]
    assert [i["rows"] for i in inputs] == [3, 3]
