"""Databases are only read: one select, in a connection that cannot write, for a limited time."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy

from aftersales.errors import ConfigError

_ASIDE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
_READS = ("select", "with", "values", "table", "(")
_WRITES = re.compile(
    r"(?:^|\()\s*(insert\s+into|update\s|delete\s+from|drop\s|alter\s|create\s|truncate\s)"
    r"|\sinto\s+outfile\s",
    re.IGNORECASE,
)
_STEPS = 100_000  # virtual instructions of SQLite between two looks at the clock


def check_select(query: str, *, place: str) -> str:
    """The query without a final semicolon; all that is not a single select is an error."""
    bare = _ASIDE.sub(" ", query).strip().rstrip(";").strip()
    writes = _WRITES.search(bare)
    if not bare.casefold().startswith(_READS) or ";" in bare or writes:
        found = f' (it says "{writes[0].strip(" (")}")' if writes else ""
        raise ConfigError(
            f"{place}: `query` must be one select{found}: databases are read and never changed. "
            "Write SELECT ... there."
        )
    return query.strip().rstrip(";")


def reading_engine(url: sqlalchemy.URL, *, seconds: int) -> sqlalchemy.Engine:
    """An engine whose connections cannot write and end a query after `seconds`."""
    more: dict[str, Any] = {"poolclass": sqlalchemy.NullPool}
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database and url.database != ":memory:":
        more["creator"] = _sqlite(Path(url.database), seconds)
    elif backend == "postgresql":
        given = url.query.get("options", "")
        limits = f"-c default_transaction_read_only=on -c statement_timeout={seconds * 1000}"
        more["connect_args"] = {"options": f"{given} {limits}".strip()}
        url = url.difference_update_query(["options"])
    engine = sqlalchemy.create_engine(url, **more)
    if backend in ("mysql", "mariadb"):
        sqlalchemy.event.listen(engine, "connect", _mysql(seconds))
    return engine


def _sqlite(file: Path, seconds: int) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        address = f"file:{quote(file.resolve().as_posix())}?mode=ro"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        connection.execute("pragma query_only = on")
        end = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        return connection

    return connect


def _mysql(seconds: int) -> Callable[[Any, Any], None]:
    def prepare(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("set session transaction read only")
        cursor.execute(f"set session max_execution_time = {seconds * 1000}")
        cursor.close()

    return prepare
