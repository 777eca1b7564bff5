"""Crude beside adjusted: hotspots that are only mix, and those the mix hides."""

import pandas as pd

from aftersales.profile.config import Target
from aftersales.questions.hotspot.result import hotspot
from aftersales.studies.places.crude import contrasts

FEW = {"faults_per_1000": Target(min_n=50)}


def rows(**columns):
    plain = {"severity": ["ok"], "few": [False], "ratio": [1.0]}
    return pd.DataFrame(plain | {"crude_ratio": [1.0], "crude_low": [0.9]} | columns)


def test_a_crude_hotspot_that_vanishes_is_mix_and_a_hidden_one_is_hidden():
    target = Target()
    assert contrasts(rows(crude_ratio=[1.6], crude_low=[1.3]), target=target) == ["mix"]
    assert contrasts(rows(severity=["act"], ratio=[1.8]), target=target) == ["hidden"]


def test_agreement_a_small_shift_and_small_numbers_are_neither():
    target = Target()
    for one in (
        rows(),
        rows(crude_ratio=[1.25], crude_low=[1.1], ratio=[1.2]),
        rows(crude_ratio=[1.6], crude_low=[0.9]),
        rows(crude_ratio=[1.6], crude_low=[1.3], few=[True]),
        rows(severity=["act"], ratio=[1.8], crude_ratio=[1.75], crude_low=[1.4]),
    ):
        assert contrasts(one, target=target) == [""]


def mixed(company, units, faults, *, old_in, hot=""):
    """Three provinces with an old model of ten times the faults; `old_in` has most of the old."""
    parts, of = [], []
    for place in ("CN-11", "CN-12", "CN-44"):
        old = 600 if place == old_in else 100
        for model, n, rate in (("old", old, 0.2), ("new", 700 - old, 0.02)):
            prefix = f"{place}-{model}-"
            parts.append(units(n, prefix=prefix, product="tv", model=model, region=place))
            rate *= 2.5 if place == hot else 1
            of += [(f"{prefix}{i}", place, model) for i in range(round(n * rate))]
    tickets = faults([u for u, *_ in of], product="tv")
    tickets = tickets.assign(region=[p for _, p, _ in of], model=[m for *_, m in of])
    return company({"units": pd.concat(parts), "tickets": tickets}, targets=FEW)


def test_a_place_of_old_models_is_bad_in_raw_figures_only(company, units, faults):
    result = hotspot(mixed(company, units, faults, old_in="CN-11"), region="CN-N")
    (told,) = [f.text for f in result.findings() if f.kind == "mix"]
    assert told == (
        "Stands out in raw figures, but like for like no more than by chance: Beijing · All "
        "products together (crude 3.81, adjusted 1.00) and Beijing · Television (crude 3.81, "
        "adjusted 1.00)."
    )
    assert [f for f in result.findings() if f.kind == "hotspot"] == []
    result.plot_contrast()


def test_a_hotspot_among_new_models_is_hidden_in_raw_figures(company, units, faults):
    store = mixed(company, units, faults, old_in="CN-44", hot="CN-12")
    (told,) = [f.text for f in hotspot(store, region="CN-N").findings() if f.kind == "hidden"]
    assert told.startswith("Hidden in raw figures, and stands out like for like: Tianjin")


def test_places_with_the_same_mix_tell_the_same_story(company, units, faults):
    result = hotspot(mixed(company, units, faults, old_in=""), region="CN-N")
    (told,) = [f.text for f in result.findings() if f.kind == "contrast"]
    assert told == (
        "Raw and like-for-like figures tell the same story in all 4 comparisons; product mix and "
        "age move no ratio by more than 0 %."
    )
