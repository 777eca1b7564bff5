"""Groups and attributes that cannot be told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from aftersales.stats.causes.twins import aliased_attributes, twins
from aftersales.stats.counts.levels import Levels, group_of

ATTRIBUTES = ["batch", "supplier", "plant"]


def chain(rng: np.random.Generator, n: int = 500) -> pd.DataFrame:
    """Ten batches inside four suppliers; plants are anywhere."""
    batch = rng.integers(0, 10, n)
    return pd.DataFrame(
        {
            "batch": [f"B{k}" for k in batch],
            "supplier": [f"S{k // 3}" for k in batch],
            "plant": rng.choice(["P1", "P2"], n),
            "n": rng.gamma(2, 50, n),
        }
    )


def found(cells: pd.DataFrame) -> list[tuple]:
    table = aliased_attributes(cells, exposure="n", attributes=ATTRIBUTES)
    return table[["attribute", "other", "relation"]].to_records(index=False).tolist()


def test_batches_lie_inside_suppliers_and_plants_nowhere(rng):
    assert found(chain(rng)) == [("batch", "supplier", "inside")]


def test_two_names_of_one_thing_are_the_same_even_with_a_few_errors(rng):
    cells = chain(rng)
    cells["plant"] = cells["batch"].str.replace("B", "P")
    cells.loc[cells.index[:8], "plant"] = "P0"
    assert ("batch", "plant", "same") in found(cells)


def test_an_attribute_with_one_frequent_value_is_not_determined_by_all_others(rng):
    cells = chain(rng).assign(plant=lambda t: np.where(rng.random(len(t)) < 0.97, "P1", "P2"))
    assert found(cells) == [("batch", "supplier", "inside")]


def test_exposure_decides_and_cells_without_it_do_not_count(rng):
    cells = chain(rng)
    odd = cells.head(20).assign(supplier="S9", n=0.0)
    assert found(pd.concat([cells, odd])) == [("batch", "supplier", "inside")]


def test_too_few_cases_apart_do_not_tell_a_pair_apart():
    cells = pd.DataFrame(
        {"batch": ["a", "a", "b"], "supplier": ["x", "y", "y"], "n": [80.0, 20.0, 900.0]}
    )
    levels, n = Levels(cells), cells["n"].to_numpy()
    group = group_of(levels, {"batch": "a"}, held=[])
    for cases, alias in ((10, True), (100, False)):
        y = np.array([0.8, 0.2, 1.0]) * cases
        row = twins(levels, [group], y=y, n=n, attributes=["batch", "supplier"]).iloc[0]
        assert (row["alias_value"], row["overlap"]) == ("x", 0.8)
        assert row["alias"] == alias


@given(st.permutations(["B", "C", "D"]))
def test_names_do_not_matter(names):
    cells = chain(np.random.default_rng(3), 90).assign(batch=lambda t: t["supplier"].str[1:])
    renamed = cells.assign(batch=cells["batch"].map(dict(zip("0123", [*names, "E"], strict=True))))
    assert found(renamed) == found(cells)
