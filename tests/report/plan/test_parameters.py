"""What a notebook declares, and what the command line may give it."""

from __future__ import annotations

import pytest

from aftersales.errors import RequestError
from aftersales.report.plan.parameters import Parameter, convert, read_parameters, settle

MONTHS = Parameter("months", "int", 12, "length of the window")


def test_parameters_are_read_with_type_default_and_meaning(notebook):
    found = read_parameters(notebook())

    assert found["months"] == MONTHS
    assert found["parts"].default == ["a", "b"]
    assert list(found) == [
        "region", "as_of", "language", "processed", "months", "share", "strict", "parts",
    ]  # fmt: skip


def test_a_notebook_without_a_parameter_cell_has_no_parameters(notebook):
    plain = notebook()
    plain.cells[1].metadata = {}

    assert read_parameters(plain) == {}


@pytest.mark.parametrize("source", ["months: int = twelve", "months: int = (", "x: str = '"])
def test_a_parameter_cell_that_cannot_be_read_is_named(notebook, source):
    with pytest.raises(RequestError, match=r"parameter cell of notebook 10_x cannot be read"):
        read_parameters(notebook(parameters=source), name="10_x")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "24", 24),
        ("float", "0.25", 0.25),
        ("bool", "Yes", True),
        ("bool", "0", False),
        ("str", "1", "1"),
        ("list[str]", "a, b,", ["a", "b"]),
    ],
)
def test_a_value_becomes_the_declared_type(kind, text, value):
    assert convert(Parameter("x", kind, None), text, notebook="10_x") == value


@pytest.mark.parametrize(
    ("kind", "text"), [("int", "2.5"), ("int", "x"), ("float", "nan"), ("bool", "maybe")]
)
def test_a_value_of_another_type_is_refused(kind, text):
    with pytest.raises(RequestError) as refused:
        convert(Parameter("x", kind, 1, "how many"), text, notebook="10_x")

    assert str(refused.value) == (
        f'Parameter "x" of notebook 10_x is {kind} (how many); found "{text}". '
        "Give a value of that type, e.g. -p x=1."
    )


def test_a_type_that_the_command_line_cannot_give_is_said():
    with pytest.raises(RequestError, match=r"has type dict, which the command line cannot give"):
        convert(Parameter("x", "dict", {}), "{}", notebook="10_x")


def test_a_given_value_goes_to_the_notebooks_that_declare_it():
    declared = {"10_a": {"months": MONTHS}, "20_b": {}}

    assert settle({"months": "6"}, notebooks=declared) == {"10_a": {"months": 6}, "20_b": {}}


def test_a_name_that_no_notebook_declares_is_refused_with_the_nearest():
    with pytest.raises(RequestError) as refused:
        settle({"month": "6"}, notebooks={"10_a": {"months": MONTHS}})

    assert str(refused.value) == (
        'Parameter "month" is not declared by 10_a; did you mean "months"? '
        "`aftersales list parameters` shows all of them."
    )
