"""Raw files that have not changed are not read again."""

from __future__ import annotations

import os

import pyarrow.parquet as pq
import pytest

from aftersales.data.clean.clean import clean_profile
from aftersales.errors import DataError

JANUARY = "id,opened,phone\nT1,2024-01-01,13800138000\nT2,2024-01-05,\nT3,someday,\n"
FEBRUARY = "id,opened,phone\nT4,2024-02-02,\nT1,2024-01-01,13800138000\n"
TICKETS = {
    "files": ["tickets_*.csv"],
    "columns": {
        "ticket_id": "id",
        "opened_at": "opened",
        "customer_id": {"from": "phone", "personal": "pseudonym"},
    },
}


def clean(company, block=None, **more):
    return company.clean({"tickets": {**TICKETS, **(block or {})}}, as_of="2024-06-30", **more)


def account(store):
    """All that a run tells of the tickets, and the content of what it wrote."""
    told = store.manifest["tables"]["tickets"]
    return told, store.cleaning_log().to_dict("list"), store.rejected("tickets").to_dict("list")


def spoil(company, name):
    """Other bytes under the same size and time: whoever reads the file finds it changed."""
    path = company.raw / name
    before = path.stat()
    path.write_bytes(b"\xff" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.fixture
def january(company):
    company.write("tickets_01.csv", JANUARY)
    clean(company)
    return company


def test_a_new_month_is_added_without_reading_the_old_ones(january):
    january.write("tickets_02.csv", FEBRUARY)
    spoil(january, "tickets_01.csv")
    found = account(clean(january))

    january.write("tickets_01.csv", JANUARY)
    profile = january.profile({"tickets": TICKETS}, as_of="2024-06-30")
    clean_profile(profile, raw=january.raw, processed=january.processed, force=True)
    assert found == account(clean(january))
    assert (found[0]["read"], found[0]["kept"], found[0]["duplicates"]) == (5, 3, 1)


def test_a_month_that_comes_before_the_others_moves_them_back(january):
    january.write("tickets_00.csv", FEBRUARY)
    assert clean(january).rejected("tickets")["file"].tolist() == ["tickets_01.csv"]
    first = [entry["file"] for entry in account(clean(january))[0]["inputs"]]
    assert first == ["tickets_00.csv", "tickets_01.csv"]


def test_a_file_that_only_looks_newer_is_not_cleaned_again(january, monkeypatch):
    os.utime(january.raw / "tickets_01.csv")
    monkeypatch.setattr("aftersales.data.clean.stage.run", None)
    assert account(clean(january))[0]["read"] == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.write("tickets_01.csv", JANUARY.replace("T2", "T9")),
        lambda c: c.profile({"tickets": TICKETS}, as_of="2024-06-30", timezone="UTC"),
    ],
    ids=["content", "time zone"],
)
def test_a_file_is_read_again_when_it_or_the_mapping_changed(january, change, monkeypatch):
    profile = change(january) or january.profile({"tickets": TICKETS}, as_of="2024-06-30")
    read = []
    monkeypatch.setattr(
        "aftersales.data.clean.stage.run", lambda rows, plan: read.append(1) or rows
    )
    with pytest.raises(KeyError):  # the rows that did not pass the steps lack their columns
        clean_profile(profile, raw=january.raw, processed=january.processed)
    assert read


def test_another_key_of_the_pseudonyms_needs_the_raw_files(january, monkeypatch):
    before = clean(january).scan("tickets").collect()["customer_id"].to_list()
    monkeypatch.setenv("AFTERSALES_KEY", "another key, which is just as long as it must be")
    after = clean(january).scan("tickets").collect()["customer_id"].to_list()
    assert set(before) != set(after)


def test_a_new_column_makes_all_files_be_read_again(january):
    january.write("tickets_02.csv", "id,opened,phone,shop\nT1,2024-01-01,13800138000,A\n")
    spoil(january, "tickets_01.csv")
    with pytest.raises(DataError, match=r"tickets_01\.csv"):
        clean(january)


@pytest.mark.parametrize(("first", "kept"), [("2024-01-03", 2), ("2024-01-06", 2)])
def test_a_later_last_day_lets_in_what_was_too_late(company, first, kept):
    company.write("tickets_01.csv", JANUARY)
    company.clean({"tickets": TICKETS}, as_of=first)
    assert account(clean(company))[0]["kept"] == kept


def test_without_the_key_nobody_can_try_out_what_a_row_holds(january, monkeypatch):
    def hashes():
        (folder,) = january.processed.glob(".parts/tickets/*")
        return pq.read_table(sorted(folder.glob("part-*")))["__hash"].to_pylist()

    before = hashes()
    monkeypatch.setenv("AFTERSALES_KEY", "another key, which is just as long as it must be")
    clean(january)
    assert before != hashes()
