"""Ticket volume and mix."""

import pandas as pd
import pytest

from aftersales.metrics.families.volume import (
    every_month,
    ticket_mix,
    ticket_volume,
    tickets_by_month,
)

AS_OF = pd.Timestamp("2024-03-31")


def tickets() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product": ["tv", "tv", "tv", "radio", None],
            "ticket_type": ["fault", "fault", None, "enquiry", "fault"],
            "opened_at": pd.to_datetime(
                ["2024-01-05", "2024-03-31 23:59", "2024-01-07", "2024-01-31", "2024-04-01"],
                format="ISO8601",
            ),
        }
    )


def test_volume_counts_the_tickets_opened_by_the_end_of_the_last_day(engine):
    result = ticket_volume(engine(tickets()), by=["product"], as_of=AS_OF)

    assert result["product"].tolist() == ["radio", "tv"]
    assert result["n_tickets"].tolist() == result["rate"].tolist() == [1, 3]
    assert result["rate_low"].tolist() == pytest.approx([0.0253, 0.6187], abs=1e-4)
    assert result["rate_high"].tolist() == pytest.approx([5.5716, 8.7673], abs=1e-4)


def test_months_without_tickets_are_zeros(engine):
    monthly = ticket_volume(engine(tickets()), by=["product", "month"], as_of=AS_OF)

    filled = every_month(monthly, by=["product", "month"], start=None, as_of=AS_OF)

    assert filled["n_tickets"].tolist() == [1, 0, 0, 2, 0, 1]
    assert filled["month"].dt.month.tolist() == [1, 2, 3, 1, 2, 3]


def test_the_shares_of_a_group_sum_to_one(engine):
    result = ticket_mix(engine(tickets()), by=["product"], as_of=AS_OF)

    assert result["n"].tolist() == [1, 3, 3]
    assert result["n_tickets"].tolist() == [1, 2, 1]
    assert result.groupby("product")["rate"].sum().tolist() == pytest.approx([1.0, 1.0])


def test_tickets_of_a_span_are_counted_by_month(engine):
    start = pd.Timestamp("2024-01-07")
    found = tickets_by_month(engine(tickets()), by=["product"], start=start, as_of=AS_OF)
    assert found["product"].tolist() == ["radio", "tv", "tv"]
    assert found["month"].dt.month.tolist() == [1, 1, 3]
    assert found["n"].tolist() == [1, 1, 1]
