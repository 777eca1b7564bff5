"""The command: what it says and how it exits when the request or the data cannot be used."""

from __future__ import annotations

import errno
import gzip
import json
import os
import subprocess
from pathlib import Path

import nbformat
import pytest

from aftersales import __version__
from aftersales.cli import run_command

ROWS = [f"T{n},2025-{n % 12 + 1:02d}-0{n % 9 + 1},North" for n in range(60)]
CSV = "\n".join(["id,opened,region", *ROWS]) + "\n"
SOURCES = """\
title: {en: Acme}
tables:
  tickets:
    files: ["tickets.csv*"]
    columns: {ticket_id: id, opened_at: opened, region: region}
"""
REGIONS = """\
id: all
level: country
children:
  - {id: north, level: province, name: {en: North}}
"""
HERE = "config/acme/sources.yaml"


class Acme:
    """A project with a profile of one table and a notebook, in which the command is run."""

    def __init__(self, root: Path, capsys) -> None:
        self.root, self._capsys = root, capsys
        self.raw, self.processed = root / "data/raw/acme", root / "data/processed/acme"
        for folder in ("config/acme", "data/raw/acme", "notebooks"):
            (root / folder).mkdir(parents=True)
        self.write("pyproject.toml", "")
        self.write(HERE, SOURCES)
        self.write("config/acme/regions.yaml", REGIONS)
        self.write("data/raw/acme/tickets.csv", CSV)
        parameters = 'region: str = ""  # a region\nmonths: int = 12  # length of the window'
        cell = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), root / "notebooks/10_trend.ipynb")

    def write(self, name: str, content: str | bytes) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        (self.root / name).write_bytes(data)

    def change(self, old: str, new: str) -> None:
        """Change the profile's `sources.yaml`."""
        assert old in SOURCES
        self.write(HERE, SOURCES.replace(old, new))

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, output and errors of a command."""
        profile = ["--profile", "acme"] if arguments[:1] != ("list",) else []
        status = run_command([*arguments, *profile])
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def refused(self, *arguments: str) -> str:
        """The sentence with which a command is refused."""
        status, out, error = self.run(*arguments)
        assert status == 2, out + error
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        assert "Traceback" not in out + error
        return error.removeprefix("error: ").rstrip("\n").replace(f"{self.root}/", "")


@pytest.fixture
def acme(tmp_path, monkeypatch, capsys) -> Acme:
    monkeypatch.setenv("AFTERSALES_KEY", "a key for tests, as long as it needs to be")
    monkeypatch.chdir(tmp_path)
    return Acme(tmp_path, capsys)


def test_check_says_what_would_be_read_and_changes_nothing(acme):
    before = sorted(acme.root.rglob("*"))

    status, out, _ = acme.run("check")

    assert status == 0
    assert "60 of the first 60 rows can be used" in out
    assert sorted(acme.root.rglob("*")) == before


def test_clean_says_what_it_kept_and_why_not_the_rest(acme):
    acme.write("data/raw/acme/tickets.csv", CSV + "T1,2025-03-03,North\n" + ROWS[0] + "\n")

    status, out, _ = acme.run("clean")

    assert status == 0
    assert out.splitlines() == [
        "table    read  kept  duplicates  rejected",
        "tickets    62    60           1         1",
        "tickets: 1 row is an exact copy of an earlier row and was left out.",
        "tickets: 1 row rejected: its ticket_id is used by an earlier row with other content.",
        f"Processed tables are in {acme.processed}; rejected/ there holds each rejected row with "
        "its file, line and reason.",
    ]


def test_dates_after_the_last_day_are_rejected_and_said(acme):
    acme.change("tables:", "as_of: 2025-09-30\ntables:")

    status, out, _ = acme.run("clean")

    assert status == 0
    assert "15 rows rejected: their opened_at lies after 2025-09-30 (latest 2025-12-09)." in out


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
        acme.write("data/raw/acme/tickets.csv.gz", gzip.compress(CSV.encode())[:-40])

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
        acme.write("data/raw/acme/tickets.csv", CSV.replace("North", "广东省").encode("gb18030"))

        said = acme.refused(command)

        assert said.startswith(
            "data/raw/acme/tickets.csv is not in the declared encoding utf-8: line 2, byte "
        )
        assert said.endswith(f"Correct or remove `encoding:` in {HERE}, tables: tickets.")

    def test_a_missing_required_column(self, acme, command):
        acme.write("data/raw/acme/tickets.csv", CSV.replace("opened", "open"))

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
    acme.write(HERE, SOURCES.encode("utf-16"))

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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--region", "nort"],
            'Region "nort" is not in the tree; did you mean "north"? '
            "The tree is in config/acme/regions.yaml.",
        ),
        (
            ["--level", "provinces"],
            'Level "provinces" is not in config/acme/regions.yaml; did you mean "province"?',
        ),
        (["--notebook", "11"], 'Notebook "11" does not exist; valid are: 10_trend.'),
        (["--engine", "kernal"], 'Engine "kernal" does not exist; did you mean "kernel"?'),
        (
            ["-p", "month=6"],
            'Parameter "month" is not declared by 10_trend; did you mean "months"? '
            "`aftersales list parameters` shows all of them.",
        ),
        (
            ["-p", "months=six"],
            'Parameter "months" of notebook 10_trend is int (length of the window); found "six". '
            "Give a value of that type, e.g. -p months=12.",
        ),
        (["-p", "months"], '-p "months" is not of the form name=value, e.g. -p months=24.'),
        (
            ["-p", "months=1", "-p", "months=2"],
            'Parameter "months" is given twice with -p; give it once.',
        ),
        (["-p", "region=north"], "Give --region instead of -p region=..."),
    ],
)
def test_a_render_request_that_cannot_be_met_is_refused_before_the_tables_are_opened(
    acme, arguments, said
):
    assert acme.refused("render", *arguments) == said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("31.12.2025", "is not a day; write it as YYYY-MM-DD, e.g. 2025-12-09."),
        ("2026-01-01", "choose that day or an earlier one."),
        ("2024-12-31", "is before the first day of the data, 2025-01-01; choose a later day."),
    ],
)
def test_a_day_outside_the_data_is_refused(acme, day, said):
    acme.run("clean")

    assert acme.refused("render", "--as-of", day).endswith(said)
    assert not (acme.root / "reports").exists()


def test_without_processed_tables_render_says_what_to_run(acme):
    assert acme.refused("render") == (
        "There are no processed tables of profile acme in data/processed/acme. "
        "Run `aftersales clean --profile acme` to make it."
    )


def test_tables_of_an_older_schema_are_refused(acme):
    acme.run("clean")
    manifest = acme.processed / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"schema_version": 0}))

    assert acme.refused("render") == (
        "The tables in data/processed/acme have schema version 0, this code reads version 1. "
        "Run `aftersales clean --profile acme` again."
    )


def test_an_unknown_profile_is_refused_with_the_nearest(acme, capsys):
    assert run_command(["clean", "--profile", "acne"]) == 2
    assert 'Profile "acne" does not exist; did you mean "acme"?' in capsys.readouterr().err


def test_outside_a_project_the_command_says_where_to_run_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert run_command(["list", "profiles"]) == 2
    assert "Run the command inside the project folder." in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--processed", "--raw"])
def test_a_folder_that_is_a_file_is_refused(acme, option):
    acme.write("file", "")

    assert "file" in acme.refused("clean", option, "file")
    assert "file" in acme.refused("clean", option, "file/below")


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "somewhere")


def test_a_full_disk_while_cleaning_is_said_and_the_old_tables_stay(acme, monkeypatch):
    acme.run("clean")
    before = (acme.processed / "manifest.json").read_text()
    acme.write("data/raw/acme/tickets.csv", CSV + "T99,2025-03-03,North\n")
    monkeypatch.setattr("aftersales.data.clean.write_manifest", full)

    assert acme.refused("clean") == (
        "The disk of data/processed is full, so the tables could not be written; the ones that "
        "were there are unchanged. Free some space, or give a folder on another disk with "
        "--processed."
    )
    assert (acme.processed / "manifest.json").read_text() == before
    assert [path.name for path in acme.processed.parent.iterdir()] == ["acme"]


def test_a_full_disk_while_rendering_is_said(acme, monkeypatch):
    acme.run("clean")
    monkeypatch.setattr("aftersales.report.render.run_tasks", lambda *_, **__: iter(()))
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
    acme.write("data/raw/acme/tickets.csv", CSV + rows)

    said = acme.refused("clean", "--processed", str(small_disk / "acme"))

    assert "is full" in said
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "No command was given."),
        (["rendr"], "No such command 'rendr'."),
        (["render", "--wrkers", "2"], "No such option: --wrkers"),
        (["render", "--workers", "two"], "Invalid value for '--workers'"),
        (["render", "--language", "fr"], "Invalid value for '--language'"),
        (["list", "things"], "Invalid value for 'what'"),
        (["sample", "--tickets", "3"], "Invalid value for '--tickets'"),
    ],
)
def test_a_command_that_does_not_exist_is_one_line_and_status_2(capsys, arguments, said):
    assert run_command(arguments) == 2

    error = capsys.readouterr().err.splitlines()
    assert error[-1].startswith(f"error: {said}")
    assert error[-1].endswith("`aftersales --help` shows what there is.")


def test_what_nobody_foresaw_is_one_line_and_status_1(acme, monkeypatch):
    monkeypatch.setattr("aftersales.data.clean.read_mapping", lambda _: 1 / 0)

    status, _, error = acme.run("clean")

    assert status == 1
    assert error == (
        "error: Something failed that was not foreseen (ZeroDivisionError: division by zero). "
        "To see where, run the command again with AFTERSALES_DEBUG=1.\n"
    )
    monkeypatch.setenv("AFTERSALES_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        acme.run("clean")


def test_an_interrupted_command_exits_as_shells_expect(acme, monkeypatch):
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aftersales.data.clean.read_mapping", interrupt)

    status, _, error = acme.run("clean")

    assert status == 130
    assert error == "Interrupted; what was finished is kept. The same command goes on.\n"


def test_lists_show_what_there_is(acme):
    assert acme.run("list", "profiles")[1] == "profile  title\nacme     Acme\n"
    assert acme.run("list", "notebooks")[1].splitlines()[0] == "notebook  question"
    assert (
        "10_trend  months     int   12       length of the window"
        in (acme.run("list", "parameters")[1])
    )
    assert "faults_per_1000" in acme.run("list", "metrics")[1]
    run_command(["list", "regions", "--profile", "acme"])
    assert "  north  province  North" in acme._capsys.readouterr().out


def test_the_version_is_said(capsys):
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out == f"aftersales {__version__}\n"


def test_the_installed_command_exits_with_the_status(acme):
    command = [os.sys.executable, "-c", "from aftersales.cli import main; main()", "rendr"]

    done = subprocess.run(command, cwd=acme.root, capture_output=True, text=True)

    assert done.returncode == 2
    assert done.stderr.startswith("error: No such command 'rendr'.")
