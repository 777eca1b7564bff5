"""Writes the outputs that notebooks are committed with: the text of what they show.

python tools/notebooks.py [NOTEBOOK ...]

Every notebook is run on one small sample, always the same. Cells that call `show` keep what they
print as text and are tagged `nbval-check-output`: `pytest --nbval notebooks` runs them on the same
sample and compares. All other code cells are tagged `nbval-ignore-output`: they have to run.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
TICKETS = 4_000
KEY = "the key of the small sample, which is no secret"
CHECK, IGNORE = "nbval-check-output", "nbval-ignore-output"
PARAMETERS = "parameters"
SHOWS = re.compile(r"^show\(", re.MULTILINE)
DRAWS = re.compile(r"\.plot\w*\(")


def small_sample(folder: Path) -> Path:
    """The processed tables of the small sample, made below `folder` in seconds."""
    from aftersales.data.clean.clean import clean_profile
    from aftersales.profile.config import read_profile
    from aftersales.sample.generator import write_sample

    os.environ["AFTERSALES_KEY"] = KEY
    write_sample(folder / "raw", tickets=TICKETS)
    profile, processed = read_profile("sample", root=ROOT), folder / "processed"
    clean_profile(profile, raw=folder / "raw", processed=processed)
    return processed


def use(cell: nbformat.NotebookNode, *, processed: Path) -> None:
    """Let a cell of parameters name the small sample, in English."""
    if PARAMETERS in cell.metadata.get("tags", []):
        cell.source += f'\nprocessed, language = {str(processed)!r}, "en"'


def is_checked(source: str) -> bool:
    """Whether a cell shows findings or a table, and no figure."""
    return bool(SHOWS.search(source)) and not DRAWS.search(source)


def tag(cell: nbformat.NotebookNode) -> None:
    """Tell nbval whether to compare the output of a code cell."""
    others = [t for t in cell.metadata.get("tags", []) if t not in (CHECK, IGNORE)]
    cell.metadata["tags"] = [*others, CHECK if is_checked(cell.source) else IGNORE]


def text_of(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """The same outputs with nothing but their text."""
    return [
        nbformat.v4.new_output("display_data", {"text/plain": output.data["text/plain"]})
        for output in outputs
    ]


def written(notebook: nbformat.NotebookNode, *, processed: Path) -> nbformat.NotebookNode:
    """The notebook as it is committed: code cells tagged, those that are compared with outputs."""
    ran = nbformat.from_dict(notebook)
    for cell in ran.cells:
        use(cell, processed=processed)
    folder = {"metadata": {"path": str(ROOT / "notebooks")}}
    NotebookClient(ran, kernel_name="python3", timeout=1200, resources=folder).execute()
    for cell, done in zip(notebook.cells, ran.cells, strict=True):
        if cell.cell_type == "code":
            tag(cell)
            kept = is_checked(cell.source)
            cell.outputs = text_of(done.outputs) if kept else []
            cell.execution_count = done.execution_count if kept else None  # nbval asks for it
    return notebook


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    asked = parser.parse_args().notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    with tempfile.TemporaryDirectory() as folder:
        processed = small_sample(Path(folder))
        for file in asked:
            notebook = written(nbformat.read(file, as_version=4), processed=processed)
            nbformat.write(notebook, file)
            checked = sum(CHECK in cell.metadata.get("tags", []) for cell in notebook.cells)
            print(f"{file.name}: {checked} outputs", flush=True)


if __name__ == "__main__":
    main()
