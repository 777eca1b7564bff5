"""Records that a query finds in a database, fetched in parts through SQLAlchemy."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import sqlalchemy
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from aftersales.data.mapping.mapping import TableMapping
from aftersales.data.read.batch import Batch, broken_table, text_table
from aftersales.data.read.excel_book import text_of
from aftersales.data.read.sql_guard import check_select, reading_engine
from aftersales.data.read.text.csv_header import checked_names
from aftersales.errors import ConfigError, DataError

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_NULL = "\x00"  # in the hash, so that a missing value differs from an empty one
_HEAD = 1  # rows fetched to learn the names of the columns
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass
class SqlSource:
    """A query whose column names are known; ``__line`` is the number of the record."""

    engine: sqlalchemy.Engine
    query: str
    place: str
    header: tuple[str, ...]
    _hash: Any = field(default_factory=hashlib.sha256, repr=False)

    @property
    def name(self) -> str:
        """The database without user, password and host."""
        url = self.engine.url
        return f"{url.get_backend_name()}: {Path(url.database or '').name or 'memory'}"

    @property
    def facts(self) -> dict[str, Any]:
        """SHA-256 of the records as text, complete when `batches` is exhausted."""
        return {"sha256": self._hash.hexdigest()}

    def batches(self, *, rows: int) -> Iterator[Batch]:
        """Batches of at most `rows` records; the database keeps the others."""
        self._hash = hashlib.sha256()
        first = 1
        with _query(self.engine, self.query, rows=rows, place=self.place) as result:
            for part in result.partitions(rows):
                cells = [[text_of(value) for value in column] for column in zip(*part, strict=True)]
                self._hash.update(_joined(cells).encode("utf-8", "surrogatepass"))
                yield Batch(text_table(self.header, cells, first), broken_table())
                first += len(part)


def _joined(cells: list[list[str | None]]) -> str:
    rows = zip(*([_NULL if v is None else v for v in column] for column in cells), strict=True)
    return "".join("\x1f".join(row) + "\x1e" for row in rows)


def open_sql(mapping: TableMapping, *, raw: Path) -> SqlSource:
    """A database query, tried for its column names.

    Raises
    ------
    ConfigError
        For a URL that cannot be used or an environment variable that is not set.
    DataError
        For a missing driver, a database that cannot be reached, a query that fails.
    """
    place = f"{mapping.place}: sql"
    query = check_select(mapping.sql.query, place=place)
    url = _filled(mapping.sql.url, raw=raw, place=place)
    engine = _engine(url, place=place, seconds=mapping.sql.seconds)
    with _query(engine, query, rows=_HEAD, place=place) as result:
        names = checked_names(names := list(result.keys()), path=place, wanted=names)
        if result.fetchone() is None:
            raise DataError(f"{place}: the query finds no records; correct `query`.")
    return SqlSource(engine, query, place, names)


def _filled(url: str, *, raw: Path, place: str) -> str:
    def value(found: re.Match) -> str:
        if found[1] not in os.environ:
            raise ConfigError(
                f"{place}: the environment variable {found[1]} is not set; set it, it holds a part "
                "of the database URL."
            )
        return os.environ[found[1]]

    return _VARIABLE.sub(value, url.replace("{raw}", raw.resolve().as_posix()))


def _engine(url: str, *, place: str, seconds: int) -> sqlalchemy.Engine:
    try:
        parsed = sqlalchemy.make_url(url)
        parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            _check_sqlite(Path(parsed.database), place)
        if "@" in (parsed.host or "") or "@" in (parsed.username or ""):
            raise ConfigError(
                f"{place}: the user or password in `url` holds an @, which ends it; write it there "
                "as %40."
            )
        return reading_engine(parsed, seconds=seconds)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise ConfigError(
            f"{place}: `url` is not a database URL that can be used; write it like "
            "postgresql://user:${PASSWORD}@host/database or sqlite:///{raw}/name.db."
        ) from None
    except ModuleNotFoundError as error:
        postgres = parsed.get_backend_name() == "postgresql"
        install = '"aftersales[postgres]"' if postgres else f'"{error.name}"'
        raise DataError(
            f"{place}: the driver {error.name} for {parsed.get_backend_name()} is not installed; "
            f"install it with: pip install {install}"
        ) from None


def _check_sqlite(file: Path, place: str) -> None:
    """SQLite would make a new, empty database of a wrong name."""
    if str(file) != ":memory:" and not file.is_file():
        raise DataError(
            f"{file} does not exist; put the database there, or correct `url` in {place}."
        )


@contextmanager
def _query(
    engine: sqlalchemy.Engine, query: str, *, rows: int, place: str
) -> Iterator[sqlalchemy.CursorResult]:
    try:
        with engine.connect() as connection:
            connection = connection.execution_options(stream_results=True, yield_per=rows)
            yield connection.execute(sqlalchemy.text(query.replace(":", "\\:")))
    except SQLAlchemyError as error:
        if "interrupted" in str(error) or "statement timeout" in str(error):
            raise DataError(
                f"{place}: the query took too long and was ended; make it faster, or allow more "
                "with `seconds:`."
            ) from None
        raise DataError(f"{place}: {_reason(error, engine)}; correct `url` or `query`.") from None


def _reason(error: SQLAlchemyError, engine: sqlalchemy.Engine) -> str:
    """The database's first sentence, without the password in case it repeats it."""
    cause = getattr(error, "orig", None) or error
    reason = (str(cause).strip() or type(cause).__name__).splitlines()[0].rstrip(".;")
    password = engine.url.password
    for secret in {str(password or ""), quote_plus(str(password or ""))} - {""}:
        reason = reason.replace(secret, "***")
    return reason
