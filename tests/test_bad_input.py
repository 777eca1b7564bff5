"""Raw files, profiles and disks that cannot be used: a sentence says what to change where."""

from __future__ import annotations

import errno
import gzip
import subprocess

import pytest

HERE = "config/acme/sources.yaml"


def test_a_last_day_before_all_data_is_refused(acme):
    acme.change("tables:", "as_of: 2020-01-01\ntables:")

    assert acme.refused("clean") == (
        f"{HERE}, tables: tickets: columns: opened_at: 60 of 60 dates lie after 2020-01-01 "
        "(latest 2025-12-09). If the data are newer, change `as_of` in config/acme/sources.yaml; "
        "if day and month are exchanged, change `format`."
    )


@pytest.mark.parametrize("command", ["check", "clean"])
class TestRawFiles:
    """Files that cannot be read as the profile says."""

    def test_a_missing_folder(self, acme, command):
        (acme.raw / "tickets.csv").unlink()
        acme.raw.rmdir()

        assert acme.refused(command) == (
            "The raw folder data/raw/acme does not exist; put the files there, or name another "
            "folder with --raw."
        )

    def test_a_missing_file(self, acme, command):
        (acme.raw / "tickets.csv").rename(acme.raw / "ticket.csv")

        assert acme.refused(command) == (
            'No file matches "tickets.csv*" in data/raw/acme: did you mean "ticket.csv"? Put it '
            f"there, name another folder with --raw, or correct {HERE}, tables: tickets: files."
        )

    def test_an_empty_file(self, acme, command):
        acme.write("data/raw/acme/tickets.csv", "")

        assert acme.refused(command) == (
            "data/raw/acme/tickets.csv is empty; export it again, or remove it."
        )

    def test_a_header_without_rows(self, acme, command):
        acme.write("data/raw/acme/tickets.csv", "id,opened,region\n")

        assert acme.refused(command) == (
            "data/raw/acme/tickets.csv has a header but no records; export it again, or remove "
            "the file."
        )

    def test_a_truncated_gzip(self, acme, command):
        (acme.raw / "tickets.csv").unlink()
        acme.write("data/raw/acme/tickets.csv.gz", gzip.compress(acme.csv.encode())[:-40])

        assert acme.refused(command) == (
            "data/raw/acme/tickets.csv.gz is cut: the gzip data end before their end mark. Fetch "
            "the file again."
        )

    def test_a_wrong_delimiter(self, acme, command):
        acme.change("files:", 'delimiter: ";"\n    files:')

        assert acme.refused(command) == (
            'data/raw/acme/tickets.csv gives a single column with delimiter ";"; the delimiter is '
            f'probably ",": write it as `delimiter:` in {HERE}, tables: tickets.'
        )

    def test_a_wrong_encoding(self, acme, command):
        acme.change("files:", "encoding: utf-8\n    files:")
        acme.write(
            "data/raw/acme/tickets.csv", acme.csv.replace("North", "广东省").encode("gb18030")
        )

        said = acme.refused(command)

        assert said.startswith(
            "data/raw/acme/tickets.csv is not in the declared encoding utf-8: line 2, byte "
        )
        assert said.endswith(f"Correct or remove `encoding:` in {HERE}, tables: tickets.")

    def test_a_missing_required_column(self, acme, command):
        acme.write("data/raw/acme/tickets.csv", acme.csv.replace("opened", "open"))

        assert acme.refused(command) == (
            'tickets.csv has no column "opened"; did you mean "open"? Correct the name in '
            f"{HERE}, tables: tickets, or export the column."
        )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tables:", "tabels:", f'Unknown key "tabels" in {HERE}; did you mean "tables"?'),
        (
            "files:",
            "file:",
            f'Unknown key "file" in {HERE}, tables: tickets; did you mean "files"?',
        ),
        (
            "opened_at: opened",
            "opened_att: opened",
            f'Unknown key "opened_att" in {HERE}, tables: tickets: columns; '
            'did you mean "opened_at"?',
        ),
        (
            "region: region",
            "region: {frm: region}",
            f'Unknown key "frm" in {HERE}, tables: tickets: columns: region; did you mean "from"?',
        ),
        (
            ", opened_at: opened",
            "",
            f"{HERE}, tables: tickets: the required column `opened_at` is not mapped; add it.",
        ),
        (
            "tables:",
            "title: {en: B}\ntables:",
            f'{HERE}: "title" appears twice (line 2); rename or remove one.',
        ),
        (
            "{en: Acme}",
            "Acme",
            f"{HERE}: `title` must hold `key: value` lines such as {{en: ...}}, found 'Acme'.",
        ),
        (
            "tables:",
            "as_of: soon\ntables:",
            f'as_of "soon" in {HERE} is not a day; write it like 2025-12-31.',
        ),
    ],
)
def test_a_profile_that_cannot_be_used_names_file_key_and_remedy(acme, old, new, said):
    acme.change(old, new)

    assert acme.refused("clean") == said


def test_broken_yaml_names_the_line(acme):
    acme.change("tables:", "tables: [")

    assert acme.refused("clean").startswith(f"{HERE}, line 4: not valid YAML (")


def test_yaml_in_another_encoding_is_said(acme):
    acme.write(HERE, acme.sources.encode("utf-16"))

    assert acme.refused("clean") == f"{HERE} is not UTF-8 text; save it in that encoding."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "csat_rat: {min_n: 3}",
            'Unknown metric "csat_rat" in config/acme/targets.yaml; did you mean "csat_rate"?',
        ),
        (
            "csat_rate: {minn: 3}",
            'Unknown key "minn" in config/acme/targets.yaml, metric csat_rate; '
            'did you mean "min_n"?',
        ),
    ],
)
def test_targets_that_cannot_be_used_are_refused_by_every_command(acme, line, said):
    acme.write("config/acme/targets.yaml", line)

    for command in ("check", "clean", "render"):
        assert acme.refused(command) == said


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "somewhere")


def test_a_full_disk_while_cleaning_is_said_and_the_old_tables_stay(acme, monkeypatch):
    acme.run("clean")
    before = (acme.processed / "manifest.json").read_text()
    acme.write("data/raw/acme/tickets.csv", acme.csv + "T99,2025-03-03,North\n")
    monkeypatch.setattr("aftersales.data.clean.clean.write_manifest", full)

    assert acme.refused("clean") == (
        "The disk of data/processed is full, so the tables could not be written; the ones that "
        "were there are unchanged. Free some space, or give a folder on another disk with "
        "--processed."
    )
    assert (acme.processed / "manifest.json").read_text() == before
    assert [path.name for path in acme.processed.parent.iterdir()] == ["acme"]


def test_a_full_disk_while_rendering_is_said(acme, monkeypatch):
    acme.run("clean")
    monkeypatch.setattr("aftersales.report.render.do_tasks", lambda *_, **__: (done for done in ()))
    monkeypatch.setattr("aftersales.report.render.write_text", full)

    assert acme.refused("render") == (
        "The disk is full, so somewhere could not be written; what was finished is kept. Free "
        "some space, or give a folder on another disk with --raw, --processed or --out."
    )


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 300 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("no right to mount a small disk here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_that_really_is_full_is_said(acme, small_disk):
    rows = "".join(f"N{n:06d},2025-03-03 ,{n * 7919 % 99991}\n" for n in range(40_000))
    acme.write("data/raw/acme/tickets.csv", acme.csv + rows)

    said = acme.refused("clean", "--processed", str(small_disk / "acme"))

    assert "is full" in said
    assert list(small_disk.iterdir()) == []
