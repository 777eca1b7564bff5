"""Returns by the cohort in which the goods were delivered."""

import pandas as pd
import pytest

from aftersales.metrics.families.returns import return_rate

AS_OF = pd.Timestamp("2024-03-31")


def sales() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_line_id": ["a", "b", "c", "d", "e", "f"],
            "delivered_at": pd.to_datetime(
                ["2024-01-01", "2024-01-15", "2024-02-01", "2024-03-02", None, "2024-01-02"]
            ),
        }
    )


def returns() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_line_id": ["a", "a", "b", "c", "d", None],
            "kind": ["return", "exchange", "exchange", "return", "return", "return"],
            "requested_at": pd.to_datetime(
                ["2024-01-31", "2024-01-05", "2024-02-15", "2024-02-02", "2024-03-03", "2024-01-02"]
            ),
        }
    )


def test_a_line_counts_once_and_only_within_its_window(engine):
    result = return_rate(
        engine(returns()), sales=engine(sales()), by=["month"], as_of=AS_OF, window_days=30
    )

    # January: a (twice, counted once), b on day 31 (too late), f; February: c; March: d is too
    # young to judge although it has come back already.
    assert result["month"].dt.month.tolist() == [1, 2, 3]
    assert result["n"].tolist() == [3, 1, 0]
    assert result["n_returned"].tolist() == [1, 1, 0]
    assert result["mature"].tolist() == [1.0, 1.0, 0.0]
    assert result["rate"].tolist()[:2] == pytest.approx([1 / 3, 1.0])
    assert result["rate"].isna().tolist() == [False, False, True]


def test_exchanges_can_be_left_out(engine):
    result = return_rate(
        engine(returns()), sales=engine(sales()), by=[], as_of=AS_OF, kinds=("return",)
    )

    assert result.loc[0, ["n", "n_returned"]].tolist() == [4, 2]


def test_without_returns_the_rate_is_zero_with_an_upper_limit(engine):
    none = returns().assign(requested_at=pd.Timestamp("2024-04-01"))

    result = return_rate(engine(none), sales=engine(sales()), by=[], as_of=AS_OF)

    assert result.loc[0, ["n", "n_returned", "rate", "rate_low"]].tolist() == [4, 0, 0.0, 0.0]
    assert result["rate_high"].item() == pytest.approx(0.4899, abs=1e-4)  # z^2 / (n + z^2)
