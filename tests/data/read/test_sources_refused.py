"""Sources that cannot be used end in a sentence: what is wrong, what was found, what to change."""

import gzip
import sqlite3
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aftersales.data.mapping.fields import ColumnMapping
from aftersales.data.mapping.mapping import Rule, SqlSource, TableMapping
from aftersales.data.read.sources import SourceReader
from aftersales.errors import AftersalesError, ConfigError, DataError

PLACE = "config/acme/sources.yaml, tables: tickets"
CHINESE = "机器坏了，不能开机，请尽快安排师傅上门维修"


def mapping(*files: str, columns: dict | None = None, **keys) -> TableMapping:
    named = {n: ColumnMapping(n, "str", **c) for n, c in (columns or {}).items()}
    return TableMapping("tickets", "config/acme/sources.yaml", named, files=files, **keys)


def refusal(raw: Path, *files: str, **keys) -> str:
    """The sentence a source is refused with."""
    with pytest.raises((DataError, ConfigError)) as error:
        list(SourceReader(mapping(*files, **keys), raw=raw).batches())
    assert not error.value.__cause__
    return str(error.value)


def test_a_raw_folder_that_does_not_exist(tmp_path):
    assert refusal(tmp_path / "raw", "t.csv") == (
        f"The raw folder {tmp_path}/raw does not exist; put the files there, or name another "
        "folder with --raw."
    )


def test_a_missing_file_is_named_with_the_nearest_one(tmp_path):
    (tmp_path / "tickets_2024.csv").write_text("a,b\n1,2\n")

    assert refusal(tmp_path, "ticket_2024.csv") == (
        f'No file matches "ticket_2024.csv" in {tmp_path}: did you mean "tickets_2024.csv"? Put it '
        f"there, name another folder with --raw, or correct {PLACE}: files."
    )


def test_a_pattern_without_a_match_in_an_empty_folder(tmp_path):
    assert "the folder is empty. Put the file there" in refusal(tmp_path, "*.csv")


def test_a_file_outside_the_raw_folder(tmp_path):
    assert 'files "../t.csv" must lie below the raw folder' in refusal(tmp_path, "../t.csv")


SAID = {
    "empty.csv": (b"", "empty.csv is empty; export it again"),
    "empty.csv.gz": (gzip.compress(b""), "is empty"),
    "empty.parquet": (b"", "is empty"),
    "empty.xlsx": (b"", "is empty"),
    "head.csv": (b"a,b\r\n\r\n", "has a header but no records"),
    "blank.csv": (b"\n\n", "has no header line"),
    "cut.csv.gz": (gzip.compress(b"a,b\n1,2\n" * 999)[:-9], "is cut: the gzip data end before"),
    "bad.csv.gz": (gzip.compress(b"a,b\n1,2\n")[:-8] + b"12345678", "is damaged: CRC check failed"),
    "torn.csv.gz": (b"\x1f\x8b\x08\x00" + b"\xff" * 30, "is damaged"),
    "plain.csv.gz": (b"a,b\n1,2\n", "is named .gz but holds no gzip data"),
    "really.csv": (b"PK\x03\x04\x00\x00\x00\x00more", "is an Excel workbook or archive, not text"),
    "line.csv": (b"a,__line\n1,2\n", 'a column is named "__line", which is reserved'),
    "quote.csv": (b'"a,b\n1,2\n', "has a header but no records"),
    "rows.csv": (b"a,b\n" + b"1,2,3\n" * 20, "most records have 3 fields, but its header 2"),
    "bad.parquet": (b"PAR1 but no more", "cannot be read as Parquet"),
    "bad.xlsx": (b"no workbook", "cannot be opened as an Excel workbook"),
    "old.xls": (b"\xd0\xcf\x11\xe0 old", "is a workbook of the older kind (.xls, .et)"),
    "array.json": (b'[{"a": 1},\n{"a": 2}]\n', "holds no JSON objects, one per line"),
    "what.dat": (b"a,b\n1,2\n", "its format cannot be told from the name; write `format:`"),
}


@pytest.mark.parametrize("name", SAID)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path, name):
    content, expected = SAID[name]
    (tmp_path / name).write_bytes(content)

    said = refusal(tmp_path, name)

    assert expected in said
    assert said.startswith(f"{tmp_path / name}")
    assert said.endswith((".", '"'))


def test_a_wrong_delimiter_comes_with_the_likely_one(tmp_path):
    (tmp_path / "t.csv").write_text("id;at\n1;2024-01-31\n2;2024-01-31\n")

    assert refusal(tmp_path, "t.csv", delimiter=",") == (
        f'{tmp_path}/t.csv gives a single column with delimiter ","; the delimiter is probably '
        f'";": write it as `delimiter:` in {PLACE}.'
    )


def test_a_delimiter_that_is_not_detected_is_suggested(tmp_path):
    (tmp_path / "t.csv").write_text("id^at\n1^2024-01-31\n")

    assert 'the delimiter is probably "^"' in refusal(
        tmp_path, "t.csv", columns={"ticket_id": {"source": "id"}}
    )


def test_a_file_of_one_column_is_fine_if_no_other_is_wanted(tmp_path):
    (tmp_path / "t.csv").write_text("id\n1\n")
    wanted = mapping("t.csv", columns={"ticket_id": {"source": "id"}})

    (batch, *_) = SourceReader(wanted, raw=tmp_path).batches()
    assert batch.records["id"].to_pylist() == ["1"]


def test_a_wrong_declared_encoding_comes_with_the_line_and_the_likely_one(tmp_path):
    (tmp_path / "t.csv").write_bytes(f"a,b\n1,2\n3,{CHINESE}\n".encode("gbk"))

    assert refusal(tmp_path, "t.csv", encoding="utf-8") == (
        f"{tmp_path}/t.csv is not in the declared encoding utf-8: line 3, byte 10 of the text "
        f"cannot be read. It is probably gb18030. Correct or remove `encoding:` in {PLACE}."
    )


def test_utf8_declared_as_something_else_is_told(tmp_path):
    (tmp_path / "t.csv").write_text(f"a,b\n3,{CHINESE}\n", encoding="utf-8")

    for wrong in ("gb18030", "latin-1"):
        assert "It is probably utf-8." in refusal(tmp_path, "t.csv", encoding=wrong)


def test_an_unknown_encoding_is_told(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")

    assert 'encoding "utf-9" is not known' in refusal(tmp_path, "t.csv", encoding="utf-9")


def test_a_missing_column_is_named_with_file_and_nearest_name(tmp_path):
    (tmp_path / "t.csv").write_text("ticket_no,at\n1,2\n")

    assert refusal(tmp_path, "t.csv", columns={"ticket_id": {"source": "ticketno"}}) == (
        't.csv has no column "ticketno"; did you mean "ticket_no"? Correct the name in '
        f"{PLACE}, or export the column."
    )


def test_a_required_column_must_be_in_every_file_an_optional_one_in_any(tmp_path):
    (tmp_path / "t1.csv").write_text("id,at\n1,2\n")
    (tmp_path / "t2.csv").write_text("id,in\n1,2\n")
    optional = mapping("t*.csv", columns={"channel": {"source": "at"}})

    SourceReader(optional, raw=tmp_path)
    required = {"opened_at": {"source": "at", "required": True}}
    assert refusal(tmp_path, "t*.csv", columns=required).startswith('t2.csv has no column "at"')


def test_sql_that_does_not_run_is_named_with_its_place(tmp_path):
    (tmp_path / "t.csv").write_text("cost,at\n1,2\n")

    assert refusal(tmp_path, "t.csv", where="costs = '1'") == (
        f"{PLACE}: where: `costs = '1'` does not run: Binder Error: Referenced column \"costs\" "
        'not found in FROM clause; did you mean "cost"? Correct the expression.'
    )
    rule = Rule("cost = = 1", "no cost")
    assert "reject, no cost: where: `cost = = 1` does not run: Parser Error" in refusal(
        tmp_path, "t.csv", reject=(rule,)
    )


def test_a_sheet_that_does_not_exist_or_is_empty(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Tickets"
    book.create_sheet("Head").append(["a", "b"])
    book.save(tmp_path / "t.xlsx")

    said = refusal(tmp_path, "t.xlsx", sheets=("Ticket",))
    assert said == (
        f'{tmp_path}/t.xlsx has no sheet "Ticket"; did you mean "Tickets"? '
        f"Correct `sheet:` in {PLACE}."
    )
    assert 'sheet "Tickets" is empty' in refusal(tmp_path, "t.xlsx")
    assert 'sheet "Head" has a header but no records' in refusal(tmp_path, "t.xlsx", sheets=(2,))


def test_a_parquet_file_without_records_or_cut(tmp_path):
    pq.write_table(pa.table({"a": pa.array([], pa.string())}), tmp_path / "t.parquet")
    assert "has columns but no records" in refusal(tmp_path, "t.parquet")

    pq.write_table(pa.table({"a": ["1"] * 1000}), tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(content[:-20])
    assert "cannot be read as Parquet" in refusal(tmp_path, "t.parquet")


def database(raw: Path) -> str:
    with sqlite3.connect(raw / "crm.db") as connection:
        connection.execute("create table t (id integer)")
    connection.close()
    return "sqlite:///{raw}/crm.db"


def test_a_query_that_fails_or_finds_nothing(tmp_path):
    url = database(tmp_path)

    assert refusal(tmp_path, sql=SqlSource(url, "select * from tt")) == (
        f"{PLACE}: sql: no such table: tt; correct `url` or `query`."
    )
    assert "the query finds no records" in refusal(tmp_path, sql=SqlSource(url, "select * from t"))
    twice = SqlSource(url, "select 1 as a, 2 as a")
    assert 'the header names "a" 2 times' in refusal(tmp_path, sql=twice)


def test_a_database_file_that_does_not_exist_is_not_made(tmp_path):
    said = refusal(tmp_path, sql=SqlSource("sqlite:///{raw}/cmr.db", "select 1"))

    assert said.startswith(f"{tmp_path}/cmr.db does not exist")
    assert not (tmp_path / "cmr.db").exists()


def test_a_missing_driver_is_named_with_its_installation(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)

    said = refusal(tmp_path, sql=SqlSource("postgresql://u:secret@localhost/x", "select 1"))

    assert said.endswith('install it with: pip install "aftersales[postgres]"')
    assert "secret" not in said


def test_an_environment_variable_that_is_not_set(tmp_path, monkeypatch):
    monkeypatch.delenv("CRM_PASSWORD", raising=False)

    assert "the environment variable CRM_PASSWORD is not set" in refusal(
        tmp_path, sql=SqlSource("postgresql://u:${CRM_PASSWORD}@localhost/x", "select 1")
    )


@pytest.mark.parametrize(
    "url", ["crm.db", "oracel://u:secret@host/x", "postgresql://u:secret@h:x/d"]
)
def test_an_address_that_is_no_database_url_is_refused_without_repeating_it(tmp_path, url):
    said = refusal(tmp_path, sql=SqlSource(url, "select 1"))

    assert "`url` is not a database URL that can be used" in said
    assert "secret" not in said


def test_a_query_over_files_that_does_not_run_names_its_tables(tmp_path):
    (tmp_path / "orders.csv").write_text("a,b\n1,2\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "orders.csv").write_text("a,b\n1,2\n")

    said = refusal(tmp_path, "orders.csv", query="select * from order_items")
    assert f"{PLACE}: query: the query does not run: Catalog Error" in said
    assert "Its tables are: orders." in said
    assert "finds no records" in refusal(
        tmp_path, "orders.csv", query="select * from orders where a = '2'"
    )
    assert "two `files` have the same name" in refusal(
        tmp_path, "orders.csv", "more/orders.csv", query="select * from orders"
    )


def test_every_refusal_leaves_with_status_2():
    assert {ConfigError.exit_status, DataError.exit_status} == {AftersalesError.exit_status} == {2}
