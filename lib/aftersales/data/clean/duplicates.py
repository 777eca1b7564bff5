"""Rows that are not records of their own: exact copies, superseded rows, used ids, same content.

Works on staged tables in DuckDB. Each step adds the rows it takes out to a verdict table
``(__row, verdict, reason)``; later steps see only the rows that are left. The first row, in the
order of the files, is the one that stays.
"""

from __future__ import annotations

import duckdb

from aftersales.data.clean.stage import Staged
from aftersales.data.mapping import schema
from aftersales.data.store.account import Note
from aftersales.errors import DataError

DUPLICATE, REJECTED = "duplicate", "rejected"
MOST_REPEATED = 0.5  # a column that repeats in more rows than this is no id


def quoted(name: str) -> str:
    """A column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def judge(staged: Staged, connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``verdict_<table>``, make the view ``left_<table>`` of the rows that stay, and log.

    Raises
    ------
    DataError
        If more than half of the rows share their id with another row of other content.
    """
    table, account = staged.plan.table, staged.account
    connection.execute(
        f"create table verdict_{table} (__row bigint, verdict varchar, reason varchar)"
    )
    connection.execute(f"create view staged_{table} as {staged.select()}")
    connection.execute(
        f"create view left_{table} as select * from staged_{table} "
        f"anti join verdict_{table} using (__row)"
    )
    account.add([_exact_copies(staged, connection)])
    for step in (_superseded, _used_ids, _same_content):
        account.add(step(staged, connection))


def _exact_copies(staged: Staged, connection: duckdb.DuckDBPyConnection) -> Note:
    """The hash of the whole source row repeats; equal ids guard against a chance collision."""
    table, key = staged.plan.table, _key(staged)
    n = _take_out(
        connection,
        table,
        DUPLICATE,
        "'it is an exact copy of an earlier row'",
        f"""select __row, row_number() over (partition by __hash, {listed(key)} order by __row) > 1
        as out from left_{table} semi join (
            select __hash from left_{table} group by __hash having count(*) > 1
        ) using (__hash)""",
    )
    return Note("exact duplicates", "copies", n, out=n)


def _superseded(staged: Staged, connection: duckdb.DuckDBPyConnection) -> list[Note]:
    """Of several rows about one record, those that `keep` does not take."""
    keep, table = staged.plan.mapping.keep, staged.plan.table
    if not keep:
        return []
    order = _order(staged, connection)
    way = "desc nulls last, __row desc" if keep.take == "last" else "asc nulls last, __row"
    known = " and ".join(f"{quoted(name)} is not null" for name in keep.by)
    n = _take_out(
        connection,
        table,
        DUPLICATE,
        f"'another row of the same {' and '.join(keep.by)} supersedes it'",
        f"""select __row, row_number() over (partition by {listed(keep.by)} order by {order} {way})
        > 1 as out from left_{table} where {known}""",
    )
    return [Note("keep", "superseded", n, {"by": ", ".join(keep.by)}, out=n)]


def _order(staged: Staged, connection: duckdb.DuckDBPyConnection) -> str:
    """The column to order by; text that is all numbers is ordered as numbers."""
    name = staged.plan.mapping.keep.order
    if not name:
        return "__row"
    if name in staged.plan.mapping.columns:
        return quoted(name)
    texts, found = connection.execute(
        f"select count(__order), count(try_cast(__order as double)) from staged_{staged.plan.table}"
    ).fetchall()[0]
    return "try_cast(__order as double)" if texts == found else "__order"


def _used_ids(staged: Staged, connection: duckdb.DuckDBPyConnection) -> list[Note]:
    """The same id on rows of different content: the first stays, or none where so declared."""
    table, key = staged.plan.table, _key(staged)
    if not key:
        return []
    parts = f"partition by {listed(key)}"
    first = f"first_value(__file || ' line ' || __line) over ({parts} order by __row)"
    name = " and ".join(key)
    if keep_first := staged.plan.mapping.on_duplicate_id == "keep_first":
        out, reason = (
            f"row_number() over ({parts} order by __row) > 1",
            f"{name} is already used in ",
        )
        select = f"{out} as out, '{reason}' || {first} as reason"
    else:
        select = f"count(*) over ({parts}) > 1 as out, '{name} is used by several rows' as reason"
    repeated = f"select {listed(key)} from left_{table} group by all having count(*) > 1"
    same = " and ".join(f"l.{quoted(k)} is not distinct from r.{quoted(k)}" for k in key)
    before = _count(connection, table)
    n = _take_out(
        connection,
        table,
        REJECTED,
        "reason",
        f"select __row, {select} from left_{table} l where exists "
        f"(select 1 from ({repeated}) r where {same})",
    )
    if n > MOST_REPEATED * before:
        raise DataError(
            f"{staged.plan.mapping.place}: {n:,} of {before:,} rows share their {name} with "
            f"another row of other content, so it is no id. Map {name} from a column that is "
            "unique, or declare with `keep:` which row of a record to take."
        )
    message = "used_id" if keep_first else "shared_id"
    return [Note("duplicate ids", message, n, {"key": name}, out=n)]


def _same_content(staged: Staged, connection: duckdb.DuckDBPyConnection) -> list[Note]:
    """Rows equal in the declared content key under different ids: the first stays."""
    table, key = staged.plan.table, " and ".join(_key(staged))
    if not staged.plan.mapping.content_key:
        return []
    repeated = f"select __content from left_{table} group by __content having count(*) > 1"
    groups = connection.execute(
        f"select count(*) from ({repeated}) where __content is not null"
    ).fetchall()[0][0]
    n = _take_out(
        connection,
        table,
        DUPLICATE,
        f"'it repeats the content of an earlier row under another {key}'",
        f"""select __row, row_number() over (partition by __content order by __row) > 1 as out
        from left_{table} semi join ({repeated}) using (__content) where __content is not null""",
    )
    return [Note("content key", "same_content", n, {"key": key}, {"groups": groups}, out=n)]


def _take_out(
    connection: duckdb.DuckDBPyConnection, table: str, verdict: str, reason: str, judged: str
) -> int:
    """Give the verdict to the rows of `judged` (``__row``, ``out``) that are out; count them."""
    return connection.execute(
        f"insert into verdict_{table} select __row, '{verdict}', {reason} from ({judged}) where out"
    ).fetchall()[0][0]


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return connection.execute(f"select count(*) from left_{table}").fetchall()[0][0]


def _key(staged: Staged) -> list[str]:
    """The columns that identify a row: the mapped ones of the schema's key.

    Exposure is counted per combination, so its further columns of text belong to the key.
    """
    table, columns = staged.plan.table, staged.plan.mapping.columns
    key = [name for name in schema.key(table) if name in columns]
    if table == "exposure":
        key += [c.name for c in columns.values() if c.extra and c.kind == "str"]
    return key
