import numpy as np
import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.questions.trend.result import trend
from aftersales.studies.scope import read_scope
from aftersales.studies.series.ageing import age_factors
from aftersales.studies.series.monthly import Series

FEW = {"faults_per_1000": Target(min_n=50)}


def fleet(*, built, seed=1):
    """Units of several build months whose fault rate grows with their age, and nothing else."""
    rng = np.random.default_rng(seed)
    units, tickets = [], []
    months = pd.date_range("2023-01-01", "2025-12-01", freq="MS")
    for cohort, start in enumerate(built):
        ids = [f"c{cohort}-{i}" for i in range(400)]
        units.append(pd.DataFrame({"unit_id": ids, "in_service_at": pd.Timestamp(start)}))
        for month in months:
            age = (month - pd.Timestamp(start)).days / 30.4
            if age < 1:
                continue
            n = rng.poisson(400 * 0.01 * (1 + age / 3))
            when = month + pd.Timedelta(days=10)
            rows = {"unit_id": rng.choice(ids, n), "opened_at": when, "age_days": age * 30.4 + 10}
            tickets.append(pd.DataFrame(rows))
    return {
        "units": pd.concat(units).assign(product="tv", region="CN-11"),
        "tickets": pd.concat(tickets).assign(ticket_type="fault", product="tv", region="CN-11"),
    }


def test_a_fleet_that_only_grows_older_is_not_called_worse(company):
    store = company(fleet(built=["2024-01-15", "2024-02-15", "2024-03-15"]), targets=FEW)
    result = trend(store, region="CN-11")
    assert "act" not in {f.severity for f in result.findings()}
    whole = result.to_frame().query("product == ''").iloc[0]
    assert whole["crude_ratio"] > 1.3


def test_a_rise_among_units_of_every_age_stays_one(company, units, monthly_rows):
    store = company(fleet(built=["2019-01-15", "2021-06-15", "2024-01-15"]), targets=FEW)
    scope = read_scope(store, region="CN-11")
    frame = pd.DataFrame({"month": pd.date_range("2023-01-01", periods=36, freq="MS")})
    series = Series("faults_per_1000", {}, frame.assign(bad=1, n=1), None, months=6)
    (factor,) = age_factors(scope, [series], months=36)
    assert factor == pytest.approx(1.0, abs=0.25)


def test_other_metrics_and_companies_without_units_are_left_as_they_are(company, monthly_rows):
    store = company({"tickets": monthly_rows([9] * 36, ticket_type="fault")})
    frame = pd.DataFrame({"month": pd.date_range("2023-01-01", periods=36, freq="MS")})
    rises = [Series(m, {}, frame, None, months=6) for m in ("faults_per_1000", "ticket_volume")]
    assert age_factors(read_scope(store), rises, months=36) == [1.0, 1.0]
