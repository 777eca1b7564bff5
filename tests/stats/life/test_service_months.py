"""Claims by cohort and month in service."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yardsticks.recurrence import mean_cumulative

from aftersales.errors import DataError
from aftersales.stats.life.service_months import (
    age_triangle,
    by_group,
    claims_by_age,
    service_months,
)

COHORTS = pd.DataFrame({"cohort": [0, 1, 2], "units": [100, 200, 400]})


def claims(*rows):
    return pd.DataFrame(rows, columns=["cohort", "age", "claims"])


def test_cells_that_a_cohort_has_not_reached_are_empty_and_not_zero():
    table = service_months(COHORTS, claims=claims((0, 1, 3)), last=2)
    triangle = age_triangle(table, value="claims")
    assert triangle.loc[0].tolist() == [0, 3, 0]
    assert triangle.loc[1, 1] == 0
    assert np.isnan(triangle.loc[1, 2])
    assert np.isnan(triangle.loc[2, 1])


def test_the_oldest_age_of_a_cohort_is_seen_by_half():
    table = service_months(COHORTS, claims=claims((0, 2, 1)), last=2)
    assert table.set_index(["cohort", "age"])["at_risk"].to_dict() == {
        (0, 0): 100, (0, 1): 100, (0, 2): 50, (1, 0): 200, (1, 1): 100, (2, 0): 200,
    }  # fmt: skip
    assert table.loc[table["claims"] == 1, "per_1000"].tolist() == [20.0]


def test_claims_recorded_from_a_later_month_on_leave_the_first_ages_of_old_cohorts_out():
    table = service_months(COHORTS, claims=claims((0, 1, 2)), last=3, first=2)
    seen = table.set_index(["cohort", "age"])["at_risk"].to_dict()
    assert (0, 0) not in seen
    assert seen[0, 1] == 50
    assert seen[0, 2] == 100
    assert seen[2, 0] == 400
    assert table.loc[table["cohort"] == 0, "cumulative"].isna().all()
    assert table.loc[table["cohort"] == 2, "cumulative"].notna().all()


def test_no_claim_is_lost_and_unit_months_are_those_of_the_units_in_service():
    rows = claims((0, 0, 1), (0, 9, 2), (1, 1, 4))
    table = service_months(COHORTS, claims=rows, last=2)
    assert table["claims"].sum() == 7
    assert table.loc[table["cohort"] == 0, "claims"].tolist() == [1, 0, 2]
    # mid-month: 2.5, 1.5 and 0.5 months
    assert table["at_risk"].sum() == 100 * 2.5 + 200 * 1.5 + 400 * 0.5


def test_claims_of_cohorts_without_units_are_an_error():
    with pytest.raises(DataError, match="1 rows of `claims` belong to cohorts without units"):
        service_months(COHORTS, claims=claims((7, 0, 1)), last=9)


def test_groups_are_kept_apart_and_add_up():
    cohorts = pd.concat([COHORTS.assign(batch="a"), COHORTS.assign(batch="b")])
    rows = pd.concat([claims((0, 1, 3)).assign(batch="a"), claims((1, 0, 2)).assign(batch="b")])
    table = service_months(cohorts, claims=rows, last=2, by=["batch"])
    groups = by_group(table, by=["batch"])
    assert groups.groupby("batch")["claims"].sum().to_dict() == {"a": 3, "b": 2}
    oldest = groups[groups["age"] == 2].iloc[0]
    assert (oldest["units"], oldest["at_risk"], oldest["seen"]) == (700, 50, 50 / 700)


@settings(max_examples=20)
@given(st.lists(st.lists(st.integers(0, 3), max_size=4), min_size=1, max_size=15))
def test_the_robust_variance_from_counts_is_that_of_the_units_one_by_one(fleet):
    # One cohort observed for 4.5 months; `fleet` holds the ages of each unit's claims.
    units = len(fleet)
    rows = pd.DataFrame({"cohort": 0, "age": [a for f in fleet for a in f], "claims": 1})
    pairs = pd.DataFrame(
        [(a, b) for f in fleet for a in f for b in f], columns=["age", "age_2"], dtype=int
    ).assign(n=1)
    cohorts = pd.DataFrame({"cohort": [0], "units": [units]})
    table = service_months(cohorts, claims=rows.astype(int), last=4)
    found = claims_by_age(table, pairs=pairs)

    ends = pd.Series(np.full(units, 4.0))
    system = np.repeat(np.arange(units), [len(f) for f in fleet])
    expected = mean_cumulative(rows["age"], system, ends=ends).set_index("time")
    for age, row in found.set_index("age").iterrows():
        if age in expected.index:
            assert row["mcf"] == pytest.approx(expected.at[age, "mcf"])
            assert row["variance_robust"] == pytest.approx(
                expected.at[age, "variance_robust"], abs=1e-12
            )
    assert claims_by_age(table)["variance_robust"].isna().all()
