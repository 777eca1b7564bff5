"""The sample's raw files: the same for the same seed, as dirty as they say, mapped completely."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from aftersales.data.mapping.mapping import read_mapping
from aftersales.errors import DataError, RequestError
from aftersales.profile.config import find_root, read_profile
from aftersales.profile.regions import fold
from aftersales.sample.company import read_company
from aftersales.sample.generator import canaries, write_sample

ROOT = find_root(Path(__file__).parent)
TABLES = {
    "actions.xlsx", "exposure.csv", "members.csv", "orders.parquet", "outlets.xlsx", "releases.csv",
    "repairs.tsv", "returns.csv", "surveys.jsonl", "tickets_2023.csv", "tickets_2024.csv",
    "tickets_2025.csv.gz", "units.csv",
}  # fmt: skip


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    write_sample(folder, tickets=3_000)
    return folder


def fingerprints(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_the_same_seed_gives_the_same_files_byte_for_byte(raw, tmp_path):
    write_sample(tmp_path / "again", tickets=3_000)
    write_sample(tmp_path / "other", tickets=3_000, seed=2)

    assert fingerprints(raw) == fingerprints(tmp_path / "again")
    assert fingerprints(raw)["units.csv"] != fingerprints(tmp_path / "other")["units.csv"]


def test_a_new_sample_replaces_all_of_the_old_one(tmp_path):
    write_sample(tmp_path / "raw", tickets=500, months=36)

    paths = write_sample(tmp_path / "raw", tickets=500, months=12)

    assert not (tmp_path / "raw" / "tickets_2023.csv").exists()
    assert sorted(paths) == sorted((tmp_path / "raw").iterdir())
    assert [p.name for p in tmp_path.iterdir()] == ["raw"]


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "tickets_2024.csv").write_text("theirs", encoding="utf-8")

    with pytest.raises(DataError, match=r"holds tickets_2024.csv, but no sample.*--raw"):
        write_sample(tmp_path, tickets=500)

    assert (tmp_path / "tickets_2024.csv").read_text(encoding="utf-8") == "theirs"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(DataError, match="could not be written"):
        write_sample(tmp_path / "file" / "raw", tickets=500)


def test_every_table_and_its_three_companions_are_written(raw):
    assert {p.name for p in raw.iterdir()} == TABLES | {"truth.json", "dirt.json", "canaries.json"}


def test_the_sample_grows_with_the_tickets_asked_for_and_blocks_share_no_identifier(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("aftersales.sample.generator.BLOCK_TICKETS", 3_000)

    write_sample(tmp_path, tickets=6_000)

    tickets = pd.concat([read_csv(p) for p in tmp_path.glob("tickets_*")])
    units = read_csv(tmp_path / "units.csv")
    assert len(tickets) == pytest.approx(6_000, rel=0.06)
    whole = units.dropna(subset=["批次"]).drop_duplicates()
    assert whole["序列号"].is_unique
    assert pq.read_metadata(tmp_path / "orders.parquet").num_row_groups == 2


@pytest.mark.parametrize(
    ("asked", "told"), [({"tickets": 10}, "too small"), ({"months": 5}, "season")]
)
def test_a_sample_too_small_to_show_anything_is_refused(tmp_path, asked, told):
    with pytest.raises(RequestError, match=told):
        write_sample(tmp_path, **asked)


def read_csv(path: Path) -> pd.DataFrame:
    legacy = path.name in ("tickets_2023.csv",)
    return pd.read_csv(
        path, dtype=str, encoding="gb18030" if legacy else "utf-8-sig", on_bad_lines="skip",
        keep_default_na=False, na_values=[""],
    )  # fmt: skip


def test_one_year_of_tickets_is_in_a_legacy_encoding_with_other_dates(raw):
    with pytest.raises(UnicodeDecodeError):
        (raw / "tickets_2023.csv").read_text(encoding="utf-8")

    old, new = read_csv(raw / "tickets_2023.csv"), read_csv(raw / "tickets_2025.csv.gz")

    assert old["创建时间"].str.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d").mean() > 0.99
    assert new["创建时间"].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").mean() > 0.99


def test_the_dirt_that_is_listed_is_in_the_files(raw):
    dirt = json.loads((raw / "dirt.json").read_text(encoding="utf-8"))
    tickets = pd.concat([read_csv(p) for p in sorted(raw.glob("tickets_*"))])
    complete = tickets[tickets["工单类型"].notna()]

    assert complete.duplicated().sum() == dirt["tickets"]["exact_duplicate"]
    assert tickets["工单号"].str.endswith("R", na=False).sum() == dirt["tickets"]["new_id_copy"]
    assert tickets["工单类型"].isna().sum() == dirt["tickets"]["broken_record"]
    assert (
        tickets["解决时间"].str.contains("2015", na=False).sum() == dirt["tickets"]["wrong_order"]
    )
    total = sum(sum(kinds.values()) for kinds in dirt.values())
    rows = sum(len(read_csv(p)) for p in raw.glob("*.csv*"))
    assert 0.003 < total / rows < 0.03


def test_every_province_spelling_resolves_and_every_outlet_has_a_province(raw):
    known = read_profile("sample", root=ROOT).regions.aliases()
    company = read_company()
    spelled = {
        fold(s): province
        for row, province in zip(company.spellings, company.provinces, strict=True)
        for s in row
    }
    book = openpyxl.load_workbook(raw / "outlets.xlsx", read_only=True).active
    rows = list(book.iter_rows(min_row=2, values_only=True))

    assert {s: known.get(s) for s in spelled} == spelled
    assert {known[fold(row[1])] for row in rows} == set(company.provinces)
    assert "O-4103" in {row[0] for row in rows}


def test_the_region_tree_puts_every_province_under_its_macro_region_on_a_tile_of_its_own():
    tree, company = read_profile("sample", root=ROOT).regions, read_company()
    provinces = tree.at_level("province")

    assert {r.id: r.parent for r in provinces} == {
        name: spec["macro"] for name, spec in company.raw["provinces"].items()
    }
    assert len({r.tile for r in provinces}) == 31


def test_the_profile_maps_every_table_the_sample_has():
    profile = read_profile("sample", root=ROOT)

    mapping = read_mapping(profile)

    assert set(mapping) == {
        "actions", "customers", "exposure", "orders", "outlets", "repairs", "returns", "surveys",
        "tickets", "units", "versions",
    }  # fmt: skip
    assert profile.as_of == "2025-12-31"


def test_every_planted_personal_datum_is_listed_and_stands_in_the_raw_files(raw):
    listed = json.loads((raw / "canaries.json").read_text(encoding="utf-8"))
    texts = "".join("".join(t) for t in _texts(raw))
    planted = [entry["text"] for entry in listed if not entry["kind"].startswith("member")]

    assert len(planted) > 50
    assert [datum for datum in planted if datum not in texts] == []
    assert len(canaries(raw)) >= len(listed)


def _texts(raw: Path):
    for path in raw.glob("tickets_*"):
        yield read_csv(path)["问题描述"].dropna()
    answers = pd.read_json(raw / "surveys.jsonl", lines=True, dtype=False)
    yield answers["comment"].dropna().astype(str)
