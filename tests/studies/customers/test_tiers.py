import pandas as pd
import pytest

from aftersales.studies.customers.tiers import tier_table, value_tiers
from aftersales.studies.scope import read_scope


def lines(n=9, **columns):
    """`n` customers with one order each; later customers ordered later and for more."""
    return pd.DataFrame(
        {
            "order_line_id": [f"o{i}" for i in range(n)],
            "customer_id": [f"c{i}" for i in range(n)],
            "ordered_at": pd.Series(pd.date_range("2025-02-01", periods=n, unit="us")),
            "amount": [10.0 * (i + 1) for i in range(n)],
            "region": "CN-11",
            **columns,
        }
    )


def test_customers_are_ranked_by_recency_frequency_and_value(company):
    ranked = value_tiers(read_scope(company({"orders": lines()})))
    tier = ranked.set_index("customer_id")["tier"]
    assert tier["c8"] == "high value"
    assert tier["c0"] == "low value"
    assert ranked["orders"].tolist() == [1] * 9


def test_orders_outside_the_window_do_not_count(company):
    old = lines(3).assign(ordered_at=pd.Timestamp("2023-02-01").as_unit("us"))
    assert value_tiers(read_scope(company({"orders": old}))).empty


def test_fewer_than_three_customers_and_missing_columns_give_no_tiers(company):
    assert value_tiers(read_scope(company({"orders": lines(2)}))).empty
    assert value_tiers(read_scope(company({"orders": lines().drop(columns="amount")}))).empty
    assert value_tiers(read_scope(company({}))).empty
    assert tier_table(value_tiers(read_scope(company({}))), min_n=1).empty


def test_returns_are_counted_once_they_have_happened(company):
    returns = pd.DataFrame(
        {
            "order_line_id": ["o8", "o7", "nobody's"],
            "requested_at": pd.to_datetime(["2025-03-01", "2026-03-01", "2025-03-01"]),
        }
    )
    store = company({"orders": lines(), "returns": returns})
    table = tier_table(value_tiers(read_scope(store)), min_n=1).set_index("tier")
    assert table.at["high value", "count"] == 1
    assert table["n"].sum() == 9
    assert table["share"].sum() == pytest.approx(1)


def test_tiers_below_min_n_are_withheld(company):
    customers = value_tiers(read_scope(company({"orders": lines()})))
    sizes = customers["tier"].value_counts()
    least = int(sizes.min()) + 1
    assert set(tier_table(customers, min_n=least)["tier"]) == set(sizes.index[sizes >= least])


def test_amounts_that_cancel_out_have_no_share(company):
    customers = value_tiers(read_scope(company({"orders": lines(amount=[10.0] * 8 + [-80.0])})))
    assert tier_table(customers, min_n=1)["share"].isna().all()
