"""What to install is said three times, and alike: pyproject.toml, the lock, environment.yml."""

from __future__ import annotations

import doctest
import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import MatchSpec

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
WORKBENCH = {"jupyterlab", "pandas", "seaborn", "statsmodels", "papermill", "nbval"}


def generator():
    spec = importlib.util.spec_from_file_location("environment", ROOT / "tools" / "environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def locked() -> list[tuple[Requirement, str]]:
    """Every pinned requirement and the hashes under it; a package may differ by Python version."""
    entry = r"^(\S+==[^\\\n]+)\\\n((?:    --hash=\S+(?: \\)?\n?)+)"
    return [(Requirement(line.strip()), h) for line, h in re.findall(entry, LOCK, re.MULTILINE)]


def versions(name: str) -> list[Version]:
    """The versions that the lock has of a package."""
    pins = [pin for pin, _ in locked() if canonicalize_name(pin.name) == canonicalize_name(name)]
    return [Version(next(iter(pin.specifier)).version) for pin in pins]


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for and the lock must hold: all but the Spark extra."""
    extras = PYPROJECT["project"]["optional-dependencies"]
    lines = [
        *PYPROJECT["project"]["dependencies"],
        *extras["postgres"],
        *extras["test"],
        *PYPROJECT["dependency-groups"]["setup"],
        *PYPROJECT["build-system"]["requires"],
    ]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_the_lock_satisfies_what_the_project_asks_for(requirement):
    found = versions(requirement.name)
    assert found, "run `make lock`"
    assert all(version in requirement.specifier for version in found), "run `make lock`"


def test_every_line_of_the_lock_is_a_version_with_hashes():
    lines = re.findall(r"^[^\s#].*$", LOCK, re.MULTILINE)
    assert len(lines) == len(locked()) > 100
    for pin, hashes in locked():
        assert [s.operator for s in pin.specifier] == ["=="]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", hashes), pin


def test_the_lock_holds_no_addresses():
    assert "://" not in LOCK
    assert not re.search(r"^\s*(-i|--index|--extra-index|--find-links)", LOCK, re.MULTILINE)


def test_spark_is_not_in_the_lock():
    assert not versions("pyspark")


def test_environment_yml_is_what_the_generator_writes():
    text = generator().environment((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == text, "run `make lock`"


def test_every_line_of_environment_yml_is_a_spec_that_conda_understands():
    for line in CONDA["dependencies"]:
        if isinstance(line, str):
            assert MatchSpec(line, strict=True).name is not None


def test_environment_yml_asks_for_the_same_versions_as_the_project():
    renamed = PYPROJECT["tool"]["aftersales"]["conda"]
    lines = [Requirement(line) for line in CONDA["dependencies"] if isinstance(line, str)]
    conda = {line.name: line.specifier for line in lines}

    for line in PYPROJECT["project"]["dependencies"]:
        requirement = Requirement(line)
        assert conda.pop(renamed.get(requirement.name, requirement.name)) == requirement.specifier

    assert str(conda.pop("python")) == PYPROJECT["project"]["requires-python"]
    assert set(conda) == {"pip"}


def test_environment_yml_names_the_workbench_first_and_installs_the_package_in_place():
    lines = CONDA["dependencies"]
    assert {Requirement(line).name for line in lines[1:7]} == WORKBENCH
    assert CONDA["channels"] == ["conda-forge"]
    assert lines[-1] == {"pip": ["-e ."]}


def test_the_example_of_the_generator_is_right():
    assert doctest.testmod(generator()).failed == 0


def test_a_requirement_without_plain_bounds_stops_the_generator():
    odd = '[project]\nname = "x"\nrequires-python = ">=3.11"\ndependencies = ["a[b]>=1"]\n'
    with pytest.raises(SystemExit, match=r'"a\[b\]>=1" has no plain name and bounds'):
        generator().environment(odd)
