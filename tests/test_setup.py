"""`tools/setup` on machines that lack something, and the Makefile's promises to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ["sh", "cat", "cksum", "dirname", "rm", "sed", "env", "make", "awk"]

# Fake interpreters answer the three questions of tools/setup: version, new enough, venv possible.
OLD = '#!/bin/sh\ncase "$2" in *print*) echo 3.9;; *) exit 1;; esac\n'
WITHOUT_VENV = '#!/bin/sh\ncase "$2" in *print*) echo 3.12;; *ensurepip*) exit 1;; esac\n'


@pytest.fixture
def machine(tmp_path):
    """A copy of what set-up reads, on a machine whose path holds almost nothing."""
    for name in ("requirements.lock", "pyproject.toml", "tools/setup"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def setup(machine: Path) -> subprocess.CompletedProcess:
    only = {"PATH": str(machine / "bin")}
    return subprocess.run([machine / "tools/setup"], env=only, capture_output=True, text=True)


def test_a_machine_without_python_is_told_what_to_install(machine):
    done = setup(machine)
    assert done.returncode == 2
    assert done.stderr == (
        "Python 3.11 or newer is needed, and python3 was not found: install it (Debian and Ubuntu:"
        " apt-get install python3 python3-venv) or name it with make PYTHON=<path>.\n"
    )


def test_a_python_that_is_too_old_is_named_with_its_version(machine):
    program(machine / "bin/python3", OLD)
    done = setup(machine)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "Python 3.11 or newer is needed, and python3 here is 3.9: install"
    )


def test_a_missing_venv_module_gets_one_sentence_with_the_package(machine):
    program(machine / "bin/python3", WITHOUT_VENV)
    done = setup(machine)
    assert done.returncode == 2
    assert done.stderr == (
        "Python 3.12 here cannot make virtual environments: install the Debian package"
        " python3.12-venv (apt-get install python3.12-venv) and run make again.\n"
    )
    assert not (machine / ".venv").exists()


def test_an_environment_that_is_current_is_left_alone(machine):
    text = "".join(
        (machine / name).read_text() for name in ("requirements.lock", "pyproject.toml")
    ) + (machine / "tools/setup").read_text(encoding="utf-8")
    digest = subprocess.run(["cksum"], input=text.encode(), capture_output=True).stdout.decode()
    program(machine / ".venv/bin/python", "#!/bin/sh\n")
    (machine / ".venv/made-from").write_text(f"{machine.resolve()} {digest.strip()}\n")

    done = setup(machine)  # there is no Python on the path: it would fail if it tried

    assert (done.returncode, done.stderr) == (0, "")


def test_a_changed_lock_makes_the_environment_again(machine):
    program(machine / ".venv/bin/python", "#!/bin/sh\n")
    (machine / ".venv/made-from").write_text("an older lock\n")
    assert setup(machine).returncode == 2  # it tried


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_hides_settings_that_would_change_the_environment():
    foreign = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "/elsewhere", "LANGUAGE": "en_US:en"}
    run = subprocess.run(
        ["make", "--eval=show: ; @env; echo language [$(LANGUAGE)]", "show"],
        cwd=ROOT, env=os.environ | foreign, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "PYTHONDONTWRITEBYTECODE" not in run.stdout
    assert "PYTHONPATH" not in run.stdout
    assert "language []" in run.stdout  # the system's LANGUAGE is not ours
