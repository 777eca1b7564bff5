"""Sentences word for word from facts made by hand: none, one and many."""

import pandas as pd
import pytest

from aftersales.questions.quality.facts import Facts
from aftersales.questions.quality.words import findings
from aftersales.studies.arrivals.lateness import UsualWeeks
from aftersales.studies.scope import read_scope

TABLE = {
    "table": "tickets",
    "read": 100,
    "kept": 90,
    "duplicates": 6,
    "rejected": 4,
    "rejected_share": 0.04,
    "rows": 90,
    "unknown_region": 0.0,
}
JOIN = {"table": "tickets", "column": "unit_id", "to": "units", "n": 90, "joined": 1.0}
END = {"table": "tickets", "last": pd.Timestamp("2025-12-01"), "usual": 1.0, "stale": True}
LAG = {"table": "tickets", "column": "resolution_hours", "n": 500, "median": 2.0, "p90": 9.0}
MONTHS = pd.date_range("2025-10-01", periods=3, freq="MS")


def rows(*changes, of):
    return pd.DataFrame([of | change for change in changes], columns=[*of, *_new(changes, of)])


def _new(changes, of):
    return dict.fromkeys(name for change in changes for name in change if name not in of)


def late(*complete, table="returns"):
    """The last three months, known to these shares of 100 cases each."""
    return pd.DataFrame(
        {
            "table": table,
            "event": "delivered_at",
            "report": "requested_at",
            "month": MONTHS,
            "known": [100 * share for share in complete],
            "complete": complete,
            "complete_low": [share - 0.1 for share in complete],
            "complete_high": complete,
            "expected": 100.0,
            "low": 90.0,
            "high": 110.0,
        }
    )


@pytest.fixture
def facts(company):
    def make(*, region="", **tables):
        known = {
            "tables": rows({}, of=TABLE),
            "coverage": pd.DataFrame(columns=["table", "month", "n"]),
            "joins": rows(of=JOIN),
            "missing": pd.DataFrame(),
            "main_table": "tickets",
            "weeks": pd.DataFrame(),
            "usual": UsualWeeks(1.0, 0.9, 1.1),
            "ends": rows(of=END | {"age": 0}),
            "lags": rows(of=LAG),
            "late": late(1.0, 1.0, 1.0).head(0),
            "log": pd.DataFrame(),
            "rejected": pd.DataFrame(),
        }
        return Facts(scope=read_scope(company({}), region=region), **known | tables)

    return make


def texts(facts, kind):
    return [f.text for f in findings(facts) if f.kind == kind]


def test_rows_of_no_table_one_and_many(facts):
    assert texts(facts(tables=rows(of=TABLE)), "tables") == ["There are no processed tables."]
    assert texts(facts(), "rows") == [
        "Of 100 raw rows in 1 table 90 are kept, 6 are copies of others and 4 are rejected with a "
        "reason; none is lost."
    ]
    assert texts(facts(tables=rows({}, {"table": "units"}, of=TABLE)), "rows") == [
        "Of 200 raw rows in 2 tables, 180 are kept, 12 are copies of others and 8 are rejected "
        "with a reason; none is lost."
    ]


def test_rejected_rows_are_watched_then_acted_on_and_told_at_the_root_only(facts):
    tables = rows({"rejected_share": 0.05}, {"table": "units", "rejected_share": 0.2}, of=TABLE)
    found = [f for f in findings(facts(tables=tables)) if f.kind == "rejected"]
    assert [f.severity for f in found] == ["watch", "act"]
    assert found[0].text == (
        "Table tickets: 4 of 100 rows (5.0 %) are rejected. Look at the reasons below, and mend "
        "the source or sources.yaml."
    )
    assert texts(facts(region="CN-11", tables=tables), "rejected") == []


def test_none_one_and_many_keys_join(facts):
    assert texts(facts(), "joins") == []
    assert texts(facts(joins=rows({}, of=JOIN)), "joins") == [
        "1 key between tables joins for at least 90 % of the rows that have it."
    ]
    two = rows({}, {"column": "outlet", "joined": float("nan")}, of=JOIN)
    assert texts(facts(joins=two), "joins") == [
        "2 keys between tables join for at least 90 % of the rows that have them."
    ]
    poor = rows({"joined": 0.4}, {"column": "outlet", "joined": 0.85}, of=JOIN)
    found = [f for f in findings(facts(joins=poor)) if f.kind == "join"]
    assert [(f.severity, f.text) for f in found] == [
        (
            "act",
            "In table tickets, 60.0 % of the filled unit_id match no row of table units. What "
            "cannot be joined is left out where the other table is needed.",
        ),
        (
            "watch",
            "In table tickets, 15.0 % of the filled outlet match no row of table units. What "
            "cannot be joined is left out where the other table is needed.",
        ),
    ]
    assert texts(facts(joins=poor), "joins") == []


def test_unknown_regions_are_told_from_a_twentieth(facts):
    tables = rows({"unknown_region": 0.05}, {"unknown_region": 0.04}, of=TABLE)
    assert texts(facts(tables=tables), "unknown_region") == [
        "5.0 % of the rows of table tickets have a region that could not be resolved; they count "
        "in the whole only. Add the spellings to regions.yaml."
    ]


@pytest.mark.parametrize(("gone", "said"), [(0, ""), (1, "1 month"), (2, "2 months")])
def test_none_one_and_many_months_are_a_gap(facts, gone, said):
    months = pd.date_range("2025-01-01", periods=9, freq="MS").delete(range(3, 3 + gone))
    coverage = pd.DataFrame({"table": "tickets", "month": months, "n": 50})
    expected = f"Table tickets has {said} without any row between its first and its last."
    assert texts(facts(coverage=coverage), "gap") == ([expected] if gone else [])


def test_last_weeks_that_are_short_usual_long_or_unknown(facts):
    def told(usual):
        (found,) = [f for f in findings(facts(usual=usual)) if f.kind == "completeness"]
        return found.severity, found.text

    assert told(UsualWeeks(0.5, 0.8, 1.2)) == (
        "watch",
        "The last four weeks have 50 % of the usual number of rows (tickets). They may be "
        "incomplete: do not read the end of a series as an improvement.",
    )
    assert told(UsualWeeks(1.0, 0.8, 1.2)) == (
        "ok",
        "The last four weeks have 100 % of the usual number of rows (tickets); in the year "
        "before, four weeks had between 80 % and 120 %.",
    )
    assert told(UsualWeeks(2.0, 0.8, 1.2)) == (
        "watch",
        "The last four weeks have 200 % of the usual number of rows (tickets). Where cleaning "
        "found no more copies than usual, this is a real rise: look at what changed.",
    )
    nan = float("nan")
    assert told(UsualWeeks(nan, nan, nan)) == (
        "unknown",
        "There are too few weeks of data to say whether the last ones are complete.",
    )


def test_none_one_and_many_days_since_the_last_row(facts):
    def told(*ages, stale=True):
        ends = rows(*[{"age": age, "stale": stale} for age in ages], of=END)
        return texts(facts(ends=ends), "stale")

    assert told(30, stale=False) == []
    one, many = told(1, 30)
    assert one == (
        "The last row of table tickets is 1 day old (2025-12-01), much older than usual: later "
        "ones may be missing."
    )
    assert many == (
        "The last row of table tickets is 30 days old (2025-12-01), much older than usual: later "
        "ones may be missing."
    )


def test_usual_waits_are_told_unless_completeness_tells_more(facts):
    lags = rows({}, {"table": "returns", "column": "days_to_return"}, of=LAG)
    assert texts(facts(lags=lags), "late") == [
        "Nine in ten tickets are resolved by day 9 (median 2): of those opened in the last 9 days "
        "many are still open.",
        "Nine in ten returns are requested by day 9 after delivery (median 2): goods delivered in "
        "the last 9 days can still come back.",
    ]
    assert len(texts(facts(lags=lags, late=late(1.0, 0.9, 0.6)), "late")) == 1


def test_how_complete_the_last_months_are(facts):
    assert texts(facts(late=late(1.0, 0.9, 0.6)), "late_reports") == [
        "Of the returns that deliveries of Dec 2025 will bring, about 60 % (50.0–60.0 %) are "
        "known: 60 so far, 100 (90–110) in the end. Known of the months before: Nov 2025 90 % and "
        "Oct 2025 100 %."
    ]
    assert texts(facts(late=late(1.0, 0.9, 0.6, table="tickets")), "late_reports") == [
        "Table tickets: of what happened in Dec 2025, about 60 % (50.0–60.0 %) is reported: 60 "
        "cases so far, 100 (90–110) in the end. Reported of the months before: Nov 2025 90 % and "
        "Oct 2025 100 %."
    ]
    assert texts(facts(late=late(1.0, 1.0, 0.995)), "late_reports") == [
        "Table returns: reports come so soon that the last three months are complete to at least "
        "99.5 %."
    ]
