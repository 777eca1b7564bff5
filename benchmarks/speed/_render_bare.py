"""The cells of the reports with nothing around them: what `render.py` beside it compares with.

    python benchmarks/speed/_render_bare.py CN-44 CN-45

Libraries are loaded and what all regions share is prepared once; then a child is forked for every
region and notebook, two at a time, and runs the cells with `exec`. What a cell displays is made,
as HTML or SVG, and thrown away.
"""

from __future__ import annotations

import ast
import io
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2


def cells(notebook: Path) -> list:
    """The code cells, compiled."""
    import nbformat

    found = nbformat.read(notebook, as_version=4).cells
    return [
        compile(ast.parse(c.source), str(notebook), "exec") for c in found if c.cell_type == "code"
    ]


def run(codes: list, *, region: str) -> None:
    """All cells of a notebook in a fresh namespace; open figures are drawn after each."""
    import IPython.display
    import matplotlib.pyplot as plt

    IPython.display.display = lambda *things, **_: [_shown(thing) for thing in things]
    names: dict = {}
    os.chdir(ROOT / "notebooks")
    for number, code in enumerate(codes):
        exec(code, names)
        if number == 0:
            names["region"] = region
        for figure in map(plt.figure, plt.get_fignums()):
            figure.savefig(io.BytesIO(), format="svg")
        plt.close("all")


def _shown(thing: object) -> object:
    return thing._repr_html_() if hasattr(thing, "_repr_html_") else thing


def main() -> None:
    if not sys.argv[1:]:
        sys.exit(print("Regions are missing; `benchmarks/speed/render.py` gives them."))
    from aftersales.report.fork.safety import ENVIRONMENT

    os.environ.update(ENVIRONMENT | {"MPLBACKEND": "agg"})
    import gc

    import aftersales.report.fork.libraries  # noqa: F401
    from aftersales.metrics.counting.company import unpack
    from aftersales.report.plan.plan import list_notebooks

    notebooks = list_notebooks(ROOT)
    codes = {name: cells(path) for name, path in notebooks.items()}
    jobs = [(region, name) for region in sys.argv[1:] for name in notebooks]
    unpack(shared(jobs))
    gc.freeze()
    running: set[int] = set()
    for region, name in jobs:
        if len(running) == WORKERS:
            running.remove(ended())
        if (child := os.fork()) == 0:
            run(codes[name], region=region)
            os._exit(0)
        running.add(child)
    while running:
        running.remove(ended())


def ended() -> int:
    """Wait for a child; it must have done its work."""
    child, status = os.wait()
    if status:
        raise SystemExit(f"a child ended with status {status}")
    return child


def shared(jobs: list[tuple[str, str]]) -> bytes:
    """What all regions share, computed in a child as the fork engine does it."""
    from aftersales.data.store.store import open_store
    from aftersales.profile.config import read_profile
    from aftersales.questions.prepare import prepare
    from aftersales.report.plan.plan import declared_parameters, list_notebooks

    declared = declared_parameters(list_notebooks(ROOT))
    defaults = {n: {p.name: p.default for p in given.values()} for n, given in declared.items()}
    runs = [(name, defaults[name] | {"region": region}) for region, name in jobs]
    with tempfile.NamedTemporaryFile() as file:
        if os.fork() == 0:
            store = open_store(read_profile("sample", root=ROOT))
            Path(file.name).write_bytes(prepare(store, runs=runs))
            os._exit(0)
        ended()
        return Path(file.name).read_bytes()


if __name__ == "__main__":
    main()
