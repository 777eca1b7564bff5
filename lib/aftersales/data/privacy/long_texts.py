"""Texts that are too long for a note, such as logs and mails with all answers: masked coarsely."""

from __future__ import annotations

import re

from aftersales.data.privacy.vehicles import PROVINCES
from aftersales.data.privacy.views import HIDDEN, NUMERALS

LONG = 20_000  # characters

_END = r"\s@＠,，。；、"
_LOCAL = r"[A-Za-z0-9À-ɏ０-９Ａ-Ｚａ-ｚ._%+'-]"
_MARKS = r"\s\-－._/／、,，.．·*~()（）+:"
_COARSE = [  # in this order; every repetition has an upper end, or cannot be tried twice
    ("email", rf"(?:(?<!{_LOCAL}){_LOCAL}{{1,64}}+)?[ \t]?[@＠][ \t]?[^{_END}]{{1,255}}+"),
    ("vin", r"(?<![A-Za-z0-9])[A-HJ-NPR-Za-hj-npr-z0-9]{13}\d{4}(?![A-Za-z0-9])"),
    ("account", r"(?:微信|[Vv][Xx]|[Qq][Qq]|扣扣)[号:：是\s]{0,4}[A-Za-z0-9_-]{5,30}"),
    ("phone", rf"[\d{NUMERALS}](?:[{_MARKS}]{{0,3}}[\d{NUMERALS}]){{6,}}+[XxＸ]?"),
    ("plate", rf"[{PROVINCES}][ ·.-]?[A-Za-z][ ·.-]?(?=[A-Za-z]{{0,4}}\d)[A-Za-z0-9]{{5,6}}+"),
]
_PATTERNS = [(kind, re.compile(pattern)) for kind, pattern in _COARSE]


def mask_coarsely(text: str) -> tuple[str, dict[str, int]]:
    """The text without every number of seven digits or more and what stands around an @.

    Also without what looks like a vehicle's number or plate, and accounts after 微信 or QQ.
    Whether a number is a person's or a machine's is not asked.

    >>> mask_coarsely("12:30:59.123 user a@b.cn")
    ('[phone] user [email]', {'email': 1, 'vin': 0, 'account': 0, 'phone': 1, 'plate': 0})
    """
    counts = {}
    text = HIDDEN.sub("", text)
    for kind, pattern in _PATTERNS:
        text, counts[kind] = pattern.subn(f"[{kind}]", text)
    return text, counts
