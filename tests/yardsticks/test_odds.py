"""Odds ratios within strata, against published numbers and the package they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable
from yardsticks.odds import odds_ratios

from aftersales.errors import DataError

cell = st.integers(1, 60)
strata = st.lists(st.tuples(cell, cell, cell, cell), min_size=2, max_size=6)


def rows(tables) -> pd.DataFrame:
    """(hits, misses, other hits, other misses) of each stratum as cells."""
    parts = []
    for k, (a, b, c, d) in enumerate(tables):
        parts += [(k, "in", a, a + b), (k, "out", c, c + d)]
    return pd.DataFrame(parts, columns=["stratum", "group", "hits", "trials"])


def ratios(table: pd.DataFrame, **changed):
    asked = {"attribute": "group", "value": "in", "strata": ["stratum"]} | changed
    return odds_ratios(table, hits="hits", trials="trials", **asked)


def berkeley(reference: Path) -> pd.DataFrame:
    table = pd.read_csv(reference / "root_cause/adjustment/ucb_admissions.csv")
    columns = ["male_admitted", "male_rejected", "female_admitted", "female_rejected"]
    return rows(table[columns].to_numpy().tolist()).assign(
        stratum=np.repeat(table["dept"].to_numpy(), 2)
    )


def test_berkeley_admissions_match_the_published_numbers(reference: Path):
    # Bickel, Hammel and O'Connell 1975, Science 187:398; numbers of mantelhaen.test in R.
    wanted = pd.read_csv(reference / "root_cause/adjustment/ucb_expected.csv")
    wanted = wanted.set_index("quantity")["value"]

    found = ratios(berkeley(reference))

    assert found.crude == pytest.approx(wanted["crude_odds_ratio_male_vs_female"], abs=5e-6)
    assert found.ratio == pytest.approx(wanted["mantel_haenszel_odds_ratio"], abs=5e-8)
    limits = wanted[["mh_or_ci95_low", "mh_or_ci95_high"]].tolist()
    assert (found.low, found.high) == pytest.approx(limits, abs=5e-8)
    assert found.chi2_corrected == pytest.approx(wanted["cmh_chi2_with_continuity_correction"])
    assert found.p_corrected == pytest.approx(wanted["cmh_p_with_correction"], abs=5e-8)
    assert found.chi2 == pytest.approx(wanted["cmh_chi2_no_correction"], abs=5e-7)
    assert found.p == pytest.approx(wanted["cmh_p_no_correction"], abs=5e-8)
    assert found.breslow_day == pytest.approx(wanted["breslow_day_chi2_df5"], abs=5e-7)
    assert (found.df, found.homogeneity_p) == (5, pytest.approx(wanted["breslow_day_p"], abs=5e-8))
    each = found.table.set_index("stratum")["ratio"]
    assert each["A"] == pytest.approx(wanted["or_dept_A"], abs=5e-5)
    assert each["F"] == pytest.approx(wanted["or_dept_F"], abs=5e-5)


@settings(max_examples=20)
@given(strata)
def test_all_numbers_are_those_of_statsmodels(tables):
    other = StratifiedTable([np.array([[a, b], [c, d]]) for a, b, c, d in tables])
    found = ratios(rows(tables))
    assert found.ratio == pytest.approx(other.oddsratio_pooled, rel=1e-9)
    assert found.chi2 == pytest.approx(other.test_null_odds().statistic, rel=1e-6, abs=1e-9)
    if abs(found.ratio - 1) > 1e-3:  # theirs divides by the distance from 1
        assert found.breslow_day == pytest.approx(other.test_equal_odds().statistic, rel=1e-5)
        tarone = other.test_equal_odds(adjust=True).statistic
        assert found.breslow_day_tarone == pytest.approx(tarone, rel=1e-5, abs=1e-7)


@settings(max_examples=20)
@given(strata)
def test_swapping_the_groups_inverts_the_ratio(tables):
    there, back = ratios(rows(tables)), ratios(rows(tables), value="out")
    assert back.ratio == pytest.approx(1 / there.ratio)
    assert (back.low, back.high) == pytest.approx((1 / there.high, 1 / there.low))
    assert back.chi2 == pytest.approx(there.chi2)
    assert back.breslow_day == pytest.approx(there.breslow_day, rel=1e-6, abs=1e-9)


def test_equal_odds_of_exactly_one_can_be_tested():
    found = ratios(rows([(10, 10, 20, 20), (30, 10, 30, 10)]))
    assert found.ratio == pytest.approx(1)
    assert (found.breslow_day, found.homogeneity_p) == (pytest.approx(0, abs=1e-9), 1.0)


def test_a_stratum_with_one_side_only_says_nothing():
    full = [(10, 20, 15, 5), (8, 12, 20, 9)]
    with_empty = ratios(rows([*full, (5, 5, 0, 0)]))
    assert with_empty.ratio == pytest.approx(ratios(rows(full)).ratio)
    assert with_empty.df == 1
    assert with_empty.crude != pytest.approx(ratios(rows(full)).crude)


def test_without_a_hit_among_the_others_the_ratio_is_infinite():
    found = ratios(rows([(5, 20, 0, 30), (3, 9, 0, 12)]))
    assert (found.ratio, found.crude) == (np.inf, np.inf)
    assert np.isfinite(found.crude_low)
    assert found.p < 0.05


def test_more_hits_than_trials_and_unknown_values_are_refused():
    with pytest.raises(DataError, match="must not exceed"):
        ratios(rows([(5, -1, 2, 3)]))
    with pytest.raises(DataError, match='"group" has no value "x"'):
        ratios(rows([(5, 1, 2, 3)]), value="x")
