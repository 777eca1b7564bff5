"""The two READMEs say the same, and what they say exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aftersales.profile.config import list_profiles

ROOT = Path(__file__).resolve().parents[1]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh.md").read_text(encoding="utf-8")
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def names(text: str) -> set[str]:
    """Everything set as code, but for placeholders in the reader's language."""
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    commands = re.findall(r"^(?:make|aftersales) [^#<\n]*", text, re.MULTILINE)
    return {re.sub(r"\s+", " ", s).strip() for s in [*spans, *commands] if "<" not in s}


def shape(text: str) -> list[str]:
    """The kinds of blocks in order: headings, table rows, list items, code fences."""
    marks = re.findall(r"^(#+ |\| |\|-|```|\d\. |- )", text, re.MULTILINE)
    return [mark.strip() for mark in marks]


def test_both_readmes_have_the_same_parts():
    assert shape(ENGLISH) == shape(CHINESE)


def test_both_readmes_name_the_same_things():
    assert names(ENGLISH) ^ names(CHINESE) == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert not [link for link in inside if not (document.parent / link).exists()]


def test_every_profile_and_notebook_is_in_the_table():
    profiles = re.findall(r"^\| `(\w+)` \|.*docs/profiles/", ENGLISH, re.MULTILINE)
    notebooks = re.findall(r"^\| `(\d\d_\w+)` \|", ENGLISH, re.MULTILINE)
    assert {"sample", *profiles} == set(list_profiles(ROOT))
    assert set(notebooks) == {file.stem for file in (ROOT / "notebooks").glob("[0-9]*.ipynb")}


def test_every_command_and_option_is_in_the_table():
    from typer.main import get_command

    from aftersales.command.cli import app

    for name, command in get_command(app).commands.items():
        row = re.search(rf"^\| `aftersales {name}` \|.*$", ENGLISH, re.MULTILINE)
        assert row, f"aftersales {name} is not in the README"
        shown = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", row.group())) | {"--profile", "--help"}
        real = {option for p in command.params for option in p.opts if option.startswith("-")}
        assert real - shown == set(), name
