"""What a fresh clone holds, what is never committed, and what `make clean` leaves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOP = ("notebooks", "lib", "data/raw", "data/processed", "reports", "tests", "environment.yml")
MADE = ("data/raw/mine/tickets.csv", "data/raw/sample/truth.json", "data/processed/mine/t.parquet",
        "data/notes.txt", "reports/mine/2025-12/index.html")  # fmt: skip


def git(*arguments: str) -> list[str]:
    command = ["git", "-c", "core.excludesFile=/dev/null", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode > 1:
        pytest.skip("not a git checkout")
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", TOP)
def test_a_fresh_clone_has_every_place_the_readme_names(name):
    assert git("ls-files", name), f"{name} is not in the repository"


@pytest.mark.parametrize("name", MADE)
def test_data_and_reports_are_never_committed(name):
    assert git("check-ignore", "--no-index", name) == [name]


@pytest.mark.parametrize("folder", ["data/raw", "data/processed", "reports"])
def test_the_folder_itself_is_committed_and_nothing_in_it(folder):
    assert git("ls-files", folder) == [f"{folder}/.gitkeep"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which everything was made."""
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    shutil.copy(ROOT / "Makefile", tmp_path)
    for folder in ("lib", "tests", "tools", "benchmarks", "notebooks"):
        (tmp_path / folder).mkdir()
    kept = [f"{folder}/.gitkeep" for folder in ("data/raw", "data/processed", "reports")]
    for name in [*MADE, *kept, ".venv/bin/python"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def left(project: Path, target: str) -> set[str]:
    subprocess.run(["make", target], cwd=project, check=True, capture_output=True)
    files = {f.relative_to(project).as_posix() for f in project.rglob("*") if f.is_file()}
    return files - {"Makefile", "data/raw/.gitkeep", "data/processed/.gitkeep", "reports/.gitkeep"}


def test_clean_removes_what_can_be_made_again_and_keeps_reports_and_raw_files(project):
    assert left(project, "clean") == {
        "data/notes.txt", "data/raw/mine/tickets.csv", "reports/mine/2025-12/index.html",
    }  # fmt: skip
    assert (project / "data/processed/.gitkeep").exists()


def test_distclean_removes_the_reports_too(project):
    assert left(project, "distclean") == {"data/notes.txt", "data/raw/mine/tickets.csv"}
    assert (project / "reports/.gitkeep").exists()
