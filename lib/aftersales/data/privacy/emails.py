"""Where e-mail addresses stand in a text, also those written around an @.

Found from the sign in the middle outwards, a bounded way to both sides, so that a long text costs
no more than its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aftersales.data.privacy.views import Span

_LETTERS = "A-Za-z0-9À-ɏ\u0370-\u052f\u3040-\u30ff\u4e00-\u9fff"
_LOCAL = 64  # characters before the @, at most (RFC 5321, 4.5.3.1)
_SIGN = re.compile(
    r"[ \t]{0,2}@[ \t]{0,2}|[ \t]?(?:\(at\)|\[at\]|\{at\}|<at>|艾特|（at）)[ \t]?"
    r"|#(?=(?:qq|vip\.qq|foxmail|163|126|yeah|sina|sohu|gmail|outlook|hotmail|icloud)[.。])",
    re.IGNORECASE,
)
_CHINESE_ENDS = "中国|中國|公司|网络|網絡|网址|在线|商城|网店|集团|香港|台湾|手机|移动|企业|我爱你"
_DOMAIN = re.compile(
    rf"(?:[A-Za-z0-9À-ɏ][A-Za-z0-9À-ɏ-]{{0,62}}(?:[.。]|\(dot\)|\[dot\])){{1,8}}"
    rf"(?:xn--[A-Za-z0-9-]{{2,59}}|[A-Za-z]{{2,24}})"
    rf"|(?:[{_LETTERS}-]{{1,63}}[.。]){{1,4}}(?:{_CHINESE_ENDS}|xn--[A-Za-z0-9-]{{2,59}})",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"[A-Za-z0-9À-ɏ._%+'-]*[A-Za-z0-9À-ɏ_%+]$")
_HAN_BEFORE = re.compile(r"[\u4e00-\u9fff]{1,3}$")
_QUOTED = re.compile(r'"[^"\n]{1,60}"$')
HINTS = ("@", "艾特", "(at", "[at", "{at", "<at", "#")


def find_emails(text: str) -> Iterator[Span]:
    """Start and end of every e-mail address.

    >>> text = "mail li.na@example.com or 12345(at)qq.com"
    >>> [text[start:end] for start, end in find_emails(text)]
    ['li.na@example.com', '12345(at)qq.com']
    """
    lower = text.lower() if "at" in text.lower() else text
    if not any(hint in lower for hint in HINTS):
        return
    done = 0
    for sign in _SIGN.finditer(text):
        domain = _DOMAIN.match(text, sign.end())
        if not domain:
            continue
        first = max(done, sign.start() - _LOCAL)
        before = text[first : sign.start()]
        local = _QUOTED.search(before[-_LOCAL:]) or _local(before, han=not domain[0].isascii())
        if local is not None:
            done = domain.end()
            yield sign.start() - len(local[0]), domain.end()


def _local(before: str, *, han: bool) -> re.Match | None:
    """What stands before the sign; Chinese characters only where the domain has some too."""
    found = _last(before)
    if not han:
        return found
    rest = before[: len(before) - len(found[0])] if found else before
    name = _HAN_BEFORE.search(rest[-4:])
    if name is None:
        return found
    return re.compile(re.escape(name[0] + (found[0] if found else "")) + "$").search(before)


def _last(before: str) -> re.Match | None:
    """The longest address-like run at the end."""
    start = len(before)
    while start and (before[start - 1].isalnum() or before[start - 1] in "._%+'-"):
        if before[start - 1] > "\u024f":  # the last of the Latin letters
            break
        start -= 1
    return _BEFORE.match(before, start)
