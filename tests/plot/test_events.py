import pandas as pd

from aftersales import plot
from aftersales.plot import alt_text, events

MONTHS = pd.date_range("2025-01-01", periods=12, freq="MS")


def course():
    frame = pd.DataFrame({"period": MONTHS, "rate": 10.0, "rate_low": 8.0, "rate_high": 12.0})
    return frame.assign(series="Beijing")


def changes(*days):
    starts = pd.to_datetime(list(days))
    week = pd.Timedelta(weeks=2)
    return pd.DataFrame({"start": starts, "start_low": starts - week, "start_high": starts + week})


def ahead():
    months = pd.date_range("2026-01-01", periods=3, freq="MS")
    return pd.DataFrame({"period": months, "rate": 11.0, "rate_low": 7.0, "rate_high": 16.0})


def test_changes_and_the_forecast_are_drawn_and_said():
    ax = plot.rate_lines(
        course(), ylabel="Fault rate", changes=changes("2025-06-05"), ahead=ahead()
    )
    text = alt_text(ax.figure)
    assert "The level changed once, on 2025-06-05." in text
    assert "The forecast for Mar 2026 is 11.0, between 7.00–16.0." in text
    assert ax.get_xlim()[1] > 20500  # days since 1970: the axis reaches into 2026


def test_several_changes_are_counted():
    told = events.changes_words(changes("2025-03-06", "2025-06-05"))
    assert told == "The level changed 2 times, on 2025-03-06 and 2025-06-05."


def test_nothing_to_mark_is_not_said():
    ax = plot.rate_lines(course(), ylabel="Fault rate", changes=changes(), ahead=ahead().iloc[:0])
    assert "changed" not in alt_text(ax.figure)
    assert "forecast" not in alt_text(ax.figure)


def test_a_forecast_without_values_draws_nothing():
    ax = plot.rate_lines(course(), ylabel="Fault rate", ahead=ahead().assign(rate=float("nan")))
    assert "forecast" not in alt_text(ax.figure)
