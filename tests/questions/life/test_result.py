"""How a suspect group of units fails by age."""

import numpy as np
import pandas as pd
import pytest

from aftersales.questions.life.result import life
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
    frame = view.to_frame().set_index(["cohort", "age"])
    for age in (6, 9, 12):
        bad, good = frame.loc["batch bad", age], frame.loc["all others", age]
        assert bad["rate_low"] > good["rate_high"]
        assert bad["rate"] == pytest.approx(100 * age, rel=0.2)
        assert good["rate"] == pytest.approx(20 * age, rel=0.25)
    (found,) = view.findings()
    assert found.severity == "watch"
    assert found.low < 0.1 * 3 * 150 < found.high
    assert found.baseline == pytest.approx(0.02 * 3 * 150, rel=0.25)
    assert found.text == (
        f"Of the 150 units of batch bad in service, {found.estimate:.0f} faults are to be expected "
        f"up to Mar 2026 if nothing changes (between {found.low:.0f} and {found.high:.0f}); "
        + (f"{found.baseline:.2g}" if found.baseline < 9.5 else f"{found.baseline:.0f}")
        + " at the rates of comparable units."
    )


def test_a_batch_like_the_others_is_not_worth_watching(company, rng):
    view = life(read_scope(company(fleet(rng, bad=0.02))), where={"batch": "bad"})
    (found,) = view.findings()
    assert found.severity == "ok"
    assert found.low < found.baseline < found.high


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
    table = view.cohort_table()
    assert table["group"].tolist()[:2] == ["batch bad", "all others"]
    assert table["within_6"].notna().tolist()[:2] == [False, True]
    bad = table.iloc[0]
    assert bad["within_3"] > 0
    assert np.isnan(bad["within_6"])


def test_without_a_batch_the_quarters_of_start_are_compared(company, rng):
    tables = fleet(rng)
    plant = tables["units"]["batch"].map({"bad": "P1", "good": "P2"})
    scope = read_scope(company(tables | {"units": tables["units"].assign(plant=plant)}))
    table = life(scope, where={"plant": "P1"}).cohort_table()
    assert table["group"].tolist() == [*sorted(table["group"][:-1]), "all others"]
    assert table["group"].iloc[-2] == "2025Q4"
    assert table["units"].iloc[:-1].sum() <= 150
    assert table["units"].iloc[-1] == 600


def test_too_few_faults_are_no_forecast(company, rng):
    view = life(read_scope(company(fleet(rng, bad=0.02, units=12))), where={"batch": "bad"})
    (found,) = view.findings()
    assert found.severity == "unknown"
    assert found.text.startswith("Too few faults so far to foresee those of batch bad (12 units)")


def test_what_cannot_be_answered_is_none(company, rng):
    tables = fleet(rng)
    scope = read_scope(company(tables))
    assert life(scope, where={"supplier": "S1"}) is None  # no such column
    assert life(scope, where={"batch": "B0"}) is None  # no such unit
    assert life(scope, where={}) is None
    assert life(read_scope(company({"tickets": tables["tickets"]})), where={"batch": "a"}) is None
    quiet = tables | {"tickets": tables["tickets"].head(0)}
    (found,) = life(read_scope(company(quiet)), where={"batch": "bad"}).findings()
    assert (found.severity, found.low, found.baseline) == ("unknown", 0, 0)


def test_the_curves_are_drawn(company, rng):
    ax = life(read_scope(company(fleet(rng))), where={"batch": "bad"}).plot()
    assert len(ax.lines) == 2
