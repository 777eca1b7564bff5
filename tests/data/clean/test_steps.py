"""What each step does to the smallest table that shows it, and the sentence it leaves."""

from __future__ import annotations

import datetime

import pytest

from aftersales.errors import ConfigError, DataError


def rows(store, table="tickets", *columns):
    frame = store.scan(table).collect("pandas").to_native()
    return frame[list(columns)] if columns else frame


def test_text_is_brought_to_one_form_and_trimmed(company, reasons):
    store = company.clean_tickets(
        "id,opened,product\nＴ１,2024-01-01,　ＷＡＳＨＥＲ \u200b\nT2,2024-01-01,dryer\n",
        {"columns": {"product": "product"}},
    )
    assert rows(store, "tickets", "ticket_id", "product").values.tolist() == [
        ["T1", "WASHER"],
        ["T2", "dryer"],
    ]
    assert reasons(store, "text") == [
        "1 cell of id brought to Unicode form NFKC and trimmed.",
        "1 cell of product brought to Unicode form NFKC and trimmed.",
    ]


def test_missing_markers_are_counted_in_every_column_even_unmapped_ones(company, reasons):
    store = company.clean_tickets(
        "id,opened,product,vendor\nT1,2024-01-01,?,?\nT2,2024-01-01,,\n",
        {"columns": {"product": "product"}},
        missing=["", "?"],
    )
    assert rows(store)["product"].isna().all()
    assert reasons(store, "missing markers") == [
        "1 cell of product is empty.",
        '1 cell of product holds "?", which stands for missing.',
        "1 cell of vendor is empty.",
        '1 cell of vendor holds "?", which stands for missing.',
    ]


def test_html_entities_are_decoded_where_asked(company, reasons):
    store = company.clean_tickets(
        "id,opened,product\nT1,2024-01-01,R&amp;D\n",
        {"columns": {"product": "product"}, "text": {"html_entities": True}},
    )
    assert rows(store)["product"].tolist() == ["R&D"]
    assert reasons(store, "html entities") == [
        "1 cell of product had HTML entities such as &amp; decoded."
    ]


def test_codes_are_compared_folded_and_unknown_ones_are_missing(company, reasons):
    csv = "id,opened,kind\nT1,2024-01-01,报修\nT2,2024-01-01, FAULT\nT3,2024-01-01,zzz\n"
    store = company.clean_tickets(
        csv, {"columns": {"ticket_type": {"from": "kind", "codes": {"报修": "fault"}}}}
    )
    assert rows(store)["ticket_type"].fillna("").tolist() == ["fault", "fault", ""]
    assert reasons(store, "codes") == [
        "2 values of ticket_type replaced by its code list.",
        "1 value of ticket_type is in no code list and was set to missing.",
    ]


def test_codes_in_no_list_can_reject_the_row_or_be_kept(company, reasons):
    csv = "id,opened,kind\nT1,2024-01-01,fault\nT2,2024-01-01,zzz\n"
    kind = {"from": "kind", "other": "reject"}
    store = company.clean_tickets(csv, {"columns": {"ticket_type": kind}})
    assert store.rejected("tickets")["reason"].tolist() == ["ticket_type is in no code list"]

    kind = {"from": "kind", "other": "keep"}
    store = company.clean_tickets(csv, {"columns": {"ticket_type": kind}})
    assert rows(store)["ticket_type"].tolist() == ["fault", "zzz"]


def test_dates_are_read_only_by_the_declared_formats_in_their_order(company, reasons):
    csv = "id,opened\nT1,1/2/2024 10:00\nT2,2024-02-01\nT3,31/2/2024 10:00\n"
    opened = {"from": "opened", "format": ["%d/%m/%Y %H:%M", "%Y-%m-%d"]}
    store = company.clean_tickets(csv, {"columns": {"opened_at": opened}})
    found = rows(store)["opened_at"].dt.strftime("%Y-%m-%d %H")
    assert found.tolist() == ["2024-02-01 10", "2024-02-01 00"]
    assert reasons(store, "dates") == [
        "1 row rejected: its opened_at is not a date in %d/%m/%Y %H:%M, %Y-%m-%d "
        '(it looks like "99/9/9999 99:99").'
    ]


def test_times_with_an_offset_become_local_times_of_the_profile(company):
    csv = "id,opened\nT1,2024-01-01T20:00:00Z\nT2,2024-01-01T20:00:00+08:00\n"
    store = company.clean_tickets(csv)
    assert rows(store)["opened_at"].dt.strftime("%d %H").tolist() == ["02 04", "01 20"]


def test_dates_outside_what_is_possible_are_missing_or_reject_the_row(company, reasons):
    csv = (
        "id,opened,closed\nT1,2024-01-01,2024-01-02\nT2,1919-01-01,\nT3,2099-01-01,\n"
        "T4,2024-01-01,2099-05-05\nT5,2024-12-31 23:59:59,\nT6,2024-01-01,1901-01-01\n"
    )
    store = company.clean_tickets(
        csv,
        {
            "columns": {
                "opened_at": {"from": "opened", "min": _day("2010-01-01")},
                "closed_at": {"from": "closed", "min": _day("2010-01-01")},
            }
        },
        as_of="2024-12-31",
    )
    assert sorted(rows(store)["ticket_id"]) == ["T1", "T4", "T5", "T6"]
    assert reasons(store, "future dates") == [
        "1 row rejected: its opened_at lies after 2024-12-31 (2099-01-01).",
        "1 date in closed_at after 2024-12-31 set to missing (2099-05-05).",
    ]
    assert reasons(store, "impossible dates") == [
        "1 row rejected: its opened_at lies before 2010-01-01 (1919-01-01).",
        "1 date in closed_at before 2010-01-01 set to missing (1901-01-01).",
    ]


def test_a_declared_max_takes_the_place_of_as_of(company):
    csv = "id,opened,closed\nT1,2024-01-01,2025-03-01\n"
    closed = {"from": "closed", "max": _day("2025-12-31")}
    store = company.clean_tickets(csv, {"columns": {"closed_at": closed}}, as_of="2024-12-31")
    assert rows(store)["closed_at"].notna().all()


def test_numbers_are_scaled_before_their_range_is_checked(company, reasons):
    csv = "id,opened,cents\nT1,2024-01-01,1250\nT2,2024-01-01,99999999\nT3,2024-01-01,abc\n"
    cost = {"from": "cents", "scale": 0.01, "min": 0, "max": 1000}
    store = company.clean_tickets(csv, {"columns": {"cost": cost}})
    assert rows(store)["cost"].fillna(-1).tolist() == [12.5, -1, -1]
    assert reasons(store, "numbers") == [
        '1 value of cost is not a number (it looks like "aaa") and was set to missing.',
        "1 value of cost outside 0 to 1000 set to missing (1,000,000).",
    ]


@pytest.mark.parametrize("yes", ["true", "1", "Yes", "Y", "是"])
def test_yes_is_understood_in_the_spellings_people_use(company, yes):
    store = company.clean_tickets(
        f"id,opened,again\nT1,2024-01-01,{yes}\nT2,2024-01-01,否\nT3,2024-01-01,perhaps\n",
        {"columns": {"reopened": "again"}},
    )
    found = rows(store)["reopened"]
    assert found.iloc[:2].tolist() == [True, False]
    assert found.isna().tolist() == [False, False, True]


def test_a_time_before_its_beginning_is_set_to_missing(company, reasons):
    csv = "id,opened,closed\nT1,2024-01-02,2024-01-01\n"
    store = company.clean_tickets(csv, {"columns": {"closed_at": "closed"}})
    assert rows(store)["closed_at"].isna().all()
    assert reasons(store, "time order") == [
        "1 closed_at lies before opened_at and was set to missing."
    ]


def test_regions_are_resolved_by_their_names_and_the_rest_is_unknown(company, reasons):
    csv = (
        "id,opened,place\nT1,2024-01-01,广东\nT2,2024-01-01,guangXI\n"
        "T3,2024-01-01,Mars\nT4,2024-01-01,\n"
    )
    store = company.clean_tickets(csv, {"columns": {"region": "place"}})
    found = rows(store).set_index("ticket_id")["region"]
    assert found.to_dict() == {"T1": "CN-44", "T2": "CN-45", "T3": "unknown", "T4": "unknown"}
    assert reasons(store, "regions") == [
        "1 row has a region that is not in config/acme/regions.yaml; set to unknown.",
        "1 row has no region; set to unknown.",
    ]


def test_rules_reject_flag_and_select_rows(company, reasons):
    store = company.clean_tickets(
        "id,opened,sort\nT1,2024-01-01,real\nT2,2024-01-01,test\nT3,2024-01-01,odd\nT4,2024-01-01,no\n",
        {
            "where": "sort <> 'no'",
            "reject": [{"where": "sort = 'test'", "reason": "a test of the system"}],
            "flags": [{"name": "odd", "where": "sort = 'odd'", "reason": "looks odd"}],
        },
    )
    counts = store.manifest["tables"]["tickets"]
    assert (counts["read"], counts["kept"], counts["rejected"]) == (3, 2, 1)
    assert reasons(store, "select") == [
        "1 row is not a record of this table and was left out (kept where sort <> 'no')."
    ]
    assert reasons(store, "reject rules") == ["1 row rejected: a test of the system."]
    assert reasons(store, "flags") == ["1 row is marked as odd: looks odd; nothing changed."]


def test_absent_combinations_are_counted(company, reasons):
    store = company.clean_tickets(
        "id,opened,model,year\nT1,2024-01-01,A,1\nT2,2024-01-01,A,2\nT3,2024-01-01,B,1\n",
        {"gaps": [{"columns": ["model", "year"], "reason": "the source leaves some out"}]},
    )
    assert reasons(store, "gaps") == [
        "1 of 4 combinations of model, year never occurs: the source leaves some out."
    ]


def test_an_expression_is_a_column_like_any_other(company):
    store = company.clean_tickets(
        "id,opened,crash,fire\nT1,2024-01-01,True,False\nT2,2024-01-01,False,False\n",
        {
            "columns": {
                "safety": {"sql": "crash = 'True' OR fire = 'True'"},
                "issue_type": {"value": "complaint"},
            },
        },
    )
    assert rows(store)["safety"].tolist() == [True, False]
    assert set(rows(store)["issue_type"]) == {"complaint"}


def test_an_expression_that_fails_names_its_place(company):
    with pytest.raises(ConfigError, match=r"sources\.yaml, tables: tickets"):
        company.clean_tickets(
            "id,opened\nT1,2024-01-01\n", {"columns": {"safety": {"sql": "nonsense = 1"}}}
        )


def test_a_date_format_that_fits_no_row_stops_cleaning(company):
    with pytest.raises(DataError, match=r'opened_at: 2 of 2 values .* looks like "99\.99\.9999"'):
        company.clean_tickets("id,opened\nT1,01.02.2024\nT2,01.03.2024\n")


def test_data_newer_than_as_of_stop_cleaning(company):
    with pytest.raises(DataError, match=r"2 of 3 dates lie after 2020-12-31 .* change `as_of`"):
        company.clean_tickets(
            "id,opened\nT1,2020-01-01\nT2,2024-01-01\nT3,2024-01-02\n", as_of="2020-12-31"
        )


def test_a_table_of_which_nothing_is_left_stops_cleaning(company):
    with pytest.raises(DataError, match=r"all 2 rows were rejected.*no ticket_id"):
        company.clean_tickets("id,opened\n,2024-01-01\n,2024-01-02\n")
    with pytest.raises(DataError, match="none of 1 rows fulfils `where`"):
        company.clean_tickets("id,opened\nT1,2024-01-01\n", {"where": "id = 'none'"})


def _day(text):
    return datetime.date.fromisoformat(text)
