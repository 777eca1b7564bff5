"""`docs/architecture.md` shows the house as it stands, and its way to add a question works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest
from test_layers import MAY_IMPORT

ROOT = Path(__file__).resolve().parents[1]
LIB = ROOT / "lib" / "aftersales"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TREE = re.search(r"```\nlib/aftersales/\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()
BLOCKS = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
CODE_LINES = 60
REGISTRY = "lib/aftersales/questions/registry.py"
END = ")\nQUESTIONS: "  # of the entries in the registry


def rooms() -> dict[str, tuple[str, set[str]]]:
    """Room -> what the page says of it, and the rooms inside it."""
    found: dict[str, tuple[str, set[str]]] = {}
    for line in TREE:
        if line.startswith("    "):
            last = next(reversed(found))
            found[last][1].update(f"{last}{name.strip('/')}" for name in line.split())
        else:
            name, _, said = line.strip().partition(" ")
            found[name] = (said.strip(), set())
    return found


def folders(inside: Path) -> set[str]:
    """Folders with modules in them, at any depth."""
    files = [f for f in inside.rglob("*.py") if f.parent != inside]
    return {f.parent.relative_to(LIB).as_posix() for f in files}


def test_every_room_has_one_line_and_every_line_is_a_room():
    there = {f"{f.name}/" if f.is_dir() else f.name for f in LIB.iterdir() if f.name[0] != "_"}
    there |= {"__init__.py"}
    assert set(rooms()) == there
    assert not [name for name, (said, _) in rooms().items() if not said]


@pytest.mark.parametrize("room", [name for name in rooms() if name.endswith("/")])
def test_the_rooms_inside_a_room_are_the_ones_on_the_page(room):
    assert rooms()[room][1] == folders(LIB / room)


def test_a_room_imports_only_rooms_above_it_on_the_page():
    order = [name.removesuffix(".py").strip("/") for name in rooms()]
    low = {
        (room, other)
        for room, others in MAY_IMPORT.items()
        for other in others - {room}
        if order.index(other) > order.index(room)
    }
    assert low == set()


def test_the_question_of_the_page_is_short():
    assert sum(len(code.splitlines()) for code in BLOCKS.values()) <= CODE_LINES


def notebook_of(code: str) -> nbformat.NotebookNode:
    """The code of the page as cells, after a title and the usual parameters."""
    pattern = nbformat.read(ROOT / "notebooks" / "10_trend.ipynb", as_version=4)
    imports, calls = code.split("result = ")
    *_, provenance = calls.splitlines()
    answer = "result = " + calls.removesuffix(f"{provenance}\n")
    cells = [
        nbformat.v4.new_markdown_cell("# Through which channel do they come?"),
        pattern.cells[1],
    ]
    cells += [nbformat.v4.new_code_cell(source) for source in (imports, answer, provenance)]
    return nbformat.v4.new_notebook(cells=cells, metadata=pattern.metadata)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project with the question of the page added, and no other notebook."""
    shutil.copytree(ROOT / "lib", tmp_path / "lib")
    shutil.copytree(ROOT / "config" / "sample", tmp_path / "config" / "sample")
    (tmp_path / "pyproject.toml").touch()
    for name, code in BLOCKS.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name == REGISTRY:
            text = (ROOT / REGISTRY).read_text(encoding="utf-8")
            assert text.count(END) == 1
            entry = textwrap.indent(code.rstrip(), "    ")
            file.write_text(text.replace(END, f"{entry},\n{END}"), encoding="utf-8")
        elif file.suffix == ".py":
            file.write_text(code, encoding="utf-8")
        else:
            nbformat.write(notebook_of(code), file)
    return tmp_path


def test_a_question_added_as_the_page_says_is_answered_on_a_page(project, small_sample):
    asked = ["--region", "CN-S", "--language", "en", "--processed", str(small_sample.processed)]
    done = subprocess.run(
        [sys.executable, "-c", "from aftersales.command.cli import main; main()", "render", *asked],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project / "lib")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr

    (page,) = (project / "reports").rglob("CN-S/45_channels.html")
    text = page.read_text(encoding="utf-8")
    assert re.search(r"<p>\d[\d.]* % of the tickets come by hotline\.</p>", text)
    assert "Channels" in page.with_name("index.html").read_text(encoding="utf-8")
