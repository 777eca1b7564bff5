"""A company held in memory: a tree of regions, targets, and the tables a test writes out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import narwhals as nw
import pandas as pd
import pytest

from aftersales.config import Profile, Target
from aftersales.regions import read_tree

TREE = {
    "id": "CN",
    "level": "country",
    "name": {"en": "China"},
    "children": [
        {
            "id": "CN-N",
            "level": "macro",
            "name": {"en": "North"},
            "children": [
                {"id": "CN-11", "level": "province", "name": {"en": "Beijing"}},
                {"id": "CN-12", "level": "province", "name": {"en": "Tianjin"}},
            ],
        },
        {
            "id": "CN-S",
            "level": "macro",
            "name": {"en": "South"},
            "children": [{"id": "CN-44", "level": "province", "name": {"en": "Guangdong"}}],
        },
    ],
}


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    """Figures that a test drew are closed after it."""
    yield
    plt.close("all")


@dataclass
class Company:
    """A store of pandas tables with all that analyses ask of one."""

    tables_: dict[str, pd.DataFrame]
    as_of: pd.Timestamp
    profile: Profile
    counts: dict[str, dict[str, Any]] = field(default_factory=dict)  # of the manifest
    log: list[tuple] = field(default_factory=list)  # table, step, rows in, rows out, reason
    identity: str = field(default_factory=lambda: uuid.uuid4().hex)

    def fingerprint(self) -> str:
        return self.identity

    @property
    def tables(self) -> list[str]:
        return list(self.tables_)

    def has(self, table: str, *columns: str) -> bool:
        return table in self.tables_ and set(columns) <= set(self.tables_[table].columns)

    def columns(self, table: str) -> list[str]:
        return list(self.tables_[table].columns)

    def scan(self, table: str, *, region: str | None = None) -> nw.LazyFrame:
        frame = self.tables_[table]
        if region is not None and "region" in frame:
            frame = frame[frame["region"].isin(self.profile.regions.members(region))]
        return nw.from_native(frame.reset_index(drop=True)).lazy()

    @property
    def manifest(self) -> dict[str, Any]:
        plain = {"duplicates": 0, "rejected": 0, "first": "", "last": ""}
        entries = {
            name: plain | {"read": len(rows), "kept": len(rows)} | self.counts.get(name, {})
            for name, rows in self.tables_.items()
        }
        return {"tables": entries}

    def cleaning_log(self, *, only_counted: bool = False) -> pd.DataFrame:
        columns = ["table", "step", "rows_in", "rows_out", "reason"]
        return pd.DataFrame(self.log, columns=columns)


@pytest.fixture(scope="session")
def company() -> Callable[..., Company]:
    """Makes a company: ``company({"tickets": frame}, as_of="2025-12-31", min_n={...})``."""

    def make(
        tables: dict[str, pd.DataFrame],
        *,
        as_of: str = "2025-12-31",
        targets: dict[str, Target] | None = None,
        tree: dict | None = None,
        **rest: Any,
    ) -> Company:
        profile = Profile(
            name="test",
            folder=Path("config/test"),
            regions=read_tree(tree or TREE, file="regions.yaml"),
            targets=targets or {},
            sources={},
            labels={"product": {"tv": {"en": "Television"}}},
        )
        return Company(tables, pd.Timestamp(as_of), profile, **rest)

    return make


@pytest.fixture(scope="session")
def monthly_rows() -> Callable[..., pd.DataFrame]:
    """Rows dated the 10th of each month, as many as `counts` says; the last month is `end`."""

    def make(
        counts: Sequence[int], *, end: str = "2025-12", time: str = "opened_at", **columns: Any
    ) -> pd.DataFrame:
        months = pd.date_range(end=f"{end}-01", periods=len(counts), freq="MS", unit="us")
        when = (months + pd.Timedelta(days=9)).repeat(list(counts))
        return pd.DataFrame({time: when.as_unit("us"), **columns})

    return make


@pytest.fixture(scope="session")
def units() -> Callable[..., pd.DataFrame]:
    """`n` units in service since `since`; ids begin with `prefix`."""

    def make(n: int, *, since: str = "2020-01-15", prefix: str = "u", **columns: Any):
        start = pd.Series([pd.Timestamp(since)] * n, dtype="datetime64[us]")
        ids = [f"{prefix}{i}" for i in range(n)]
        return pd.DataFrame({"unit_id": ids, "in_service_at": start, **columns})

    return make


@pytest.fixture(scope="session")
def faults() -> Callable[..., pd.DataFrame]:
    """Fault tickets of units, one per entry of `of`, in turn over the 12 months up to `end`."""

    def make(of: Sequence[str], *, end: str = "2025-12", months: int = 12, **columns: Any):
        first = pd.date_range(end=f"{end}-01", periods=months, freq="MS", unit="us")
        when = [first[i % months] + pd.Timedelta(days=9) for i in range(len(of))]
        return pd.DataFrame(
            {
                "unit_id": list(of),
                "opened_at": pd.Series(when, dtype="datetime64[us]"),
                "ticket_type": "fault",
                "age_days": 1500.0,
                **columns,
            }
        )

    return make
