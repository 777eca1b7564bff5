"""What is kept of an executed notebook: nothing in it names the machine or the moment."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    copy = deepcopy(notebook)
    copy.cells = [c for c in copy.cells if _BANNER not in c.metadata.get("tags", ())]
    copy.metadata.pop("papermill", None)
    for number, cell in enumerate(copy.cells, 1):
        cell.id = f"cell-{number}"
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if _INJECTED in cell.metadata.get("tags", ()):
            cell.source = without_places(cell.source, places)
        for output in cell.get("outputs", ()):
            _clear(output, places)
    return copy


def until_failure(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy up to the last code cell that ran; the title alone if none did."""
    copy = deepcopy(notebook)
    ran = [n for n, c in enumerate(copy.cells) if c.get("execution_count") or any(_errors(c))]
    titles = [n for n, c in enumerate(copy.cells[:1]) if c.cell_type == "markdown"]
    copy.cells = copy.cells[: max([*titles, *ran], default=-1) + 1]
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
        output.text = without_places(output.text, places)
    if output.output_type == "error":
        output.evalue = without_places(output.evalue, places)
        output.traceback = [without_places(line, places) for line in output.traceback]


def without_places(text: str, places: Mapping[str, str]) -> str:
    """A message without the paths of this machine."""
    for path, word in places.items():
        text = text.replace(path, word)
    return text
