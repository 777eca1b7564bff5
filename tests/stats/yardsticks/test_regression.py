"""Adjusted rate ratios, and attributes that cannot be told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from aftersales.errors import DataError, RequestError
from aftersales.stats.counts.intervals import rate_ratio
from aftersales.stats.yardsticks.regression import rate_model

HOW = {"count": "n", "exposure": "units"}


def parts(rng: np.random.Generator, n: int = 600) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "batch": rng.integers(0, 6, n).astype(str),
            "region": rng.choice(["north", "south", "west"], n),
            "units": rng.integers(50, 150, n).astype(float),
        }
    )
    return table.assign(n=0.0)


def row(model, attribute: str, value: str) -> pd.Series:
    return model.effects.query("attribute == @attribute and value == @value").iloc[0]


def test_one_attribute_alone_is_the_exact_comparison_of_two_rates():
    table = pd.DataFrame({"batch": ["a", "b"], "n": [12, 30], "units": [100, 500]})

    found = row(rate_model(table, terms=["batch"], **HOW), "batch", "a")

    wanted = rate_ratio(12, 100, 30, 500, mid_p=True)
    assert tuple(found[["ratio", "low", "high", "p"]]) == pytest.approx(tuple(wanted), rel=1e-6)
    assert found["expected"] == pytest.approx(6)
    assert found["excess"] == pytest.approx(6)


def test_the_fit_is_that_of_statsmodels(rng):
    table = parts(rng)
    table["n"] = rng.poisson(0.05 * table["units"])
    cells = table.groupby(["batch", "region"], as_index=False)[["n", "units"]].sum()
    design = pd.get_dummies(cells[["batch", "region"]], drop_first=True, dtype=float)
    design.insert(0, "one", 1.0)
    other = GLM(cells["n"], design, family=Poisson(), offset=np.log(cells["units"])).fit()

    model = rate_model(table, terms=["batch", "region"], **HOW)

    assert model.cells["fitted"].tolist() == pytest.approx(other.mu.tolist(), rel=1e-6)
    assert model.deviance == pytest.approx(other.deviance, rel=1e-6)
    estimates = model.coefficients["estimate"].dropna()
    found = estimates[estimates != 0]
    assert sorted(found) == pytest.approx(sorted(other.params), abs=1e-6)


def test_what_only_looks_guilty_is_acquitted_by_adjustment(rng):
    table = parts(rng)
    bad = table["batch"] == "3"
    table.loc[bad & (rng.random(len(table)) < 0.8), "region"] = "south"
    table["n"] = rng.poisson(0.05 * table["units"] * np.where(bad, 3, 1))

    model = rate_model(table, terms=["batch", "region"], **HOW)

    guilty, shadow = row(model, "batch", "3"), row(model, "region", "south")
    assert guilty["low"] < 3 < guilty["high"]
    assert shadow["crude_low"] > 1.1
    assert shadow["low"] < 1 < shadow["high"]


def test_an_effect_in_one_region_only_is_marked_as_heterogeneous(rng):
    table = parts(rng, 1500)
    local = (table["batch"] == "3") & (table["region"] == "south")
    table["n"] = rng.poisson(0.1 * table["units"] * np.where(local, 3, 1))

    found = row(rate_model(table, terms=["batch", "region"], **HOW), "batch", "3")

    assert found["heterogeneity_p"] < 0.001
    assert found["heterogeneity_by"] == "region"


def test_two_names_for_one_thing_are_reported_and_not_compared():
    table = pd.DataFrame(
        {
            "batch": list("abab"),
            "supplier": list("xyxy"),
            "region": list("nnss"),
            "n": [9, 5, 7, 6],
            "units": [100] * 4,
        }
    )

    model = rate_model(table, terms=["batch", "supplier", "region"], **HOW)

    assert model.effects.query("attribute != 'region'")["aliased"].all()
    assert model.effects.query("attribute != 'region'")["ratio"].isna().all()
    assert not row(model, "region", "n")["aliased"]
    pair = model.aliased.query("attribute == 'batch' and value == 'a'").iloc[0]
    assert (pair["other_attribute"], pair["other_value"]) == ("supplier", "x")
    assert (pair["overlap"], pair["relation"], pair["exact"]) == (1, "same", True)


def test_batches_are_compared_within_their_supplier(rng):
    table = parts(rng)
    table["supplier"] = table["batch"].map(lambda b: "x" if b < "3" else "y")
    rate = np.where(table["supplier"] == "x", 2.0, 1.0) * np.where(table["batch"] == "4", 3, 1)
    table["n"] = rng.poisson(0.05 * table["units"] * rate)

    model = rate_model(table, terms=["batch", "supplier"], **HOW)

    found = row(model, "batch", "4")
    assert found["compared_with"] == 2
    assert found["low"] < 3 < found["high"]
    assert row(model, "supplier", "x")["aliased"]
    supplier = model.aliased.query("attribute == 'supplier'")
    assert set(supplier["relation"]) == {"contains"}


def test_a_value_without_cases_has_ratio_zero_and_an_upper_bound(rng):
    table = parts(rng)
    table["n"] = rng.poisson(0.05 * table["units"]) * (table["batch"] != "2")

    found = row(rate_model(table, terms=["batch", "region"], **HOW), "batch", "2")

    assert (found["ratio"], found["low"]) == (0, 0)
    assert found["high"] < 0.1
    assert found["p"] < 1e-6


def test_a_value_with_all_the_cases_has_no_upper_bound():
    table = pd.DataFrame({"batch": list("ab"), "n": [8, 0], "units": [100, 100]})

    found = row(rate_model(table, terms=["batch"], **HOW), "batch", "a")

    assert (found["ratio"], found["high"]) == (np.inf, np.inf)
    assert found["p"] == pytest.approx(0.5**8, rel=1e-3)  # mid-p, doubled


def test_values_can_be_compared_with_one_reference(rng):
    table = parts(rng)
    table["n"] = rng.poisson(0.1 * table["units"])
    model = rate_model(table, terms=["batch", "region"], reference={"region": "north"}, **HOW)

    assert tuple(row(model, "region", "north")[["ratio", "low", "high"]]) == (1, 1, 1)
    south = row(model, "region", "south")
    estimate = model.coefficients.set_index("value")["estimate"]["south"]
    assert south["ratio"] == pytest.approx(np.exp(estimate), rel=1e-6)
    assert south["compared_with"] == 1
    with pytest.raises(RequestError, match='"region" has no value "nroth"; did you mean "north"'):
        rate_model(table, terms=["region"], reference={"region": "nroth"}, **HOW)


@given(seed=st.integers(0, 50), scale=st.floats(0.01, 1000))
def test_neither_row_order_nor_the_unit_of_exposure_matters(seed, scale):
    rng = np.random.default_rng(seed)
    table = parts(rng, 60)
    table["n"] = rng.poisson(0.05 * table["units"])
    one = rate_model(table, terms=["batch", "region"], **HOW).effects
    other = table.sample(frac=1, random_state=seed).assign(units=scale * table["units"])
    two = rate_model(other, terms=["batch", "region"], **HOW).effects

    columns = ["count", "expected", "ratio", "low", "high", "p"]
    pd.testing.assert_frame_equal(one[columns], two[columns], rtol=1e-5, atol=1e-9)
    assert (one["low"] <= one["ratio"]).all()
    assert (one["ratio"] <= one["high"]).all()
    assert one.groupby("attribute")["count"].sum().nunique() == 1


@pytest.mark.slow
def test_quiet_values_are_called_about_as_often_as_stated(rng):
    p = []
    for _ in range(30):
        table = parts(rng, 300)
        table["n"] = rng.negative_binomial(0.01 * table["units"], 0.5)  # dispersion 2
        p.append(rate_model(table, terms=["batch", "region"], **HOW).effects["p"])
    p = pd.concat(p)

    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.035)
    assert (p < 0.005).mean() < 0.02


def test_a_missing_value_is_a_level_of_its_own_and_few_cases_are_marked():
    table = pd.DataFrame({"batch": ["a", "b", None], "n": [40, 50, 1], "units": [100, 100, 2]})

    found = rate_model(table, terms=["batch"], **HOW).effects.set_index("value")

    assert found["few"].to_dict() == {"(missing)": True, "a": False, "b": False}


def test_cells_without_exposure_are_left_out():
    table = pd.DataFrame({"batch": list("abc"), "n": [4, 5, 0], "units": [100, 100, 0]})

    assert rate_model(table, terms=["batch"], **HOW).effects["value"].tolist() == ["a", "b"]


def test_a_table_without_a_case_lists_its_values_without_ratios():
    table = pd.DataFrame({"batch": list("ab"), "n": [0, 0], "units": [100, 100]})

    found = rate_model(table, terms=["batch"], **HOW).effects

    assert found["value"].tolist() == ["a", "b"]
    assert found["ratio"].isna().all()
    assert found["few"].all()


def test_an_empty_table_has_no_effects():
    table = pd.DataFrame({"batch": [], "n": [], "units": []})

    assert rate_model(table, terms=["batch"], **HOW).effects.empty


def test_a_single_value_has_nothing_to_be_compared_with():
    table = pd.DataFrame({"batch": ["a"], "n": [5], "units": [10]})

    found = rate_model(table, terms=["batch"], **HOW).effects.iloc[0]

    assert np.isnan(found["ratio"])
    assert not found["aliased"]


def test_very_many_small_values_are_fitted_as_one(rng):
    table = pd.DataFrame({"batch": np.arange(2000).astype(str), "n": 0.0, "units": 10.0})
    table["n"] = rng.poisson(0.2, 2000)
    table.loc[7, "n"] = 30

    found = rate_model(table, terms=["batch"], **HOW).effects

    assert found["value"].tolist() == ["(few)", "7"]
    assert row(rate_model(table, terms=["batch"], **HOW), "batch", "7")["p"] < 1e-6


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        ({"batch": ["a"], "n": [1], "units": [0]}, DataError, "1 rows have cases but no exposure"),
        ({"batch": ["a"], "n": [-1], "units": [1]}, DataError, "must not be negative"),
        ({"batch": ["a"], "n": [np.nan], "units": [1]}, DataError, "1 of 1 are missing"),
        ({"btch": ["a"], "n": [1], "units": [1]}, RequestError, 'did you mean "btch"'),
    ],
)
def test_a_table_that_cannot_be_used_says_why(table, error, message):
    with pytest.raises(error, match=message):
        rate_model(pd.DataFrame(table), terms=["batch"], **HOW)
