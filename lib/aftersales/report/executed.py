"""What is kept of an executed notebook: nothing in it names the machine or the moment."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat

_BANNER = "papermill-error-cell-tag"  # papermill's own error note; our page has one of its own
_INJECTED = "injected-parameters"


def reached(notebook: nbformat.NotebookNode) -> int:
    """The number of code cells that were started, as papermill noted it; 0 if none was."""
    return sum(cell.cell_type == "code" and _started(cell) for cell in notebook.cells)


def keep(notebook: nbformat.NotebookNode, *, places: Mapping[str, str]) -> nbformat.NotebookNode:
    """A copy as it is stored beside the page.

    papermill's notes, times and random ids go. `places` are paths of this machine -> what stands
    for them; they are replaced in the injected parameters and in what the run printed.
    """
    copy = nbformat.from_dict(notebook)
    copy.cells = [c for c in copy.cells if _BANNER not in c.metadata.get("tags", ())]
    copy.metadata.pop("papermill", None)
    for number, cell in enumerate(copy.cells, 1):
        cell.id = f"cell-{number}"
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if _INJECTED in cell.metadata.get("tags", ()):
            cell.source = _without(cell.source, places)
        for output in cell.get("outputs", ()):
            _clear(output, places)
    return copy


def until_failure(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy without the code cells that did not run, and the headings that announce them."""
    copy = nbformat.from_dict(notebook)
    done = [i for i, cell in enumerate(copy.cells) if cell.get("execution_count")]
    failed = [i for i, cell in enumerate(copy.cells) if any(_errors(cell))]
    head = 1 if copy.cells and copy.cells[0].cell_type == "markdown" else 0
    copy.cells = copy.cells[: max([*done, *failed], default=head - 1) + 1]
    return copy


def machine_places(*, root: Path, processed: Path) -> dict[str, str]:
    """Paths of this machine -> what stands for them in a report, longest first."""
    places = {str(processed): processed.name}
    for folder in (root, Path(sys.prefix), Path(sys.base_prefix)):
        if len(folder.parts) > 1:
            places.setdefault(f"{folder}/", "")
    if len(Path.home().parts) > 1:
        places.setdefault(str(Path.home()), "~")
    return dict(sorted(places.items(), key=lambda place: -len(place[0])))


def _started(cell: Mapping[str, Any]) -> bool:
    return bool(cell["metadata"].get("papermill", {}).get("start_time"))


def _errors(cell: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (o for o in cell.get("outputs", ()) if o["output_type"] == "error")


def _clear(output: Any, places: Mapping[str, str]) -> None:
    """Replace paths in what a cell printed and in its traceback; shown results are ours."""
    if output.output_type == "stream":
        output.text = _without(output.text, places)
    if output.output_type == "error":
        output.evalue = _without(output.evalue, places)
        output.traceback = [_without(line, places) for line in output.traceback]


def _without(text: str, places: Mapping[str, str]) -> str:
    for path, word in places.items():
        text = text.replace(path, word)
    return text


def without_places(text: str, places: Mapping[str, str]) -> str:
    """A message without the paths of this machine."""
    return _without(text, places)
