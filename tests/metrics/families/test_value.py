"""What after-sales costs."""

import numpy as np
import pandas as pd
import pytest

from aftersales.errors import DataError
from aftersales.metrics.families import value
from aftersales.metrics.families.labour import mean_repair_hours
from aftersales.metrics.families.value import cost_per_repair, cost_per_ticket, cost_per_unit
from aftersales.stats.counts.bootstrap import bootstrap_mean

AS_OF = pd.Timestamp("2024-03-31")


def repairs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "repair_id": ["r1", "r2", "r3", "r4", "r5"],
            "unit_id": ["a", "a", "b", None, "c"],
            "opened_at": pd.to_datetime(["2024-01-01"] * 4 + ["2024-04-01"]),
            "closed_at": pd.to_datetime(["2024-01-02"] * 3 + [None, "2024-04-02"]),
            "labour_cost": [10.0, 20.0, None, 40.0, 99.0],
            "part_cost": [1.0, None, None, 2.0, 99.0],
            "labour_hours": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )


def units() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit_id": ["a", "b", "c", "d"],
            "customer_id": ["k", "k", None, "m"],
            "in_service_at": pd.to_datetime(["2023-01-01"] * 3 + ["2024-05-01"]),
        }
    )


def test_a_repair_costs_labour_plus_parts_and_unknown_costs_are_left_out(engine):
    result = cost_per_repair(engine(repairs()), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_customers", "cost"]].tolist() == [3, 2, 73.0]
    assert result["score"].item() == pytest.approx(73 / 3)


def test_units_without_a_repair_count_with_cost_zero(engine):
    result = cost_per_unit(engine(units()), repairs=engine(repairs()), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_customers", "cost"]].tolist() == [3, 2, 31.0]
    assert result["score"].item() == pytest.approx(31 / 3)


def tickets(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "ticket_id": [f"t{i}" for i in range(200)],
            "customer_id": [f"c{i}" for i in rng.integers(0, 60, 200)],
            "product": rng.choice(["tv", "radio"], 200),
            "opened_at": pd.Timestamp("2024-01-01"),
            "cost": rng.exponential(50, 200),
        }
    )


def test_the_interval_resamples_customers(engine):
    table = tickets()

    result = cost_per_ticket(engine(table), by=["product"], as_of=AS_OF, seed=7)

    for row in result.itertuples():
        part = table[table["product"] == row.product]
        mean, low, high = bootstrap_mean(part["cost"], clusters=part["customer_id"], seed=7)
        assert row.score == pytest.approx(mean)
        assert (row.score_low, row.score_high) == pytest.approx((low, high), rel=0.03)


def test_many_customers_give_nearly_the_same_interval_without_resampling(engine, monkeypatch):
    resampled = cost_per_ticket(engine(tickets()), by=[], as_of=AS_OF)
    monkeypatch.setattr(value, "RESAMPLED", 10)

    linear = cost_per_ticket(engine(tickets()), by=[], as_of=AS_OF)

    ends = ["score_low", "score_high"]
    assert linear[ends].to_numpy() == pytest.approx(resampled[ends].to_numpy(), rel=0.05)


def test_the_same_seed_gives_the_same_interval_whatever_the_row_order():
    table = tickets()

    first = cost_per_ticket(table, by=["product"], as_of=AS_OF, seed=3)
    shuffled = cost_per_ticket(
        table.sample(frac=1, random_state=5), by=["product"], as_of=AS_OF, seed=3
    )

    pd.testing.assert_frame_equal(first, shuffled)


def test_repairs_without_any_cost_column_are_an_error():
    with pytest.raises(DataError, match='"labour_cost" or "part_cost" of table repairs'):
        cost_per_repair(repairs().drop(columns=["labour_cost", "part_cost"]), by=[], as_of=AS_OF)


def test_hands_on_hours_are_a_mean_with_a_t_interval(engine):
    result = mean_repair_hours(engine(repairs()), by=[], as_of=AS_OF)

    # 1, 2, 3: mean 2, sd 1, t(0.975; 2) = 4.3027
    assert result.loc[0, ["n", "hours", "score"]].tolist() == [3, 6.0, 2.0]
    assert result["score_low"].item() == pytest.approx(2 - 4.3027 / 3**0.5, abs=1e-4)
