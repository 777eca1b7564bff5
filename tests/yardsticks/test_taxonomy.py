"""Components of real complaints: names with commas, renamed names, details."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from yardsticks.taxonomy import Components, read_components

from aftersales.errors import ConfigError
from aftersales.profile.config import Profile, find_root, read_profile
from aftersales.profile.reading import read_yaml
from aftersales.profile.regions import read_tree


@pytest.fixture(scope="module")
def components() -> Components:
    return read_components(read_profile("nhtsa", root=find_root(Path(__file__))))


def profile(folder: Path, text: str) -> Profile:
    (folder / "taxonomy.yaml").write_text(text, encoding="utf-8")
    regions = read_tree({"id": "all", "level": "company"}, file="regions.yaml")
    return Profile(name="acme", folder=folder, regions=regions, targets={}, sources={})


@pytest.mark.parametrize(
    ("cell", "groups"),
    [
        ("FUEL SYSTEM, GASOLINE,ENGINE", ("fuel", "engine")),
        ("SERVICE BRAKES, HYDRAULIC,SERVICE BRAKES,PARKING BRAKE", ("brakes",)),
        ("ENGINE AND ENGINE COOLING", ("engine",)),
        ("Carry Handle, Shell, Base,CHILD SEAT", ("child_seat",)),
        ("AIR BAGS, ENGINE, FUEL SYSTEM, DIESEL", ("air_bags", "engine", "fuel")),
        ("FUEL SYSTEM, GASOLINE:DELIVERY:HOSES, LINES/PIPING, AND FITTINGS", ("fuel",)),
        ("SERVICE BRAKES, HYDRAULIC; AUTOHOLD BRAKE SYSTEM/BRAKE HOLD", ("brakes",)),
        ("UNKNOWN OR OTHER,SEATS", ("seats",)),
        ("UNKNOWN OR OTHER", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_a_cell_names_groups_whatever_the_commas_in_it(components, cell, groups):
    assert components.groups_of(cell) == groups


def test_a_name_that_is_not_listed_is_a_group_of_its_own(components):
    assert components.groups_of("ENGINE,Sail: Mast") == ("engine", "sail")


def test_the_groups_agree_with_the_codes_of_the_first_component(components):
    sources = read_yaml(find_root(Path(__file__)) / "config" / "nhtsa" / "sources.yaml")
    codes = sources["tables"]["tickets"]["columns"]["issue_type"]["codes"]
    whole = {
        name: group for name, group in codes.items() if name not in ("Carry Handle", "Chest Clip")
    }

    for name, group in whole.items():
        listed = name
        for head in ("FUEL SYSTEM ", "SERVICE BRAKES "):  # the codes are read without the comma
            if name.startswith(head):
                listed = name.replace(head, head.strip() + ", ")
        wanted = () if group == "unknown" else (group,)
        assert components.groups_of(listed) == wanted


def test_every_spelling_of_the_real_complaints_has_a_known_group(components, shared_data: Path):
    folder = shared_data / "nhtsa_vehicle_complaints"
    complaints, recalls = (
        pd.read_csv(folder / f"{name}.csv.gz", usecols=["component"])["component"]
        for name in ("complaints", "recalls")
    )

    assert complaints.nunique() == 739
    for cells in (complaints, recalls):
        found = pd.Series(cells.unique()).map(components.groups_of).explode().dropna()
        assert set(found) <= set(components.groups)
    assert recalls.map(components.groups_of).map(len).eq(1).all()


def test_unknown_keys_and_names_listed_twice_are_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match='Unknown key "componets"'):
        read_components(profile(tmp_path, "componets: {groups: {a: [A]}}"))
    with pytest.raises(ConfigError, match='Unknown key "seperator"'):
        read_components(profile(tmp_path, 'components: {groups: {a: [A]}, seperator: ","}'))
    with pytest.raises(ConfigError, match='"a" is in first and again in second'):
        read_components(profile(tmp_path, "components: {groups: {first: [A], second: [a]}}"))
    with pytest.raises(ConfigError, match="expected a list of texts"):
        read_components(profile(tmp_path, "components: {groups: {first: A}}"))
    with pytest.raises(ConfigError, match="`groups` is missing"):
        read_components(profile(tmp_path, "components: {detail: [':']}"))
    (tmp_path / "taxonomy.yaml").unlink()
    with pytest.raises(ConfigError, match=r"config/acme/taxonomy\.yaml does not exist"):
        read_components(Profile(name="acme", folder=tmp_path, regions=None, targets={}, sources={}))
