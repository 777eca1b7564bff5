"""Attributes looked up by key."""

import pandas as pd
import pytest

from aftersales.metrics.counting.attributes import lacking, with_attributes


@pytest.fixture
def tables(store):
    return store(
        {
            "repairs": pd.DataFrame({"repair_id": [1, 2, 3], "unit_id": ["a", "gone", None]}),
            "units": pd.DataFrame({"unit_id": ["a", None], "customer_id": ["k", "k"]}),
            "customers": pd.DataFrame({"customer_id": ["k"], "tier": ["gold"]}),
        }
    )


def test_what_neither_the_table_nor_its_keys_give_is_lacking(tables):
    assert lacking(tables, "repairs", ["unit_id", "tier", "colour"]) == ["colour"]


def test_no_row_is_lost_and_no_missing_key_matches(tables, engine):
    tables.engine = engine
    lazy = tables.scan("repairs")

    result = with_attributes(tables, "repairs", lazy, ["tier"]).collect(backend="pandas")

    found = result.to_native().sort_values("repair_id")
    assert found["repair_id"].tolist() == [1, 2, 3]
    assert found["tier"].fillna("-").tolist() == ["gold", "-", "-"]
