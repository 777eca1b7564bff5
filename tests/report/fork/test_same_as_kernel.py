"""Every feature and every product notebook gives the same with a forked process and a kernel."""

from __future__ import annotations

import os
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import nbformat
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from aftersales.command.cli import run_command
from aftersales.report.fork.client import joined
from aftersales.report.fork.engine import NAME
from aftersales.report.fork.template import clean_process
from aftersales.report.plan.plan import list_notebooks
from aftersales.report.run.execution import KERNEL
from aftersales.report.run.executor import LIBRARIES

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")
ROOT = Path(__file__).resolve().parents[3]
TIMES = ("papermill", "execution")  # metadata that hold nothing but times
# What differs from run to run with one and the same engine, too.
CHANGING = [
    (re.compile(r"ipykernel_\d+/"), "ipykernel_N/"),  # the process
    (re.compile(r"0x[0-9a-f]{8,}"), "0xN"),  # an address
]


def _features():
    spec = spec_from_file_location("features", Path(__file__).with_name("features.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FEATURES = _features()


def run(source: nbformat.NotebookNode, engine: str | None, folder: Path, **options):
    """The notebook as papermill leaves it, and the error with which it ended."""
    before, after = folder / "before.ipynb", folder / f"{engine}.ipynb"
    nbformat.write(source, before)
    error = None
    try:
        papermill.execute_notebook(
            str(before),
            str(after),
            engine_name=engine,
            kernel_name=KERNEL,
            progress_bar=False,
            **options,
        )
    except PapermillExecutionError as failure:
        error = str(failure)
    return nbformat.read(after, as_version=4), error


def fixed(text: str) -> str:
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text


def outputs(cell: nbformat.NotebookNode) -> list:
    """What a cell put out; how a stream was cut, and two streams mixed, is a matter of timing."""
    kept = joined(cell.get("outputs", []))
    names = [o.get("name") for o in kept]
    if names.count("stdout") > 1 and "stderr" in names:
        kept = sorted(kept, key=lambda o: o.get("name", ""), reverse=True)
    return eval(fixed(repr(joined(kept))), {"inf": float("inf"), "nan": None})


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The notebook of features after both engines: (notebook, error) of the kernel, of the fork."""
    folder = tmp_path_factory.mktemp("features")
    clean_process(LIBRARIES)  # as a run has it: all is loaded before the fork
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)  # kernels then watch subprocesses
        patch.delenv("MPLBACKEND", raising=False)
        done = [
            run(FEATURES.feature_notebook(), engine, folder, parameters={"given": "it"})
            for engine in (None, NAME)
        ]
    return done


def cell_of(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    return next(cell for cell in notebook.cells if cell.metadata.get("name") == name)


@pytest.mark.parametrize("feature", FEATURES.FEATURES)
def test_a_cell_puts_out_the_same(both, feature):
    (kernel, _), (fork, _) = both
    expected, found = cell_of(kernel, feature), cell_of(fork, feature)

    assert outputs(found) == outputs(expected)
    assert found.execution_count == expected.execution_count
    assert set(found.metadata) == set(expected.metadata)
    assert set(found.metadata.get("execution", {})) == set(expected.metadata.get("execution", {}))


def test_the_notebook_around_the_cells_is_the_same(both):
    (kernel, said), (fork, found) = both

    assert fixed(found) == fixed(said)
    assert fork.metadata.language_info == kernel.metadata.language_info
    assert fork.metadata.kernelspec == kernel.metadata.kernelspec
    assert set(fork.metadata.papermill) == set(kernel.metadata.papermill)
    assert [c.cell_type for c in fork.cells] == [c.cell_type for c in kernel.cells]
    assert [c.source for c in fork.cells] == [c.source for c in kernel.cells]
    tags = [[c.metadata.get("tags") for c in nb.cells] for nb in (fork, kernel)]
    assert tags[0] == tags[1]
    assert "An Exception was encountered at" in fork.cells[0].source
    noted = [[c.metadata.get("papermill", {}) for c in nb.cells] for nb in (fork, kernel)]
    assert [n.get("status") for n in noted[0]] == [n.get("status") for n in noted[1]]
    assert [n.get("exception") for n in noted[0]] == [n.get("exception") for n in noted[1]]


def test_the_features_do_put_something_out(both):
    _, (fork, _) = both
    silent = {name for name in FEATURES.FEATURES if not outputs(cell_of(fork, name))}

    assert silent == {
        "nothing", "silenced result", "capture magic", "update of a display", "help", "empty",
        "a task of an earlier cell", "never reached",
    }  # fmt: skip


@pytest.fixture(scope="module")
def by_kernels(small_sample, tmp_path_factory) -> Path:
    """The reports of one region as kernels make them."""
    out = tmp_path_factory.mktemp("kernels")
    where = ["--processed", str(small_sample.processed), "--out", str(out)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        asked = ["--region", "CN-S", "--language", "en", "--engine", "kernel"]
        assert run_command(["render", *where, *asked]) == 0
    return out / "2025-12"


@pytest.mark.parametrize("ending", ["ipynb", "html"])
@pytest.mark.parametrize("name", list_notebooks(ROOT))
def test_a_product_notebook_gives_the_same_file(name, ending, rendered_sample, by_kernels):
    kernel, fork = (
        (pages / "CN-S" / f"{name}.{ending}").read_text(encoding="utf-8")
        for pages in (by_kernels, rendered_sample.pages)
    )

    assert fork == kernel


def test_papermills_command_knows_the_engine():
    from papermill.engines import papermill_engines

    assert papermill_engines.get_engine(NAME).__name__ == "ForkEngine"


def test_another_language_is_refused(tmp_path):
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {
        "display_name": "R", "language": "R", "name": "ir"}})  # fmt: skip
    nbformat.write(notebook, tmp_path / "r.ipynb")

    with pytest.raises(papermill.exceptions.PapermillException, match="runs Python only"):
        papermill.execute_notebook(
            str(tmp_path / "r.ipynb"), None, engine_name=NAME, kernel_name="ir", progress_bar=False
        )
    assert os.environ.get("AFTERSALES_THREADS") is None
