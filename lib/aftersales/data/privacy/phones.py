"""Where telephone numbers stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher, ValidationResult

Span = tuple[int, int]

COUNTRIES = ("US", "GB", "DE", "FR", "JP", "KR", "IN", "BR")
"""Countries whose national way of writing (without +) is recognised besides China's."""

_CHINA = r"(?:\(?(?:\+|00)?86\)?[ -]?)"
_MOBILE = rf"""(?<!\d)(?:{_CHINA}|0)?(?:
      1[3-9]\d{{9}}
    | 1[3-9]\d[ .-]\d{{4}}[ .-]?\d{{4}}
    | 1[3-9]\d[ .-]\d{{3}}[ .-]\d{{5}}
    | 1[3-9]\d{{2}}[ .-]\d{{3}}[ .-]\d{{4}}
    | 1[3-9]\d{{2}}[ .-]\d{{4}}[ .-]\d{{3}}
    | 1[3-9]\d{{3}}[ .-]\d{{6}}
    )(?!\d)"""
_AREA = r"(?:10|2\d|[3-9]\d{2})"  # Beijing 10, the large cities 2x, the others three digits
_LANDLINE = rf"""(?<!\d)(?:\(?0|\(?(?:\+|00)86\)?[ -]?\(?0?|86[ -]\(?0?){_AREA}\)?[ -]{{0,3}}
    [2-8]\d{{2,3}}[ -]?\d{{4}}(?!\d)(?:[ ]?(?:-|转|分机|ext\.?|x)[ ]?\d{{1,6}}(?!\d))?"""
_SERVICE_LINE = r"""(?<!\d)[48]00[ -]?(?:\d{3}[ -]?\d{4}|\d{4}[ -]?\d{3}|\d{2}[ -]\d{5})(?!\d)"""
_NORTH_AMERICA = r"""(?<!\d)(?:\+?1[ .-]?)?
    (?:\([2-9]\d{2}\)[ ]?|[2-9]\d{2}[ .-])[2-9]\d{2}[.-]\d{4}(?!\d)"""
_ANNOUNCED = r"""(?:电话|座机|固话|热线|传真|手机号|tel\.?|(?:tele)?phone[ ]?(?:no\.?|number)?[ ]?:)
    (?:号码|号|no\.?|number)?[: 是为]{0,3}
    (?P<number>(?!\d{4}-\d\d?-\d\d?)\d(?:[ -]?\d){6,14})(?!\d)"""
_PATTERNS = [
    re.compile(pattern, re.VERBOSE | re.ASCII | re.IGNORECASE)
    for pattern in (_LANDLINE, _MOBILE, _SERVICE_LINE, _NORTH_AMERICA, _ANNOUNCED)
]
_ABROAD = re.compile(r"(?<!\d)(?:\+|00)[1-9][\d ().-]{5,20}\d(?!\d)", re.ASCII)
_NATIONAL = re.compile(r"(?<!\d)\(?\d{2,5}(?:[ ().-]{1,2}\d{2,7}){1,5}(?!\d)", re.ASCII)
_DATE = re.compile(r"(?<!\d)\d{4}([-/.])\d{1,2}\1\d{1,2}(?!\d)", re.ASCII)


def find_phones(text: str, *, countries: tuple[str, ...] = COUNTRIES) -> Iterator[Span]:
    """Start and end of every telephone number, some found twice, in no order.

    `text` has half-width digits only.

    Chinese numbers are recognised by their form: mobile, landline with area code, 400 and 800.
    With +, numbers of every country count if their length is possible there; without it, those
    of `countries` if they are valid and grouped as that country groups them
    (the `phonenumbers` package), so that order numbers and measurements stay.

    >>> text = "call (415) 555-2671 or 138-0013-8000, order 2024000123"
    >>> sorted({text[start:end] for start, end in find_phones(text)})
    ['(415) 555-2671', '138-0013-8000']
    """
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield match.span("number" if "number" in pattern.groupindex else 0)
    yield from _abroad(text)
    yield from _national(text, countries=countries)


def _abroad(text: str) -> Iterator[Span]:
    for part in _ABROAD.finditer(text):
        written = "+" + part[0][2:] if part[0].startswith("00") else part[0]
        shift = part.start() + len(part[0]) - len(written)
        for match in PhoneNumberMatcher(written, None, leniency=Leniency.POSSIBLE):
            possible = phonenumbers.is_possible_number_with_reason(match.number)
            if possible == ValidationResult.IS_POSSIBLE:
                yield max(part.start(), match.start + shift), match.end + shift


def _national(text: str, *, countries: tuple[str, ...]) -> Iterator[Span]:
    undated = _DATE.sub(lambda date: "/" * len(date[0]), text)
    for part in _NATIONAL.finditer(undated):
        if not 9 <= sum(map(str.isdigit, part[0])) <= 15:
            continue
        for country in countries:
            found = PhoneNumberMatcher(part[0], country, leniency=Leniency.EXACT_GROUPING)
            if match := next(iter(found), None):
                yield part.start() + match.start, part.start() + match.end
                break
