"""Claims to come from units in service."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aftersales.errors import DataError
from aftersales.stats.life.claims_ahead import expected_claims
from aftersales.stats.life.month_pattern import month_pattern
from aftersales.stats.life.service_months import service_months


def fleet(rng, *, last, months=3, units=200, cohorts=24, beta=1.0, eta=200.0, season=None):
    """Cohorts of units whose claims come at the intensity of a Weibull process.

    The table of what is known at the end of month `last`, claims by month, and those to come.
    """
    rows = []
    for cohort in range(cohorts):
        start = cohort + rng.random(units)
        longest = last + 1 + months - start
        n = rng.poisson((longest / eta) ** beta)
        unit = np.repeat(np.arange(units), n)
        age = longest[unit] * rng.random(n.sum()) ** (1 / beta)
        rows.append(pd.DataFrame({"cohort": cohort, "age": age, "when": start[unit] + age}))
    claims = pd.concat(rows, ignore_index=True)
    claims["month"] = np.floor(claims["when"]).astype(int)
    if season is not None:
        kept = rng.random(len(claims)) < np.asarray(season)[claims["month"] % 12] / max(season)
        claims = claims[kept]
    past = claims["month"] <= last
    known = claims[past].assign(age=lambda f: np.floor(f["age"]).astype(int), claims=1)
    sizes = pd.DataFrame({"cohort": range(cohorts), "units": units})
    table = service_months(sizes, claims=known[["cohort", "age", "claims"]], last=last)
    return table, known, int((~past).sum())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("beta", "eta", "cohorts", "last"),
    [(1.0, 200.0, 24, 30), (2.5, 30.0, 3, 8), (0.6, 2e3, 12, 14)],
)
def test_the_claims_that_come_lie_in_the_interval_as_often_as_stated(rng, beta, eta, cohorts, last):
    inside = []
    for _ in range(40):
        table, _, came = fleet(rng, last=last, cohorts=cohorts, beta=beta, eta=eta)
        found = expected_claims(table, last=last, months=3)
        inside.append(found.low <= came <= found.high)
    assert np.mean(inside) >= 0.87  # of 40; 0.95 is stated


def test_the_months_add_up_and_their_intervals_are_wider_in_proportion(rng):
    table, _, _ = fleet(rng, last=30)
    found = expected_claims(table, last=30, months=3)
    assert found.months["expected"].sum() == pytest.approx(found.expected)
    assert found.months["cumulative"].iloc[-1] == pytest.approx(found.expected)
    assert found.units == 24 * 200
    assert not found.few
    assert found.unseen < 0.1


def test_ages_that_no_unit_has_reached_rest_on_the_reference(rng):
    young, _, _ = fleet(rng, last=3, cohorts=2, eta=100.0)
    old, _, _ = fleet(rng, last=40, cohorts=24, beta=2.0, eta=60.0)
    found = expected_claims(young, last=3, months=6, reference=old)
    assert found.unseen > 0.5
    plain = expected_claims(young, last=3, months=6)
    assert np.isnan(plain.usual)
    assert found.usual > 0


def test_few_failures_are_said_and_none_is_not_never():
    cohorts = pd.DataFrame({"cohort": [0], "units": [50]})
    none = pd.DataFrame({"cohort": [0], "age": [0], "claims": [0]})
    found = expected_claims(service_months(cohorts, claims=none, last=6), last=6, months=3)
    assert found.few
    assert found.low == 0
    assert found.high >= 1


def test_no_claims_are_expected_after_the_warranty(rng):
    table, _, _ = fleet(rng, last=30)
    found = expected_claims(table, last=30, months=3, until_age=5)
    assert (found.expected, found.low, found.high) == (0, 0, 0)


def test_the_season_is_found_and_moves_the_forecast(rng):
    season = np.where(np.isin(np.arange(12), [5, 6, 7]), 3.0, 0.5)
    table, known, came = fleet(rng, last=40, cohorts=36, eta=60.0, season=season)
    pattern = month_pattern(table, by_month=known, last=40)
    assert np.corrcoef(pattern, season)[0, 1] > 0.95
    # months 41 to 43 are 5, 6 and 7 modulo 12
    with_season = expected_claims(table, last=40, months=3, season=pattern)
    without = expected_claims(table, last=40, months=3)
    assert with_season.low <= came <= with_season.high
    assert with_season.expected > 1.5 * without.expected
    assert without.variation > 0.3  # what it does not know as season it knows as variation


def test_a_short_past_has_no_season_and_a_steady_one_none_to_speak_of(rng):
    short, known, _ = fleet(rng, last=20, cohorts=15)
    assert month_pattern(short, by_month=known, last=20).tolist() == [1.0] * 12
    long, known, _ = fleet(rng, last=40, cohorts=30, eta=60.0)
    assert np.abs(month_pattern(long, by_month=known, last=40) - 1).max() < 0.25


def test_a_forecast_needs_a_month():
    with pytest.raises(DataError, match="at least 1"):
        expected_claims(pd.DataFrame(), last=3, months=0)
