"""The scan of a company: what is planted is found, and quiet maps give no cluster."""

import numpy as np
import pandas as pd
import pytest

from aftersales.profile.regions import read_tree
from aftersales.studies.places.clusters import find_clusters, leaves
from aftersales.studies.places.grid import CompanyStudy

SIDE = 4  # places of the map are a square
PRODUCTS = {"tv": ("T1", "T2"), "radio": ("R1",)}
TREE = read_tree(
    {
        "id": "ALL",
        "level": "company",
        "children": [
            {
                "id": f"M{m}",
                "level": "macro",
                "children": [
                    {"id": f"P{m}{k}", "level": "place", "tile": [m, k]} for k in range(SIDE)
                ],
            }
            for m in range(SIDE)
        ],
    },
    file="regions.yaml",
)


def study(rng, *, rate=0.02, factor=lambda place, product, model, month: 1.0):
    """Sixteen places, three models, twelve months; counts by chance around `rate` x `factor`."""
    months = pd.date_range("2025-01-01", periods=12, freq="MS")
    cells = pd.DataFrame(
        [
            (f"P{m}{k}", product, model, month, 300.0 + 40 * m)
            for m in range(SIDE)
            for k in range(SIDE)
            for product, models in PRODUCTS.items()
            for model in models
            for month in months
        ],
        columns=["region", "product", "model", "month", "at_risk"],
    )
    times = [factor(*row[:4]) for row in cells.itertuples(index=False)]
    cells["cases"] = rng.poisson(cells["at_risk"] * rate * np.array(times)).astype(float)
    return CompanyStudy("faults_per_1000", "product", cells)


def test_the_expected_cases_of_a_product_and_month_add_up_to_its_cases(rng):
    table = leaves(study(rng), TREE)
    sums = table.groupby(["product", "model", "month"])[["cases", "expected"]].sum()
    assert np.allclose(sums["cases"], sums["expected"])


def test_a_hot_place_and_model_is_found_as_that_and_comes_first(rng):
    hot = study(
        rng,
        factor=lambda place, product, model, month: (
            3.0 if place == "P12" and model == "T2" else 1.0
        ),
    )
    first = find_clusters(hot, TREE, seed=1).window.iloc[0]
    assert (first["places"], first["product"], first["model"]) == (("P12",), "tv", "T2")
    assert first["floor"]
    assert first["recurrence"] == pytest.approx(1000)
    assert first["low"] < first["ratio"] < first["high"]


def test_a_branch_of_the_tree_and_neighbours_on_the_tile_map_are_found(rng):
    branch = study(rng, factor=lambda place, *_: 1.6 if place.startswith("P2") else 1.0)
    first = find_clusters(branch, TREE, seed=1).window.iloc[0]
    assert (set(first["places"]), first["product"]) == ({"P20", "P21", "P22", "P23"}, "")
    near = {"P11", "P12", "P21"}
    patch = study(rng, factor=lambda place, *_: 1.8 if place in near else 1.0)
    first = find_clusters(patch, TREE, seed=1).window.iloc[0]
    assert near <= set(first["places"])


def test_what_goes_on_has_the_month_it_began(rng):
    start = pd.Timestamp("2025-10-01")
    rising = study(
        rng,
        factor=lambda place, product, model, month: (
            3.0 if (place, product) == ("P30", "radio") and month >= start else 1.0
        ),
    )
    first = find_clusters(rising, TREE, seed=1).now.iloc[0]
    assert (first["places"], first["product"], first["start"]) == (("P30",), "radio", start)
    assert first["p"] <= 0.01
    assert first["cases_before"] / first["expected_before"] < 1.5


@pytest.mark.slow
def test_quiet_maps_seldom_give_a_cluster_places_alike_or_not(rng):
    p = []
    for seed in range(8):
        sd = 0.2 if seed % 2 else 0.0
        level = {f"P{m}{k}": rng.normal(1, sd) for m in range(SIDE) for k in range(SIDE)}
        quiet = study(rng, factor=lambda place, *_, level=level: max(level[place], 0.1))
        p.append(find_clusters(quiet, TREE, seed=seed).window["p"].iloc[0])
    assert sum(x > 0.05 for x in p) >= 6


def test_the_same_seed_gives_the_same_clusters(rng):
    one = study(rng)
    pd.testing.assert_frame_equal(
        find_clusters(one, TREE, seed=3).window, find_clusters(one, TREE, seed=3).window
    )


def test_two_places_and_nothing_expected_are_not_scanned(rng):
    cells = study(rng).cells
    two = cells[cells["region"].isin(["P00", "P01"])]
    assert find_clusters(CompanyStudy("faults_per_1000", "product", two), TREE, seed=1) is None
    none = cells.assign(cases=0.0)
    assert find_clusters(CompanyStudy("faults_per_1000", "product", none), TREE, seed=1) is None
