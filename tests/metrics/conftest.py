"""The engines a metric must run on, and a small store of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import pytest

from aftersales.config import Target
from aftersales.regions import RegionTree, read_tree

ENGINES = ("pandas", "duckdb", "spark")
TREE = {
    "id": "CN",
    "level": "country",
    "children": [
        {
            "id": "CN-N",
            "level": "macro",
            "children": [
                {"id": "CN-11", "level": "province"},
                {"id": "CN-12", "level": "province"},
            ],
        },
        {"id": "CN-S", "level": "macro", "children": [{"id": "CN-44", "level": "province"}]},
    ],
}
Engine = Callable[[pd.DataFrame], Any]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Turns a pandas table into one of the engine under test."""
    if request.param == "pandas":
        return lambda frame: frame
    return request.getfixturevalue(request.param)


@pytest.fixture
def duckdb_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture(name="duckdb")
def duckdb_engine(duckdb_connection: duckdb.DuckDBPyConnection) -> Engine:
    return duckdb_connection.from_df


@pytest.fixture(scope="session", name="spark")
def spark_engine() -> Iterator[Engine]:
    pyspark = pytest.importorskip("pyspark.sql", reason='needs the extra: pip install ".[spark]"')
    builder = pyspark.SparkSession.builder.master("local[1]").appName("tests")
    builder = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", 2)
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    yield lambda frame: _spark_table(session, frame)
    session.stop()


def _spark_table(session: Any, frame: pd.DataFrame) -> Any:
    """A Spark table with timestamps without a time zone, as Parquet files give them."""
    rows = [tuple(map(_python, row)) for row in frame.itertuples(index=False)]
    types = ", ".join(f"`{name}` {_spark_type(frame[name])}" for name in frame.columns)
    return session.createDataFrame(rows, types)


def _python(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def _spark_type(values: pd.Series) -> str:
    kinds = {"M": "timestamp_ntz", "f": "double", "i": "bigint", "b": "boolean"}
    return kinds.get(values.dtype.kind, "string")


@dataclass
class Tables:
    """A store held in memory, with what `measure` asks of a store."""

    tables: dict[str, pd.DataFrame]
    engine: Engine = lambda frame: frame
    as_of: pd.Timestamp = pd.Timestamp("2025-06-30")
    targets: dict[str, Target] = field(default_factory=dict)

    @property
    def profile(self) -> SimpleNamespace:
        return SimpleNamespace(name="test", regions=tree(), target=self.target)

    def target(self, key: str) -> Target:
        return self.targets.get(key, Target())

    def has(self, table: str, *columns: str) -> bool:
        return table in self.tables and set(columns) <= set(self.tables[table].columns)

    def scan(self, table: str, *, region: str | None = None) -> nw.LazyFrame:
        frame = self.tables[table]
        if region is not None and "region" in frame:
            frame = frame[frame["region"].isin(tree().members(region))]
        return nw.from_native(self.engine(frame)).lazy()


def tree() -> RegionTree:
    return read_tree(TREE, file="regions.yaml")


@pytest.fixture
def store() -> Callable[..., Tables]:
    """Makes a store of pandas tables: ``store({"tickets": frame}, engine=...)``."""
    return Tables
