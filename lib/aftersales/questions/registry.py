"""Every question once: its notebook, what it is called, and the function that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from aftersales.words.say import N_, say


@dataclass(frozen=True)
class Question:
    """What a notebook asks, and who answers.

    `function` is ``"module:name"``; it is loaded when it is called for, so that the command line
    starts fast. `name` is what the face of the package calls it, ``aftersales.trend``. Of `tables`
    it uses those the profile has. A `prepared` question asks things of the whole company that the
    reports of all regions share; a run asks them once.
    """

    notebook: str  # name without ending, e.g. "10_trend"
    short: str  # the word a board has for it, a message
    title: str  # the first heading of the notebook
    function: str
    tables: tuple[str, ...]
    prepared: bool = True

    @property
    def name(self) -> str:
        """The function's name, and the question's at the face."""
        return self.function.partition(":")[2]

    def answer(self) -> Callable[..., Any]:
        """The function: ``answer()(store, region=..., as_of=...)`` is the question's result."""
        home, _, name = self.function.partition(":")
        return getattr(import_module(home), name)


_ALL = (
    Question(
        notebook="00_data_quality",
        short=N_("Data quality"),
        title="Can we trust this period's data?",
        function="aftersales.questions.quality.result:quality",
        tables=("tickets", "units", "orders", "surveys"),
    ),
    Question(
        notebook="10_trend",
        short=N_("Trend"),
        title="What changed, and when?",
        function="aftersales.questions.trend.result:trend",
        tables=("tickets", "units", "exposure"),
    ),
    Question(
        notebook="20_hotspot",
        short=N_("Hotspot"),
        title="Where is it concentrated?",
        function="aftersales.questions.hotspot.result:hotspot",
        tables=("tickets", "units", "repairs", "outlets"),
    ),
    Question(
        notebook="30_root_cause",
        short=N_("Root cause"),
        title="What best explains it?",
        function="aftersales.questions.root_cause.result:root_cause",
        tables=("tickets", "units", "orders", "returns", "exposure"),
    ),
    Question(
        notebook="40_customer_segment",
        short=N_("Customers"),
        title="Who feels it, and how much?",
        function="aftersales.questions.customers.result:customers",
        tables=("surveys", "customers", "orders"),
    ),
)
QUESTIONS: dict[str, Question] = {question.notebook: question for question in _ALL}


def named(name: str) -> Question | None:
    """The question that the face of the package calls `name`; None if there is none.

    >>> named("trend").notebook
    '10_trend'
    """
    return next((q for q in QUESTIONS.values() if q.name == name), None)


def short_title(notebook: str) -> str:
    """The word a board has for a notebook; a notebook that is not registered is named by its file.

    >>> short_title("10_trend"), short_title("55_spare_parts")
    ('Trend', 'Spare parts')
    """
    if question := QUESTIONS.get(notebook):
        return say(question.short)
    return notebook.split("_", 1)[-1].replace("_", " ").capitalize()
