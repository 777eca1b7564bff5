"""The few rules of style that a machine can hold us to."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILE_LINES = 300
BODY_LINES = 30
SENTENCES = 40  # lines of a body that is a table of sentences: words, *_words, tables
# What does not hold yet. What is listed in vain fails, so the lists only shrink.
LONG_FILES = {"tests/stats/alarms/test_surveillance.py"}
LONG_BODIES = {  # of 31 to 37 lines
    "lib/aftersales/data/clean/check.py:_check_table",
    "lib/aftersales/data/clean/clean.py:_count",
    "lib/aftersales/data/clean/doubts/meaning.py:_exchanged",
    "lib/aftersales/data/clean/duplicates.py:_used_ids",
    "lib/aftersales/data/mapping/fields.py:_check_together",
    "lib/aftersales/data/mapping/fields.py:read_column",
    "lib/aftersales/data/mapping/mapping.py:_columns",
    "lib/aftersales/metrics/cells.py:events_of_units",
    "lib/aftersales/profile/regions.py:_add",
    "lib/aftersales/questions/trend/facts.py:gather",
    "lib/aftersales/report/pages/region_page.py:_sections",
    "lib/aftersales/sample/tables/systems.py:tickets",
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "tools"}

# Where packages come from is each user's own setting (a mirror, a company's registry).
REGISTRIES = re.compile(
    r"pypi\.(org|python)|pythonhosted\.|anaconda\.(org|com)|tuna\.tsinghua|mirrors\.(aliyun|ustc)"
    r"|registry\.npmjs|cdn\.jsdelivr|unpkg\.com|cdnjs\.|huggingface\.co",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(r"(?<![\w.\-}/])/(work|root|home|tmp|Users)/[\w.]|[A-Z]:\\Users\\")


def project_files() -> list[Path]:
    """Files that are in the repository, or would be with `git add .`."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        run = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return [
            f for part in ("lib", "tests", "tools") for f in sorted((ROOT / part).rglob("*.py"))
        ]
    names = [ROOT / name for name in run.stdout.decode().split("\0") if name]
    return [file for file in names if file.is_file()]


FILES = project_files()
PYTHON = [file for file in FILES if file.suffix == ".py"]
LIBRARY = [file for file in PYTHON if file.is_relative_to(ROOT / "lib")]


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def test_a_file_fits_in_three_hundred_lines():
    lines = {name(f): len(f.read_text(encoding="utf-8").splitlines()) for f in PYTHON}
    long = {file: n for file, n in lines.items() if n > FILE_LINES}
    assert set(long) == LONG_FILES, f"{long}: a file that holds more than one thing; split it"


def test_a_function_fits_on_a_screen():
    bodies = {
        f"{name(file)}:{f.name}": n
        for file in LIBRARY
        for f in functions(file)
        if (n := body_lines(f)) > (SENTENCES if is_sentences(file) else BODY_LINES)
    }
    assert set(bodies) == LONG_BODIES, f"lines of body without docstring: {bodies}"


def is_sentences(file: Path) -> bool:
    """Whether the functions of a module are tables of sentences."""
    return file.stem in ("words", "tables") or file.stem.endswith("_words")


@pytest.mark.parametrize("file", LIBRARY, ids=name)
def test_the_library_raises_errors_instead_of_asserting(file):
    found = [node.lineno for node in ast.walk(parse(file)) if isinstance(node, ast.Assert)]
    assert not found, f"assert in lines {found}: raise a class of errors.py, it names the remedy"


@pytest.mark.parametrize("file", LIBRARY, ids=name)
def test_public_functions_have_types(file):
    for function in functions(file, nested=False):
        if function.name.startswith("_"):
            continue
        untyped = [a.arg for a in arguments(function) if a.annotation is None]
        assert not untyped, f"{function.name}: no type for {untyped}"
        assert function.returns is not None, f"{function.name}: no type for what it returns"


def test_modules_have_names_that_say_what_they_hold():
    assert not [name(file) for file in LIBRARY if file.stem in VAGUE]


def test_every_module_says_what_it_is():
    bare = [name(f) for f in PYTHON if f.stat().st_size and not docstring(f) and not is_test(f)]
    assert not bare


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS], ids=["registry", "machine path"])
def test_no_file_names_a_registry_or_a_path_of_one_machine(pattern):
    found = {}
    for file in FILES:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # an image or a font
        if hits := {hit.group() for hit in pattern.finditer(text)}:
            found[name(file)] = hits
    assert not found


@cache
def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def is_test(file: Path) -> bool:
    return file.is_relative_to(ROOT / "tests")


def docstring(file: Path) -> str | None:
    return ast.get_docstring(parse(file))


def functions(file: Path, *, nested: bool = True) -> list[ast.FunctionDef]:
    """Functions and methods of a file; without the nested ones: module functions only."""
    nodes = ast.walk(parse(file)) if nested else parse(file).body
    return [node for node in nodes if isinstance(node, ast.FunctionDef)]


def arguments(function: ast.FunctionDef) -> list[ast.arg]:
    found = function.args
    return [*found.posonlyargs, *found.args, *found.kwonlyargs]


def body_lines(function: ast.FunctionDef) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0
