"""The foot of a report: what its numbers stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import aftersales
from aftersales import words
from aftersales.display import provenance as module
from aftersales.display.provenance import provenance, show_provenance
from aftersales.profile.config import Profile
from aftersales.profile.regions import Region, RegionTree


@dataclass
class FakeStore:
    """As much of a store as provenance reads."""

    profile: Profile
    manifest: dict[str, Any] = field(
        default_factory=lambda: {
            "schema_version": 1,
            "tables": {
                "tickets": {
                    "read": 61_515,
                    "kept": 61_204,
                    "duplicates": 300,
                    "rejected": 11,
                    "first": "2023-01-01T00:10:00",
                    "last": "2025-12-31T23:50:00",
                }
            },
        }
    )
    as_of = pd.Timestamp("2025-12-31")

    def has(self, table: str, *columns: str) -> bool:
        return table in self.manifest["tables"]

    def fingerprint(self, region: str | None = None) -> str:
        return "4be1" * 16


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FakeStore:
    words.use_language("en")
    monkeypatch.setattr(module, "code_revision", lambda: "9f3c2a1")
    tree = RegionTree({"CN-44": Region("CN-44", "province", {"en": "Guangdong"})})
    return FakeStore(Profile("test", Path(), tree, {}, {}))


def test_provenance_tells_region_period_rows_code_and_data(store: FakeStore):
    entries = dict(
        provenance(
            store, region="CN-44", as_of="2025-11-30", tables=["tickets", "surveys", "returns"],
            parameters={"window_days": 30, "min_n": 5},
        )
    )  # fmt: skip
    assert entries == {
        "Region": "Guangdong (CN-44)",
        "Data until": "2025-11-30",
        'Table "tickets"': "61,204 rows used · left out: 300 duplicates, 11 rejected · "
        "2023-01-01 – 2025-12-31",
        "Tables the data lack": "surveys and returns",
        "Program": f"aftersales {aftersales.__version__} (9f3c2a1) · cleaning schema 1",
        "Parameters": "min_n=5, window_days=30",
        "Data fingerprint": "sha256 4be14be14be14be1",
    }


@pytest.mark.parametrize("as_of", ["", None])
def test_without_a_day_the_last_day_of_the_data_counts(store: FakeStore, as_of: str | None):
    entries = dict(provenance(store, region="CN-44", as_of=as_of, tables=[]))
    assert entries["Data until"] == "2025-12-31"


def test_metrics_are_printed_with_their_definition(store: FakeStore):
    from aftersales.metrics.registry import METRICS

    entries = dict(provenance(store, region="CN-44", as_of="", tables=[], metrics=["return_rate"]))
    metric = METRICS["return_rate"]
    assert entries[metric.title] == f"{metric.definition} (return_rate)"


def test_the_foot_is_a_definition_list_that_names_no_folder(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch
):
    shown: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    show_provenance(store, region="CN-44", tables=["tickets"], parameters={"region": "<CN-44>"})
    assert "<dt>Parameters</dt><dd>region=&lt;CN-44&gt;</dd>" in shown[0]["text/html"]
    assert str(Path.home()) not in shown[0]["text/html"]
    assert "Program: aftersales" in shown[0]["text/plain"]


def test_without_git_there_is_no_revision(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    module.code_revision.cache_clear()
    assert module.code_revision() == ""
    module.code_revision.cache_clear()
