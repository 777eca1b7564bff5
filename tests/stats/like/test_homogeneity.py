"""Is one ratio the same everywhere?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from aftersales.stats.like.homogeneity import Margins, by_column, common_ratio, equal_ratios

# British doctors, deaths and person-years of smokers and all by age (Doll and Hill 1966).
DEATHS, YEARS = [32, 104, 206, 186, 102], [52407, 43248, 28612, 12663, 5317]
ALL_DEATHS, ALL_YEARS = [34, 116, 234, 214, 133], [71197, 53921, 34322, 15248, 6779]
counts = st.lists(st.tuples(st.integers(1, 80), st.integers(1, 80)), min_size=2, max_size=8)


def margins(*columns) -> Margins:
    return Margins(*(np.array(c, dtype=float) for c in columns))


DOCTORS = margins(DEATHS, YEARS, ALL_DEATHS, ALL_YEARS)


def split(pairs, own=3.0, rest=5.0) -> Margins:
    """Cases of a group and of the others, with the same exposures in each stratum."""
    y, other = (np.array(c, dtype=float) for c in zip(*pairs, strict=True))
    size = np.ones(len(pairs))
    return Margins(y, own * size, y + other, (own + rest) * size)


def test_the_statistic_of_rates_is_that_of_a_fitted_common_ratio():
    # Breslow and Day 1987, IARC 82, section 4.4: the misfit of the model with one ratio of rates,
    # here Pearson's statistic of statsmodels; Mantel-Haenszel is near maximum likelihood.
    found = equal_ratios(DOCTORS)
    y = np.concatenate([DOCTORS.y, DOCTORS.whole_y - DOCTORS.y])
    n = np.concatenate([DOCTORS.n, DOCTORS.whole_n - DOCTORS.n])
    design = np.column_stack([np.vstack([np.eye(5)] * 2), np.repeat([1, 0], 5)])
    fit = GLM(y, design, family=Poisson(), offset=np.log(n)).fit()
    assert found.chi2 == pytest.approx(fit.pearson_chi2, abs=0.01)
    assert found.df == fit.df_resid
    assert common_ratio(DOCTORS) == pytest.approx(1.424682, abs=1e-6)  # Stata reference manual, ir


def test_fine_strata_are_judged_by_the_levels_they_belong_to(rng):
    # 4,000 strata with less than one case each: as many levels would say nothing.
    level = np.repeat(np.arange(4), 1000)
    n, rest = rng.gamma(2, 5, 4000), rng.gamma(2, 5, 4000)
    same, other = rng.poisson(0.02 * n * 2), rng.poisson(0.02 * rest)
    flat = equal_ratios(margins(same, n, same + other, n + rest), levels=level)
    assert flat.p > 0.01
    assert flat.df == 3
    more = rng.poisson(0.02 * n * np.where(level == 2, 4, 1))
    found = equal_ratios(margins(more, n, more + other, n + rest), levels=level)
    assert found.p < 1e-6
    assert found.ratios.argmax() == 2
    assert found.spread > 0.3


def test_small_levels_are_joined_and_do_not_disturb():
    pairs = [(30, 50), (28, 52), (1, 0), (0, 1), (1, 1)]
    found = equal_ratios(split(pairs))
    assert found.df == 1  # two large levels; the small ones together are too small
    assert np.isnan(found.ratios[2:]).all()


def test_dispersion_makes_a_difference_less_sure():
    plain, wide = equal_ratios(DOCTORS), equal_ratios(DOCTORS, dispersion=2.0)
    assert wide.p > plain.p
    assert wide.spread < plain.spread


def test_the_column_over_which_the_ratio_differs_is_named():
    halves = np.array([0, 0, 0, 1, 1])
    found = by_column(
        DOCTORS,
        {"age": np.arange(5), "none": np.zeros(5, dtype=int), "half": halves},
        names={"age": [35, 45, 55, 65, 75, None], "none": ["x"], "half": ["young", "old"]},
    )
    assert found["column"] == "half"
    assert found["p"] == pytest.approx(2 * equal_ratios(DOCTORS, levels=halves).p)
    assert (found["lowest"], found["highest"]) == ("old", "young")


def test_without_anything_to_compare_there_is_no_answer():
    empty = split([(0, 0), (0, 0)])
    assert np.isnan(common_ratio(empty))
    assert np.isnan(equal_ratios(empty).p)
    assert common_ratio(split([(3, 0)])) == np.inf
    nothing = by_column(empty, {"age": np.arange(2)}, names={"age": [1, 2]})
    assert nothing["column"] is None


@given(counts, st.sampled_from(["rate", "odds"]))
def test_the_fitted_cells_have_the_common_ratio_and_the_margins(pairs, kind):
    part = split(pairs, own=100.0, rest=130.0)
    ratio = common_ratio(part, kind=kind)
    mean, variance = part.expected(ratio, kind)
    rest, size = part.whole_y - mean, part.whole_n - part.n
    if kind == "rate":
        fitted = (mean / part.n) / (rest / size)
    else:
        fitted = mean * (size - rest) / ((part.n - mean) * rest)
    assert fitted.tolist() == pytest.approx([ratio] * len(pairs), rel=1e-6)
    assert (variance > 0).all()


@given(counts, st.permutations(range(8)))
def test_the_order_of_strata_does_not_matter(pairs, order):
    order = [k for k in order if k < len(pairs)]
    one, two = equal_ratios(split(pairs)), equal_ratios(split([pairs[k] for k in order]))
    assert one.chi2 == pytest.approx(two.chi2, nan_ok=True)
    assert pd.isna(one.p) or 0 <= one.p <= 1
