"""Raw files become processed tables: duplicates, joins, derived columns, privacy, the swap."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from aftersales import words
from aftersales.data.clean.clean import check_profile, clean_profile
from aftersales.errors import DataError

TICKETS = "id,opened,closed\nT1,2024-01-01,2024-01-03\nT2,2024-01-05,\n"


def rows(store, table="tickets"):
    return store.scan(table).collect("pandas").to_native()


def counts(store, table="tickets"):
    found = store.manifest["tables"][table]
    return tuple(found[name] for name in ("read", "kept", "duplicates", "rejected"))


def test_an_exact_copy_is_a_duplicate_even_if_only_an_unmapped_column_could_tell(company, reasons):
    store = company.clean_tickets(
        "id,opened,seen\nT1,2024-01-01,a\nT1,2024-01-01,a\nT2,2024-01-01,a\n"
    )
    assert counts(store) == (3, 2, 1, 0)
    assert reasons(store, "exact duplicates") == [
        "1 row is an exact copy of an earlier row and was left out."
    ]


def test_an_id_used_again_with_other_content_is_rejected_with_its_line(company, reasons):
    store = company.clean_tickets(
        "id,opened\nT1,2024-01-01\nT2,2024-01-01\nT3,2024-01-01\nT1,2024-02-02\n"
    )
    assert counts(store) == (4, 3, 0, 1)
    rejected = store.rejected("tickets").iloc[0]
    assert (rejected["file"], rejected["line"]) == ("tickets.csv", 5)
    assert rejected["reason"] == "ticket_id is already used in tickets.csv line 2"
    assert reasons(store, "duplicate ids") == [
        "1 row rejected: its ticket_id is used by an earlier row with other content "
        "(`keep: newest` takes the later one)."
    ]


def test_ids_used_again_can_reject_all_their_rows(company):
    store = company.clean_tickets(
        "id,opened\nT1,2024-01-01\nT1,2024-02-02\nT2,2024-01-01\nT3,2024-01-01\nT4,2024-01-01\n",
        {"on_duplicate_id": "reject"},
    )
    assert sorted(rows(store)["ticket_id"]) == ["T2", "T3", "T4"]
    assert store.rejected("tickets")["line"].tolist() == [2, 3]


def test_a_column_that_repeats_in_most_rows_is_no_id(company):
    with pytest.raises(DataError, match="3 of 4 rows share their ticket_id"):
        company.clean_tickets("id,opened\n" + "".join(f"T,2024-01-0{i}\n" for i in range(1, 5)))


@pytest.mark.parametrize(("take", "kept"), [("last", "2024-01-10"), ("first", "2024-01-02")])
def test_of_several_rows_about_one_record_the_declared_one_is_kept(company, reasons, take, kept):
    store = company.clean_tickets(
        "id,opened,version\nT1,2024-01-10,10\nT1,2024-01-02,2\nT1,2024-01-09,9\nT2,2024-01-01,1\n",
        {"keep": {"by": ["ticket_id"], "order": "version", "take": take}},
    )
    first = rows(store).set_index("ticket_id").loc["T1", "opened_at"]
    assert first == pd.Timestamp(kept)
    assert counts(store) == (4, 2, 2, 0)
    assert reasons(store, "keep") == [
        "2 rows superseded by another row of the same ticket_id were left out."
    ]


def test_the_same_record_under_new_ids_is_kept_once(company, reasons):
    store = company.clean_tickets(
        "id,opened,text\nT1,2024-01-01,a\nT2,2024-01-01,a\nT3,2024-01-01,a\nT4,2024-01-01,b\n",
        {"content_key": {"except": ["id"]}},
    )
    assert counts(store) == (4, 2, 2, 0)
    assert reasons(store, "content key") == [
        "2 rows repeat the content of earlier rows under another ticket_id and were left out "
        "(records that have such copies: 1)."
    ]


def _linked(company):
    company.write("units.csv", "unit,start,place\nU1,2024-01-01,广东\nU2,2024-06-01,CN-N\n")
    company.write(
        "tickets.csv", "id,opened,unit\nT1,2024-01-11,U1\nT2,2024-05-01,U2\nT3,2024-05-01,U9\n"
    )
    company.write("repairs.csv", "id,opened,closed,ticket\nR1,2024-01-12,2024-01-13 12:00,T1\n")
    company.write(
        "orders.csv",
        "line,ordered,delivered,promised,place\nL1,2024-01-01,2024-01-05,2024-01-04,CN-45\n",
    )
    company.write("returns.csv", "id,line,asked\nB1,L1,2024-01-10\nB2,L7,2024-01-10\n")
    tables = {
        "returns": {
            "files": ["returns.csv"],
            "columns": {"return_id": "id", "order_line_id": "line", "requested_at": "asked"},
        },
        "repairs": {
            "files": ["repairs.csv"],
            "columns": {
                "repair_id": "id",
                "opened_at": "opened",
                "closed_at": "closed",
                "ticket_id": "ticket",
            },
        },
        "tickets": {
            "files": ["tickets.csv"],
            "columns": {"ticket_id": "id", "opened_at": "opened", "unit_id": "unit"},
        },
        "orders": {
            "files": ["orders.csv"],
            "columns": {
                "order_line_id": "line",
                "ordered_at": "ordered",
                "delivered_at": "delivered",
                "promised_at": "promised",
                "region": "place",
            },
        },
        "units": {
            "files": ["units.csv"],
            "columns": {"unit_id": "unit", "in_service_at": "start", "region": "place"},
        },
    }
    return company.clean(tables)


def test_columns_are_taken_from_other_tables_whatever_their_order(company):
    store = _linked(company)
    tickets = rows(store).set_index("ticket_id")
    assert tickets["region"].to_dict() == {"T1": "CN-44", "T2": "CN-N", "T3": "unknown"}
    assert tickets["age_days"].fillna(-1).to_dict() == {"T1": 10.0, "T2": -1.0, "T3": -1.0}
    repair = rows(store, "repairs").iloc[0]
    assert (repair["region"], repair["turnaround_days"]) == ("CN-44", 1.5)
    order = rows(store, "orders").iloc[0]
    assert (order["delivery_days"], order["late_days"]) == (4.0, 1.0)
    returns = rows(store, "returns").set_index("return_id")
    assert returns.loc["B1", "days_to_return"] == 5.0
    assert returns["region"].to_dict() == {"B1": "CN-45", "B2": "unknown"}


def test_keys_that_join_to_nothing_are_counted_and_kept(company, reasons):
    store = _linked(company)
    assert reasons(store, "joins") == ["1 of 3 rows with unit_id finds no row in units; kept."]
    assert reasons(store, "joins", "returns") == [
        "1 of 2 rows with order_line_id finds no row in orders; kept."
    ]
    assert reasons(store, "ages") == ["1 negative age_days set to missing (-31)."]


def test_a_table_without_regions_belongs_to_the_root(company, reasons):
    store = company.clean_tickets(TICKETS)
    assert set(rows(store)["region"]) == {"CN"}
    assert reasons(store, "regions") == ["2 rows belong to CN as a whole: the table has no region."]


def test_durations_become_columns(company):
    store = company.clean_tickets(TICKETS, {"columns": {"closed_at": "closed"}})
    assert rows(store)["close_hours"].fillna(-1).tolist() == [48.0, -1.0]
    assert "response_hours" not in store.columns("tickets")


def test_pseudonyms_agree_between_tables_and_rejected_rows_hide_what_is_personal(company):
    company.write(
        "tickets.csv",
        "id,opened,phone,note\nT1,2024-01-01,13800138000,ok\n"
        "T2,never,13800138000,call 13912345678\n",
    )
    company.write("customers.csv", "phone,name\n１３８００１３８０００,Li\n")
    phone = {"from": "phone", "personal": "pseudonym"}
    store = company.clean(
        {
            "tickets": {
                "files": ["tickets.csv"],
                "columns": {
                    "ticket_id": "id",
                    "opened_at": "opened",
                    "customer_id": phone,
                    "description": "note",
                },
            },
            "customers": {
                "files": ["customers.csv"],
                "columns": {"customer_id": phone},
                "also": {"name": {"from": "name", "personal": "drop"}},
            },
        }
    )
    person = rows(store)["customer_id"].iloc[0]
    assert rows(store, "customers")["customer_id"].tolist() == [person]
    rejected = store.rejected("tickets").iloc[0]
    assert (rejected["phone"], rejected["note"]) == (person, "call [phone]")
    assert "name" not in store.columns("customers")


def test_a_source_column_called_reason_keeps_out_of_our_way(company):
    store = company.clean_tickets(
        "id,opened,reason\nT1,2024-01-01,noise\nT2,never,leak\n",
        {"columns": {"issue_type": "reason"}},
    )
    rejected = store.rejected("tickets").iloc[0]
    assert rejected["source_reason"] == "leak"
    assert rejected["reason"] == "opened_at is not a date in ISO 8601"


def test_every_step_starts_with_the_rows_the_one_before_left(company):
    store = company.clean_tickets("id,opened\nT1,2024-01-01\nT1,2024-01-01\n,2024-01-01\nT2,no\n")
    log = store.cleaning_log()
    assert log["rows_in"].tolist()[1:] == log["rows_out"].tolist()[:-1]
    assert (log["rows_in"].iloc[0], log["rows_out"].iloc[-1]) == (4, 1)
    on_disk = pd.read_csv(store.folder / "cleaning_log.csv")
    assert on_disk.columns.tolist() == ["table", "step", "rows_in", "rows_out", "reason"]
    assert on_disk["reason"].tolist() == log["reason"].tolist()


def test_the_profile_s_notes_stand_in_the_log(company, reasons):
    store = company.clean_tickets(TICKETS, notes=["Shops are not in the data {yet}."])
    assert reasons(store, "note", "") == ["Shops are not in the data {yet}."]


def test_the_last_complete_day_is_declared_or_the_last_day_of_the_tickets(company):
    assert company.clean_tickets(TICKETS).as_of == pd.Timestamp("2024-01-05")
    assert company.clean_tickets(TICKETS, as_of="2024-06-30").as_of == pd.Timestamp("2024-06-30")


def test_equal_runs_write_equal_files(company):
    first = _linked(company).fingerprint()
    assert _linked(company).fingerprint() == first


def test_progress_tells_the_rows_read(company):
    company.clean_tickets(TICKETS)
    seen = []
    profile = company.profile(
        {
            "tickets": {
                "files": ["tickets.csv"],
                "columns": {"ticket_id": "id", "opened_at": "opened"},
            }
        }
    )
    clean_profile(
        profile, raw=company.raw, processed=company.processed, progress=lambda *a: seen.append(a)
    )
    assert seen[-1] == ("tickets", 2)


def test_checking_says_what_cleaning_would_find_and_writes_nothing(company):
    company.write("tickets.csv", "id,opened\nT1,2024-01-01\nT2,never\n")
    profile = company.profile(
        {
            "tickets": {
                "files": ["tickets.csv"],
                "columns": {"ticket_id": "id", "opened_at": "opened"},
            }
        }
    )
    before = sorted(company.root.rglob("*"))
    (table,) = check_profile(profile, raw=company.raw)
    assert (table.table, table.rejected) == ("tickets", 0.5)
    assert table.lines == [
        "tickets: 1 of the first 2 rows can be used.",
        "  50.0 % of the rows would be rejected",
        "  50.0 %: 1 row rejected: its opened_at is not a date in ISO 8601 "
        '(it looks like "aaaaa").',
        "  ticket_id: 100.0 % filled",
        "  opened_at: 100.0 % filled",
    ]
    assert sorted(company.root.rglob("*")) == before


def test_the_manifest_names_inputs_and_files_by_their_hashes(company):
    store = company.clean_tickets(TICKETS)
    found = json.loads((store.folder / "manifest.json").read_text(encoding="utf-8"))
    table = found["tables"]["tickets"]
    assert (found["schema_version"], found["profile"], found["as_of"]) == (1, "acme", "2024-01-05")
    assert table["inputs"][0]["file"] == "tickets.csv"
    assert table["inputs"][0]["rows"] == 2
    assert len(table["inputs"][0]["sha256"]) == 64
    assert list(table["files"]) == ["region=CN/part-0.parquet"]
    assert (table["first"], table["last"]) == ("2024-01-01T00:00:00", "2024-01-05T00:00:00")


def test_the_log_is_said_in_the_language_of_the_reader(company):
    store = company.clean_tickets(TICKETS)
    words.use_language("zh")
    assert len(store.cleaning_log()) > 5  # every message can be filled in every language
