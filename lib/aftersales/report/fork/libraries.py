"""Importing this module loads what reports need, once, in the process they are forked from."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from aftersales.report.fork.template import load

# Parts of ours that notebooks and pages use; all modules in them are loaded.
_ROOMS = ("stats", "data", "metrics", "analyses", "plot", "report")
# Loaded by others when first used, which would be once in every report.
_LATE = (
    "IPython.core.completer",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib_inline.config",
    "nbconvert.exporters.html",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "narwhals.stable.v1",
)


def ours() -> Iterator[str]:
    """Names of all modules in the rooms that reports stand on."""
    for room in _ROOMS:
        package = import_module(f"aftersales.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"aftersales.{room}."):
            if not module.name.endswith((".libraries", ".spark")):
                yield module.name


load([*ours(), *_LATE])
