"""From an executed notebook to the body of a page."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import nbformat
from nbconvert import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML

from aftersales.display.show import findings_html
from aftersales.findings import FINDINGS_MIME
from aftersales.report.pages.page import TEMPLATES
from aftersales.words import say

_FIRST_PARAGRAPH = re.compile(r"(</h[12]>\s*)<p>")


def translate_notebook(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy whose text cells are in the reader's language; each cell is one message."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        if cell.cell_type == "markdown":
            cell.source = say(cell.source.strip())
    return copy


def gather_findings(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All findings a notebook has shown, each once, in the order shown."""
    found: dict[str, dict[str, Any]] = {}
    for output in _outputs(notebook):
        for finding in output.get("data", {}).get(FINDINGS_MIME, {}).get("findings", ()):
            found.setdefault(finding["id"], finding)
    return list(found.values())


def notebook_body(notebook: nbformat.NotebookNode, *, since: Mapping[str, int] | None) -> str:
    """HTML of the cells: text, findings with their age, figures, tables, folded code.

    `since` gives for each finding's id the number of periods it has been open, counting this
    one; None when there is no earlier report to compare with.
    """
    notebook = fold_silent_cells(notebook)
    for output in _outputs(notebook):
        data = output.get("data", {})
        if FINDINGS_MIME in data:
            data["text/html"] = findings_html(data[FINDINGS_MIME]["findings"], since=since)
    labels = {"code": say("Code"), "warnings": say("Messages while running")}
    body, _ = _exporter().from_notebook_node(notebook, resources={"words": labels})
    return _FIRST_PARAGRAPH.sub(r'\1<p class="lead">', _numbered(body))


class _PageExporter(HTMLExporter):
    """nbconvert's exporter; it parses the finished page again only where there are images.

    All it does there is to say which images lack a description. Our figures are SVG and have one.
    """

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[str, Any]:
        page = TemplateExporter.from_notebook_node(self, nb, resources, **options)
        if "<img" not in page[0]:
            return page
        return super().from_notebook_node(nb, resources, **options)


@lru_cache(maxsize=1)
def _exporter() -> _PageExporter:
    """One for all pages of a process: its templates are compiled once."""
    exporter = _PageExporter(
        template_name="aftersales",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_anchor_links=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    exporter.register_filter("highlight_code", Highlight2HTML(parent=exporter))
    return exporter


def _numbered(body: str) -> str:
    """Second-level headings with ids, for the table of contents: the same in every language."""
    numbers = itertools.count(1)
    return re.sub(r"<h2[^>]*>", lambda _: f'<h2 id="q{next(numbers)}">', body)


def fold_silent_cells(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy in which code cells without output are joined to the next one with output."""
    copy = nbformat.from_dict(notebook)
    cells, waiting = [], []
    for cell in copy.cells:
        if cell.cell_type == "code":
            waiting.append(cell.source)
            if not cell.outputs:
                continue
            cell.source, waiting = "\n\n".join(waiting), []
        cells.append(cell)
    copy.cells = cells
    return copy


def title_of(notebook: Mapping[str, Any]) -> str:
    """The first heading of a notebook."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            return next(iter(cell["source"].lstrip("# ").splitlines()), "").strip()
    return ""


def _outputs(notebook: Mapping[str, Any]):
    for cell in notebook["cells"]:
        yield from cell.get("outputs", ())
