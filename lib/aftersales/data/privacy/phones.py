"""Where telephone numbers stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher, ValidationResult

from aftersales.data.privacy.views import Span

COUNTRIES = ("US", "GB", "DE", "FR", "JP", "KR", "IN", "BR")
"""Countries whose national way of writing (without +) is recognised besides China's."""

_CHINA = r"(?:\(?(?:\+|00)?86\)?[ -]?)"
_GAP = r"(?:\s{1,3}|[ ]?[-._/、,·*~][ ]?)"  # between the groups of a mobile number
_MOBILE = rf"""(?<!\d)(?:{_CHINA}|0)?(?:
      1[3-9]\d{{9}}
    | 1[3-9]\d{_GAP}\d{{4}}{_GAP}?\d{{4}}
    | 1[3-9]\d[ .-]\d{{3}}[ .-]\d{{5}}
    | 1[3-9]\d{{2}}[ .-]\d{{3}}[ .-]\d{{4}}
    | 1[3-9]\d{{2}}[ .-]\d{{4}}[ .-]\d{{3}}
    )(?!\d)(?![ ]?(?:mm|cm|kg|毫米|厘米|公斤|元))"""
_LONG = r"""(?<!\d)(?:(?:1[3-9]\d{9}){2,4}  # mobiles without a gap
    |106[45]\d{9}|14[04]\d{10})(?!\d)  # SIM cards in machines"""
_LETTERS_FOR_DIGITS = r"(?<![A-Za-z0-9])[1Il][3-9](?=(?:[OoIl]?\d){5})[\dOoIl]{9}(?![A-Za-z0-9])"
_SPREAD = re.compile(rf"(?<!\d)(?=(1(?:{_GAP}?\d){{10}})(?!{_GAP}?\d))", re.ASCII)
_GROUPS = {
    *((3, 3, 5), (4, 3, 4), (4, 4, 3), (5, 6), (6, 5), (3, 8), (7, 4)),
    *((2, 3, 3, 3), (3, 3, 3, 2), (3, 2, 2, 2, 2), (3, 2, 2, 4), (3, 4, 2, 2), (3, 2, 4, 2)),
    *((2, 2, 2, 2, 3), (3, 2, 3, 3), (1,) * 11),
}
_LIKE_AMOUNTS = {(2, 3, 3, 3), (3, 3, 3, 2)}  # 13,800,138,000 and 192.168.100.25
_AREA = r"(?:10|2\d|[3-9]\d{2})"  # Beijing 10, the large cities 2x, the others three digits
_LANDLINE = rf"""(?<!\d)(?<!(?-i:[A-Z]{{2}})(?=\d{{10}}))
    (?:\(?0|\(?(?:\+|00)86\)?[ -]?\(?0?|86[ -]\(?0?){_AREA}\)?[ -]{{0,3}}
    [2-8]\d{{2,3}}[ -]?\d{{4}}(?!\d)(?:[ ]?(?:-|转|分机|ext\.?|x)[ ]?\d{{1,6}}(?!\d))?"""
_SERVICE_LINE = r"""(?<!\d)(?:[48]00-?(?:\d{3}-?\d{4}|\d{4}-?\d{3}|\d{2}-\d{5})
    |(?:400[ ]|800[ ](?=[789]))(?:\d{3}[ -]?\d{4}|\d{4}[ -]?\d{3}|\d{2}[ -]\d{5}))(?!\d)"""
_NORTH_AMERICA = r"""(?<!\d)(?:\+?1[ .-]?)?
    (?:\([2-9]\d{2}\)[ ]?|[2-9]\d{2}[ .-])[2-9]\d{2}[.-]\d{4}(?!\d)"""
_AUSTRALIA = r"(?<!\d)04\d\d[ ]\d{3}[ ]\d{3}(?!\d)"
_DAY = r"(?:(?:19|20)\d\d[-/.年]?(?:0?[1-9]|1[0-2])[-/.月]?(?:[0-2]?\d|3[01])(?!\d))"
_WORD = (
    r"(?:电话|座机|固话|热线|传真|手机|联系方式|致电|回电|来电|家里|家中|单位|办公室|分机"
    r"|(?<![a-z])(?:tel|(?:tele|cell|mobile[ ])?phone|mobile|cell|fax|call|whatsapp)\.?)"
)
_ANNOUNCED = rf"""{_WORD}(?:号码|号|[ ]?(?:no\.?|number))?(?!\w)?
    (?:[: ]{{0,3}}(?!{_DAY})(?P<number>(?:\d(?:[ -]?\d){{6,12}}))
    |[是为][: ]?(?!{_DAY})(?P<said>\d(?:[ -]?\d){{7,12}}))(?!\d)"""
_LOCAL = r"""(?:香港|澳门|新加坡|(?<![a-z])(?:HK|hong[ ]kong|macau|macao|singapore))
    [ :电话号码]{0,5}(?P<number>[2-9]\d{3}[ -]?\d{4})(?!\d)"""


def _compiled(*patterns: str) -> list[re.Pattern]:
    return [re.compile(p, re.VERBOSE | re.ASCII | re.IGNORECASE) for p in patterns]


_ALWAYS = _compiled(_LANDLINE, _MOBILE, _SERVICE_LINE, _LONG, _ANNOUNCED, _LOCAL)
_ALWAYS.append(re.compile(_LETTERS_FOR_DIGITS, re.ASCII))
_GROUPED = _compiled(_NORTH_AMERICA, _AUSTRALIA)
_IN_GROUPS = re.compile(r"\d[^\d]{1,4}\d", re.ASCII)  # else no number is written in groups
_ASKED = 20  # numbers of a text that are looked up by country; that many more are taken as found
_ABROAD = re.compile(r"(?<!\d)(?:\+|00)[1-9][\d ().-]{5,20}\d(?!\d)", re.ASCII)
_NATIONAL = re.compile(r"(?<!\d)\(?\d{2,5}(?:[ ().-]{1,2}\d{2,7}){1,5}(?!\d)", re.ASCII)
_FREE_CALL = re.compile(r"\(?[48]00 ")  # with blanks; more often measures than somebody's number
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
    grouped = bool(_IN_GROUPS.search(text))
    for pattern in [*_ALWAYS, *_GROUPED] if grouped else _ALWAYS:
        for match in pattern.finditer(text):
            yield match.span(match.lastgroup or 0)
    if "+" in text or "00" in text:
        yield from _abroad(text)
    if grouped:
        yield from _spread(text)
        yield from _national(text, countries=countries)


def _spread(text: str) -> Iterator[Span]:
    """Mobile numbers in other groups than the usual ones, all with the same mark between them."""
    for match in _SPREAD.finditer(text):
        number = match[1]
        groups = tuple(len(group) for group in re.findall(r"\d+", number))
        marks = {mark.strip() or mark for mark in re.findall(r"\D+", number)}
        digits = re.sub(r"\D", "", number)
        amount = groups in _LIKE_AMOUNTS and marks & {",", "."}
        if digits[1] in "3456789" and groups in _GROUPS and len(marks) == 1 and not amount:
            yield match.span(1)


def _abroad(text: str) -> Iterator[Span]:
    for asked, part in enumerate(_ABROAD.finditer(text)):
        if asked >= _ASKED:
            yield part.span()
            continue
        written = "+" + part[0][2:] if part[0].startswith("00") else part[0]
        shift = part.start() + len(part[0]) - len(written)
        for match in PhoneNumberMatcher(written, None, leniency=Leniency.POSSIBLE):
            possible = phonenumbers.is_possible_number_with_reason(match.number)
            plus = part[0].startswith("+")  # 00 begins part numbers too
            if possible == ValidationResult.IS_POSSIBLE and (
                plus or phonenumbers.is_valid_number(match.number)
            ):
                yield max(part.start(), match.start + shift), match.end + shift


def _national(text: str, *, countries: tuple[str, ...]) -> Iterator[Span]:
    asked = 0
    undated = _DATE.sub(lambda date: "/" * len(date[0]), text)
    for part in _NATIONAL.finditer(undated):
        if not 9 <= sum(map(str.isdigit, part[0])) <= 15 or _FREE_CALL.match(part[0]):
            continue
        asked += 1
        if asked > _ASKED:
            yield part.span()
            continue
        for country in countries:
            found = PhoneNumberMatcher(part[0], country, leniency=Leniency.EXACT_GROUPING)
            if match := next(iter(found), None):
                yield part.start() + match.start, part.start() + match.end
                break
