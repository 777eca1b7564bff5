"""The new tables take the place of the old ones in one move, or not at all."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys

import pytest

from aftersales.data.clean import clean, joins
from aftersales.data.store.store import open_store
from aftersales.errors import DataError

TICKETS = "id,opened\nT1,2024-01-01\nT2,2024-01-05\n"


def rows(store):
    return store.scan("tickets").collect("pandas").to_native()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("halfway")])
def test_an_interrupted_run_leaves_the_old_tables_whole(company, monkeypatch, error):
    store = company.clean_tickets(TICKETS)
    before = _content(company.processed)

    def fail(*args, **more):
        raise error

    monkeypatch.setattr(joins, "count_joins", fail)
    with pytest.raises(type(error)):
        company.clean_tickets("id,opened\nT9,2024-09-09\n")
    assert _content(company.processed) == before
    assert [p.name for p in company.processed.parent.iterdir()] == ["acme"]
    assert len(rows(store)) == 2


def test_a_full_disk_is_a_sentence_and_the_old_tables_stay(company, monkeypatch):
    company.clean_tickets(TICKETS)
    before = _content(company.processed)

    def full(*args, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(clean, "write_manifest", full)
    with pytest.raises(DataError, match=r"disk .* is full.*are unchanged") as caught:
        company.clean_tickets(TICKETS)
    assert caught.value.exit_status == 2
    assert _content(company.processed) == before
    assert [p.name for p in company.processed.parent.iterdir()] == ["acme"]


KILLED = """
import sys, time
from pathlib import Path
from aftersales.profile.config import read_profile
from aftersales.data.clean import clean
from aftersales.data.clean import joins

def stop(*args, **more):
    print("halfway", flush=True)
    time.sleep(60)

{patch} = stop
root = Path(sys.argv[1])
profile = read_profile("acme", root=root)
clean.clean_profile(profile, raw=root / "raw", processed=root / "processed" / "acme")
"""


@pytest.mark.slow
@pytest.mark.parametrize("patch", ["joins.count_joins", "clean.write_manifest", "Path.rename"])
def test_a_killed_run_leaves_the_old_tables_whole(company, patch):
    store = company.clean_tickets(TICKETS)
    before = _content(company.processed)
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(patch=patch), str(company.root)],
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    assert child.stdout.readline() == b"halfway\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert _content(company.processed) == before
    assert len(rows(company.clean_tickets(TICKETS))) == 2
    assert [p.name for p in company.processed.parent.iterdir()] == ["acme"]
    assert store.folder.is_dir()


def test_a_run_killed_between_the_two_renames_is_mended_when_the_tables_are_opened(company):
    store = company.clean_tickets(TICKETS)
    company.processed.rename(company.processed.with_name(".acme.old"))
    assert len(rows(open_store(store.profile, processed=company.processed))) == 2


def test_a_folder_with_other_files_is_never_replaced(company):
    company.processed.mkdir(parents=True)
    (company.processed / "thesis.docx").write_text("years of work")
    with pytest.raises(DataError, match=r"thesis\.docx, which is not a processed table"):
        company.clean_tickets(TICKETS)
    assert (company.processed / "thesis.docx").exists()


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX's")
def test_only_the_owner_can_open_the_tables_and_what_is_kept_of_rows(company):
    company.clean_tickets(TICKETS)
    kept = [company.processed / ".parts", *(company.processed / ".parts").rglob("*")]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in kept}
    assert stat.S_IMODE(company.processed.stat().st_mode) == 0o700
    assert stat.S_IMODE((company.processed / "manifest.json").stat().st_mode) == 0o600
    assert modes == {path: 0o700 if path.is_dir() else 0o600 for path in kept}


def test_tables_behind_a_link_stay_behind_it(company, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    company.processed.parent.mkdir(parents=True)
    company.processed.symlink_to(disk / "tables")
    (disk / "tables").mkdir()
    for _ in range(2):
        store = company.clean_tickets(TICKETS)
        assert company.processed.is_symlink()
        assert (disk / "tables" / "manifest.json").is_file()
    assert len(rows(store)) == 2
    assert [p.name for p in disk.iterdir()] == ["tables"]
    assert [p.name for p in company.processed.parent.iterdir()] == ["acme"]


def test_a_link_left_beside_the_tables_is_no_hindrance(company, tmp_path):
    company.clean_tickets(TICKETS)
    company.processed.with_name(".acme.old").symlink_to(tmp_path / "gone")
    assert len(rows(company.clean_tickets(TICKETS))) == 2
    assert [p.name for p in company.processed.parent.iterdir()] == ["acme"]


def _content(folder):
    return {f.relative_to(folder): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
