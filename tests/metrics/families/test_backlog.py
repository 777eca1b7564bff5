"""Open cases: how many, how old, and how the pile grew."""

import pandas as pd
import pytest

from aftersales.metrics.families.backlog import backlog_age_days, backlog_by_month, open_backlog

AS_OF = pd.Timestamp("2024-03-31")


def tickets() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "team": ["a", "a", "a", "a", "b", "b"],
            "opened_at": pd.to_datetime(
                ["2024-01-01", "2024-01-15", "2024-03-25", "2024-03-31", "2024-03-01", "2024-04-01"]
            ),
            "closed_at": pd.to_datetime(
                [None, "2024-02-01", None, "2024-04-01", "2024-03-02", None]
            ),
        }
    )


def test_a_ticket_closed_after_the_last_day_is_open(engine):
    result = open_backlog(engine(tickets()), by=["team"], as_of=AS_OF)

    assert result["n"].tolist() == [4, 1]
    assert result["n_open"].tolist() == result["rate"].tolist() == [3, 0]
    assert result["n_over_7"].tolist() == [1, 0]  # exactly 7 days at the end of 31 March
    assert result["n_over_90"].tolist() == [1, 0]


def test_the_age_is_counted_to_the_end_of_the_last_day(engine):
    result = backlog_age_days(engine(tickets()), by=["team"], as_of=AS_OF)

    assert result["team"].tolist() == ["a"]  # b has none open
    assert result.loc[0, ["n", "n_open", "median", "p90"]].tolist() == [3, 3, 7.0, 91.0]


def test_an_empty_backlog_has_no_age(engine):
    result = backlog_age_days(engine(tickets().iloc[[1]]), by=[], as_of=AS_OF)

    assert result.empty or result["n"].item() == 0


def test_each_month_ends_with_what_it_began_with_plus_opened_minus_closed(engine):
    result = backlog_by_month(engine(tickets()), by=["team", "month"], as_of=AS_OF)

    assert result["team"].tolist() == ["a"] * 3 + ["b"] * 3
    assert result["n_opened"].tolist() == [2, 0, 2, 0, 0, 1]
    assert result["n_closed"].tolist() == [0, 1, 0, 0, 0, 1]
    assert result["n_open"].tolist() == [2, 1, 3, 0, 0, 0]


def test_the_last_month_of_the_history_is_the_backlog_today(engine):
    monthly = backlog_by_month(engine(tickets()), by=["month"], as_of=AS_OF)
    today = open_backlog(engine(tickets()), by=[], as_of=AS_OF)

    last = monthly.iloc[-1]
    assert last["n_open"] == today["n_open"].item()
    assert last["rate_high"] == pytest.approx(today["rate_high"].item())
