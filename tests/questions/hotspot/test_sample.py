"""The sample: planted hotspots rank first, and nothing else is called a cluster."""

import pytest

from aftersales.questions.hotspot.result import hotspot


@pytest.fixture(scope="module")
def country(sample_store):
    return hotspot(sample_store)


def test_the_planted_hotspot_is_the_first_cluster_of_the_company(country):
    first = country.clusters.window.iloc[0]
    assert (first["places"], first["product"], first["model"]) == (("CN-23",), "water_heater", "")
    assert first["floor"]


def test_the_only_clusters_are_those_that_are_planted(country):
    # Besides the hotspot: model KX-35 in the south carries the bad lot, washers rise in CN-51.
    window = country.clusters.window
    found = window[window["p"] <= 0.05]
    assert set(found["product"]) == {"water_heater", "air_conditioner", "washer"}
    assert set(found["places"].explode()) <= {"CN-23", "CN-44", "CN-45", "CN-46", "CN-51"}
    now = country.clusters.now.iloc[0]
    assert "CN-51" in now["places"]
    assert (now["product"], f"{now['start']:%Y-%m}") == ("washer", "2025-08")


def test_the_country_acts_on_planted_hotspots_only(country):
    acts = [dict(f.subject) for f in country.findings() if f.severity == "act"]
    assert {"region": "CN-23", "product": "water_heater"} in acts
    assert {"outlet": "O-4103"} in acts
    rest = [a for a in acts if a.get("product") != "water_heater" and a.get("outlet") != "O-4103"]
    assert all(a["product"] == "washer" and "CN-51" in a["region"] for a in rest)


@pytest.mark.parametrize(
    ("region", "subject"),
    [
        ("CN-NE", {"region": "CN-23", "product": "water_heater"}),
        ("CN-23", {"product": "water_heater"}),
        ("CN-41", {"outlet": "O-4103"}),
    ],
)
def test_the_planted_hotspot_is_the_first_finding_of_its_region(sample_store, region, subject):
    first = hotspot(sample_store, region=region).findings()[0]
    assert first.severity == "act"
    assert dict(first.subject) == subject


def test_every_hotspot_of_the_country_says_what_would_make_it_chance(country):
    urgent = [f for f in country.findings() if f.severity in ("act", "watch")]
    assert len(country.chance_table()) == len(urgent)
