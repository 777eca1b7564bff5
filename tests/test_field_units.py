"""Real cars of the reference data: certain engines fail outside one country, and nothing else."""

from __future__ import annotations

import pytest

from aftersales.data.clean.clean import clean_profile
from aftersales.data.store.store import open_store
from aftersales.profile.config import read_profile
from aftersales.questions.root_cause.result import root_cause


@pytest.fixture(scope="module")
def result(root, shared_data, tmp_path_factory):
    folder = shared_data / "automotive_field_data"
    if not folder.is_dir():
        pytest.skip("the automotive field data are not here")
    processed = tmp_path_factory.mktemp("field_units")
    profile = read_profile("field_units", root=root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSALES_KEY", "a key for tests, as long as it needs to be")
        clean_profile(profile, raw=folder, processed=processed)
    return root_cause(open_store(profile, processed=processed))


def test_the_engines_outside_germany_are_named_and_nothing_else(result):
    causes = [f for f in result.findings() if f.kind == "cause"]
    assert {(f.subject["model"], f.subject["region"]) for f in causes} == {
        ("engine 273", "not DE"),
        ("engine 120", "not DE"),
    }
    assert {f.severity for f in causes} == {"act"}
    assert {f.evidence for f in causes} <= {"A", "B"}


def test_gear_brand_quarter_and_climate_are_cleared_and_it_is_said_why(result):
    cleared = result.searched[0].cleared
    reasons = cleared.groupby("attribute")["reason"].agg(set)
    for shadow in ("process", "brand", "built_quarter", "region", "fuel"):
        assert "shadow" in reasons[shadow], shadow
    assert reasons["climate"] == reasons["district"] == {"recorded"}
    told = " ".join(f.text for f in result.findings() if f.kind == "shadows")
    for name in ("gear", "brand 7", "quarter", "Turkey"):
        assert name in told
    half_filled = [f for f in result.findings() if f.kind == "incomplete"]
    assert {f.subject["attribute"] for f in half_filled} == {"climate", "district"}
