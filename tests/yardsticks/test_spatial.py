"""Neighbours alike: Moran's I, its local form, and Getis and Ord's Gi*."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from yardsticks.spatial import getis_ord, local_moran, moran, neighbour_weights

from aftersales.errors import DataError


def chain(n: int) -> np.ndarray:
    """Places in a row, each the neighbour of the next."""
    return neighbour_weights([(i, i + 1) for i in range(n - 1)], n=n)


def grid(side: int) -> np.ndarray:
    """Squares of a board that share an edge."""
    across = [(i, i + 1) for i in range(side * side) if (i + 1) % side]
    down = [(i, i + side) for i in range(side * (side - 1))]
    return neighbour_weights(across + down, n=side * side)


def sudden_deaths(reference: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """Sudden infant deaths, North Carolina 1974-78, 100 counties (Cressie and Read 1985)."""
    folder = reference / "trend_hotspot"
    pairs = pd.read_csv(folder / "nc_sids_neighbours_CR85.csv") - 1
    weights = neighbour_weights(pairs.itertuples(index=False, name=None), n=100)
    return pd.read_csv(folder / "nc_sids74_local_stats.csv"), weights


def test_moran_of_sudden_infant_deaths_matches_spdep(reference: Path):
    table, weights = sudden_deaths(reference)

    found = moran(table["ft"], weights)

    wanted = (0.2471926139, -0.0101010101, 0.004297036214, 3.925043889)
    assert found[:4] == pytest.approx(wanted, abs=1e-8)


def test_local_moran_of_sudden_infant_deaths_matches_spdep(reference: Path):
    table, weights = sudden_deaths(reference)

    found = local_moran(table["ft"], weights)

    for ours, theirs in (("statistic", "Ii"), ("expected", "E_Ii_cond")):
        assert found[ours].tolist() == pytest.approx(table[theirs].tolist(), abs=1e-7)
    for ours, theirs in (("variance", "Var_Ii_cond"), ("z", "Z_Ii_cond")):
        assert found[ours].tolist() == pytest.approx(table[theirs].tolist(), abs=1e-7)


def test_getis_ord_of_sudden_infant_deaths_matches_spdep(reference: Path):
    table, weights = sudden_deaths(reference)

    star, plain = (getis_ord(table["ft"], weights, own=own) for own in (True, False))

    assert star["z"].tolist() == pytest.approx(table["Gi_star_z_B"].tolist(), abs=1e-7)
    assert plain["z"].tolist() == pytest.approx(table["Gi_z_B"].tolist(), abs=1e-7)


def test_simulated_p_agrees_with_the_formula_on_sudden_infant_deaths(reference: Path):
    table, weights = sudden_deaths(reference)

    formula = getis_ord(table["ft"], weights, own=False)["p"]
    simulated = getis_ord(table["ft"], weights, own=False, simulations=499, seed=1)["p"]

    assert np.abs(formula - simulated).mean() < 0.03
    assert formula.corr(simulated) > 0.98


def test_moments_are_those_of_all_exchanges_of_five_values():
    # All 120 orders of the values, the definition of the moments.
    from itertools import permutations

    values, weights = [1.0, 2.0, 4.0, 8.0, 9.0], chain(5)
    every = [moran(order, weights).statistic for order in permutations(values)]

    found = moran(values, weights)

    assert found.expected == pytest.approx(np.mean(every))
    assert found.variance == pytest.approx(np.var(every))


def test_local_values_average_to_the_global_one(rng):
    values, weights = rng.normal(size=36), grid(6)

    local = local_moran(values, weights)["statistic"]

    assert local.mean() == pytest.approx(moran(values, weights).statistic)


def test_a_checkerboard_is_less_alike_than_chance():
    board = np.add.outer(range(6), range(6)) % 2

    assert moran(board.ravel(), grid(6)).z < -5


def test_a_patch_of_high_places_is_found_and_named(rng):
    map_ = rng.normal(size=(10, 10))
    map_[2:5, 2:5] += 4

    local, hot = local_moran(map_.ravel(), grid(10)), getis_ord(map_.ravel(), grid(10))

    inside = np.zeros((10, 10), bool)
    inside[2:5, 2:5] = True
    found = (hot["q"] <= 0.05).to_numpy().reshape(10, 10)
    assert found[3, 3]
    assert (found & inside).sum() >= 5
    assert local["kind"][33] == "high-high"
    assert local["q"][33] < 0.01


def test_random_maps_seldom_hold_a_patch(rng):
    maps = [rng.normal(size=49) for _ in range(100)]

    assert sum(moran(x, grid(7)).p < 0.05 for x in maps) <= 10
    assert sum((getis_ord(x, grid(7))["q"] < 0.05).any() for x in maps) <= 10


def test_a_place_without_neighbours_is_not_judged():
    weights = neighbour_weights([(0, 1), (1, 2), (2, 3)], n=5)
    values = pd.Series([1.0, 2, 3, 4, 9], index=list("abcde"))

    local, hot = local_moran(values, weights), getis_ord(values, weights)

    assert local.loc["e"].isna().all()
    assert hot.loc["e"].isna().all()
    assert local["q"].notna().sum() == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: moran([1, 2, 3], chain(3)), "at least 4 places"),
        (lambda: moran([2, 2, 2, 2], chain(4)), "1 different values"),
        (lambda: moran([1, 2, 3, 4], chain(5)), "`weights` must be 4 x 4"),
        (lambda: moran([1, 2, 3, 4], np.ones((4, 4))), "diagonal of 0"),
        (lambda: moran([1, 2, 3, 4], np.zeros((4, 4))), "No place has a neighbour"),
        (lambda: moran([1, 2, 3, np.nan], chain(4)), "1 of 4 are missing"),
        (lambda: neighbour_weights([(0, 3)], n=3), "positions 0 to 2; found 3"),
    ],
)
def test_a_map_that_cannot_be_judged_says_why(call, message):
    with pytest.raises(DataError, match=message):
        call()
