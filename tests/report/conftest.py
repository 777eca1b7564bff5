"""A project in an empty folder: a profile, notebooks of a few lines, a stand-in for its store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
import pandas as pd
import pytest

from aftersales.findings import FINDINGS_MIME, Finding
from aftersales.profile.config import Profile, read_profile

REGIONS = """
id: all
level: country
name: {en: Everywhere, zh: 全部}
children:
  - {id: north, level: province, name: {en: North, zh: 北}}
  - {id: south, level: province, name: {en: South, zh: 南}}
"""
PARAMETERS = """region: str = ""  # a region's id
as_of: str = ""  # last complete day
language: str = ""  # en or zh
processed: str = ""  # folder of processed tables
months: int = 12  # length of the window
share: float = 0.5  # a share
strict: bool = True  # whether to be strict
parts: list[str] = ["a", "b"]  # what to show"""


def finding(severity: str = "act", subject: str = "batch B1", **more: Any) -> dict[str, Any]:
    """A finding as `findings.json` holds it."""
    name, _, value = subject.partition(" ")
    texts = {"text": f"{subject} stands out.", "metric": "return_rate", "kind": "cause"}
    return Finding(severity, subject={name: value}, **(texts | more)).to_json()


def showing(*findings: Mapping[str, Any]) -> str:
    """Code that shows findings, without the time it takes to import the library."""
    bundle = {FINDINGS_MIME: {"findings": list(findings)}, "text/plain": "findings"}
    return f"from IPython.display import display\ndisplay({bundle!r}, raw=True)"


def notebook(*code: str, title: str = "What is it?", parameters: str = PARAMETERS):
    """A notebook: title, parameters, then the code cells, each under a question."""
    cells = [
        nbformat.v4.new_markdown_cell(f"# {title}\n\nDecides something."),
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
    ]
    for n, source in enumerate(code, 1):
        cells.append(nbformat.v4.new_markdown_cell(f"## Question {n}?\n\nHow to read it."))
        cells.append(nbformat.v4.new_code_cell(source))
    return nbformat.v4.new_notebook(cells=cells)


@dataclass
class FakeStore:
    """As much of a store as the report room looks at."""

    profile: Profile
    content: str = "v1"
    own: dict[str, str] = field(default_factory=dict)  # region -> content of its tables
    as_of: pd.Timestamp = field(default_factory=lambda: pd.Timestamp("2025-12-31"))

    @property
    def manifest(self) -> dict[str, Any]:
        files = {"region=north/a": "1", "region=south/a": "1"}
        tickets = {"first": "2024-01-01T08:00:00", "files": files}
        return {"tables": {"tickets": tickets, "outlets": {"first": "", "files": {}}}}

    def fingerprint(self, region: str | None = None) -> str:
        members = self.profile.regions.members(region) if region else []
        return self.content + "".join(self.own.get(member, "") for member in members)


class Project:
    """A project folder, with the profile ``demo`` and as many notebooks as a test writes."""

    def __init__(self, root: Path) -> None:
        self.root, self.out = root, root / "reports" / "demo"
        (root / "config" / "demo").mkdir(parents=True)
        (root / "notebooks").mkdir()
        (root / "pyproject.toml").write_text("")
        (root / "config" / "demo" / "regions.yaml").write_text(REGIONS, encoding="utf-8")
        sources = "title: {en: Demo Ltd, zh: 示例}\ncurrency: EUR\n"
        (root / "config" / "demo" / "sources.yaml").write_text(sources, encoding="utf-8")

    @property
    def profile(self) -> Profile:
        return read_profile("demo", root=self.root)

    @property
    def store(self) -> FakeStore:
        return FakeStore(self.profile)

    def write(self, name: str, *code: str, **more: Any) -> Path:
        path = self.root / "notebooks" / f"{name}.ipynb"
        nbformat.write(notebook(*code, **more), path)
        return path

    def request(self, **more: Any):
        from aftersales.report.render import Request

        usual = {"root": self.root, "out": self.out, "workers": 2}
        usual["processed"] = self.root / "data" / "processed" / "demo"
        return Request(**(usual | more))

    def render(self, store: FakeStore | None = None, *, on_done: Any = None, **more: Any):
        from aftersales.report.render import render

        return render(store or self.store, self.request(**more), on_done=on_done)

    def page(self, name: str, period: str = "2025-12") -> str:
        return (self.out / period / name).read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope="session")
def project_in() -> type[Project]:
    """Makes a project in a folder, for fixtures that several tests share."""
    return Project


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run notebooks one after the other in this process: no kernel, no other process."""
    from aftersales.report import render
    from aftersales.report.run import engine, execution

    def do_tasks(tasks, *, store, workers):
        yield from ((task, engine.run_task(task)) for task in tasks)

    monkeypatch.setattr(render, "do_tasks", do_tasks)
    monkeypatch.setattr(execution.papermill, "execute_notebook", _execute)


def _execute(before: str, after: str | None, *, parameters: Mapping[str, Any], **_: Any) -> Any:
    """As papermill does it, for cells that show findings or nothing."""
    done, names = nbformat.read(before, as_version=4), {}
    for n, cell in enumerate((c for c in done.cells if c.cell_type == "code"), 1):
        with patch("IPython.display.display") as display:
            exec(cell.source, names)
        names |= parameters
        cell.execution_count = n
        cell.outputs = [
            nbformat.v4.new_output("display_data", data=call.args[0])
            for call in display.call_args_list
        ]
    if after:
        nbformat.write(done, after)
    return done


def entry(*findings: Mapping[str, Any], status: str = "ok", **more: Any) -> dict[str, Any]:
    """One report in `findings.json`."""
    usual = {"status": status, "seconds": 1.0, "key": "k", "page": "p", "title": "What is it?"}
    aged = [{"periods": None} | dict(f) for f in findings]
    return usual | {"findings": aged} | more


def content(region: str = "all", period: str = "2025-12", **entries: Mapping) -> dict[str, Any]:
    """A region's `findings.json`; keywords are notebooks: ``n10_trend=entry(...)``."""
    notebooks = {name.removeprefix("n"): e for name, e in entries.items()}
    head = {"schema": 1, "profile": "demo", "region": region, "period": period}
    return head | {"as_of": f"{period}-28", "notebooks": notebooks}


@pytest.fixture(name="finding")
def finding_maker() -> Callable[..., dict[str, Any]]:
    return finding


@pytest.fixture(name="showing")
def showing_maker() -> Callable[..., str]:
    return showing


@pytest.fixture(name="notebook")
def notebook_maker() -> Callable[..., nbformat.NotebookNode]:
    return notebook


@pytest.fixture(name="entry")
def entry_maker() -> Callable[..., dict[str, Any]]:
    return entry


@pytest.fixture(name="content")
def content_maker() -> Callable[..., dict[str, Any]]:
    return content
