"""The rooms of the library import one way only, and a room stays small enough to know."""

from __future__ import annotations

import ast
import graphlib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

LIB = Path(__file__).resolve().parents[1] / "lib"
OURS = "aftersales"
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
    "metrics": {"errors", "profile", "findings", "words", "stats", "data"},
    "studies": {"errors", "profile", "findings", "stats", "data", "metrics"},  # never speak
    "questions": FACE | {"stats", "data", "metrics", "studies"},
    "display": FACE | {"data", "metrics"},  # what a notebook calls first, and last
    "report": FACE | WORK | {"display"},
    "command": FACE | WORK | {"sample", "display", "report"},
    "__init__": {"display", "metrics", "questions"},  # loaded when they are called for
}

MODULES_IN_A_FOLDER = 12
ENGINES = {"data", "metrics"}  # the rooms that touch tables of any size
SPEAKS = {"words", "tables", "charts"}  # modules of a question that know its facts, not its result


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


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def folder(module: str) -> str:
    """The folder of a module, below the package: "questions/trend"."""
    return MODULES[module].parent.relative_to(LIB / OURS).as_posix()


def folders(modules: Iterable[str]) -> set[str]:
    return {folder(module) for module in modules}


def imported(module: str, *, at_import: bool = False, types: bool = False) -> set[str]:
    """Modules of ours that a module imports; `at_import`: only those needed to load it, and with
    `types` those that it names in annotations."""
    found = named(module, at_import=at_import, types=types)
    return {name for name in found if name.split(".")[0] == OURS} - {module}


def named(module: str, *, at_import: bool = False, types: bool = False) -> set[str]:
    """All modules that a module imports, ours and others."""
    tree = parsed(module)
    found: set[str] = set()
    for node in _outside_functions(tree, types=types) if at_import else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= _from(node, module)
    return found


def _from(node: ast.ImportFrom, module: str) -> set[str]:
    base = node.module or ""
    if node.level:  # relative: counted from the package the module is in
        package = MODULES[module].parent.relative_to(LIB).parts
        base = ".".join([*package[: len(package) - node.level + 1], *base.split(".")]).strip(".")
    names = {f"{base}.{alias.name}" for alias in node.names}
    return {name if name in MODULES else base for name in names}


def _outside_functions(tree: ast.AST, *, types: bool = False):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not types:
            continue
        yield node
        yield from _outside_functions(node, types=types)


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


def test_no_modules_name_each_other_in_a_circle_for_their_types_either():
    graph = {m: imported(m, at_import=True, types=True) - {OURS} for m in MODULES}
    assert not folders(m for m in MODULES if m in reached(m, graph))


def reached(module: str, graph: dict[str, set[str]]) -> set[str]:
    """Modules that a module imports, and those that they import, and so on."""
    found: set[str] = set()
    ahead = set(graph[module])
    while ahead:
        found |= ahead
        ahead = set().union(*(graph[name] for name in ahead if name in graph)) - found
    return found


def test_only_data_and_metrics_know_of_engines():
    found = {m for m in MODULES if any(n.split(".")[0] == "narwhals" for n in named(m))}
    assert not folders(m for m in found if room(m) not in ENGINES)


def question(module: str) -> str:
    """The question that a module belongs to; "" for what questions share, and other rooms."""
    parts = module.split(".")
    return parts[2] if parts[1:2] == ["questions"] and len(parts) > 3 else ""


def test_a_question_imports_no_other_question():
    wrong = {
        module
        for module in MODULES
        if (here := question(module)) and {question(n) for n in imported(module)} - {here, ""}
    }
    assert not folders(wrong)


def test_words_tables_and_charts_do_not_know_the_result():
    wrong = {
        module
        for module in MODULES
        if (here := question(module))
        and set(module.rsplit(".", 1)[1].split("_")) & SPEAKS
        and f"{OURS}.questions.{here}.result" in imported(module)
    }
    assert not folders(wrong)


def test_a_folder_holds_at_most_twelve_modules():
    count = Counter(folder(m) for m, file in MODULES.items() if file.name != "__init__.py")
    assert not {name for name, n in count.items() if n > MODULES_IN_A_FOLDER}


def test_the_library_never_imports_the_notebook_tools_at_start():
    # jupyterlab and nbval serve people; loading them in every kernel would cost seconds.
    heavy = {"jupyterlab", "nbval", "pyspark", "playwright", "pytest"}
    for module in MODULES:
        for node in _outside_functions(parsed(module)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not heavy & {name.split(".")[0] for name in names}, module
