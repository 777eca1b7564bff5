"""The engines a metric must run on, and a small store of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.profile.regions import RegionTree, read_tree

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
AS_OF = pd.Timestamp("2025-06-30")
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
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value.item() if hasattr(value, "item") else value


def _spark_type(values: pd.Series) -> str:
    kinds = {"M": "timestamp_ntz", "f": "double", "i": "bigint", "b": "boolean"}
    return kinds.get(values.dtype.kind, "string")


@dataclass
class Tables:
    """A store held in memory, with what `measure` asks of a store."""

    tables: dict[str, pd.DataFrame]
    engine: Engine = lambda frame: frame
    as_of: pd.Timestamp = AS_OF
    targets: dict[str, Target] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)

    def fingerprint(self) -> str:
        hashes = [pd.util.hash_pandas_object(t, index=False).sum() for t in self.tables.values()]
        return str([*self.tables, *hashes])

    @property
    def profile(self) -> SimpleNamespace:
        return SimpleNamespace(name="test", regions=tree(), target=self.target)

    def target(self, key: str) -> Target:
        return self.targets.get(key, Target())

    def has(self, table: str, *columns: str) -> bool:
        return table in self.tables and set(columns) <= set(self.tables[table].columns)

    def columns(self, table: str) -> list[str]:
        return list(self.tables[table].columns)

    def scan(self, table: str, *, region: str | None = None) -> nw.LazyFrame:
        frame = self.tables[table]
        if region is not None and "region" in frame:
            frame = frame[frame["region"].isin(tree().members(region))]
        return nw.from_native(self.engine(frame)).lazy()


def tree() -> RegionTree:
    return read_tree(TREE, file="regions.yaml")


@pytest.fixture(scope="session")
def store() -> Callable[..., Tables]:
    """Makes a store of pandas tables: ``store({"tickets": frame}, engine=...)``."""
    return Tables


@pytest.fixture(scope="session")
def company() -> Callable[[int], Tables]:
    """A small company with every table that a metric needs, at random from a seed."""
    return lambda seed=0, size=120: Tables(_company(np.random.default_rng(seed), size))


def _company(rng: np.random.Generator, size: int) -> dict[str, pd.DataFrame]:
    customers = pd.DataFrame({"customer_id": _names("c", size // 4)})
    customers["tier"] = rng.choice(["gold", "basic"], len(customers))
    units = pd.DataFrame({"unit_id": _names("u", size)})
    units = units.assign(
        customer_id=_some(rng, customers["customer_id"], size),
        product=_some(rng, ["tv", "radio"], size),
        batch=_some(rng, ["B1", "B2"], size),
        region=_some(rng, ["CN-11", "CN-12", "CN-44", "unknown"], size, missing=0),
        in_service_at=_moments(rng, "2024-01-01", size),
        shipped_at=_moments(rng, "2023-12-01", size),
    )
    return {
        "customers": customers,
        "units": units,
        "tickets": _tickets(rng, units, customers, size * 3),
        "repairs": _repairs(rng, units, size * 2),
        "orders": _orders(rng, customers, size),
        "returns": _returns(rng, size // 2, size),
        "surveys": _surveys(rng, customers, size),
    }


def _tickets(
    rng: np.random.Generator, units: pd.DataFrame, customers: pd.DataFrame, n: int
) -> pd.DataFrame:
    opened = _moments(rng, "2024-01-01", n, missing=0)
    table = pd.DataFrame({"ticket_id": _names("t", n), "opened_at": opened})
    for part in ("response", "resolution", "close"):
        table[f"{part}_hours"] = _hours(rng, n)
        table[f"{part}_at"] = opened + pd.to_timedelta(table[f"{part}_hours"], unit="h")
    table = table.rename(columns={"resolution_at": "resolved_at", "close_at": "closed_at"})
    return table.assign(
        unit_id=_some(rng, [*units["unit_id"], "gone"], n),
        customer_id=_some(rng, customers["customer_id"], n),
        product=_some(rng, ["tv", "radio"], n),
        region=_some(rng, ["CN-11", "CN-12", "CN-44", "unknown"], n, missing=0),
        ticket_type=_some(rng, ["fault", "complaint", "enquiry"], n),
        contacts=rng.integers(1, 4, n).astype(float),
        cost=_hours(rng, n),
        reopened=rng.random(n) < 0.2,
        escalated=rng.random(n) < 0.1,
    )


def _repairs(rng: np.random.Generator, units: pd.DataFrame, n: int) -> pd.DataFrame:
    opened, days = _moments(rng, "2024-01-01", n, missing=0), _hours(rng, n) / 24
    return pd.DataFrame(
        {
            "repair_id": _names("r", n),
            "unit_id": _some(rng, units["unit_id"], n),
            "opened_at": opened,
            "closed_at": opened + pd.to_timedelta(days, unit="D"),
            "turnaround_days": days,
            "fault_code": _some(rng, ["F1", "F2"], n),
            "outcome": _some(rng, ["repaired", "no_fault_found"], n),
            "region": _some(rng, ["CN-11", "CN-44"], n, missing=0),
            "labour_hours": _hours(rng, n) / 50,
            "labour_cost": _hours(rng, n),
            "part_cost": _hours(rng, n),
        }
    )


def _orders(rng: np.random.Generator, customers: pd.DataFrame, n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_line_id": _names("o", n),
            "customer_id": _some(rng, customers["customer_id"], n),
            "ordered_at": _moments(rng, "2023-12-20", n, missing=0),
            "delivered_at": _moments(rng, "2024-01-01", n),
            "product": _some(rng, ["tv", "radio"], n),
            "region": _some(rng, ["CN-11", "CN-44"], n, missing=0),
        }
    )


def _returns(rng: np.random.Generator, n: int, orders: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "return_id": _names("b", n),
            "order_line_id": _some(rng, _names("o", orders), n),
            "requested_at": _moments(rng, "2024-01-01", n, missing=0),
        }
    )


def _surveys(rng: np.random.Generator, customers: pd.DataFrame, n: int) -> pd.DataFrame:
    instrument = rng.choice(["csat", "nps"], n)
    return pd.DataFrame(
        {
            "survey_id": _names("s", n),
            "customer_id": _some(rng, customers["customer_id"], n),
            "instrument": instrument,
            "score": np.where(instrument == "csat", rng.integers(1, 6, n), rng.integers(0, 11, n))
            * 1.0,
            "answered_at": _moments(rng, "2024-01-01", n, missing=0),
            "product": _some(rng, ["tv", "radio"], n),
            "region": _some(rng, ["CN-11", "CN-44"], n, missing=0),
        }
    )


def _names(letter: str, n: int) -> list[str]:
    return [f"{letter}{i}" for i in range(n)]


def _some(rng: np.random.Generator, values: Any, n: int, *, missing: float = 0.1) -> pd.Series:
    chosen = pd.Series(rng.choice(np.asarray(values, dtype=object), n))
    return chosen.mask(rng.random(n) < missing).astype("str")


def _moments(rng: np.random.Generator, first: str, n: int, *, missing: float = 0.1) -> pd.Series:
    seconds = pd.to_timedelta(rng.integers(0, 600 * 86_400, n), unit="s")
    chosen = pd.Series(pd.Timestamp(first) + seconds).astype("datetime64[us]")
    return chosen.mask(rng.random(n) < missing)


def _hours(rng: np.random.Generator, n: int) -> pd.Series:
    return pd.Series(rng.exponential(100, n).round(3)).mask(rng.random(n) < 0.1)
