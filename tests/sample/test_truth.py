"""What is planted in the sample is really there, in the size stated; a quiet sample has none of it.

The expected counts asserted here are the power of the default sample: how many faults, returns or
answers a planted group would have at the rate of the others.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from aftersales.sample.block import Block, count_at_risk, make_block
from aftersales.sample.generator import make_world, planted_truth
from aftersales.sample.tables.faults import age_months, in_service, version_at
from aftersales.sample.tables.fleet import lot_names
from aftersales.sample.tables.surveys import CSAT

LOT = (("lot", "B2407"), ("macro", "CN-S"), ("model", "KX-35"))


@lru_cache
def a_block(*, quiet: bool = False) -> Block:
    """The default sample before it is written."""
    return make_block(make_world(quiet=quiet), number=0, seed=1, expected=60_000)


def faults_and_exposure(block: Block, where: np.ndarray, months: slice = slice(None)):
    """Faults and unit-months of the units in `where`, in a slice of the ticket months."""
    faults = block.tickets[block.tickets["type"] == 0]
    first = block.world.calendar.tickets[0].astype(int)
    month = faults["opened_at"].to_numpy().astype("datetime64[M]").astype(int) - first
    inside = np.isin(month, np.arange(block.world.calendar.months)[months])
    risk = in_service(age_months(block.units, block.world.calendar))[where][:, months]
    return (where[faults["unit"].to_numpy()] & inside).sum(), risk.sum()


def fault_ratio(block: Block, where, others, months: slice = slice(None)) -> tuple[float, float]:
    """Rate ratio of two groups of units, and the faults expected in the first at equal rates."""
    count, exposure = faults_and_exposure(block, where, months)
    base, base_exposure = faults_and_exposure(block, others, months)
    expected = base / base_exposure * exposure
    return count / expected, expected


def is_in(block: Block, **codes: str) -> np.ndarray:
    """Units with the given product, province, macro, process, plant, lot or model."""
    company, units = block.world.company, block.units
    names = {
        "product": company.products, "province": company.provinces, "macro": company.macros,
        "process": company.processes, "plant": company.plants, "supplier": company.suppliers,
        "lot": lot_names(company, block.world.calendar).tolist(),
        "model": [m.name for m in company.models], "warehouse": company.warehouses,
    }  # fmt: skip
    found = np.ones(len(units), dtype=bool)
    for column, name in codes.items():
        found &= units[column].to_numpy() == names[column].index(name)
    return found


def months_from(block: Block, month: str) -> slice:
    return slice(int((np.datetime64(month) - block.world.calendar.tickets[0]).astype(int)), None)


def test_truth_lists_the_eight_planted_effects():
    truth = planted_truth(make_world())

    assert [t["id"] for t in truth] == [
        "supplier-lot", "warehouse", "process", "slow-outlet", "unhappy-tier", "version", "rise",
        "local-hotspot",
    ]  # fmt: skip
    fields = {"id", "notebook", "region", "metric", "subject", "direction", "start"}
    assert all(set(t) == fields for t in truth)
    assert all(pd.Period(t["start"], "M") >= pd.Period("2023-01", "M") for t in truth)


def test_lot_b2407_fails_three_and_a_half_times_as_often_in_the_south_and_only_there():
    block = a_block()
    lot, south, model = (is_in(block, **{k: v}) for k, v in LOT)
    since = months_from(block, "2024-09")

    ratio, expected = fault_ratio(block, lot & south, model & south & ~lot, since)
    elsewhere, _ = fault_ratio(block, lot & ~south, model & ~south & ~lot, since)

    assert expected > 100
    assert (lot & south).sum() > 400
    assert ratio == pytest.approx(3.5, abs=0.5)
    assert elsewhere == pytest.approx(1, abs=0.25)


def test_the_supplier_of_the_lot_looks_guilty_but_its_other_lots_are_fine():
    block = a_block()
    supplied = is_in(block, product="air_conditioner", supplier="S3")
    lot, south = is_in(block, lot="B2407"), is_in(block, macro="CN-S")
    others = is_in(block, product="air_conditioner") & ~supplied & south

    crude, _ = fault_ratio(block, supplied & south, others)
    without, expected = fault_ratio(block, supplied & south & ~lot, others)

    assert crude > 1.25
    assert expected > 500
    assert without == pytest.approx(1, abs=0.1)


def test_process_p2_fails_more_often_while_the_other_process_of_its_plant_is_fine():
    block = a_block()
    washers, p2 = is_in(block, product="washer"), is_in(block, process="P2")
    hefei = is_in(block, plant="Hefei")

    ratio, expected = fault_ratio(block, p2, washers & ~p2)
    shadow, _ = fault_ratio(block, washers & hefei & ~p2, washers & ~hefei)

    assert expected > 200
    assert ratio == pytest.approx(1.8, abs=0.25)
    assert shadow == pytest.approx(1, abs=0.1)
    assert (p2 <= (washers & hefei)).all()
    assert block.units.loc[p2, "built_at"].min() >= pd.Timestamp("2024-03-01")


def test_washers_rise_in_sichuan_from_august_2025_and_not_before():
    block = a_block()
    washers, sichuan = is_in(block, product="washer"), is_in(block, province="CN-51")
    start = months_from(block, "2025-08").start

    after, expected = fault_ratio(block, washers & sichuan, washers & ~sichuan, slice(start, None))
    before, _ = fault_ratio(block, washers & sichuan, washers & ~sichuan, slice(start))

    assert expected > 80
    assert after == pytest.approx(1.9, abs=0.3)
    assert before == pytest.approx(1, abs=0.15)


def test_water_heaters_fail_more_often_in_heilongjiang():
    block = a_block()
    heaters, there = is_in(block, product="water_heater"), is_in(block, province="CN-23")

    ratio, expected = fault_ratio(block, heaters & there, heaters & ~there)

    assert expected > 100
    assert ratio == pytest.approx(2.2, abs=0.35)


def test_firmware_v32_doubles_faults_from_its_release():
    block = a_block()
    faults = block.tickets[block.tickets["type"] == 0]
    since = months_from(block, "2025-03")
    recent = faults[faults["opened_at"] >= pd.Timestamp("2025-03-01")]
    at_risk = count_at_risk(block)[since].sum(axis=(0, 1, 2))

    rate = {v: (recent["version"] == v).sum() / at_risk[v] for v in (0, 1, 2)}

    assert (faults["version"] == 2).sum() == (recent["version"] == 2).sum() > 300
    assert rate[2] / rate[1] == pytest.approx(2.0, abs=0.3)
    assert rate[0] / rate[1] == pytest.approx(1.0, abs=0.25)


def test_warehouse_w07_doubles_returns_wherever_it_ships():
    block = a_block()
    rate = return_rates(block)
    other = [w for w in rate.index if w != "W-07"]

    assert rate["W-07"] / rate[other].mean() == pytest.approx(2.5, abs=0.3)
    assert rate[other].max() / rate[other].min() < 1.4
    southwest = is_in(block, macro="CN-SW")
    assert southwest[is_in(block, warehouse="W-07")].mean() > 0.6
    assert is_in(block, warehouse="W-07")[block.returns["unit"]].sum() > 400


def return_rates(block: Block) -> pd.Series:
    warehouse = np.array(block.world.company.warehouses)[block.units["warehouse"]]
    delivered = block.orders.loc[block.orders["delivered_at"].notna(), "unit"]
    returned = pd.Series(warehouse[block.returns["unit"]]).value_counts()
    return (returned / pd.Series(warehouse[delivered]).value_counts()).sort_index()


def test_outlet_o4103_takes_more_than_twice_as_long():
    days = turnaround(a_block())

    assert days["count"]["O-4103"] > 200
    assert days["median"]["O-4103"] / days["median"].median() == pytest.approx(2.2, abs=0.3)
    busy = days[(days["count"] > 200) & (days.index != "O-4103")]
    assert busy["median"].max() / busy["median"].min() < 1.6


def turnaround(block: Block) -> pd.DataFrame:
    days = (block.repairs["closed_at"] - block.repairs["opened_at"]) / pd.Timedelta(days=1)
    names = np.array([name for name, _ in block.world.company.outlets])
    return days.groupby(names[block.repairs["outlet"]]).agg(["median", "count"])


def test_gold_customers_in_the_east_are_unhappy_with_repairs():
    share = satisfied_with_repairs(a_block())

    assert share.loc[("CN-E", "gold"), "count"] > 200
    assert share.loc[("CN-E", "gold"), "mean"] == pytest.approx(0.55, abs=0.07)
    assert share.loc[("CN-E", "silver"), "mean"] == pytest.approx(0.80, abs=0.06)
    assert share.loc[("CN-C", "gold"), "mean"] == pytest.approx(0.80, abs=0.09)


def satisfied_with_repairs(block: Block) -> pd.DataFrame:
    company = block.world.company
    surveys = block.surveys[block.surveys["instrument"] == CSAT]
    surveys = surveys[surveys["touchpoint"] == list(company.raw["surveys"]).index("repair")]
    units = block.units.iloc[surveys["unit"]]
    tier = block.customers["tier"].to_numpy()[units["customer"]]
    keys = [np.array(company.macros)[units["macro"]], np.array(company.tiers)[tier]]
    satisfied = pd.Series(surveys["score"].to_numpy() >= 4).astype(float)
    return satisfied.groupby(keys).agg(["mean", "count"])


def test_air_conditioners_peak_in_summer_and_water_heaters_in_winter():
    block = a_block(quiet=True)
    cooling, heating = monthly_rate(block, "air_conditioner"), monthly_rate(block, "water_heater")

    assert cooling[[6, 7, 8]].mean() / cooling[[10, 11, 12, 1, 2, 3]].mean() == pytest.approx(
        2.5, abs=0.25
    )
    assert heating[[12, 1, 2]].mean() / heating[[5, 6, 7, 8, 9]].mean() > 1.8


def monthly_rate(block: Block, product: str) -> pd.Series:
    """Faults per unit-month by month of the year, 1 to 12."""
    of = is_in(block, product=product)
    months = [faults_and_exposure(block, of, slice(m, None, 12)) for m in range(12)]
    return pd.Series([count / exposure for count, exposure in months], index=range(1, 13))


def test_a_quiet_sample_has_no_planted_effect():
    block = a_block(quiet=True)
    washers, heaters = is_in(block, product="washer"), is_in(block, product="water_heater")
    lot, south, model = (is_in(block, **{k: v}) for k, v in LOT)
    p2, sichuan = is_in(block, process="P2"), is_in(block, province="CN-51")
    heilongjiang = is_in(block, province="CN-23")

    ratios = {
        "lot": fault_ratio(block, lot & south, model & south & ~lot)[0],
        "process": fault_ratio(block, p2, washers & ~p2)[0],
        "hotspot": fault_ratio(block, heaters & heilongjiang, heaters & ~heilongjiang)[0],
        "rise": fault_ratio(block, washers & sichuan, washers & ~sichuan)[0],
    }

    assert planted_truth(block.world) == []
    assert ratios == {name: pytest.approx(1, abs=0.25) for name in ratios}
    assert return_rates(block).max() / return_rates(block).min() < 1.4
    assert turnaround(block)["median"]["O-4103"] < 3.5
    assert satisfied_with_repairs(block).loc[("CN-E", "gold"), "mean"] > 0.72


def test_version_adoption_only_moves_forward():
    world = make_world()
    version = version_at(world, np.linspace(0, 1, 50)[:, None], np.arange(36)[None, :])

    assert (np.diff(version, axis=1) >= 0).all()
    assert version.max() == 2


def test_the_default_sample_has_about_the_tickets_asked_for():
    assert len(a_block().tickets) == pytest.approx(60_000, rel=0.04)
    assert len(a_block(quiet=True).tickets) == pytest.approx(60_000, rel=0.03)
