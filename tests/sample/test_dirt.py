"""Cleaning finds every piece of dirt in the sample, and takes nothing clean for dirt."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from aftersales.data.clean.clean import clean_profile
from aftersales.profile.config import find_root, read_profile
from aftersales.sample.generator import write_sample

REJECTED = {
    "broken_record", "missing_required", "impossible_required_date", "future_required_date",
    "reused_id",
}  # fmt: skip
COPIES = {"exact_duplicate", "new_id_copy"}
TABLES = ("tickets", "units", "repairs", "orders", "returns", "customers")


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory) -> Path:
    """A folder with `raw/` and what cleaning made of it in `processed/`."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder / "raw", tickets=6_000, months=24)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSALES_KEY", "only for the tests of this project")
        profile = read_profile("sample", root=find_root(Path(__file__).parent))
        clean_profile(profile, raw=folder / "raw", processed=folder / "processed")
    return folder


@pytest.fixture(scope="module")
def dirt(cleaned) -> dict[str, dict[str, int]]:
    return json.loads((cleaned / "raw" / "dirt.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def manifest(cleaned) -> dict:
    return json.loads((cleaned / "processed" / "manifest.json").read_text(encoding="utf-8"))


def read(cleaned: Path, table: str) -> pd.DataFrame:
    return pd.read_parquet(cleaned / "processed" / table)


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_as_many_rows_are_rejected_as_had_to_be(table, dirt, manifest):
    had_to_be = sum(n for kind, n in dirt[table].items() if kind in REJECTED)

    assert manifest["tables"][table]["rejected"] == had_to_be


@pytest.mark.parametrize("table", [*TABLES, "surveys"])
def test_as_many_rows_are_left_out_as_copies_as_were_copied(table, dirt, manifest):
    copied = sum(n for kind, n in dirt[table].items() if kind in COPIES)

    assert manifest["tables"][table]["duplicates"] == copied


def test_answers_outside_their_scale_are_rejected(dirt, manifest):
    assert manifest["tables"]["surveys"]["rejected"] == dirt["surveys"]["out_of_range"]


@pytest.mark.parametrize("table", ["tickets", "units", "orders"])
def test_misspelled_regions_become_unknown(table, cleaned, dirt):
    region = read(cleaned, table)["region"].astype(str)

    assert (region == "unknown").sum() == dirt[table]["unknown_region"]


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        ("cost", ("out_of_range", "wrong_unit")),
        ("ticket_type", ("unknown_code",)),
    ],
)
def test_cells_of_tickets_that_mean_nothing_are_missing_afterwards(column, kinds, cleaned, dirt):
    missing = read(cleaned, "tickets")[column].isna().sum()

    assert missing == sum(dirt["tickets"][kind] for kind in kinds)


def test_full_width_spellings_join_like_the_others(cleaned, dirt):
    tickets, units = read(cleaned, "tickets"), read(cleaned, "units")
    customers = read(cleaned, "customers")

    assert dirt["tickets"]["full_width"] > 0
    assert dirt["customers"]["full_width"] > 0
    assert (~tickets["unit_id"].isin(units["unit_id"])).sum() == dirt["tickets"]["orphan_key"]
    assert tickets["customer_id"].isin(customers["customer_id"]).all()
