"""The Chinese catalogue is complete, and what readers see in Chinese is Chinese."""

from __future__ import annotations

import ast
import html
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from babel.messages.catalog import Catalog, Message

from aftersales import words
from aftersales.display.show import findings_html
from aftersales.display.tables import table_html
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions.registry import short_title
from aftersales.report.pages import board
from aftersales.words import attributes, headings

ROOT = Path(__file__).resolve().parents[1]
FILE = "lib/aftersales/locale/zh/aftersales.po"
ANSWER = "run `make messages`, then translate in " + FILE

# Latin words that Chinese readers use: abbreviations, formats, names of files.
LATIN = {"SLA", "FDR", "CSV", "HTML", "MB", "NFKC", "Unicode", "sources.yaml", "regions.yaml"}
_HAN, _NARROW = "[\u4e00-\u9fff]", "[,:;?!()]"  # Chinese text takes the full-width forms


def _load_tool():
    spec = importlib.util.spec_from_file_location("messages", ROOT / "tools" / "messages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = _load_tool()


@pytest.fixture(scope="module")
def found() -> Catalog:
    return tool.extract()


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return tool.read_catalogue("zh")


@pytest.fixture
def chinese() -> Iterator[None]:
    words.use_language("zh")
    yield
    words.use_language("en")


def messages(catalogue: Catalog) -> list[Message]:
    return [m for m in catalogue if m.id]


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def names(text: str) -> set[str]:
    """The ``{names}`` of a message, without spaces that a translator may have put in."""
    return set(re.findall(r"\{([^}]*)\}", text))


def latin(text: str) -> set[str]:
    """Latin words of a Chinese text that are no placeholder, code or accepted abbreviation."""
    plain = re.sub(r"\{[^}]*\}|`[^`]*`|&\w+;", " ", text)
    return set(re.findall(r"[A-Za-z][A-Za-z_.]*[A-Za-z]", plain)) - LATIN


def test_the_catalogue_holds_the_messages_of_the_code_and_no_others(found):
    updated = tool.text_of(tool.update(tool.read_catalogue("zh"), found=found))
    assert (ROOT / FILE).read_text(encoding="utf-8") == updated, ANSWER


def test_every_message_is_translated(catalogue):
    open_ones = [m.id for m in messages(catalogue) if not all(strings(m)) or not strings(m)]
    assert not open_ones, ANSWER
    assert not [m.id for m in messages(catalogue) if m.fuzzy]


def test_a_message_has_one_form_in_chinese(catalogue):
    assert catalogue.num_plurals == 1
    plural = [m for m in messages(catalogue) if m.pluralizable]
    assert plural
    assert not [m.id for m in plural if len(strings(m)) != 1]


def test_a_translation_fills_in_what_the_message_does(catalogue):
    wrong = [
        (m.id, text)
        for m in messages(catalogue)
        for text in strings(m)
        if names(text) != set().union(*map(names, ids(m)))
    ]
    assert not wrong


def test_no_english_is_left_in_a_translation(catalogue):
    left = {m.id: latin(t) for m in messages(catalogue) for t in strings(m) if latin(t)}
    assert not left


def test_a_translation_has_chinese_punctuation(catalogue):
    pattern = re.compile(f"{_HAN}{_NARROW}|{_NARROW}{_HAN}")
    assert not [t for m in messages(catalogue) for t in strings(m) if pattern.search(t)]


def test_no_translation_claims_a_cause(catalogue):
    assert not [t for m in messages(catalogue) for t in strings(m) if "导致" in t]


def test_markdown_of_a_text_cell_keeps_its_headings(catalogue):
    cells = [m for m in messages(catalogue) if any(".ipynb" in f for f, _ in m.locations)]
    assert cells
    for cell in cells:
        (text,) = strings(cell)
        assert re.match("#* ", text).group() == re.match("#* ", cell.id).group()
        assert text.count("\n\n") == cell.id.count("\n\n")


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Name of the call and the argument that is a message."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in tool.KEYWORDS:
                yield from ((name, a) for a in node.args[: 2 if name in ("say_n", "N_n") else 1])


CODE = sorted((ROOT / "lib" / "aftersales").rglob("*.py"))


def test_every_literal_that_is_said_is_found(found):
    # Babel reads f-strings of Python 3.11 as plain text: a message inside one would be lost.
    known = {text for m in messages(found) for text in ids(m)}
    lost = [
        (file.name, argument.value)
        for file in CODE
        for _, argument in calls(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(argument, ast.Constant) and argument.value not in known
    ]
    assert not lost, "move the call out of the f-string"


SHOWS_MARKED_WORDS = {
    "say.py",
    "tables.py",
    "html.py",
    "telling.py",
}  # of other modules, or of a notebook
MARKED_FIELDS = {"title", "definition", "unit"}  # of a metric


def test_what_is_said_by_name_is_marked_where_it_is_defined():
    for file in CODE:
        found = list(calls(ast.parse(file.read_text(encoding="utf-8"))))
        marks = any(name in ("N_", "N_n") for name, _ in found) or file.name in SHOWS_MARKED_WORDS
        for name, argument in found:
            literal = isinstance(argument, ast.Constant)
            assert literal or name not in ("N_", "N_n"), f"{file}: {name} marks literals"
            field = getattr(argument, "attr", getattr(argument, "id", "")) in MARKED_FIELDS
            assert literal or field or marks, f"{file}: say({ast.unparse(argument)})"


def test_words_of_metrics_are_messages(found):
    shown = {getattr(m, field) for m in METRICS.values() for field in MARKED_FIELDS}
    as_signs = {"", "share", "times", "currency"}  # printed as %, × and ¥
    assert shown - as_signs <= {text for m in messages(found) for text in ids(m)}


def visible(page: str) -> str:
    """What a reader sees of a piece of HTML: no style, no folded data."""
    page = re.sub(r"<style.*?</style>|<details.*?</details>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


@pytest.mark.usefixtures("chinese")
def test_headings_and_statuses_are_chinese():
    shown = [headings.heading(column) for column in [*headings._WORDS, *attributes.ATTRIBUTES]]
    shown += [words.say(word) for known in headings.VALUES.values() for word in known.values()]
    shown += [*board.chips().values()]
    shown += [short_title(file.stem) for file in (ROOT / "notebooks").glob("*.ipynb")]
    assert not set().union(*map(latin, shown))


@pytest.mark.usefixtures("chinese")
def test_a_list_of_findings_is_chinese():
    finding = Finding(
        "act", "批次 B2407：故障增多。", metric="faults_per_1000", subject={"batch": "B2407"},
        estimate=60.5, low=48.3, high=75.8, q=0.0001, n=7224, excess=330, cost=28647, judged=3,
        unit="per 1,000 unit-months", evidence="A",
    )  # fmt: skip
    page = visible(findings_html([finding.to_json()], since={finding.id: 3}, currency="CNY"))
    assert not latin(page) - {"B2407"}
    assert re.sub(r"\s+", " ", page).strip() == (
        "▲ 立即处理 批次 B2407：故障增多。 证据 A 95 % 区间 48.3–75.8 起/千台月 n = 7,224 "
        "q（FDR）< 0.001 比预期多 330 起 估计损失 ¥28,647 共判断 3 项 已持续 3 期"
    )


@pytest.mark.usefixtures("chinese")
def test_a_table_is_chinese():
    frame = pd.DataFrame(
        {
            "cause": ["批次 B2407"], "count": [437], "expected": [107.0], "crude_ratio": [4.1],
            "ratio": [4.1], "low": [3.3], "high": [5.1], "q": [0.0001], "severity": ["act"],
            "step": ["content key"], "start": pd.to_datetime(["2025-08-01"]), "withheld": [False],
        }
    )  # fmt: skip
    assert not latin(visible(table_html(frame))) - {"B2407"}
    assert latin(visible(table_html(frame.head(0)))) == set()


@pytest.mark.usefixtures("chinese")
def test_names_and_codes_are_set_apart_as_chinese_readers_expect():
    assert words.listing(["供应商 S3", "型号 KX-35"]) == "供应商 S3 和型号 KX-35"
    assert words.listing(["批次", "工艺", "地区"]) == "批次、工艺和地区"
    assert words.say("{attribute} {value}", attribute="批次", value="B2407") == "批次 B2407"
    assert words.say("{attribute} {name}", attribute="产品", name="空调") == "产品“空调”"
    assert words.month_name(8) == "8月"
