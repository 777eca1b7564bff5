"""Sums of money and hours are the same to the last bit, whatever threads and order made them."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from aftersales.metrics.families.labour import mean_repair_hours
from aftersales.metrics.families.value import cost_per_repair, cost_per_ticket, cost_per_unit

AS_OF = pd.Timestamp("2025-12-31")
N = 300_000  # more than the rows that DuckDB gives one thread


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(11)
    opened = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, N), unit="D")
    ids = np.arange(N).astype(str)
    cents = rng.integers(1, 90_000, N) / 100
    thirds = np.round(rng.integers(1, 90, N) / 3, 9)
    unit = rng.integers(0, 5_000, N).astype(str)
    units = pd.DataFrame(
        {"unit_id": np.arange(5_000).astype(str), "in_service_at": pd.Timestamp("2023-01-01")}
    )
    cases = pd.DataFrame(
        {
            "ticket_id": ids,
            "repair_id": ids,
            "unit_id": unit,
            "customer_id": unit,
            "opened_at": opened,
            "closed_at": opened,
            "cost": cents,
            "labour_cost": cents,
            "part_cost": thirds,
            "labour_hours": thirds,
            "product": rng.choice(["tv", "fridge"], N),
        }
    )
    return {"cases": cases, "units": units.assign(product="tv")}


METRICS = {
    "cost_per_ticket": lambda cases, units: cost_per_ticket(cases, by=["product"], as_of=AS_OF),
    "cost_per_repair": lambda cases, units: cost_per_repair(cases, by=["product"], as_of=AS_OF),
    "cost_per_unit": lambda cases, units: cost_per_unit(
        units, repairs=cases, by=["product"], as_of=AS_OF
    ),
    "mean_repair_hours": lambda cases, units: mean_repair_hours(cases, by=["product"], as_of=AS_OF),
}


def on_duckdb(metric, tables, *, threads):
    connection = duckdb.connect(config={"threads": threads})
    for name, frame in tables.items():
        connection.register(f"{name}_frame", frame)
        connection.execute(f"create table {name} as select * from {name}_frame")
    return METRICS[metric](connection.table("cases"), connection.table("units"))


@pytest.mark.parametrize("metric", METRICS)
def test_every_bit_is_the_same_on_any_threads_engine_and_order(metric, tables):
    mixed = {name: frame.sample(frac=1, random_state=5) for name, frame in tables.items()}
    results = [
        on_duckdb(metric, tables, threads=1),
        on_duckdb(metric, tables, threads=4),
        on_duckdb(metric, mixed, threads=4),
        METRICS[metric](**tables),
        METRICS[metric](**mixed),
    ]
    assert len({frame.to_csv(index=False) for frame in results}) == 1


def test_exact_sums_are_those_of_the_amounts(tables):
    cases = tables["cases"]
    found = cost_per_ticket(cases, by=["product"], as_of=AS_OF).set_index("product")
    per_customer = cases.groupby(["product", "customer_id"])["cost"].agg(["sum", "count"])
    sums = cases.groupby("product")["cost"].sum()
    assert found["cost"].to_numpy() == pytest.approx(sums.to_numpy(), rel=1e-12)
    for product, rows in per_customer.groupby(level=0):
        c, k = rows["sum"], rows["count"]
        residuals = c - c.sum() / k.sum() * k
        half = 1.959963984540054 * np.sqrt((residuals**2).sum()) / k.sum()
        row = found.loc[product]
        assert row["score_high"] - row["score"] == pytest.approx(half, rel=1e-9)
