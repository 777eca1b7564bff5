import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.stats.contingency_tables import StratifiedTable

from aftersales.stats.like.mantel_haenszel import (
    comparison,
    homogeneity,
    robust_dispersion,
    spread_between,
    stratified_ratios,
)

# Coronary deaths and person-years of British male doctors by age and smoking (Doll and Hill 1966),
# as in Breslow and Day 1987, IARC Scientific Publication 82, and Rothman and Greenland 1998.
DOCTORS = pd.DataFrame(
    {
        "age": [35, 45, 55, 65, 75] * 2,
        "smokes": ["yes"] * 5 + ["no"] * 5,
        "deaths": [32, 104, 206, 186, 102, 2, 12, 28, 28, 31],
        "years": [52407, 43248, 28612, 12663, 5317, 18790, 10673, 5710, 2585, 1462],
    }
)


def doctors(strata):
    found = stratified_ratios(
        DOCTORS, count="deaths", exposure="years", attribute="smokes", strata=strata
    )
    return found.set_index("value").loc["yes"]


def test_doctors_crude_and_adjusted_ratio_match_the_published_ones():
    # Stata reference manual, ir: crude 1.719823; M-H combined 1.424682 (1.154703, 1.757784).
    assert doctors([])["ratio"] == pytest.approx(1.719823, abs=1e-6)
    adjusted = doctors(["age"])
    assert adjusted["ratio"] == pytest.approx(1.424682, abs=1e-6)
    assert adjusted["low"] == pytest.approx(1.154703, abs=1e-5)
    assert adjusted["high"] == pytest.approx(1.757784, abs=1e-5)


def test_ratios_that_differ_between_ages_are_called_so():
    # Stata reference manual, ir: test of homogeneity (M-H) chi2(4) = 10.41, p = 0.0340. Ours weighs
    # the log ratios by their inverse variance, so it is near that value and not equal to it.
    smokers = DOCTORS["smokes"] == "yes"
    p = homogeneity(
        DOCTORS, count="deaths", exposure="years", inside=smokers, strata=["age"], over="age"
    )
    assert 0.01 < p < 0.1


def test_a_value_alone_in_its_strata_cannot_be_told_apart():
    cells = pd.DataFrame({"s": [1, 2], "v": ["a", "b"], "y": [5, 50], "n": [10.0, 10.0]})
    found = stratified_ratios(cells, count="y", exposure="n", attribute="v", strata=["s"])
    assert found["ratio"].isna().all()
    assert found["p"].isna().all()


def test_a_value_without_cases_has_ratio_zero_and_the_expectation_of_the_others_rate():
    cells = pd.DataFrame({"v": ["a", "b"], "y": [0, 50], "n": [100.0, 100.0]})
    found = stratified_ratios(cells, count="y", exposure="n", attribute="v", strata=[])
    assert found.loc[0, "ratio"] == 0
    assert found.loc[0, "expected"] == 50  # at the rate of the others, as for any other value
    assert found.loc[0, "mean"] == 25  # if both had the same rate
    assert found.loc[0, "low"] == 0
    assert found.loc[0, "high"] == pytest.approx(1 / 0.025 ** (1 / 50) - 1)


def test_a_value_that_alone_has_cases_has_an_exact_lower_limit():
    # All 20 cases in one of two halves: its share is at least 0.025 ** (1 / 20) (Clopper and
    # Pearson 1934, Biometrika 26:404).
    cells = pd.DataFrame({"v": ["a", "b"], "y": [20, 0], "n": [100.0, 100.0]})
    row = stratified_ratios(cells, count="y", exposure="n", attribute="v", strata=[]).loc[0]
    share = 0.025 ** (1 / 20)
    assert row["low"] == pytest.approx(share / (1 - share))
    assert np.isinf(row["ratio"])
    assert np.isinf(row["high"])
    assert row["expected"] == 0
    assert row["p"] < 0.001


def test_what_a_value_has_where_nothing_is_comparable_is_left_out():
    cells = pd.DataFrame(
        {"s": [1, 1, 2], "v": ["a", "b", "a"], "y": [6, 4, 90], "n": [10.0, 20.0, 30.0]}
    )
    row = stratified_ratios(cells, count="y", exposure="n", attribute="v", strata=["s"]).loc[0]
    assert (row["count"], row["exposure"]) == (96, 40)
    assert (row["compared"], row["at_risk"], row["others"]) == (6, 10, 4)
    assert row["expected"] == pytest.approx(2)


def test_a_missing_value_is_no_value_and_a_missing_stratum_is_one():
    cells = pd.DataFrame(
        {"s": [None, None, "x"], "v": ["a", "b", None], "y": [2, 1, 50], "n": [10.0, 10.0, 10.0]}
    )
    found = stratified_ratios(cells, count="y", exposure="n", attribute="v", strata=["s"])
    assert found["value"].tolist() == ["a", "b"]
    assert found["ratio"].tolist() == pytest.approx([2.0, 0.5])


def test_one_layout_serves_several_counts_and_exposures():
    cells = DOCTORS.assign(more=lambda f: f["deaths"] * 2)
    layout = comparison(cells, attribute="smokes", strata=["age"])
    for count in ("deaths", "more"):
        found = layout.ratios(cells[count].to_numpy(), cells["years"].to_numpy())
        again = stratified_ratios(
            cells, count=count, exposure="years", attribute="smokes", strata=["age"]
        )
        pd.testing.assert_frame_equal(found, again)


def test_one_bad_value_does_not_make_the_others_look_spread():
    # 19 values at the same rate and one at ten times that raise the common rate of all.
    y = np.array([20.0] * 19 + [200.0])
    cells = pd.DataFrame({"v": np.arange(20), "y": y, "n": 100.0})
    found = stratified_ratios(cells, count="y", exposure="n", attribute="v", strata=[])
    assert found.attrs["dispersion"] == 1.0


def test_values_that_differ_anyway_are_spread():
    rng = np.random.default_rng(8)
    rate = 50 * rng.gamma(10, 0.1, size=400)  # sd 0.32: variance over mean 1 + 50 * 0.1
    cells = pd.DataFrame({"v": np.arange(400), "y": rng.poisson(rate), "n": 100.0})
    found = stratified_ratios(cells, count="y", exposure="n", attribute="v", strata=[])
    assert found.attrs["dispersion"] == pytest.approx(6, rel=0.3)
    empty = pd.DataFrame({"mean": [], "compared": [], "variance": []})
    assert spread_between(empty) == 1.0


def test_a_ratio_that_is_there_in_one_half_only_is_called_uneven():
    cells = pd.DataFrame(
        {"half": [1, 1, 2, 2], "v": ["a", "b"] * 2, "y": [0, 30, 60, 30], "n": [100.0] * 4}
    )
    call = {"count": "y", "exposure": "n", "inside": cells["v"] == "a", "strata": []}
    assert homogeneity(cells, over="half", **call) < 0.001
    even = cells.assign(y=[60, 30, 60, 30])
    assert homogeneity(even, over="half", **call) == pytest.approx(1)
    first = call | {"inside": call["inside"].head(2)}
    assert np.isnan(homogeneity(even.head(2), over="half", **first))


def test_dispersion_is_one_for_few_values_and_ignores_single_outliers():
    rng = np.random.default_rng(3)
    assert robust_dispersion(np.array([5.0, 6.0])) == 1.0
    plain = rng.normal(size=400)
    assert robust_dispersion(np.append(plain * 2, [60.0])) == pytest.approx(4, rel=0.3)


def test_a_handful_of_cases_where_hardly_any_are_expected_is_not_called_impossible():
    # 6 cases where Poisson(1) is expected: mid-p above 6 is 0.000083 + 0.00051 / 2; the normal
    # score would be (6 - 1) / 1 = 5, p 5.7e-7.
    cells = pd.DataFrame({"v": ["a", "b"], "y": [6, 994], "n": [1.0, 999.0]})
    found = stratified_ratios(cells, count="y", exposure="n", attribute="v", strata=[])
    assert found.loc[0, "p"] == pytest.approx(2 * (0.0000832 + 0.000511 / 2), rel=0.02)


def test_quiet_attributes_have_uniform_p():
    rng = np.random.default_rng(11)
    p = []
    for _ in range(40):
        cells = pd.DataFrame(
            {"v": np.repeat(np.arange(12), 6), "s": np.tile(np.arange(6), 12), "n": 100.0}
        )
        cells["y"] = rng.poisson(cells["n"] * (0.02 + 0.02 * cells["s"]))
        p += stratified_ratios(
            cells, count="y", exposure="n", attribute="v", strata=["s"], dispersion=1
        )["p"].tolist()
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.03)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_row_order_and_the_unit_of_exposure_do_not_matter(seed, scale):
    rng = np.random.default_rng(seed)
    cells = pd.DataFrame(
        {"v": rng.choice(list("abc"), 30), "s": rng.integers(0, 3, 30), "y": rng.poisson(3, 30)}
    ).assign(n=rng.uniform(1, 5, 30))
    call = {"count": "y", "exposure": "n", "attribute": "v", "strata": ["s"]}
    one = stratified_ratios(cells, **call)
    other = stratified_ratios(
        cells.sample(frac=1, random_state=1).assign(n=lambda f: f.n * scale), **call
    )
    np.testing.assert_allclose(one["ratio"], other["ratio"], rtol=1e-9)
    np.testing.assert_allclose(one["p"], other["p"], rtol=1e-9)


@pytest.fixture
def lots(rng):
    """Faults of six lots over eight ages; lot 3 fails twice as often."""
    cells = pd.DataFrame({"lot": np.repeat(np.arange(6), 8), "age": np.tile(np.arange(8), 6)})
    cells["units"] = rng.uniform(50, 900, len(cells))
    rate = 0.03 * (1 + cells["age"] / 4) * np.where(cells["lot"] == 3, 2, 1)
    return cells.assign(faults=rng.poisson(rate * cells["units"]))


def test_the_ratios_are_the_pooled_risk_ratios_of_statsmodels(lots):
    found = stratified_ratios(
        lots, count="faults", exposure="units", attribute="lot", strata=["age"]
    )
    for lot, ratio in zip(found["value"], found["ratio"], strict=True):
        sums = lots.assign(own=lots["lot"] == lot).pivot_table(
            index="age", columns="own", values=["faults", "units"], aggfunc="sum"
        )
        (c, a), (n0, n1) = ([sums[k][own] for own in (False, True)] for k in ("faults", "units"))
        other = StratifiedTable(np.array([[a, n1 - a], [c, n0 - c]]))
        assert ratio == pytest.approx(other.riskratio_pooled, rel=1e-12)


def test_ratios_and_limits_are_near_those_of_a_poisson_model_with_the_strata_as_levels(lots):
    found = stratified_ratios(
        lots, count="faults", exposure="units", attribute="lot", strata=["age"], dispersion=1.0
    )
    ages = pd.get_dummies(lots["age"], dtype=float)
    for lot in range(6):
        design = ages.assign(own=(lots["lot"] == lot).astype(float))
        other = GLM(lots["faults"], design, family=Poisson(), offset=np.log(lots["units"])).fit()
        ours = found.loc[lot, ["ratio", "low", "high"]].astype(float)
        theirs = np.exp([other.params["own"], *other.conf_int().loc["own"]])
        assert ours.tolist() == pytest.approx(theirs, rel=0.02)
