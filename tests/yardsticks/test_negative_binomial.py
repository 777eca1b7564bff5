"""Negative binomial regression of counts with log exposure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from yardsticks.negative_binomial import negative_binomial

from aftersales.errors import DataError, RequestError

HOW = {"count": "n", "exposure": "units"}


def plants(rng: np.random.Generator, *, alpha: float, n: int = 900) -> pd.DataFrame:
    """Weekly faults of three plants and two lines; plant c has twice the rate."""
    table = pd.DataFrame(
        {
            "plant": rng.choice(list("abc"), n),
            "line": rng.choice(["left", "right"], n),
            "units": rng.integers(50, 400, n).astype(float),
        }
    )
    mean = 0.05 * table["units"] * np.where(table["plant"] == "c", 2, 1)
    scatter = rng.gamma(1 / alpha, alpha, n) if alpha else 1.0
    return table.assign(n=rng.poisson(mean * scatter))


def coefficient(model, attribute: str, value: str) -> pd.Series:
    return model.coefficients.set_index(["attribute", "value"]).loc[(attribute, value)]


def test_red_mites_match_bliss_and_fisher_1953():
    # Bliss and Fisher 1953, Biometrics 9:176: mites on 150 apple leaves, k = 1.02459.
    leaves = pd.DataFrame(
        {"n": np.repeat(np.arange(8), [70, 38, 17, 10, 9, 3, 2, 1]), "units": 1.0}
    )

    model = negative_binomial(leaves, **HOW)

    assert 1 / model.alpha == pytest.approx(1.02459, abs=5e-6)
    assert model.coefficients["ratio"].tolist() == pytest.approx([172 / 150])
    assert model.p < 1e-6


def test_the_fit_is_that_of_joint_maximum_likelihood(rng):
    table = plants(rng, alpha=0.5)
    design = sm.add_constant(pd.get_dummies(table[["plant", "line"]], drop_first=True, dtype=float))
    other = sm.NegativeBinomial(table["n"], design, exposure=table["units"]).fit(disp=0)

    model = negative_binomial(table, terms=["plant", "line"], **HOW)

    found = model.coefficients.query("estimate != 0")["estimate"].tolist()
    assert found == pytest.approx(other.params.iloc[:-1].tolist(), abs=1e-4)
    assert model.alpha == pytest.approx(other.params["alpha"], rel=1e-3)
    assert model.loglik == pytest.approx(other.llf, abs=1e-4)


def test_planted_ratio_and_dispersion_are_found_again(rng):
    model = negative_binomial(plants(rng, alpha=0.5), terms=["plant", "line"], **HOW)
    bad = coefficient(model, "plant", "c")
    assert bad["low"] < 2 < bad["high"]
    assert bad["p"] < 1e-6
    assert model.alpha == pytest.approx(0.5, rel=0.15)
    assert model.p < 1e-6
    right = coefficient(model, "line", "right")
    assert right["low"] < 1 < right["high"]


def test_independent_cases_show_no_dispersion(rng):
    model = negative_binomial(plants(rng, alpha=0.0), terms=["plant", "line"], **HOW)
    assert model.p > 0.01
    assert model.alpha < 0.02
    assert model.loglik >= model.poisson_loglik


def test_ship_damage_has_its_dispersion_and_a_note_on_ships_without_service(reference: Path):
    # McCullagh and Nelder 1989, 6.3.2; dispersion 1.691 = 42.275 / 25.
    ships = pd.read_csv(reference / "root_cause/adjustment/ship_damage.csv")
    wanted = pd.read_csv(reference / "root_cause/adjustment/ship_damage_expected.csv")
    wanted = wanted.set_index("term")
    asked = {"count": "incidents", "exposure": "service", "terms": ["type", "year", "period"]}

    other = negative_binomial(ships, **asked)

    dispersion = wanted.loc["dispersion_pearson_over_df", "estimate"]
    assert other.dispersion == pytest.approx(dispersion, abs=1e-5)
    note = "6 rows without exposure are left out: they say nothing about a rate."
    assert other.notes()[0] == note
    # Some ships vary less than their means allow, so a quadratic variance finds nothing to fit.
    assert (other.alpha, other.p) == (0.0, 1.0)
    for term, value in (("type", "B"), ("year", "70"), ("period", "75")):
        row = coefficient(other, term, value)
        estimate, se = wanted.loc[f"{term}_{value}", ["estimate", "se_poisson"]]
        assert (row["estimate"], row["se"]) == pytest.approx((estimate, se), abs=1e-5)


def test_values_without_cases_and_values_not_told_apart_have_no_ratio(rng):
    table = plants(rng, alpha=0.3, n=300)
    table["supplier"] = np.where(table["plant"] == "c", "y", "x")
    table.loc[table["line"] == "left", "n"] = 0

    model = negative_binomial(table, terms=["plant", "supplier", "line"], **HOW)

    assert coefficient(model, "line", "left")["ratio"] == 0
    assert np.isnan(coefficient(model, "supplier", "y")["ratio"])
    assert np.isnan(coefficient(model, "plant", "c")["ratio"])
    assert np.isfinite(coefficient(model, "plant", "b")["ratio"])
    assert model.notes() == [
        "Values without any case have rate 0 and no interval: 1.",
        "Values that cannot be told apart from others have no ratio: 2.",
    ]
    assert (model.cells.loc[model.cells["line"] == "left", "fitted"] == 0).all()


def test_a_table_without_cases_is_refused():
    table = pd.DataFrame({"plant": ["a", "b"], "n": [0, 0], "units": [5.0, 5.0]})
    with pytest.raises(DataError, match="has no case where there is exposure"):
        negative_binomial(table, terms=["plant"], **HOW)
    with pytest.raises(RequestError, match='did you mean "plant"'):
        negative_binomial(table, terms=["plnt"], **HOW)


def test_as_many_rates_as_rows_leave_nothing_to_tell_scatter():
    table = pd.DataFrame({"plant": ["a", "b"], "n": [3, 9], "units": [5.0, 5.0]})
    with pytest.raises(DataError, match="2 rows with cases cannot tell 2 rates"):
        negative_binomial(table, terms=["plant"], **HOW)
