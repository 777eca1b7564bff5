"""Importing this module loads what reports need, once, in the process they are forked from."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from aftersales.report.fork.template import load

# Packages that notebooks and pages use part by part; all their modules are loaded.
_WHOLE = (
    "aftersales.questions",
    "aftersales.metrics",
    "aftersales.plot",
    "aftersales.report",
    "aftersales.stats",
    "narwhals._duckdb",
    "narwhals._pandas_like",
    "narwhals._sql",
)
# Loaded by others when first used, which would be once in every report.
_LATE = (
    "IPython.core.completer",
    "IPython.core.magic_arguments",
    "IPython.core.magics.ast_mod",
    "IPython.core.magics.execution",
    "aftersales.display.project",
    "aftersales.display.provenance",
    "babel.lists",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "narwhals._duration",
    "narwhals._interchange.dataframe",
    "narwhals.group_by",
    "nbconvert.exporters.html",
    "pandas.core.methods.to_dict",
    "pandas.core.reshape.reshape",
    "pandas.io.formats.csvs",
    "pandas.io.formats.string",
)


def whole(package: str) -> Iterator[str]:
    """Names of all modules of a package."""
    yield package
    for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
        if module.name != __name__:
            yield module.name


def warm_up() -> None:
    """Do once what every report would do for the first time."""
    import_module("aftersales.report.fork.warm").warm_up()


load([*(module for package in _WHOLE for module in whole(package)), *_LATE], then=warm_up)
