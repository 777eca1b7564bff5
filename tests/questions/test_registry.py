"""Every question is registered once: with its notebook, its function and the words for it."""

from __future__ import annotations

import inspect
import subprocess
import sys

import nbformat
import pytest

import aftersales
from aftersales import words
from aftersales.data.mapping.schema import TABLES
from aftersales.questions.registry import QUESTIONS, named, short_title
from aftersales.report.plan.plan import list_notebooks

each_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=list(QUESTIONS))
FACE = {"METRICS", "load_project", "measure", "show", "show_provenance"}


def test_every_notebook_is_registered_and_every_question_has_a_notebook(root):
    assert list(QUESTIONS) == list(list_notebooks(root))


@each_question
def test_the_title_is_the_first_heading_of_the_notebook(question, root):
    cells = nbformat.read(root / "notebooks" / f"{question.notebook}.ipynb", as_version=4).cells
    assert cells[0].source.partition("\n")[0] == f"# {question.title}"


@each_question
def test_the_notebook_calls_the_registered_function(question, root):
    cells = nbformat.read(root / "notebooks" / f"{question.notebook}.ipynb", as_version=4).cells
    assert f"result = {question.name}(" in cells[3].source


@each_question
def test_the_function_takes_a_store_and_a_region_and_gives_findings(question):
    parameters = list(inspect.signature(question.answer()).parameters)
    assert parameters[0] == "store"
    assert {"region", "as_of"} <= set(parameters)
    assert callable(named(question.name).answer())


@each_question
def test_the_tables_are_tables_of_the_schema(question):
    assert question.tables
    assert set(question.tables) <= set(TABLES)


def test_boards_have_a_short_word_in_both_languages():
    words.use_language("zh")
    chinese = [short_title(name) for name in QUESTIONS]
    words.use_language("en")
    assert [short_title(name) for name in QUESTIONS] == [q.short for q in QUESTIONS.values()]
    assert all(not text.isascii() for text in chinese)


def test_the_face_shows_what_a_notebook_needs_and_nothing_else():
    assert set(dir(aftersales)) == FACE | {question.name for question in QUESTIONS.values()}


def test_every_name_of_the_face_is_there_and_says_what_it_gives():
    for name in dir(aftersales):
        value = getattr(aftersales, name)
        assert name == "METRICS" or inspect.getdoc(value).partition("\n")[0].endswith("."), name


def test_an_unknown_name_of_the_face_is_an_error_like_any_other():
    with pytest.raises(AttributeError, match="module 'aftersales' has no attribute 'trendy'"):
        aftersales.trendy  # noqa: B018


def test_the_command_line_starts_without_loading_any_question():
    code = (
        "import sys, aftersales.command.cli, aftersales.questions.registry;"
        "print([m for m in sys.modules if m.startswith('aftersales.questions.') and 'result' in m"
        " or m in ('scipy', 'matplotlib', 'nbformat')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
