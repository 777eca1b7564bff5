"""Notebooks read like essays: calls and questions, no logic (CONTRIBUTING, "A notebook")."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import nbformat
import pytest
from papermill import inspect_notebook

from aftersales.report.plan.parameters import read_parameters

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
CODE_CELLS, CELL_LINES = 20, 8
LOGIC = {"def", "class", "for", "while", "if", "try", "with", "lambda"}
TYPES = {"str", "int", "float", "bool"}
CHECK, IGNORE, COMPARED = "nbval-check-output", "nbval-ignore-output", 3
LIMITS = "## What this does not show"

pytestmark = pytest.mark.skipif(not NOTEBOOKS, reason="no notebooks yet")
each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda file: file.stem)


def read(notebook: Path) -> list[nbformat.NotebookNode]:
    return nbformat.read(notebook, as_version=4).cells


def code(notebook: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(notebook) if cell.cell_type == "code"]


@each_notebook
def test_a_notebook_is_valid_and_names_the_kernel_every_machine_has(notebook):
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)
    assert content.metadata.kernelspec.name == "python3"


@each_notebook
def test_the_name_is_a_number_and_a_subject(notebook):
    assert re.fullmatch(r"\d\d_[a-z]+(_[a-z]+)*", notebook.stem)


@each_notebook
def test_it_holds_few_and_short_code_cells(notebook):
    cells = code(notebook)
    long = [cell.source for cell in cells if lines_of_code(cell.source) > CELL_LINES]
    assert len(cells) <= CODE_CELLS
    assert not long, f"more than {CELL_LINES} lines of code"


@each_notebook
def test_it_holds_calls_and_no_logic(notebook):
    for cell in code(notebook):
        tokens = tokenize.generate_tokens(io.StringIO(cell.source).readline)
        found = LOGIC & {t.string for t in tokens if t.type == tokenize.NAME}
        assert not found, f"{found} in a cell: move it to the library and test it there"


@each_notebook
def test_it_opens_with_a_question_and_the_decision_it_supports(notebook):
    first = read(notebook)[0]
    title, _, rest = first.source.partition("\n")
    assert first.cell_type == "markdown"
    assert title.startswith("# ")
    assert title.endswith("?")
    assert len(rest.strip().splitlines()) == 1, "one sentence: which decision does this support?"


@each_notebook
def test_parameters_are_typed_literals_with_a_meaning(notebook):
    cells = read(notebook)
    tagged = [i for i, c in enumerate(cells) if "parameters" in c.metadata.get("tags", [])]
    assert tagged == [1], "exactly the second cell has the tag `parameters`"
    lines = cells[1].source.splitlines()
    for statement in ast.parse(cells[1].source).body:
        line = lines[statement.end_lineno - 1]
        assert isinstance(statement, ast.AnnAssign), (
            f"{line}: write name: type = default  # meaning"
        )
        kind, default = ast.unparse(statement.annotation), ast.literal_eval(statement.value)
        assert kind in TYPES or kind.split("[")[0] in {"list", "dict"}, line
        assert type(default).__name__ == kind.split("[")[0] or kind == "float", line
        assert re.search(r"  # \S.{3,}$", line), f"{line}: say what it means"


@each_notebook
def test_it_imports_only_from_the_library_and_in_its_third_cell(notebook):
    for i, cell in enumerate(read(notebook)):
        tree = ast.parse(cell.source) if cell.cell_type == "code" else ast.Module([])
        for node in tree.body:
            assert not isinstance(node, ast.Import)
            if isinstance(node, ast.ImportFrom):
                assert i == 2
                assert node.module.split(".")[0] == "aftersales"


@each_notebook
def test_the_answer_comes_first(notebook):
    assert "show(" in read(notebook)[3].source
    assert ".findings()" in read(notebook)[3].source


@each_notebook
def test_every_figure_stands_under_a_question_that_says_how_to_read_it(notebook):
    cells = read(notebook)
    for text, figure in zip(cells[4:-2:2], cells[5:-2:2], strict=True):
        heading, _, reading = text.source.partition("\n")
        assert (text.cell_type, figure.cell_type) == ("markdown", "code")
        assert re.fullmatch(r"## .+\?", heading), heading
        assert reading.strip(), f"{heading}: one sentence on how to read the figure below"


@each_notebook
def test_it_ends_with_its_limits_and_its_provenance(notebook):
    limits, last = read(notebook)[-2:]
    assert limits.source.startswith(LIMITS)
    assert len(limits.source.strip().splitlines()) > 1
    assert "show_provenance(" in last.source


def marks(cell: nbformat.NotebookNode) -> set[str]:
    """What nbval is told about a cell, by tag."""
    return {CHECK, IGNORE} & set(cell.metadata.get("tags", []))


@each_notebook
def test_every_code_cell_is_compared_or_runs_uncompared(notebook):
    assert [c.source for c in code(notebook) if len(marks(c)) != 1] == [], "run `make notebooks`"


@each_notebook
def test_at_least_three_cells_are_compared_and_the_findings_first(notebook):
    compared = [cell for cell in code(notebook) if CHECK in marks(cell)]
    assert len(compared) >= COMPARED
    assert ".findings()" in compared[0].source
    assert all(cell.outputs for cell in compared), "run `make notebooks`"


@each_notebook
def test_it_is_committed_without_figures(notebook):
    for cell in code(notebook):
        assert CHECK in marks(cell) or not cell.outputs, "run `make notebooks`"
        assert not [o for o in cell.outputs if set(o.data) != {"text/plain"}]


@each_notebook
def test_papermill_reads_every_parameter_as_we_do(notebook):
    # `papermill --help-notebook` passes over a line with an equals sign in its comment.
    ours = read_parameters(nbformat.read(notebook, as_version=4))
    theirs = inspect_notebook(str(notebook))
    assert list(theirs) == list(ours)
    assert [p["inferred_type_name"] for p in theirs.values()] == [p.type for p in ours.values()]
    assert [ast.literal_eval(p["default"]) for p in theirs.values()] == [
        p.default for p in ours.values()
    ]
    assert [p["help"] for p in theirs.values()] == [p.meaning for p in ours.values()]


def test_numbers_order_the_notebooks_without_repeats():
    numbers = [notebook.stem[:2] for notebook in NOTEBOOKS]
    assert len(numbers) == len(set(numbers))


def lines_of_code(source: str) -> int:
    """Lines that are neither empty nor only a comment."""
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") for line in source.splitlines()
    )
