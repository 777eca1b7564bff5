"""Brings the message catalogues in line with the code and the notebooks.

python tools/messages.py

Messages are the first argument of `say`, the first two of `say_n`, what `N_` and `N_n` mark, and
every text cell of a notebook. Translations are kept, messages that are gone are dropped, new ones
are left empty; tests/test_messages.py asks for those. Neither line numbers nor dates are written,
so a catalogue changes only when a message does.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
CODE, NOTEBOOKS = ROOT / "lib" / "aftersales", ROOT / "notebooks"
LOCALES = CODE / "locale"
DOMAIN = "aftersales"
KEYWORDS = {"say": None, "say_n": (1, 2), "N_": None, "N_n": (1, 2)}
# Header lines that change from run to run, or that nobody fills in.
_EMPTY_HEADERS = re.compile(
    r'^"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date'
    r'|Last-Translator|Language-Team|Generated-By): .*\\n"\n',
    re.MULTILINE,
)

Message = str | tuple[str, str]


def extract() -> Catalog:
    """Every message of the code and the notebooks, by file and in the order of its text."""
    found = Catalog(charset="utf-8")
    for message, file in [*_code(), *_notebooks()]:
        found.add(message, locations=[(file, 0)])
    return found


def _code() -> Iterator[tuple[Message, str]]:
    """Messages of the Python files, with the file of each."""
    extracted = extract_from_dir(CODE, method_map=[("**.py", "python")], keywords=KEYWORDS)
    rows = [(file, line, message) for file, line, message, _, _ in extracted]
    for file, _, message in sorted(rows, key=lambda row: row[:2]):
        yield message, (CODE / file).relative_to(ROOT).as_posix()


def _notebooks() -> Iterator[tuple[Message, str]]:
    """Text cells of the notebooks, with the file of each."""
    for file in sorted(NOTEBOOKS.glob("*.ipynb")):
        for cell in nbformat.read(file, as_version=4).cells:
            if cell.cell_type == "markdown" and cell.source.strip():
                yield cell.source.strip(), file.relative_to(ROOT).as_posix()


def read_catalogue(language: str) -> Catalog:
    """The catalogue of a language; an empty one if there is none yet."""
    file = catalogue_file(language)
    if not file.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    return read_po(io.BytesIO(file.read_bytes()), locale=language)


def catalogue_file(language: str) -> Path:
    return LOCALES / language / f"{DOMAIN}.po"


def update(catalogue: Catalog, *, found: Catalog) -> Catalog:
    """`catalogue` with the messages of `found`, in their order, and its own translations."""
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def text_of(catalogue: Catalog) -> str:
    """The catalogue as the text of a .po file."""
    for message in catalogue:
        message.flags -= {"python-format", "python-brace-format"}  # "95 % interval" is no format
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100, include_lineno=False, ignore_obsolete=True)
    return _EMPTY_HEADERS.sub("", buffer.getvalue().decode("utf-8"))


def main() -> None:
    found = extract()
    for folder in sorted(f for f in LOCALES.iterdir() if f.is_dir()):
        catalogue = read_catalogue(folder.name)
        before = {str(m.id) for m in catalogue}
        catalogue = update(catalogue, found=found)
        catalogue_file(folder.name).write_text(text_of(catalogue), encoding="utf-8")
        open_ones = sum(bool(m.id) and not any(m.string or ()) for m in catalogue)
        print(f"{folder.name}: {len(catalogue)} messages, {open_ones} to translate")
        for gone in sorted(before - {str(m.id) for m in catalogue}):
            print(f"  dropped: {gone}")


if __name__ == "__main__":
    main()
