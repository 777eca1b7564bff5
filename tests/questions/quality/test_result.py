import pandas as pd

from aftersales.questions.quality.result import quality


def texts(result, kind):
    return [f.text for f in result.findings() if f.kind == kind]


def daily(n, *, end="2025-12-31", each=2, **columns):
    when = pd.date_range(end=end, periods=n, unit="us").repeat(each)
    rows = pd.DataFrame({"opened_at": when, "region": "CN-11", **columns})
    return rows.assign(ticket_id=[f"t{i}" for i in range(len(rows))])


def test_rows_are_accounted_for_in_one_table_and_in_several(company):
    counts = {"tickets": {"read": 1200, "kept": 1000, "duplicates": 150, "rejected": 50}}
    one = quality(company({"tickets": daily(3)}, counts=counts))
    assert texts(one, "rows") == [
        "Of 1,200 raw rows in 1 table 1,000 are kept, 150 are copies of others and 50 are rejected "
        "with a reason; none is lost."
    ]
    tables = {"tickets": daily(3), "units": pd.DataFrame({"unit_id": ["a"]})}
    assert texts(quality(company(tables, counts=counts)), "rows") == [
        "Of 1,201 raw rows in 2 tables, 1,001 are kept, 150 are copies of others and 50 are "
        "rejected with a reason; none is lost."
    ]


def test_many_rejected_rows_are_said_once_for_the_company_not_in_every_region(company):
    store = company(
        {"tickets": daily(3)},
        counts={"tickets": {"read": 100, "kept": 90, "rejected": 10}},
        log=[
            ("tickets", "read", 0, 100, "100 rows."),
            ("tickets", "dates", 100, 97, "3 rows have no date."),
            ("tickets", "required", 97, 90, "7 rows have no id."),
        ],
    )
    assert texts(quality(store), "rejected") == [
        "Table tickets: 10 of 100 rows (10.0 %) are rejected. Look at the reasons below, and mend "
        "the source or sources.yaml."
    ]
    assert texts(quality(store, region="CN-11"), "rejected") == []
    assert quality(store).rejected_table().to_dict("records") == [
        {"table": "tickets", "reason": "7 rows have no id.", "n": 7},
        {"table": "tickets", "reason": "3 rows have no date.", "n": 3},
    ]
    worse = {"tickets": {"read": 100, "kept": 70, "rejected": 30}}
    found = quality(company({"tickets": daily(3)}, counts=worse)).findings()
    assert [f.severity for f in found if f.kind == "rejected"] == ["act"]


def test_keys_that_join_and_keys_that_do_not(company):
    units = pd.DataFrame({"unit_id": ["a", "b"], "region": "CN-11"})
    tickets = daily(5, unit_id=["a"] * 8 + ["gone"] * 2)
    result = quality(company({"tickets": tickets, "units": units}))
    assert texts(result, "join") == [
        "In table tickets, 20.0 % of the filled unit_id match no row of table units. What cannot "
        "be joined is left out where the other table is needed."
    ]
    fine = quality(company({"tickets": daily(5, unit_id="a"), "units": units}))
    assert texts(fine, "join") == []
    assert texts(fine, "joins") == [
        "1 key between tables joins for at least 90 % of the rows that have it."
    ]


def test_regions_that_could_not_be_resolved_are_said_at_the_root(company):
    rows = pd.concat([daily(5), daily(1).assign(region="unknown")])
    store = company({"tickets": rows})
    assert texts(quality(store), "unknown_region") == [
        "16.7 % of the rows of table tickets have a region that could not be resolved; they count "
        "in the whole only. Add the spellings to regions.yaml."
    ]
    assert texts(quality(store, region="CN-11"), "unknown_region") == []


def test_months_without_rows_are_a_gap_where_rows_are_frequent(company):
    parts = [daily(25, end=f"2025-{m:02d}-28") for m in (6, 7, 8, 10, 11, 12)]
    assert texts(quality(company({"tickets": pd.concat(parts)})), "gap") == [
        "Table tickets has 1 month without any row between its first and its last."
    ]
    rare = [daily(1, end=f"2025-{m:02d}-28") for m in (6, 7, 8, 10, 11, 12)]
    assert texts(quality(company({"tickets": pd.concat(rare)})), "gap") == []


def test_incomplete_usual_and_doubled_last_weeks(company):
    usual = daily(400, end="2025-12-03", each=4)
    ends = {
        "watch low": (daily(28, each=2), "The last four weeks have 50 % of the usual number of "
                      "rows (tickets). They may be incomplete: do not read the end of a series as "
                      "an improvement."),
        "ok": (daily(28, each=4), "The last four weeks have 100 % of the usual number of rows "
               "(tickets); in the year before, four weeks had between 100 % and 100 %."),
        "watch high": (daily(28, each=8), "The last four weeks have 200 % of the usual number of "
                       "rows (tickets). Where cleaning found no more copies than usual, this is "
                       "a real rise: look at what changed."),
    }  # fmt: skip
    for severity, (last, expected) in ends.items():
        result = quality(company({"tickets": pd.concat([usual, last])}))
        (found,) = [f for f in result.findings() if f.kind == "completeness"]
        assert found.text == expected
        assert found.severity == severity.split()[0]


def test_a_table_that_ended_and_late_arrivals_are_told(company):
    late = daily(300, end="2025-11-30").assign(resolution_hours=[10.0] * 300 + [100.0] * 300)
    result = quality(company({"tickets": late}))
    assert texts(result, "stale") == [
        "The last row of table tickets is 31 days old (2025-11-30), much older than usual: later "
        "ones may be missing."
    ]
    (found,) = texts(result, "late")
    assert found.startswith("Nine in ten tickets are resolved by day ")


def test_too_few_weeks_missing_tables_and_empty_ones_are_no_exception(company):
    assert texts(quality(company({"tickets": daily(20)})), "completeness") == [
        "There are too few weeks of data to say whether the last ones are complete."
    ]
    nothing = quality(company({}))
    assert texts(nothing, "tables") == ["There are no processed tables."]
    empty = quality(company({"tickets": daily(3).head(0)}))
    elsewhere = quality(company({"tickets": daily(3)}), region="CN-44")
    for result in (nothing, empty, elsewhere):
        assert "act" not in {f.severity for f in result.findings()}
        result.plot()
        result.plot_weeks()
        assert result.rejected_table().empty


def test_empty_cells_are_listed_by_column_the_emptiest_first(company):
    rows = daily(5, outlet=["a"] * 9 + [None], agent_id=None)
    missing = quality(company({"tickets": rows})).missing_table()
    assert missing.to_dict("records") == [
        {"table": "tickets", "column": "agent_id", "missing": 1.0},
        {"table": "tickets", "column": "outlet", "missing": 0.1},
    ]


def test_how_complete_the_last_months_are_is_said_in_one_sentence(company):
    months = pd.date_range("2024-12-05", periods=13, freq="MS") + pd.Timedelta(days=4)
    parts = [
        pd.DataFrame({"requested_at": [day] * 6 + [day + pd.Timedelta(days=31)] * 4})
        .assign(delivered_at=day, region="CN-11")
        for day in months
    ]  # fmt: skip
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["requested_at"] <= "2025-12-31"]
    result = quality(company({"returns": rows}))
    (text,) = texts(result, "late_reports")
    last = result.facts.late.iloc[-1]
    span = f"{100 * last['complete_low']:.1f}–{100 * last['complete_high']:.1f} %"
    assert text == (
        f"Of the returns that deliveries of Dec 2025 will bring, about 60 % ({span}) are known: "
        f"6 so far, 10 ({last['low']:.0f}–{last['high']:.0f}) in the end. Known of the months "
        "before: Nov 2025 100 % and Oct 2025 100 %."
    )
    assert result.late_table()["expected"].tolist() == [10, 10, 10]
    soon = rows.assign(requested_at=rows["delivered_at"])
    assert texts(quality(company({"returns": soon})), "late_reports") == [
        "Table returns: reports come so soon that the last three months are complete to at least "
        "100.0 %."
    ]
