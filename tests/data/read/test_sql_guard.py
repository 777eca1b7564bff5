"""A database is read, whatever the query says."""

import sqlite3

import pytest

from aftersales.data.read.sql_guard import check_select
from aftersales.errors import ConfigError, DataError


@pytest.fixture
def database(company):
    with sqlite3.connect(company.raw / "crm.db") as connection:
        connection.execute("create table t (id text, opened text, call text)")
        connection.execute("insert into t values ('A1', '2024-01-02', 'x')")
    connection.close()
    return company.raw / "crm.db"


def clean(company, query: str, **more):
    sql = {"url": "sqlite:///{raw}/crm.db", "query": query, **more}
    return company.clean(
        {"tickets": {"sql": sql, "columns": {"ticket_id": "id", "opened_at": "opened"}}}
    )


@pytest.mark.parametrize(
    "query",
    [
        "drop table t",
        "select 1; drop table t",
        "/* select */ delete from t",
        "with a as (delete from t returning *) select * from a",
        "pragma writable_schema = 1",
        "",
    ],
)
def test_anything_but_one_select_is_refused(query):
    with pytest.raises(ConfigError, match="must be one select"):
        check_select(query, place="sources.yaml")


def test_words_in_texts_and_names_are_no_statements():
    for query in ("select call, 'drop table t; x' from t;", 'select "update" from t -- ; drop'):
        assert check_select(query, place="sources.yaml")


def test_the_connection_cannot_write(company, database):
    assert clean(company, "select * from t").manifest["tables"]["tickets"]["kept"] == 1
    before = database.read_bytes()

    with pytest.raises((DataError, ConfigError)):
        clean(company, "select id, opened from t where writefile('x', 'y')")
    assert database.read_bytes() == before


def test_a_query_that_never_ends_is_ended(company, database):
    endless = (
        "with recursive n(x) as (select 1 union all select x + 1 from n) "
        "select max(x) as id, '2024-01-01' as opened from n"
    )

    with pytest.raises(DataError, match="the query took too long and was ended"):
        clean(company, endless, seconds=1)


def test_an_at_sign_in_a_password_is_said_without_saying_it(company):
    sql = {"url": "postgresql://user:se@cret@host/db", "query": "select 1"}

    with pytest.raises((ConfigError, DataError)) as error:
        company.clean(
            {"tickets": {"sql": sql, "columns": {"ticket_id": "id", "opened_at": "opened"}}}
        )
    assert "cret" not in str(error.value)
