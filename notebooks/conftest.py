"""`pytest --nbval notebooks`: every notebook runs on the small sample of `tools/notebooks.py`."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from pathlib import Path
from types import ModuleType

import pytest

# What notebooks show besides text; only the text is committed, so only the text is compared.
NOT_TEXT = ("text/html", "image/svg+xml", "application/vnd.aftersales.findings+json")
_made: list[Path] = []


def _tool() -> ModuleType:
    file = Path(__file__).resolve().parents[1] / "tools" / "notebooks.py"
    spec = importlib.util.spec_from_file_location("notebooks_tool", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    cells = [item for item in items if hasattr(item, "cell")]
    if not cells or config.option.collectonly:
        return
    tool = _tool()
    _made.append(Path(tempfile.mkdtemp()))
    processed = tool.small_sample(_made[0])
    for item in cells:
        tool.use(item.cell, processed=processed)
        if item.parent.skip_compare[-len(NOT_TEXT) :] != NOT_TEXT:
            item.parent.skip_compare += NOT_TEXT


def pytest_unconfigure() -> None:
    for folder in _made:
        shutil.rmtree(folder, ignore_errors=True)
