"""The profiles of public data: they can be read, and their cleaning log names the known dirt."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from aftersales.data.clean.clean import clean_profile
from aftersales.data.mapping.mapping import read_mapping
from aftersales.metrics import check_targets
from aftersales.profile.config import Profile, list_profiles, read_profile

FOLDERS = {
    "nhtsa": "nhtsa_vehicle_complaints",
    "device_recalls": "fda_device_recalls",
    "it_incidents": "uci_incident_log",
    "helpdesk": "helpdesk_event_log",
    "online_retail": "uci_online_retail",
    "olist": "olist_orders_sample",
    "field_units": "automotive_field_data",
    "drives": "backblaze_drive_survival",
    "warranty_claims": "appliance_warranty_claims",
    "cfpb": "cfpb_complaints",
}

# What the README of each data set lists, as the cleaning log must say it (regular expressions).
DIRT = {
    "nhtsa": [
        "33 dates in happened_at before 2014-01-01 .*1919-09-09",
        "2,557 rows .*unknown component",
        "487 rows .*comma inside a component's name",
        "1,893 rows .*new name of a known system",
        "739 different values",
        "combinations of product, version never occur",
        "no complaint text, state, mileage or VIN",
        "highest incident date so far",
        "Publicity after a recall",
        "289 rows superseded",
    ],
    "device_recalls": [
        "HTML entities such as &amp; decoded",
        "4,170 rows .*quantity is free text",
        "11 rows .*absurd time to terminate",
        "11 rows rejected: their opened_at",
        "18 rows superseded",
        "163 rows .*cause is Other",
        "358 rows .*cause under investigation",
        "Device Type is not documented",
        "19 rows .*device type is not Yes or No",
    ],
    "it_incidents": [
        r'71,080 cells of caused_by hold "\?"',
        r'71,016 cells of vendor hold "\?"',
        r'70,733 cells of cmdb_ci hold "\?"',
        r'70,483 cells of rfc hold "\?"',
        r'20,484 cells of sys_created_at hold "\?"',
        r'18,145 cells of u_symptom hold "\?"',
        r'14,397 cells of assigned_to hold "\?"',
        r'11,127 cells of assignment_group hold "\?"',
        "day/month/year",
        "59,740 rows superseded",
        "7,348 rows .*closed by the timer",
    ],
    "helpdesk": ["62 rows are exact copies", "Only completion times are known"],
    "online_retail": [
        "2,121 rows are exact copies",
        "75,967 cells of CustomerID are empty",
        "970 cells of Description are empty",
        "1,303 rows rejected: a stock code for postage",
        "795 rows rejected: a negative quantity",
        "739 rows rejected: a price of zero or less",
        "808 rows .*no sale",
        "170 rows have a region that is not in",
    ],
    "olist": [
        "not representative",
        "801 rows .*order cancelled or unavailable",
        "1,896 rows .*order not delivered",
        "106 rows .*several reviews of one order",
        "many rows per postcode",
        "58 duplicate",  # one person under several customer ids
    ],
    "field_units": [
        "4,571 rows .*no registration date",
        "302 rows .*reported after the repair",
        "less time in service",
        "partly confounded",
        "illustrative",
    ],
    "drives": ["10,614 rows .*left-truncated", "6,478 rows .*left without failure"],
    "warranty_claims": [
        "4,098 rows repeat the content of",
        "2 rows .*'claim' instead of 'Claim'",
        "70 rows .*abbreviations",
        "1,210 rows .*misspelt",
        "40 rows .*'Guwhati'",
        "181 cells of Claim_Value are empty",
        "code books disagree",
    ],
    "cfpb": [
        "cut off at 1 MiB",
        "1,768 rows .*of July 2023",
        "1,664 rows .*credit reporting",
        "1 row .*not timely",
        "1,678 cells of Consumer complaint narrative are empty",
        "284 rows .*masked by the source",
        "12 rows have no region",
    ],
}


@pytest.fixture(params=FOLDERS)
def profile(request: pytest.FixtureRequest, root: Path) -> Profile:
    return read_profile(request.param, root=root)


def test_every_profile_can_be_read_and_names_only_known_metrics(profile):
    assert read_mapping(profile)
    assert set(profile.title) == {"en", "zh"}
    assert all(set(r.names) == {"en", "zh"} for r in profile.regions)
    check_targets(profile)


def test_every_profile_has_a_page_that_says_source_licence_and_limits(profile, root):
    page = (root / "docs" / "profiles" / f"{profile.name}.md").read_text(encoding="utf-8")
    for part in ("What it is.", "Where to get it.", "Licence:", "--raw", "can and cannot say"):
        assert part in page, f"{profile.name}.md lacks {part!r}"


def test_the_index_of_profiles_names_every_profile(root):
    index = (root / "docs" / "profiles" / "README.md").read_text(encoding="utf-8")
    assert [name for name in list_profiles(root) if name not in index] == []


def test_the_example_in_the_index_is_a_valid_profile(root, tmp_path):
    index = (root / "docs" / "profiles" / "README.md").read_text(encoding="utf-8")
    folder = tmp_path / "config" / "acme"
    folder.mkdir(parents=True)
    blocks = re.findall(r"```yaml\n(.*?)```", index, flags=re.DOTALL)
    for name, text in zip(("sources", "regions", "targets"), blocks, strict=True):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    example = read_profile("acme", root=tmp_path)

    assert read_mapping(example)["tickets"].columns["customer_id"].personal == "pseudonym"
    check_targets(example)
    assert example.regions.aliases()["广东省"] == "CN-44"


@pytest.fixture
def cleaned(profile, shared_data, tmp_path, monkeypatch) -> Path:
    """The processed folder of a profile, made from the public files."""
    raw = shared_data / FOLDERS[profile.name]
    if not raw.is_dir():
        pytest.skip(f"no files of {profile.name} here: {raw.name} is not in the shared folder")
    monkeypatch.setenv("AFTERSALES_KEY", "a key for these tests only")
    clean_profile(profile, raw=raw, processed=tmp_path / profile.name)
    return tmp_path / profile.name


@pytest.mark.slow
def test_cleaning_public_data_loses_no_row_and_names_every_known_flaw(profile, cleaned, root):
    tables = json.loads((cleaned / "manifest.json").read_text(encoding="utf-8"))["tables"]
    for name, counts in tables.items():
        kept = counts["kept"] + counts["duplicates"] + counts["rejected"]
        assert counts["read"] == kept, name
        rejected = cleaned / "rejected" / f"{name}.parquet"
        assert counts["rejected"] == (len(pd.read_parquet(rejected)) if rejected.exists() else 0)

    log = pd.read_csv(cleaned / "cleaning_log.csv")
    reasons = "\n".join(log["reason"])
    assert [dirt for dirt in DIRT[profile.name] if not re.search(dirt, reasons)] == []

    assert _measured(root, profile.name) == {
        name: tuple(counts[k] for k in ("read", "kept", "duplicates", "rejected"))
        for name, counts in tables.items()
    }


def _measured(root: Path, name: str) -> dict[str, tuple[int, ...]]:
    """The table under "Measured" on a profile's page."""
    page = (root / "docs" / "profiles" / f"{name}.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \|((?: [\d,]+ \|){4})$", page, flags=re.MULTILINE)
    return {
        table: tuple(int(n.replace(",", "")) for n in cells.strip("| ").split(" | "))
        for table, cells in rows
    }


def test_of_a_download_cut_in_mid_record_the_whole_records_are_kept(root, tmp_path):
    columns = [
        c.source
        for c in read_mapping(read_profile("cfpb", root=root))["tickets"].columns.values()
        if c.source
    ]
    header = ",".join([*columns, "ZIP code"])
    whole = ",".join("2023-07-18" if c.startswith("Date") else f"{c} 1" for c in columns) + ",XXXXX"
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "complaints.csv").write_text(f"{header}\n{whole}\n{whole[:40]}")

    manifest = clean_profile(
        read_profile("cfpb", root=root), raw=tmp_path / "raw", processed=tmp_path / "cfpb"
    )

    counts = manifest.to_frame().set_index("table").loc["tickets"]
    assert (counts["read"], counts["kept"], counts["rejected"]) == (2, 1, 1)
    lost = pd.read_parquet(tmp_path / "cfpb" / "rejected" / "tickets.parquet")
    assert lost["line"].tolist() == [3]
    assert "incomplete" in lost["reason"][0]


def test_no_profile_uses_a_yaml_word_unquoted_as_a_region(profile):
    text = (profile.folder / "regions.yaml").read_text(encoding="utf-8")
    assert "False" not in str(yaml.safe_load(text))
