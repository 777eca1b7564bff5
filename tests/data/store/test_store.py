"""The store gives the same rows on every engine, and says what to run when it cannot."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys

import narwhals as nw
import pandas as pd
import pytest

from aftersales.data.store.store import Store, default_folder, open_store
from aftersales.errors import DataError, RequestError

NO_SPARK = importlib.util.find_spec("pyspark") is None
SPARK = pytest.param("spark", marks=pytest.mark.skipif(NO_SPARK, reason="pyspark is not installed"))
CSV = (
    "id,opened,place,cost,again\nT1,2024-01-01,广东,1.5,yes\nT2,2024-01-02,广西,,no\n"
    "T3,2024-01-03,CN-N,2,\nT4,2024-01-04,Mars,3,yes\n"
)
COLUMNS = {"region": "place", "cost": "cost", "reopened": "again"}


@pytest.fixture
def store(company) -> Store:
    company.write("releases.csv", "product,version,day\nwasher,V1,2024-01-01\n")
    company.write("tickets.csv", CSV)
    columns = {"ticket_id": "id", "opened_at": "opened", **COLUMNS}
    versions = {"product": "product", "version": "version", "released_at": "day"}
    return company.clean(
        {
            "tickets": {"files": ["tickets.csv"], "columns": columns},
            "versions": {"files": ["releases.csv"], "columns": versions},
        }
    )


def ids(store, region=None, table="tickets"):
    found = store.scan(table, region=region).select("ticket_id").collect("pandas").to_native()
    return sorted(found["ticket_id"])


@pytest.mark.parametrize("engine", ["duckdb", "pandas", SPARK])
def test_a_region_holds_its_descendants_and_the_root_also_the_unknown(store, engine):
    store = open_store(store.profile, processed=store.folder, engine=engine)
    assert ids(store, "CN-S") == ["T1", "T2"]
    assert ids(store, "CN-45") == ["T2"]
    assert ids(store, "CN") == ids(store) == ["T1", "T2", "T3", "T4"]


def test_only_the_files_of_the_region_are_read(store):
    query = nw.to_native(store.scan("tickets", region="CN-44")).sql_query()
    assert "region=CN-44" in query
    assert "region=CN-45" not in query


def test_a_region_without_a_file_has_no_rows_but_all_columns(store):
    files = store.manifest["tables"]["tickets"]["files"]
    for file in [f for f in files if f.startswith("region=CN-45/")]:
        del files[file]
    nowhere = store.scan("tickets", region="CN-45")
    assert nowhere.collect_schema() == store.scan("tickets").collect_schema()
    assert nowhere.collect("pandas").to_native().empty


def test_engines_give_the_same_columns_and_kinds(store):
    schemas = [
        open_store(store.profile, processed=store.folder, engine=e).scan("tickets").collect_schema()
        for e in ("duckdb", "pandas")
    ]
    assert list(schemas[0]) == list(schemas[1]) == store.columns("tickets")
    assert schemas[0] == schemas[1]


def test_a_table_without_regions_speaks_for_every_region(store):
    found = store.scan("versions", region="CN-44").collect("pandas").to_native()
    assert found["version"].tolist() == ["V1"]


def test_two_scans_of_a_store_can_be_joined(store):
    left, right = store.scan("tickets"), store.scan("tickets", region="CN-S")
    both = left.join(right.select("ticket_id"), on="ticket_id", how="inner")
    assert len(both.collect("pandas").to_native()) == 2


def test_has_knows_tables_and_columns(store):
    assert store.has("tickets", "cost", "region")
    assert not store.has("tickets", "description")
    assert not store.has("repairs")


def test_an_unknown_table_is_a_sentence_with_the_nearest_one(store):
    with pytest.raises(DataError, match='no table "ticket"; did you mean "tickets"'):
        store.scan("ticket")


def test_an_unknown_region_or_engine_is_a_sentence(store):
    with pytest.raises(RequestError, match='Region "CN-4" is not in the tree; did you mean'):
        store.scan("tickets", region="CN-4")
    with pytest.raises(RequestError, match='Engine "duck" is not known; did you mean "duckdb"'):
        open_store(store.profile, processed=store.folder, engine="duck")


def test_spark_that_is_not_installed_is_a_sentence(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    spark = open_store(store.profile, processed=store.folder, engine="spark")
    with pytest.raises(RequestError, match="needs the package pyspark"):
        spark.scan("tickets")


def test_a_missing_folder_or_manifest_says_what_to_run(store, tmp_path):
    with pytest.raises(DataError, match="Run `aftersales clean --profile acme`"):
        open_store(store.profile, processed=tmp_path / "nowhere")
    (store.folder / "manifest.json").unlink()
    with pytest.raises(DataError, match=r"no manifest\.json.*aftersales clean"):
        open_store(store.profile, processed=store.folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tables": 1}'])
def test_a_damaged_manifest_says_what_to_run(store, text):
    (store.folder / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=r"is damaged.*aftersales clean"):
        open_store(store.profile, processed=store.folder)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("schema_version", 0, "schema version 0.*reads version 1"),
        ("profile", "b", "profile b, not"),
    ],
)
def test_tables_of_another_schema_or_profile_say_what_to_run(store, key, value, message):
    path = store.folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {key: value}))
    with pytest.raises(DataError, match=message + ".*Run `aftersales clean"):
        open_store(store.profile, processed=store.folder)


def test_a_table_folder_that_is_gone_says_what_to_run(store):
    shutil.rmtree(store.folder / "versions")
    with pytest.raises(DataError, match=r"versions/.*parquet is missing.*aftersales clean"):
        open_store(store.profile, processed=store.folder)


def test_a_fingerprint_changes_with_the_region_s_own_rows_only(store, company):
    before = {region: store.fingerprint(region) for region in ("CN", "CN-44", "CN-N")}
    company.write("tickets.csv", CSV.replace("2024-01-03,CN-N,2", "2024-01-03,CN-N,5"))
    columns = {"ticket_id": "id", "opened_at": "opened", **COLUMNS}
    versions = {"product": "product", "version": "version", "released_at": "day"}
    after = company.clean(
        {
            "tickets": {"files": ["tickets.csv"], "columns": columns},
            "versions": {"files": ["releases.csv"], "columns": versions},
        }
    )
    changed = {region for region in before if after.fingerprint(region) != before[region]}
    assert changed == {"CN", "CN-N"}


def test_the_usual_folder_lies_beside_the_configuration(store, company):
    assert default_folder(store.profile) == company.root / "data" / "processed" / "acme"


def test_rows_without_rejects_give_an_empty_table(store):
    assert len(store.rejected("tickets")) == 0
    assert isinstance(store.as_of, pd.Timestamp)
