"""Tables that are not what cleaning wrote are refused, and those that are, are read once a run."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys

import pytest

from aftersales.data.store import verified
from aftersales.data.store.store import open_store
from aftersales.errors import DataError

CSV = "id,opened,place\nT1,2024-01-01,广东\nT2,2024-01-02,广西\nT3,someday,广西\n"
AGAIN = r"Run `aftersales clean --profile acme` again\."


@pytest.fixture
def store(company, monkeypatch):
    monkeypatch.delenv(verified.CHECKED, raising=False)
    store = company.clean_tickets(CSV, {"columns": {"region": "place"}})
    monkeypatch.delenv(verified.CHECKED)
    return store


def tables(store):
    return sorted((store.folder / "tickets").rglob("*.parquet"))


def opened(store):
    return open_store(store.profile, processed=store.folder)


def flip(file, *, seed):
    """One byte changed, with the size and the times as they were."""
    before, content = file.stat(), bytearray(file.read_bytes())
    content[random.Random(seed).randrange(len(content))] ^= 0x10
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_one_changed_byte_anywhere_is_noticed(store):
    for seed in range(40):
        file = tables(store)[seed % 2]
        content = file.read_bytes()
        flip(file, seed=seed)
        with pytest.raises(DataError, match=rf"{file.parent.name}/{file.name} is damaged.*{AGAIN}"):
            opened(store)
        file.write_bytes(content)
    assert opened(store).tables == ["tickets"]


def test_another_region_s_file_in_its_place_is_named(store):
    south, west = tables(store)
    shutil.copy2(west, south)
    with pytest.raises(DataError, match=rf"CN-44/.* holds tickets/region=CN-45/.*{AGAIN}"):
        opened(store)


def test_a_missing_file_is_named(store):
    tables(store)[1].unlink()
    with pytest.raises(DataError, match=rf"CN-45/.*parquet is missing\. {AGAIN}"):
        opened(store)


def test_a_file_too_many_is_named(store):
    shutil.copy2(tables(store)[0], store.folder / "tickets" / "region=CN-45" / "more.parquet")
    with pytest.raises(DataError, match=rf"CN-45/more\.parquet is not one of the files.*{AGAIN}"):
        opened(store)


def test_damaged_rejected_rows_are_noticed(store):
    flip(store.folder / "rejected" / "tickets.parquet", seed=3)
    with pytest.raises(DataError, match=rf"rejected/tickets\.parquet is damaged.*{AGAIN}"):
        opened(store)


def test_tables_are_read_once_and_again_when_a_file_was_written(store, monkeypatch):
    read, whole = [], verified.sha256
    monkeypatch.setattr(verified, "sha256", lambda path: read.append(path.name) or whole(path))
    opened(store)
    first = len(read)
    opened(store)
    assert first > 3
    assert read[first:] == ["manifest.json"]
    os.utime(tables(store)[0])
    opened(store)
    assert len(read) == 1 + 2 * first


CHILD = """
import sys
from pathlib import Path
from aftersales.data.store import verified
from aftersales.data.store.store import open_store
from aftersales.profile.config import read_profile
read, whole = [], verified.sha256
verified.sha256 = lambda path: read.append(path.name) or whole(path)
root = Path(sys.argv[1])
open_store(read_profile("acme", root=root), processed=root / "processed" / "acme")
print(read)
"""


def test_processes_of_the_same_run_do_not_read_them_again(store, company):
    opened(store)
    command = [sys.executable, "-c", CHILD, str(company.root)]
    child = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=True)
    assert child.stdout == "['manifest.json']\n"


def test_tables_of_an_earlier_version_without_papers_are_opened(store):
    path = store.folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["papers"]
    path.write_text(json.dumps(manifest))
    assert opened(store).tables == ["tickets"]


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["tables"].update(tickets=3),
        lambda m: m["tables"]["tickets"].pop("files"),
        lambda m: m["tables"]["tickets"].update(files=["a"]),
        lambda m: m["tables"]["tickets"].update(read="many"),
        lambda m: m.update(as_of="soon"),
        lambda m: m.update(as_of=None),
    ],
)
def test_a_manifest_that_was_edited_by_hand_says_what_to_run(store, change):
    path = store.folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=r"manifest\.json is damaged.*aftersales clean"):
        opened(store)
