"""The page `docs/notebooks.md`: every question, and what its result offers."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable
from typing import Any

from aftersales.questions.registry import QUESTIONS, Question

_INTRODUCTION = """\
# Notebooks

Written by `tools/docs.py` from `lib/aftersales/questions/registry.py` and the result classes; do
not edit it here.

Every notebook asks one question. The function that answers it is at the face of the package:
`aftersales.trend(store, region="CN-44")` gives the result that the notebook `10_trend` shows. A
result's `to_frame()`, `plot()` and `findings()` are the same everywhere; what else it has is listed
below. A table without rows says why in `attrs["nothing"]`; a figure without data says so in its
place.
"""
_PARTS = ("Sentences", "Tables", "Figures", "Other")
_MAKERS = ("tables", "charts")  # modules whose functions the methods of a result call


def docs() -> str:
    """The text of `docs/notebooks.md`."""
    return "\n".join([_INTRODUCTION, *(_section(question) for question in QUESTIONS.values())])


def _section(question: Question) -> str:
    answer = question.answer()
    result = typing.get_type_hints(answer)["return"]
    tables = ", ".join(f"`{table}`" for table in question.tables)
    head = [
        f"## `{question.notebook}`: {question.title}",
        "",
        f"`{question.name}{_arguments(answer)}` -> `{result.__name__}`. {_first(answer)}",
        f"Reads, where the profile has them: {tables}.",
        "",
    ]
    return "\n".join([*head, *_methods(result)])


def _arguments(function: Callable[..., Any]) -> str:
    """The arguments of a call with their defaults, without types."""
    known = inspect.signature(function).parameters.values()
    return "(" + ", ".join(str(p.replace(annotation=p.empty)) for p in known) + ")"


def _methods(result: type) -> list[str]:
    """A table of a result's public methods: kind, call, first line of its docstring."""
    found: dict[str, list[str]] = {part: [] for part in _PARTS}
    for name, method in inspect.getmembers(result, inspect.isfunction):
        if not name.startswith("_"):
            row = (
                f"| {_part(name, method)} | `{name}()` | {_first(_spoken(result, name, method))} |"
            )
            found[_part(name, method)].append(row)
    rows = [row for part in _PARTS for row in found[part]]
    return ["| | method | gives |", "|---|---|---|", *rows, ""]


def _part(name: str, method: Callable[..., Any]) -> str:
    returned = str(inspect.signature(method).return_annotation)
    if "Finding" in returned:
        return "Sentences"
    if "DataFrame" in returned:
        return "Tables"
    return "Figures" if name.startswith("plot") or "Axes" in returned else "Other"


def _spoken(result: type, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """What documents a method: the function of the same name that makes it, or the method."""
    package = result.__module__.rpartition(".")[0]
    makers = [sys.modules.get(f"{package}.{module}") for module in _MAKERS]
    return next((getattr(maker, name) for maker in makers if hasattr(maker, name)), method)


def _first(function: Callable[..., Any]) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())
