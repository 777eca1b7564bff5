"""Tables of a PostgreSQL server; `.ci/run` starts one."""

import os

import pytest
import sqlalchemy

from aftersales.data.mapping.mapping import SqlSource, TableMapping
from aftersales.data.read.sources import SourceReader
from aftersales.errors import DataError

URL = os.environ.get("AFTERSALES_TEST_POSTGRES", "")
pytestmark = pytest.mark.skipif(
    not URL, reason="no PostgreSQL here: set AFTERSALES_TEST_POSTGRES to its SQLAlchemy URL"
)
TABLE = "aftersales_test_tickets"
COLUMNS = (
    "id integer, opened timestamp, zoned timestamptz, cost numeric(8, 2), hours double precision, "
    "safe boolean, more jsonb, text text"
)
FILL = f"""
    insert into {TABLE}
    select i, timestamp '2024-01-31 08:30' + i * interval '1 day', '2024-01-31 08:30+08', i / 4.0,
        i, mod(i, 2) = 0, '{{"deep": [1]}}',
        case when mod(i, 3) > 0 then '机器: 坏 "' || i || '"' end
    from generate_series(1, 1000) as t(i)
"""


@pytest.fixture(scope="module")
def server():
    """The URL as a profile writes it, with a filled table behind it."""
    pytest.importorskip(
        "psycopg", reason='the driver is missing: pip install "aftersales[postgres]"'
    )
    parsed = sqlalchemy.make_url(URL).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(parsed)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"drop table if exists {TABLE}")
        connection.exec_driver_sql(f"create table {TABLE} ({COLUMNS})")
        connection.exec_driver_sql(FILL)
    yield parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"drop table {TABLE}")
    engine.dispose()


def reader(url: str, query: str, tmp_path, rows: int = 300) -> SourceReader:
    source = SqlSource(url, query)
    mapping = TableMapping("tickets", "config/acme/sources.yaml", {}, sql=source)
    return SourceReader(mapping, raw=tmp_path, rows=rows)


def test_a_table_is_read_in_batches_as_text(server, tmp_path):
    query = f"select * from {TABLE} where id::text like '%' order by id % 10000"

    tickets = reader(server, query, tmp_path)
    batches = list(tickets.batches())

    assert [batch.records.num_rows for batch in batches] == [300, 300, 300, 100]
    first = batches[0].records.to_pylist()[0]
    zoned = first.pop("zoned")
    assert zoned.startswith("2024-01-31 ")
    assert zoned[19] in "+-"
    assert list(first.values())[:-2] == [
        *("1", "2024-02-01 08:30:00", "0.25", "1", "false", '{"deep": [1]}', '机器: 坏 "1"'),
    ]
    assert batches[0].records["text"][2].as_py() is None
    assert tickets.inputs[0]["rows"] == 1000


def test_the_server_keeps_the_rows_that_are_not_read_yet(server, tmp_path):
    query = "select generate_series(1, 100000000000) as i"  # the server makes them one by one

    limits = {"options": "-c statement_timeout=5000"}  # were it to make them all
    limited = sqlalchemy.make_url(server).update_query_dict(limits).render_as_string(False)
    batches = reader(limited, query, tmp_path, rows=2).batches()

    assert next(batches).records["i"].to_pylist() == ["1", "2"]
    batches.close()


def test_a_query_that_fails_ends_in_a_sentence(server, tmp_path):
    with pytest.raises(DataError, match=r'sql: column "ids" does not exist; correct `url` or'):
        reader(server, f"select ids from {TABLE}", tmp_path)


def test_a_server_that_refuses_or_is_away_is_named_without_the_password(server, tmp_path):
    away = sqlalchemy.make_url(server).set(username="nobody", password="geheim")
    for url in (away, away.set(port=1)):
        text = url.render_as_string(hide_password=False)
        with pytest.raises(DataError, match=r"tables: tickets: sql: .*; correct `url`") as error:
            reader(text, "select 1", tmp_path)
        assert "geheim" not in str(error.value)
