"""The tables and figures of the trend report, from facts written by hand."""

import pandas as pd
import pytest

from aftersales.questions.trend import charts, tables
from aftersales.studies.series.outlook import Outlook
from aftersales.words.headings import heading

COMPARED = [
    *("cases", "at_risk", "expected", "ratio", "low", "high", "p", "q", "excess", "cost"),
    *("severity", "evidence", "crude_ratio"),
]
EVERY = ("series_table", "alarm_table", "change_table", "forecast_table", "calibration_table")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("series_table", "No series has enough cases and enough past to be judged."),
        ("alarm_table", "No series is watched by week."),
        ("change_table", "Too few cases or too short a past to look for changes."),
        ("forecast_table", "No forecast: that takes two years of history and 30 cases."),
        ("calibration_table", "No series is watched by week."),
    ],
)
def test_a_table_without_rows_says_why(name, said, facts_of):
    table = getattr(tables, name)(facts_of())
    assert table.empty
    assert table.attrs["nothing"] == said


def test_what_is_looked_for_and_not_found_is_said_as_that(facts_of):
    assert tables.alarm_table(facts_of(watched=3)).attrs["nothing"] == "No alarm is on."
    none = facts_of(main_changes=pd.DataFrame())
    found = tables.change_table(none).attrs["nothing"]
    assert found == "No level changed by more than chance gives."


def test_the_judged_table_is_one_row_of_comparison_a_series(facts_of):
    table = tables.judged_table(facts_of(rows=[{"part": "tv"}, {}]))
    assert set(COMPARED) <= set(table)
    assert table["product"].tolist() == ["tv", ""]
    assert "part" not in tables.judged_table(facts_of(rows=[{}], split_by=""))


def test_series_have_their_names_and_what_is_all_in_every_row_is_left_out(facts_of):
    table = tables.series_table(facts_of(rows=[{"part": "tv"}, {"metric": "csat_rate"}]))
    assert table["metric"].tolist() == [
        "Fault rate",
        "Customer satisfaction (top two boxes): misses",
    ]
    assert table["product"].tolist() == ["Television", "all together"]
    assert not {"region", "cost"} & set(table)  # all of Beijing, and no price is known
    alarms = tables.alarm_table(facts_of(alarms=[{"region": "CN-12"}], watched=2))
    assert alarms["region"].tolist() == ["Tianjin"]
    assert "product" not in alarms


def test_every_column_shown_has_a_heading_in_words(facts_of):
    ahead = pd.DataFrame({"month": [pd.Timestamp("2026-01-01")], "at_risk": 1500.0, "rate": 21.0})
    facts = facts_of(rows=[{"cost": 9.0}], alarms=[{}], watched=1, outlook=Outlook(ahead, "season"))
    shown = {c for name in EVERY for c in getattr(tables, name)(facts)}
    assert {"cases", "at_risk", "excess", "cost"} <= shown
    assert [heading(c) for c in ("cases", "at_risk", "excess")] == ["Cases", "At risk", "Excess"]


def test_a_date_is_a_day_by_week_and_a_month_by_month(facts_of):
    row = {"metric": "faults_per_1000", "region": "", "part": "", "shape": "jump", "ratio": 1.5}
    row |= {"start": pd.Timestamp("2025-06-01"), "ratio_low": 1.2, "ratio_high": 1.9, "p": 0.001}
    later = {"start_low": row["start"], "start_high": pd.Timestamp("2025-07-10")}
    main = pd.DataFrame([row | later | {"by": "week"}])
    same = {"start_low": row["start"], "start_high": row["start"]}
    rises = pd.DataFrame([row | same | {"by": "month", "part": "tv"}])
    table = tables.change_table(facts_of(main_changes=main, rises=rises))
    assert table["since"].tolist() == ["2025-06-01", "Jun 2025"]
    assert table["between"].tolist() == ["2025-06-01 to 2025-07-10", "Jun 2025"]


def test_every_figure_draws_without_facts(facts_of):
    for draw in (charts.rate_by_month, charts.control_chart, charts.season, charts.weeks):
        assert draw(facts_of()).figure
    assert charts.mix(facts_of()).texts[0].get_text() == "There is nothing to compare."
