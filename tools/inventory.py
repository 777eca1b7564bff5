"""Prints what does not belong in the library: circles, full folders, long files, unreached code.

python tools/inventory.py      exit 1 with circles, full folders, long files or unreached modules

Everything is read from the source; nothing is imported. The functions are for tests too.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIB = ROOT / "lib"
FACE = "aftersales"
FOLDER_MODULES = 12
FILE_LINES = 300
BODY_LINES = 30
TABLE_LINES = 40  # where a body is a table of sentences
DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def modules() -> dict[str, Path]:
    """Dotted name of every module of the library -> its file."""
    names = {}
    for file in sorted(LIB.rglob("*.py")):
        parts = file.relative_to(LIB).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return names


@cache
def tree(module: str) -> ast.Module:
    """The parsed source of a module."""
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def imported(source: ast.AST, module: str = "") -> set[str]:
    """Modules of ours that a source imports anywhere: in functions and for types as well."""
    found: set[str] = set()
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, module)
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= {name if name in modules() else base for name in names}
    return {name for name in found if name in modules()} - {module}


def named(source: ast.AST) -> set[str]:
    """Modules of ours that a source names as text, to load them when they are needed."""
    texts = (n.value for n in ast.walk(source) if isinstance(n, ast.Constant))
    homes = (text.partition(":")[0] for text in texts if isinstance(text, str))  # "module:name"
    return {home for home in homes if home in modules()}


def _base(node: ast.ImportFrom, module: str) -> str:
    if not node.level:
        return node.module or ""
    package = modules()[module].parent.relative_to(LIB).parts
    rest = (node.module or "").split(".")
    return ".".join([*package[: len(package) - node.level + 1], *rest]).strip(".")


def circles() -> list[list[str]]:
    """Groups of modules that import each other, with imports for types counted.

    The face is left out: `from aftersales import __version__` needs nothing that it names.
    """
    graph = {m: imported(tree(m), m) - {FACE} for m in modules() if m != FACE}
    reach = {module: _reached(graph, graph[module]) for module in graph}
    groups = {
        tuple(sorted(other for other in reach[m] if m in reach[other]))
        for m in graph
        if m in reach[m]
    }
    return [list(group) for group in sorted(groups)]


def _reached(graph: dict[str, set[str]], start: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    todo = list(start)
    while todo:
        if (module := todo.pop()) not in seen:
            seen.add(module)
            todo += graph[module]
    return seen


def full_folders() -> dict[str, int]:
    """Folders with more modules than a reader can keep in mind -> how many (no `__init__`)."""
    files = [file for file in modules().values() if file.stem != "__init__"]
    n = Counter(file.parent.relative_to(LIB).as_posix() for file in files)
    return {folder: count for folder, count in n.items() if count > FOLDER_MODULES}


def long_files() -> dict[str, int]:
    """Modules above the lines a file may have -> their lines."""
    lines = {module: _lines(file) for module, file in modules().items()}
    return {module: n for module, n in lines.items() if n > FILE_LINES}


def long_bodies(above: int = BODY_LINES) -> dict[str, int]:
    """Functions, as module:name, whose body without docstring has more lines -> its lines."""
    return {
        f"{module}:{node.name}": n
        for module in modules()
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef) and (n := body_lines(node)) > above
    }


def body_lines(function: ast.FunctionDef) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def _lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


@cache
def notebooks() -> dict[str, ast.Module]:
    """The parsed code cells of each notebook."""
    found = {}
    for file in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        found[file.name] = ast.parse(re.sub(r"^[%!].*$", "", code, flags=re.MULTILINE))
    return found


@cache
def entry_points() -> dict[str, str]:
    """Module -> name of every script and plug-in that pyproject.toml declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project.get("scripts", {}), *project.get("entry-points", {}).values()]
    return dict(place.split(":") for group in groups for place in group.values())


def unreached() -> list[str]:
    """Modules that neither a notebook, the face nor an entry point leads to."""
    graph = {m: imported(tree(m), m) | named(tree(m)) | _packages(m) for m in modules()}
    start = {FACE, *entry_points()}
    for code in notebooks().values():
        start |= imported(code)
    return sorted(set(graph) - _reached(graph, start & set(graph)))


def _packages(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:n]) for n in range(1, len(parts))}


def unused() -> list[str]:
    """Public functions and classes, as module:name, that no other code and no page of docs uses.

    Decorated functions count as used: the decorator registers them.
    """
    used = {(module, name) for module, name in entry_points().items()}
    for module in modules():
        used |= set(_uses(tree(module), module))
    for code in notebooks().values():
        used |= set(_uses(code))
    pages = "".join(f.read_text(encoding="utf-8") for f in (ROOT / "docs").rglob("*.md"))
    told = set(re.findall(r"\w+", "".join(re.findall(r"```.*?```|`[^`]+`", pages, re.DOTALL))))
    public = [
        (module, node.name)
        for module in modules()
        for node in tree(module).body
        if isinstance(node, DEFINITION) and not node.name.startswith("_")
        if isinstance(node, ast.ClassDef) or not node.decorator_list
    ]
    return [f"{m}:{name}" for m, name in public if (m, name) not in used and name not in told]


def _uses(source: ast.Module, module: str = "") -> Iterator[tuple[str, str]]:
    """Where a name that the source uses is defined, and the name."""
    homes: dict[str, str] = {}  # name of a module here -> the module
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            homes |= {a.asname or a.name.split(".")[0]: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, module)
            for alias in node.names:
                yield base, alias.name
                homes[alias.asname or alias.name] = f"{base}.{alias.name}"
    for owner in source.body:
        own = owner.name if isinstance(owner, DEFINITION) else None
        for node in ast.walk(owner):
            if isinstance(node, ast.Name) and node.id != own:
                yield module, node.id
            elif isinstance(node, ast.Attribute):
                yield from ((home, node.attr) for home in (_home(node.value, homes), *named(node)))
    for node in ast.walk(source):
        if isinstance(node, ast.Dict):  # {"show": "aftersales.display.show"}: named as text
            yield from ((getattr(v, "value", ""), getattr(k, "value", "")) for k, v in _pairs(node))


def _home(node: ast.AST, homes: dict[str, str]) -> str:
    return homes.get(ast.unparse(node), ast.unparse(node))


def _pairs(node: ast.Dict) -> Iterator[tuple[ast.AST, ast.AST]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
            yield key, value


def rooms() -> dict[str, tuple[int, int]]:
    """Room -> its modules and its lines."""
    found: dict[str, tuple[int, int]] = {}
    for module, file in modules().items():
        room = module.split(".")[1] if "." in module else FACE
        n, lines = found.get(room, (0, 0))
        found[room] = (n + (file.stem != "__init__"), lines + _lines(file))
    return found


def report() -> tuple[str, bool]:
    """The inventory as text, and whether the library keeps to its limits."""
    bodies = long_bodies()
    screens = {name: n for name, n in bodies.items() if n > TABLE_LINES}
    strict = [
        ("Modules that import each other in a circle", [" <-> ".join(c) for c in circles()]),
        (f"Folders with more than {FOLDER_MODULES} modules", _counted(full_folders())),
        (f"Files above {FILE_LINES} lines", _counted(long_files())),
        ("Modules that nothing leads to", unreached()),
    ]
    told = [
        (f"Bodies above {TABLE_LINES} lines", _counted(screens)),
        (
            f"Bodies of {BODY_LINES + 1} to {TABLE_LINES}",
            _counted(bodies.items() - screens.items()),
        ),
        ("Public names that nothing uses", unused()),
        ("Rooms", [f"{room}: {n} modules, {lines} lines" for room, (n, lines) in rooms().items()]),
    ]
    parts = [f"{title}: {len(found)}\n" + _listed(found) for title, found in strict + told]
    total = sum(lines for _, lines in rooms().values())
    return "\n".join([*parts, f"{total} lines in all"]), not any(found for _, found in strict)


def _counted(found: dict[str, int] | Iterable[tuple[str, int]]) -> list[str]:
    return sorted(f"{name}: {n}" for name, n in dict(found).items())


def _listed(found: list[str]) -> str:
    return "".join(f"  {line}\n" for line in found)


if __name__ == "__main__":
    text, good = report()
    print(text)
    sys.exit(not good)
