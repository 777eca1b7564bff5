"""The rooms of the library import one way only."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

LIB = Path(__file__).resolve().parents[1] / "lib"
FACE = {"errors", "profile", "findings", "words", "plot"}
WORK = {"stats", "data", "metrics", "studies", "questions"}
MAY_IMPORT = {
    "errors": set(),
    "findings": set(),
    "profile": {"errors"},
    "words": {"errors", "profile"},
    "plot": FACE,
    "stats": {"errors"},  # knows nothing of after-sales
    "data": {"errors", "profile", "findings", "words", "stats"},
    "sample": {"errors", "data", "profile"},
    "metrics": {"errors", "profile", "findings", "words", "stats"},
    "studies": {"errors", "profile", "words", "findings", "stats", "data", "metrics"},
    "questions": FACE | {"stats", "data", "metrics", "studies"},
    "display": FACE | {"data", "metrics"},  # what a notebook calls first, and last
    "report": FACE | WORK | {"display"},
    "command": FACE | WORK | {"sample", "display", "report"},
    "__init__": {"display", "metrics", "questions"},  # loaded when they are called for
}


def modules() -> dict[str, Path]:
    """Dotted name of every module of the library -> its file."""
    names = {}
    for file in sorted(LIB.rglob("*.py")):
        parts = file.relative_to(LIB).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return names


MODULES = modules()


def room(module: str) -> str:
    """The first part below the package: `aftersales.stats.counts.intervals` is in room `stats`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imported(module: str, *, at_import: bool = False) -> set[str]:
    """Modules of ours that a module imports; `at_import`: only those needed to load it."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    nodes = _outside_functions(tree) if at_import else ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= _from(node, module)
    return {name for name in found if name.split(".")[0] == "aftersales"} - {module}


def _from(node: ast.ImportFrom, module: str) -> set[str]:
    base = node.module or ""
    if node.level:  # relative: counted from the package the module is in
        package = MODULES[module].parent.relative_to(LIB).parts
        base = ".".join([*package[: len(package) - node.level + 1], *base.split(".")]).strip(".")
    names = {f"{base}.{alias.name}" for alias in node.names}
    return {name if name in MODULES else base for name in names}


def _outside_functions(tree: ast.AST):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _outside_functions(node)


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_rooms_below_it(module):
    here = room(module)
    assert here in MAY_IMPORT, f"room {here} has no place in MAY_IMPORT"
    allowed = MAY_IMPORT[here] | {here, "__init__"}  # `from aftersales import __version__`

    too_high = {name for name in imported(module) if room(name) not in allowed}

    assert not too_high, f"{module} imports {sorted(too_high)}; {here} stands below them"


def test_no_modules_import_each_other_in_a_circle():
    graph = {module: imported(module, at_import=True) for module in MODULES}
    # `from aftersales.stats.x import y` does not need what the package `aftersales` gathers.
    graph = {module: needs - {"aftersales"} for module, needs in graph.items()}

    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError and names the circle


def test_the_library_never_imports_the_notebook_tools_at_start():
    # jupyterlab and nbval serve people; loading them in every kernel would cost seconds.
    heavy = {"jupyterlab", "nbval", "pyspark", "playwright", "pytest"}
    for module, file in MODULES.items():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in _outside_functions(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not heavy & {name.split(".")[0] for name in names}, module
