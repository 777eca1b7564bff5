"""How a suspect group of units fails by age."""

import numpy as np
import pandas as pd
import pytest

from aftersales.studies.life.life import life
from aftersales.studies.scope import read_scope


def fleet(rng, *, bad=0.10, units=150, born=18):
    """A good batch with 0.02 faults a month and, of the same product, one with `bad` of them."""
    rows, tickets = [], []
    days = pd.date_range("2024-07-01", "2025-12-31", freq="D")
    for batch, hazard, n in (("bad", bad, units), ("good", 0.02, 4 * units)):
        starts = rng.choice(days[: born * 30], n)
        names = [f"{batch}{i}" for i in range(n)]
        rows.append(pd.DataFrame({"unit_id": names, "in_service_at": starts, "batch": batch}))
        months = (days[-1] - pd.DatetimeIndex(starts)).days / 30.44
        counts = rng.poisson(hazard * months)
        who = np.repeat(np.arange(n), counts)
        when = pd.DatetimeIndex(starts)[who] + pd.to_timedelta(
            rng.random(len(who)) * months[who] * 30.44, unit="D"
        )
        tickets.append(pd.DataFrame({"unit_id": np.array(names)[who], "opened_at": when}))
    tickets = pd.concat(tickets, ignore_index=True)
    tickets["ticket_id"] = [f"t{i}" for i in range(len(tickets))]
    tables = {
        "units": pd.concat(rows, ignore_index=True).assign(product="tv", region="CN-11"),
        "tickets": tickets.assign(ticket_type="fault", region="CN-11"),
    }
    return {n: f.astype({"unit_id": "str"}) for n, f in tables.items()}


def test_the_bad_batch_stands_out_at_every_age_and_more_faults_are_to_be_expected(company, rng):
    view = life(read_scope(company(fleet(rng))), where={"batch": "bad"})
    curves = view.curves.set_index(["inside", "age"])
    for months in (6, 9, 12):
        bad, good = curves.loc[(1, months - 1)], curves.loc[(0, months - 1)]
        assert bad["low"] > good["high"]
        assert bad["mcf"] == pytest.approx(0.1 * months, rel=0.2)
        assert good["mcf"] == pytest.approx(0.02 * months, rel=0.25)
    ahead = view.ahead
    assert ahead.low > ahead.usual
    assert ahead.low < 0.1 * 3 * 150 < ahead.high
    assert ahead.usual == pytest.approx(0.02 * 3 * 150, rel=0.25)
    assert (ahead.units, len(ahead.months)) == (150, 3)


def test_a_batch_like_the_others_is_not_worth_watching(company, rng):
    ahead = life(read_scope(company(fleet(rng, bad=0.02))), where={"batch": "bad"}).ahead
    assert ahead.low < ahead.usual < ahead.high


def test_ages_that_half_of_a_batch_has_not_reached_are_empty_in_the_table(company, rng):
    tables = fleet(rng)
    young = tables["units"]["batch"].eq("bad")
    late = tables["units"].assign(
        in_service_at=tables["units"]["in_service_at"].mask(young, pd.Timestamp("2025-08-10"))
    )
    tickets = tables["tickets"][tables["tickets"]["opened_at"] > "2025-08-10"]
    view = life(
        read_scope(company(tables | {"units": late, "tickets": tickets})), where={"batch": "bad"}
    )
    table = view.cohorts
    assert table["side"].tolist()[:2] == ["own", "others"]
    assert table["within_6"].notna().tolist()[:2] == [False, True]
    bad = table.iloc[0]
    assert bad["within_3"] > 0
    assert np.isnan(bad["within_6"])


def test_without_a_batch_the_quarters_of_start_are_compared(company, rng):
    tables = fleet(rng)
    plant = tables["units"]["batch"].map({"bad": "P1", "good": "P2"})
    scope = read_scope(company(tables | {"units": tables["units"].assign(plant=plant)}))
    table = life(scope, where={"plant": "P1"}).cohorts
    assert set(table["side"][:-1]) == {"quarter"}
    assert table["side"].iloc[-1] == "others"
    assert table["group"][:-1].is_monotonic_increasing
    assert table["group"].iloc[-2] == "2025Q4"
    assert table["units"].iloc[:-1].sum() <= 150
    assert table["units"].iloc[-1] == 600


def test_a_group_with_few_faults_says_so(company, rng):
    ahead = life(read_scope(company(fleet(rng, bad=0.02, units=12))), where={"batch": "bad"}).ahead
    assert (ahead.few, ahead.units) == (True, 12)


def test_what_cannot_be_answered_is_none(company, rng):
    tables = fleet(rng)
    scope = read_scope(company(tables))
    assert life(scope, where={"supplier": "S1"}) is None  # no such column
    assert life(scope, where={"batch": "B0"}) is None  # no such unit
    assert life(scope, where={}) is None
    assert life(read_scope(company({"tickets": tables["tickets"]})), where={"batch": "a"}) is None
    quiet = tables | {"tickets": tables["tickets"].head(0)}
    ahead = life(read_scope(company(quiet)), where={"batch": "bad"}).ahead
    assert (ahead.few, ahead.low, ahead.usual) == (True, 0, 0)
