"""A process that was started clean and from which others are forked, with the libraries loaded."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from aftersales.report.fork.safety import ENVIRONMENT

_FIRST = ("aftersales.report.fork.server", "aftersales.report.fork.shell")


def clean_process(*preload: str) -> Any:
    """The context of multiprocessing whose processes are forked from a clean one.

    That process is started when it is first needed, has no threads, and has imported `preload`.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_FIRST, *preload])  # no effect once it runs
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    try:
        from multiprocessing import forkserver

        forkserver.ensure_running()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return context


def load(modules: Iterable[str]) -> None:
    """Import what can be imported, and keep the garbage collector off it from then on.

    A collection touches every object it looks at, and a page that is touched is no longer shared.
    """
    for module in modules:
        with suppress(Exception):  # the notebook that needs it will say what is wrong with it
            importlib.import_module(module)
    gc.collect()
    gc.freeze()
