"""Where identity numbers, passports and bank cards stand in a text, recognised by their form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from aftersales.data.privacy.views import Span

LIKE_X = "XxХхΧχ×Ⅹⅹ✕✖"
"""What people write for the X that ends an identity number."""

_AREA = (
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[0-9])\d{4}"  # GB/T 2260; 9: GA 2020
)
_ID_18 = re.compile(rf"(?<!\d)({_AREA})[ -]?(\d{{8}})[ -]?(\d{{3}}[\d{LIKE_X}])(?!\d)", re.ASCII)
_ID_GROUPS = re.compile(  # 3-3-4-4-4, 6-4-4-4 and the like
    rf"(?<!\d)(?=\d{{3}})\d(?:[ .·-]?\d){{16}}[ .·-]?[\d{LIKE_X}](?![ .·-]?\d)", re.ASCII
)
_ID_15 = re.compile(rf"(?<!\d){_AREA}(\d{{6}})\d{{3}}(?!\d)", re.ASCII)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643: 2^(17-i) mod 11
_ID_CHECK = "10X98765432"
_ID_AREA = re.compile(_AREA)
_TAIWAN = re.compile(r"(?<![A-Za-z0-9])[A-Z][12]\d{8}(?![A-Za-z0-9])", re.ASCII)
_HONG_KONG = re.compile(r"(?<![A-Za-z0-9])[A-Z]{1,2}\d{6} ?\([\dA]\)", re.ASCII)
_PASSPORT = re.compile(r"(?<![A-Za-z0-9-])[EG]\d{8}(?![A-Za-z0-9-])", re.ASCII)  # China's
_BORN = range(1920, 2016)  # of numbers whose check digit does not fit


def find_ids(text: str) -> Iterator[Span]:
    """Start and end of every identity number.

    China's of 18 digits (GB 11643), of which one may be mistyped where place and birthday are
    possible; its old one of 15; Taiwan's and Hong Kong's by their check digit; Chinese passports.

    >>> [*find_ids("11010519491231002X")], [*find_ids("123456789012345678")]
    ([(0, 18)], [])
    """
    for match in _ID_18.finditer(text):
        if _is_id("".join(match.groups())):
            yield match.span()
    for match in _ID_GROUPS.finditer(text):
        parts = re.split("[ .·-]", match[0])
        if 2 <= len(parts) <= 6 and _is_id("".join(parts)):
            yield match.span()
    for match in _ID_15.finditer(text):
        if match[0][0] != "9" and _is_birthday("19" + match[1]):
            yield match.span()
    yield from (m.span() for m in _TAIWAN.finditer(text) if _is_taiwan(m[0]))
    yield from (m.span() for m in _HONG_KONG.finditer(text) if _is_hong_kong(m[0]))
    yield from (m.span() for m in _PASSPORT.finditer(text))


def _is_id(number: str) -> bool:
    if not _ID_AREA.match(number) or not _is_birthday(number[6:14]):
        return False
    total = sum(w * int(d) for w, d in zip(_ID_WEIGHTS, number[:17], strict=True))
    check = _ID_CHECK[total % 11]
    if number[17] == check or (check == "X" and number[17] in LIKE_X):
        return True
    return number[0] != "9" and int(number[6:10]) in _BORN


def _is_birthday(digits: str) -> bool:
    try:
        return 1880 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2100
    except ValueError:
        return False


def _is_taiwan(number: str) -> bool:
    value = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(number[0])
    digits = [value // 10, value % 10, *map(int, number[1:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(w * d for w, d in zip(weights, digits, strict=True)) % 10 == 0


def _is_hong_kong(number: str) -> bool:
    head, check = number.rstrip(")").replace(" ", "").split("(")
    letters = head.rstrip("0123456789").rjust(2)
    values = [36 if c == " " else ord(c) - 55 for c in letters] + [int(d) for d in head[-6:]]
    total = sum(w * v for w, v in zip(range(9, 1, -1), values, strict=True))
    return (total + (10 if check == "A" else int(check))) % 11 == 0


_DIGIT_GROUPS = re.compile(r"(?<!\d)\d++(?:[ .-]\d++)*+", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_SHORTEST_GROUP = 4  # of a card number written in groups, but for the last
_LONGEST_CARD = 19
_ISSUER = re.compile(  # prefixes and lengths of the networks; 69 begins a Chinese barcode
    r"3[47]\d{13}|3[0689]\d{12}|35\d{14}|4(?:\d{12}|\d{15}|\d{18})|5[0-9]\d{14}|62\d{14,17}"
    r"|6(?:[014]|5|[37])(?:\d{14}|\d{17})|(?:81|95)\d{14,17}"
    r"|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}",
    re.ASCII,
)


def find_cards(text: str) -> Iterator[Span]:
    """Start and end of every bank card number: a network's prefix and the Luhn digit.

    Of a number in groups only the last group may be short.

    >>> [*find_cards("4111 1111 1111 1111")], [*find_cards("4111 1111 1111 1112")]
    ([(0, 19)], [])
    """
    for run in _DIGIT_GROUPS.finditer(text):
        if run.end() - run.start() < 13:
            continue
        groups = [
            (run.start() + g.start(), run.start() + g.end()) for g in _DIGITS.finditer(run[0])
        ]
        for first, (start, _) in enumerate(groups):
            digits = 0
            for begin, end in groups[first : first + _LONGEST_CARD]:
                digits += end - begin
                if digits > _LONGEST_CARD:
                    break
                if digits >= 13 and is_card(re.sub(r"\D", "", text[start:end])):
                    yield start, end
                if end - begin < _SHORTEST_GROUP:
                    break


def is_card(number: str) -> bool:
    """Whether the digits are a card number (ISO/IEC 7812)."""
    if not _ISSUER.fullmatch(number):
        return False
    digits = [int(d) for d in reversed(number)]
    return sum(digits[::2] + [sum(divmod(2 * d, 10)) for d in digits[1::2]]) % 10 == 0
