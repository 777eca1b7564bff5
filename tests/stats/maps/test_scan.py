"""Cluster scan: places, branches of a hierarchy, and clusters alive now."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import xlogy
from yardsticks.spatial import neighbour_weights

from aftersales.errors import DataError
from aftersales.stats.maps.scan import scan
from aftersales.stats.maps.scan_zones import branches, circles, connected

FOLDER = "trend_hotspot"
LINE = np.arange(8)[:, None]  # eight places in a row


def ratio(inside: float, expected: float, total: float) -> float:
    """Kulldorff's log likelihood ratio, from its definition."""
    outside, rest = total - inside, total - expected
    return xlogy(inside, inside / expected) + xlogy(outside, outside / rest)


@pytest.fixture(scope="module")
def counties(reference: Path) -> pd.DataFrame:
    """Lung cancer in 67 counties of Pennsylvania, 2002 (SpatialEpi, pennLC)."""
    table = pd.read_csv(reference / FOLDER / "pennLC_county.csv")
    return table.set_index(table.index + 1)


@pytest.mark.parametrize(
    ("expected", "model", "llr", "places"),
    [
        ("population", "poisson", (36.53861581, 9.64949089), {63, 30, 2, 4, 26, 65, 10}),
        ("expected_16strata", "poisson", (17.66288317, 7.0989442), {23, 51}),
        ("population", "binomial", (36.57051063, 9.65777863), {63, 30, 2, 4, 26, 65, 10}),
    ],
)
def test_lung_cancer_in_pennsylvania_matches_smerc(counties, expected, model, llr, places):
    # smerc 1.8.4 and the exact ratios of SpatialEpi (which truncates totals in its own).
    points = counties[["x_km", "y_km"]]

    found = scan(counties["cases"], counties[expected], centroids=points, model=model, seed=1)

    assert found.clusters["llr"].iloc[:2].tolist() == pytest.approx(llr, abs=1e-6)
    assert set(found.clusters["places"].iloc[0]) == places
    assert found.p == 0.001
    assert found.clusters["p"].iloc[1] < 0.06


def test_leukemia_in_new_york_matches_satscan(reference: Path):
    # Log likelihood ratios 11.577255 and 9.019716 (SaTScan, smerc), 26 and 8 of 281 tracts.
    tracts = pd.read_csv(reference / FOLDER / "ny_nydf.csv")

    found = scan(
        *(tracts["cases_floor"], tracts["population"]),
        centroids=tracts[["lon", "lat"]],
        max_share=0.1,
        simulations=199,
        seed=1,
    ).clusters.head(2)

    assert found["llr"].tolist() == pytest.approx([11.577255, 9.019716], abs=1e-6)
    assert found["n_places"].tolist() == [26, 8]
    assert found["cases"].tolist() == [85, 38]
    assert found["relative_risk"].tolist() == pytest.approx([1.83911152, 2.22028486], abs=1e-7)
    assert found["p"].max() < 0.05


def test_sudden_infant_deaths_match_smerc(reference: Path):
    table = pd.read_csv(reference / FOLDER / "nc_sids.csv")

    found = scan(table["SID74"], table["BIR74"], centroids=table[["x", "y"]], seed=1).clusters

    assert found["llr"].iloc[0] == pytest.approx(15.75776538, abs=1e-7)
    assert (found["n_places"].iloc[0], found["cases"].iloc[0]) == (46, 404)


def test_the_ratio_of_a_cluster_is_that_of_its_definition():
    cases = pd.Series([2, 9, 8, 1, 2, 3, 1, 2], index=list("abcdefgh"))

    first = scan(cases, np.full(8, 2.0), centroids=LINE, simulations=99, seed=1).clusters.iloc[0]

    assert first["places"] == ("b", "c")
    assert (first["cases"], first["expected"], first["excess"]) == (17, 7, 10)
    assert first["llr"] == pytest.approx(ratio(17, 7, 28))
    assert first["ratio"] == pytest.approx(17 / 7)
    assert first["relative_risk"] == pytest.approx((17 / 7) / (11 / 21))
    assert first["recurrence"] == pytest.approx(1 / first["p"])


def test_only_the_proportions_of_the_expected_count():
    cases, expected = [2, 9, 8, 1, 2, 3, 1, 2], np.arange(1.0, 9.0)

    one, other = (
        scan(cases, expected * factor, centroids=LINE, simulations=99, seed=1).clusters
        for factor in (1, 1000)
    )

    pd.testing.assert_frame_equal(one, other)


def test_the_same_seed_gives_the_same_answer():
    cases = [2, 9, 8, 1, 2, 3, 1, 2]

    one, other = (scan(cases, [1] * 8, simulations=99, seed=5).maxima for _ in range(2))

    assert one.tolist() == other.tolist()


def test_reported_clusters_share_no_place(rng):
    cases = rng.poisson(rng.gamma(2, 5, 30))

    places = scan(cases, np.ones(30), centroids=rng.random((30, 2)), simulations=9, seed=1)
    every = [place for group in places.clusters["places"] for place in group]

    assert len(places.clusters) > 1
    assert len(every) == len(set(every))


def test_a_cluster_of_any_shape_is_found_among_neighbours():
    # A board of 5 x 5; the cluster is an L that no circle holds.
    across = [(i, i + 1) for i in range(25) if (i + 1) % 5]
    weights = neighbour_weights(across + [(i, i + 5) for i in range(20)], n=25)
    cases = np.full(25, 4)
    cases[[6, 11, 16, 17]] = 16

    first = scan(cases, np.ones(25), neighbours=weights, simulations=99, seed=1).clusters.iloc[0]

    assert first["places"] == (6, 11, 16, 17)
    assert first["p"] == 0.01


def test_the_branch_that_holds_the_excess_is_named():
    tree = [("washer", "pump"), ("washer", "door"), ("cooler", "fan"), ("cooler", "door"), ("tv",)]

    whole = scan([20, 22, 10, 10, 10], [10] * 5, tree=tree, simulations=199, seed=1).clusters
    part = scan([40, 10, 10, 10, 10], [10] * 5, tree=tree, simulations=199, seed=1).clusters

    assert whole["name"].iloc[0] == "washer"
    assert whole["places"].iloc[0] == (0, 1)
    assert part["name"].iloc[0] == "washer / pump"


def test_a_cluster_alive_now_has_places_and_a_start(rng):
    weeks = pd.date_range("2025-01-06", periods=24, freq="W-MON")
    cases = pd.DataFrame(rng.poisson(5, (8, 24)), columns=weeks)
    cases.iloc[2:4, 20:] += 8

    first = scan(cases, np.full((8, 24), 5.0), centroids=LINE, simulations=99, seed=1).clusters

    assert first["places"].iloc[0] == (2, 3)
    assert first["start"].iloc[0] == weeks[20]
    inside, total = cases.iloc[2:4, 20:].to_numpy().sum(), cases.to_numpy().sum()
    assert first["llr"].iloc[0] == pytest.approx(ratio(inside, total * 8 / 192, total))
    assert first["recurrence"].iloc[0] == pytest.approx(100)


def test_a_cluster_that_has_ended_is_not_alive(rng):
    cases = rng.poisson(5, (8, 24))
    cases[2:4, 6:10] += 10

    assert scan(cases, np.full((8, 24), 5.0), centroids=LINE, simulations=99, seed=1).p > 0.05


def test_a_uniform_map_seldom_holds_a_cluster(rng):
    points, size = rng.random((31, 2)), rng.lognormal(3, 0.8, 31)

    quiet = [
        scan(rng.poisson(size), size, centroids=points, simulations=99, seed=seed).p > 0.05
        for seed in range(40)
    ]

    assert sum(quiet) >= 36  # 38 of 40 expected


def test_places_that_differ_anyway_need_more_to_be_a_cluster(rng):
    points, size = rng.random((31, 2)), np.full(31, 60.0)
    maps = [rng.poisson(size * rng.gamma(10, 0.1, 31)) for _ in range(20)]

    plain, allowed = (
        sum(
            scan(m, size, centroids=points, simulations=99, seed=1, spread=s).p > 0.05 for m in maps
        )
        for s in (0, 0.1)
    )

    assert plain <= 5
    assert allowed >= 17


def test_what_places_of_a_label_share_needs_more_to_be_a_cluster(rng):
    labels = np.repeat(np.arange(12), 4)
    groups = np.equal.outer(np.arange(12), labels)
    size = np.full(48, 40.0)
    maps = [rng.poisson(size * rng.gamma(25, 0.04, 12)[labels]) for _ in range(20)]

    plain, allowed = (
        sum(
            scan(m, size, groups=groups, simulations=99, seed=1, shared=[(labels, s)]).p > 0.05
            for m in maps
        )
        for s in (0, 0.04)
    )

    assert plain <= 5
    assert allowed >= 17


def test_groups_of_your_own_are_searched_and_named():
    groups = pd.DataFrame(
        [[True, True, False, False], [False, False, True, True]], index=["a", "b"]
    )
    found = scan([9, 8, 2, 1], [5, 5, 5, 5], groups=groups, simulations=99, seed=1).clusters
    assert found["name"].tolist() == ["a"]
    assert found["places"].tolist() == [(0, 1)]


def test_stopping_early_gives_the_same_p_where_it_is_small_and_a_like_one_where_it_is_not(rng):
    points, size = rng.random((15, 2)), np.full(15, 20.0)
    quiet = rng.poisson(size)
    hot = quiet + np.where(np.arange(15) == 3, 30, 0)

    def p(cases, **how):
        return scan(cases, size, centroids=points, simulations=999, seed=1, **how)

    assert p(hot, stop_after=20).clusters["p"][0] == p(hot).clusters["p"][0] == 0.001
    early, full = p(quiet, stop_after=20), p(quiet)
    assert early.maxima.size < full.maxima.size
    assert (early.maxima >= early.clusters["llr"][0]).sum() == 19  # the 20th ended it
    assert early.p == pytest.approx(full.p, abs=0.15)


def test_no_case_and_no_group_give_no_cluster():
    assert scan([0, 0, 0], [1, 1, 1], simulations=9, seed=1).clusters.empty
    assert scan([5, 0], [99, 1], simulations=9, seed=1, max_share=0.001).p == 1


def test_circles_hold_the_nearest_places_up_to_the_largest_share():
    groups = {tuple(np.flatnonzero(row)) for row in circles([[0], [1], [5]], np.ones(3))}

    assert groups == {(0,), (1,), (2,)}
    wider = {tuple(np.flatnonzero(row)) for row in circles([[0], [1], [5], [8]], np.ones(4))}
    assert wider == {(0,), (1,), (2,), (3,), (0, 1), (2, 3)}


def test_connected_groups_are_connected_and_whole_rings_may_be_larger():
    line = np.eye(7, k=1)

    groups = {tuple(np.flatnonzero(row)) for row in connected(line, 7)}

    short = {tuple(range(i, i + k)) for k in (1, 2, 3, 4) for i in range(8 - k)}
    rings = {(0, 1, 2, 3, 4), (1, 2, 3, 4, 5), (2, 3, 4, 5, 6)}  # two steps around a place
    rings |= {(0, 1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6), tuple(range(7))}
    assert groups == short | rings


def test_branches_end_where_a_path_ends():
    rows, names = branches(pd.DataFrame({"a": ["x", "x", "y"], "b": ["u", "v", None]}), 3)

    assert names == ["x", "x / u", "x / v", "y"]
    assert rows.sum(axis=1).tolist() == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scan([1, 2], [1, 1, 1], seed=1), "the same shape"),
        (lambda: scan([1.5, 2], [1, 1], seed=1), "whole numbers"),
        (lambda: scan([1, 2], [0, 1], seed=1), "cases but no exposure"),
        (lambda: scan([1, 2], [1, 1], seed=1, max_share=0.9), "`max_share`"),
        (lambda: scan([1, 2], [1, 1], seed=1, model="normal"), "`model` must be"),
        (lambda: scan([3, 2], [2, 9], seed=1, model="binomial"), "`cases` must not exceed"),
        (lambda: scan([1, 2], [1, 1], seed=1, simulations=0), "`simulations` must be at least 1"),
        (lambda: scan([1, 2], [1, 1], seed=1, centroids=[[0], [1]], tree=["a", "b"]), "Give one"),
        (lambda: scan([1, 2], [1, 1], seed=1, centroids=[0, 1]), "one point for each"),
        (lambda: scan([1, 2], [1, 1], seed=1, neighbours=np.eye(3)), "must be 2 x 2"),
        (lambda: scan([1, 2], [1, 1], seed=1, tree=[("a",)]), "a row for each of the 2 places"),
        (lambda: scan([[1], [2]], [[1], [1]], seed=1), "at least 2 periods"),
        (lambda: scan([1, 2], [1, 1], seed=1, groups=[[True]]), "a column for each of the 2"),
        (lambda: scan([1, 2], [1, 1], seed=1, shared=[(["a"], 0.1)]), "a label for each of the 2"),
    ],
)
def test_a_scan_that_cannot_be_run_says_why(call, message):
    with pytest.raises(DataError, match=message):
        call()
