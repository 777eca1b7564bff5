import numpy as np
import pandas as pd
import pytest

from aftersales.stats.causes.causes import find_causes


def company(seed, *, lot_ratio=1.0, effect_on="lot"):
    """A company of 4 suppliers with 4 lots each in 6 regions; lot B7 is of supplier S2.

    Region R1 takes most of lot B7, so R1 and S2 look guilty when the lot is bad.
    """
    rng = np.random.default_rng(seed)
    grid = pd.MultiIndex.from_product(
        [[f"B{i}" for i in range(16)], [f"R{i}" for i in range(6)], [0, 3, 12]],
        names=["lot", "region", "age"],
    ).to_frame(index=False)
    grid["supplier"] = "S" + (grid["lot"].str[1:].astype(int) // 4 + 1).astype(str)
    grid["units"] = 2000.0
    bad = grid["lot"] == "B7"
    grid.loc[bad, "units"] = np.where(grid.loc[bad, "region"] == "R1", 6000.0, 300.0)
    rate = 0.004 * (1 + grid["age"] / 12)
    rate = rate * np.where(grid[effect_on] == ("B7" if effect_on == "lot" else "S2"), lot_ratio, 1)
    return grid.assign(faults=rng.poisson(rate * grid["units"]))


STRATA = {
    "lot": ["age", "region"],
    "supplier": ["age", "region"],
    "region": ["age"],
}


def causes(cells):
    return find_causes(cells, count="faults", exposure="units", strata=STRATA)


def test_a_bad_lot_is_named_and_its_supplier_and_region_are_its_shadows():
    found = causes(company(1, lot_ratio=3.0))
    assert found.order == [("lot", "B7")]
    table = found.table.set_index(["attribute", "value"])
    assert table.at[("lot", "B7"), "ratio"] == pytest.approx(3.0, rel=0.2)
    assert table.at[("supplier", "S2"), "shadow_of"] == "lot=B7"
    assert table.at[("region", "R1"), "shadow_of"] == "lot=B7"
    assert table.at[("supplier", "S2"), "crude_p"] < 0.001 < table.at[("supplier", "S2"), "p"]


def test_a_bad_supplier_is_named_and_not_its_lots():
    found = causes(company(2, lot_ratio=1.8, effect_on="supplier"))
    assert found.order == [("supplier", "S2")]


@pytest.mark.slow
def test_nothing_is_named_where_nothing_is_planted():
    named = sum(len(causes(company(seed)).order) for seed in range(30))
    assert named <= 1  # q = 0.01: one report in a hundred


def test_a_lot_that_sits_alone_in_its_strata_is_not_judged():
    cells = pd.DataFrame(
        {"model": ["a", "b"], "lot": ["x", "y"], "faults": [5, 80], "units": [100.0, 100.0]}
    )
    found = find_causes(cells, count="faults", exposure="units", strata={"lot": ["model"]})
    assert found.order == []
    assert found.table["ratio"].isna().all()


def test_a_cause_keeps_its_own_count_and_the_excess_is_what_is_beyond_the_expected():
    cells = company(1, lot_ratio=3.0)
    row = causes(cells).table.iloc[0]
    assert row["count"] == cells.loc[cells["lot"] == "B7", "faults"].sum()
    assert row["excess"] == pytest.approx(row["compared"] - row["expected"])


def test_q_counts_the_judged_values_only_and_is_that_of_the_last_estimate():
    found = causes(company(1, lot_ratio=3.0)).table
    judged = found[~found["few"]]
    assert judged["q"].notna().all()
    assert (judged["q"] >= judged["p"] * (1 - 1e-12)).all()
    few = find_causes(
        company(1), count="faults", exposure="units", strata=STRATA, min_exposure=1e9
    ).table
    assert few["few"].all()
    assert few["q"].isna().all()


def test_values_with_little_exposure_or_nothing_to_compare_with_are_not_judged():
    cells = company(1, lot_ratio=3.0)
    size = cells.groupby("lot")["units"].sum()
    found = find_causes(
        cells, count="faults", exposure="units", strata=STRATA, min_exposure=size["B7"] + 1
    )
    assert ("lot", "B7") not in found.order
    two = pd.DataFrame({"lot": ["a", "b"], "faults": [400, 1], "units": [1000.0, 1.0]})
    lonely = find_causes(two, count="faults", exposure="units", strata={"lot": []})
    assert lonely.table["few"].all()  # "b" is too small to be what "a" is compared with


def test_two_bad_lots_are_named_one_after_the_other_with_their_own_ratios():
    cells = company(4)
    rng = np.random.default_rng(4)
    rate = 0.004 * np.select([cells["lot"] == "B7", cells["lot"] == "B2"], [4.0, 2.0], 1.0)
    found = causes(cells.assign(faults=rng.poisson(rate * cells["units"])))
    assert found.order == [("lot", "B7"), ("lot", "B2")]
    ratio = found.table.set_index("value")["ratio"]
    assert ratio["B7"] == pytest.approx(4, rel=0.15)
    assert ratio["B2"] == pytest.approx(2, rel=0.2)


def test_when_the_search_stops_early_what_is_left_is_listed():
    cells = company(1, lot_ratio=3.0)
    stopped = find_causes(cells, count="faults", exposure="units", strata=STRATA, max_causes=0)
    assert ("lot", "B7") in stopped.further
    assert causes(cells).further == []


def test_a_lot_that_alone_has_faults_is_named_with_an_infinite_ratio():
    cells = pd.DataFrame(
        {"lot": ["a", "b", "c"], "faults": [60, 0, 0], "units": [1000.0, 1000.0, 1000.0]}
    )
    found = find_causes(cells, count="faults", exposure="units", strata={"lot": []})
    row = found.table.iloc[0]
    assert found.order == [("lot", "a")]
    assert np.isinf(row["ratio"])
    assert row["low"] > 10
    assert (row["expected"], row["excess"]) == (0, 60)
