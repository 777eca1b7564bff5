"""The command: what it says and how it exits when the request or the data cannot be used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from aftersales import __version__
from aftersales.command.cli import run_command


def test_check_says_what_would_be_read_and_changes_nothing(acme):
    before = sorted(acme.root.rglob("*"))

    status, out, _ = acme.run("check")

    assert status == 0
    assert "60 of the first 60 rows can be used" in out
    assert sorted(acme.root.rglob("*")) == before


def test_clean_says_what_it_kept_and_why_not_the_rest(acme):
    acme.write(
        "data/raw/acme/tickets.csv", acme.csv + "T1,2025-03-03,North\n" + acme.rows[0] + "\n"
    )

    status, out, _ = acme.run("clean")

    assert status == 0
    assert out.splitlines() == [
        "table    read  kept  duplicates  rejected",
        "tickets    62    60           1         1",
        "tickets: 1 row is an exact copy of an earlier row and was left out.",
        "tickets: 1 row rejected: its ticket_id is used by an earlier row with other content "
        "(`keep: newest` takes the later one).",
        f"Processed tables are in {acme.processed}; rejected/ there holds each rejected row with "
        "its file, line and reason.",
    ]


def test_dates_after_the_last_day_are_rejected_and_said(acme):
    acme.change("tables:", "as_of: 2025-09-30\ntables:")

    status, out, _ = acme.run("clean")

    assert status == 0
    assert "15 rows rejected: their opened_at lies after 2025-09-30 (latest 2025-12-09)." in out


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
    monkeypatch.setattr("aftersales.data.clean.clean.read_mapping", lambda _: 1 / 0)

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

    monkeypatch.setattr("aftersales.data.clean.clean.read_mapping", interrupt)

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
    assert "  north  province  North" in acme.run("list", "regions")[1]


def test_the_version_is_said(capsys):
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out == f"aftersales {__version__}\n"


@pytest.mark.slow
def test_the_installed_command_exits_with_the_status(acme):
    command = [sys.executable, "-c", "from aftersales.command.cli import main; main()", "rendr"]

    done = subprocess.run(command, cwd=acme.root, capture_output=True, text=True)

    assert done.returncode == 2
    assert done.stderr.startswith("error: No such command 'rendr'.")
