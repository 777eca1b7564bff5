"""A process that was started clean and from which others are forked, with the libraries loaded."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from aftersales.errors import RequestError
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
    except OSError as error:
        if "AF_UNIX" not in str(error):
            raise
        raise RequestError(
            f"The folder for temporary files, {tempfile.gettempdir()}, has too long a name for "
            "the sockets that lie in it; set TMPDIR to a shorter one."
        ) from None
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return context


def load(modules: Iterable[str], *, then: Callable[[], None] | None = None) -> None:
    """Import what can be imported, call `then`, and keep the garbage collector off it all.

    A collection touches every object it looks at, and a page that is touched is no longer shared.
    """
    for module in modules:
        with suppress(Exception):  # the notebook that needs it will say what is wrong with it
            importlib.import_module(module)
    with suppress(Exception):
        if then:
            then()
    gc.collect()
    gc.freeze()
