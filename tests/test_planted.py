"""The sample: what is planted is found where it is planted, and where nothing is, all is quiet."""

from __future__ import annotations

import json
from functools import cache

import pandas as pd
import pytest

from aftersales.data.clean.clean import clean_profile
from aftersales.data.store.store import open_store
from aftersales.profile.config import read_profile
from aftersales.questions.customers.result import customers
from aftersales.questions.hotspot.result import hotspot
from aftersales.questions.quality.result import quality
from aftersales.questions.root_cause.result import root_cause
from aftersales.questions.trend.result import trend
from aftersales.sample.generator import write_sample

ANALYSES = {
    "00_data_quality": quality,
    "10_trend": trend,
    "20_hotspot": hotspot,
    "30_root_cause": root_cause,
    "40_customer_segment": customers,
}
PLANTED = (
    "supplier-lot",
    "warehouse",
    "process",
    "slow-outlet",
    "unhappy-tier",
    "version",
    "rise",
    "local-hotspot",
)
SHADOWS = (
    {"plant": "Hefei"},
    {"region": "CN-S"},
    {"supplier": "S3"},
    {"model": "KX-35"},
    {"region": "CN-SW"},
)


@pytest.fixture(scope="module")
def truth(sample_raw):
    entries = json.loads((sample_raw / "truth.json").read_text(encoding="utf-8"))
    return {entry["id"]: entry for entry in entries}


@pytest.fixture(scope="module")
def findings(sample_store):
    """The findings of a notebook's analysis in a region, computed once."""

    @cache
    def of(notebook: str, region: str, as_of: str = ""):
        day = pd.Timestamp(as_of) if as_of else None
        return tuple(ANALYSES[notebook](sample_store, region=region, as_of=day).findings())

    return of


def contains(subject, planted):
    return planted.items() <= dict(subject).items()


def test_the_list_of_planted_effects_is_complete(truth):
    assert set(truth) == set(PLANTED)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_effect_is_found_in_its_region(name, truth, findings):
    planted = truth[name]
    hits = [
        f
        for f in findings(planted["notebook"], planted["region"])
        if f.severity in ("act", "watch")
        and f.metric == planted["metric"]
        and contains(f.subject, planted["subject"])
    ]
    assert hits, f"{planted['subject']} is not found in {planted['region']}"


def test_the_lasting_rise_is_dated_to_its_start(truth, findings):
    rises = [f for f in findings("10_trend", truth["rise"]["region"]) if f.kind == "rise"]
    (washer,) = [f for f in rises if contains(f.subject, truth["rise"]["subject"])]
    assert "cases since Aug 2025" in washer.text


@pytest.mark.parametrize("region", ["CN", "CN-S", "CN-SW"])
def test_what_only_looks_guilty_is_not_acted_on(region, findings):
    acts = [f for f in findings("30_root_cause", region) if f.severity == "act"]
    # A cause may be narrowed to a region; the region alone must not be blamed.
    guilty = [f.text for f in acts if f.kind == "cause" and dict(f.subject) in SHADOWS]
    assert guilty == []


@pytest.mark.parametrize(
    ("region", "subjects"),
    [
        ("CN-S", [{"batch": "B2407"}]),
        ("CN-SW", [{"warehouse": "W-07"}, {"process": "P2"}]),
        (
            "CN",
            [
                {"batch": "B2407", "region": "CN-S"},
                {"version": "V3.2"},
                {"process": "P2"},
                {"warehouse": "W-07"},
            ],
        ),
    ],
)
def test_planted_causes_come_first_and_with_evidence_a(region, subjects, findings):
    causes = [f for f in findings("30_root_cause", region) if f.kind == "cause"]
    first = causes[: len(subjects)]
    assert [dict(f.subject) for f in first] == subjects
    assert {f.evidence for f in first} == {"A"}
    assert {f.severity for f in first} == {"act"}


def test_the_shadows_of_the_bad_lot_are_named_as_such(findings):
    (shadows,) = [f for f in findings("30_root_cause", "CN-S") if f.kind == "shadows"]
    assert shadows.text == (
        "Production quarter 2024-Q3, model KX-35, supplier S3, and plant Zhongshan are shadows, "
        "not causes: once batch B2407 is allowed for, they differ no more than by chance."
    )


@pytest.mark.parametrize("as_of", ["2025-01-31", "2025-07-31", "2025-12-31"])
def test_neither_summer_nor_winter_raises_an_act(as_of, findings):
    acts = [f for f in findings("10_trend", "CN", as_of) if f.severity == "act"]
    seasonal = ("air_conditioner", "water_heater")
    # Air conditioners in the south carry the bad lot: theirs is no season.
    raised = [
        f.text
        for f in acts
        if dict(f.subject).get("product", seasonal[0]) in seasonal
        and dict(f.subject).get("region") != "CN-S"
    ]
    assert raised == []


def test_every_finding_that_urges_carries_its_numbers(truth, findings):
    for planted in truth.values():
        for found in findings(planted["notebook"], planted["region"]):
            if found.severity not in ("act", "watch"):
                continue
            assert found.low <= found.estimate <= found.high, found.text
            assert found.baseline is not None, found.text
            assert found.n > 0, found.text
            assert 0 <= found.p <= found.q <= 1, found.text
            assert found.evidence in ("A", "B", "C"), found.text
            assert found.unit, found.text


def test_ids_of_a_report_are_unique(truth, findings):
    for notebook in ANALYSES:
        ids = [f.id for f in findings(notebook, "CN")]
        assert len(ids) == len(set(ids)), notebook


@pytest.mark.slow
def test_a_company_in_which_nothing_happens_gives_nothing_to_act_on(root, tmp_path, monkeypatch):
    monkeypatch.setenv("AFTERSALES_KEY", "a key for tests, as long as it needs to be")
    profile = read_profile("sample", root=root)
    write_sample(tmp_path / "raw", tickets=20_000, seed=7, quiet=True)
    clean_profile(profile, raw=tmp_path / "raw", processed=tmp_path / "processed")
    store = open_store(profile, processed=tmp_path / "processed")
    acts = [
        found.text
        for region in ("CN", "CN-E", "CN-SW")
        for analysis in ANALYSES.values()
        for found in analysis(store, region=region).findings()
        if found.severity == "act"
    ]
    assert acts == []
