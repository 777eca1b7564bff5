"""A text as finders read it: plain characters one for one, and the place each came from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[int, int]

_LEFT_OUT = re.compile(  # what is not seen, but stands between characters
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\u20e3\ufeff]"
    "|&(?:shy|zwnj|zwj|#8203|#xfeff);",
    re.IGNORECASE,
)
_BLANK = re.compile("&(?:nbsp|ensp|emsp|thinsp|#160|#xa0|#32|#9);", re.IGNORECASE)
HIDDEN = re.compile(f"{_LEFT_OUT.pattern}|{_BLANK.pattern}", re.IGNORECASE)
_DOTS = "•・･‧∙⋅"

_WORDS = dict(
    zip(
        "零〇○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖两貳參叄陸",
        "000123456789112345678922336",
        strict=True,
    )
)
_SIGNS = {  # ① ⓪ ❶ and the like, which are digits but not decimal ones
    chr(code): str(unicodedata.digit(chr(code)))
    for code in range(0x2070, 0x2800)
    if unicodedata.digit(chr(code), None) is not None
}
NUMERALS = "".join(_WORDS) + "".join(_SIGNS)
"""Characters that stand for one digit each, where several of them follow one another."""

_AS_DIGITS = str.maketrans(_WORDS | _SIGNS)
_NUMERAL_RUN = re.compile(rf"[{NUMERALS}\d](?:[\s\-.、,，]?[{NUMERALS}\d]){{6,}}+")


class _Plain(dict):
    """Character -> its plain form, one for one, so that places in the text stay."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = plain = _plain(char)
        return plain


def _plain(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if "！" <= char <= "～":  # the full-width forms of ASCII, U+FF01 to U+FF5E
        return chr(ord(char) - 0xFEE0)
    if unicodedata.category(char) == "Pd" or char == "−":
        return "-"
    if unicodedata.category(char) == "Zs":
        return " "
    return "·" if char in _DOTS else char


_PLAIN = _Plain()


@dataclass(frozen=True)
class View:
    """A text without invisible characters, in half-width letters and digits.

    Attributes
    ----------
    text : one character for each that is seen
    starts, ends : where each stands in the original; None if they stand at the same place
    """

    text: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def original(self, start: int, end: int) -> Span:
        """The place in the original text of a span of this one."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def view(text: str) -> View:
    """The view of a text.

    >>> view("１３８\\u200b0013").text
    '1380013'
    >>> view("１３８\\u200b0013").original(2, 4)
    (2, 5)
    """
    if not HIDDEN.search(text):
        return View(text.translate(_PLAIN))
    seen, starts, ends, last = [], [], [], 0
    for match in HIDDEN.finditer(text):
        seen.append(text[last : match.start()])
        starts += range(last, match.start())
        ends += range(last + 1, match.start() + 1)
        if _BLANK.fullmatch(match[0]):
            seen.append(" ")
            starts.append(match.start())
            ends.append(match.end())
        last = match.end()
    starts += range(last, len(text))
    ends += range(last + 1, len(text) + 1)
    return View("".join([*seen, text[last:]]).translate(_PLAIN), starts, ends)


def with_numerals(text: str) -> str | None:
    """The text with runs of numerals (一三八, ①③⑧) as digits, one for one; None without a run.

    >>> with_numerals("打一三八零零一三八零零零")
    '打13800138000'
    """
    spelled = False

    def digits(run: re.Match) -> str:
        nonlocal spelled
        spelled |= not run[0].isascii()
        return run[0].translate(_AS_DIGITS)

    found = _NUMERAL_RUN.sub(digits, text)
    return found if spelled else None


def without(text: str, spans: Iterable[Span], *, mark: str = "\0") -> str:
    """The text with a mark in place of every character of the spans, which do not overlap."""
    parts, last = [], 0
    for start, end in spans:
        parts += [text[last:start], mark * (end - start)]
        last = end
    return "".join([*parts, text[last:]])
