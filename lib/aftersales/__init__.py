"""aftersales: a workbook for after-sales quality analysis.

>>> import aftersales as af
>>> store = af.load_project("sample")                                       # doctest: +SKIP
>>> af.show(af.trend(store, region="CN-44").findings())                     # doctest: +SKIP

`load_project` opens a profile's tables, and each question (`trend`, `hotspot` ...) answers from
them; `show` and `show_provenance` display; `measure` gives one metric of `METRICS` as a table.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "METRICS": "aftersales.metrics",
    "load_project": "aftersales.display.project",
    "measure": "aftersales.metrics",
    "show": "aftersales.display.show",
    "show_provenance": "aftersales.display.show",
}


def __getattr__(name: str) -> Any:
    """Load a name of the face on first use, so that the command line starts fast."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if not name.startswith("_") and find_spec(f"aftersales.{name}") is None:  # it is no room
        from aftersales.questions.registry import named

        if question := named(name):
            return question.answer()
    raise AttributeError(f"module 'aftersales' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What `aftersales.<Tab>` offers: the names above and one for every question."""
    from aftersales.questions.registry import QUESTIONS

    return sorted([*_HOME, *(question.name for question in QUESTIONS.values())])
