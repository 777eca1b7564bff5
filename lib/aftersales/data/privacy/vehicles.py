"""Where vehicle identification numbers and licence plates stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aftersales.data.privacy.views import Span

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使"

_ANNOUNCED_VIN = re.compile(
    r"(?:VIN|车架号?码?|车辆识别代?号?码?|底盘号|chassis(?: no\.?| number)?)[\s:是为#码号]{0,4}"
    r"(?P<vin>[A-HJ-NPR-Z0-9](?:[ -]?[A-HJ-NPR-Z0-9]){16})(?![A-Z0-9])",
    re.IGNORECASE,
)
_VIN = re.compile(r"(?:(?<![A-Z0-9])|(?<=VIN))[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])", re.IGNORECASE)
_SPACED_VIN = re.compile(r"(?<![A-Z0-9])(?:[A-HJ-NPR-Z0-9][ -]?){16}\d(?![A-Z0-9])")
_VALUES = dict(
    zip(
        "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
        [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)],
        strict=True,
    )
)
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_WITHOUT_CHECK = re.compile(
    r"(?!SN|[A-Z]{1,16}\d+$)[JKMNPR-Z6-9][A-Z0-9]{2}[A-Z0-9]{6}[A-HJ-NPR-TV-Y1-9].{3}\d{4}"
)


def find_vins(text: str) -> Iterator[Span]:
    """Start and end of every vehicle identification number (ISO 3779).

    With its check digit where North America and China demand one; in any form after a word for
    it. The last four characters are digits, so that serial numbers of the same length stay.
    """
    for match in _ANNOUNCED_VIN.finditer(text):
        if sum(map(str.isdigit, match["vin"])) >= 4:
            yield match.span("vin")
    for match in _VIN.finditer(text):
        if is_vin(match[0].upper()):
            yield match.span()
    for match in _SPACED_VIN.finditer(text):
        vin = re.sub("[ -]", "", match[0]).upper()
        if vin_checks(vin) and is_vin(vin):
            yield match.span()


def is_vin(vin: str) -> bool:
    """Whether 17 capital letters and digits are a vehicle identification number."""
    letters = sum(map(str.isalpha, vin))
    fits = 3 <= letters <= 13 and vin[-4:].isdigit()
    return fits and (vin_checks(vin) or bool(_WITHOUT_CHECK.fullmatch(vin)))


def vin_checks(vin: str) -> bool:
    """Whether the ninth character is the check digit (49 CFR 565.15)."""
    total = sum(w * _VALUES[c] for w, c in zip(_WEIGHTS, vin, strict=True))
    return "0123456789X"[total % 11] == vin[8]


_NOT_BEFORE = {  # province -> what stands before it in words that are no plate: 四川, 阿里云, 更新
    "新": "全最更崭重换刷创", "川": "四银合伊汶", "云": "里讯为山度金天阿白百华东移动通信",
    "宁": "南西辽咸保安康丽遂", "津": "天江", "苏": "江姑复", "京": "北南东燕", "藏": "西收",
    "蒙": "内启", "贵": "昂珍宝", "黑": "漆墨变发", "青": "常发", "吉": "", "桂": "肉",
}  # fmt: skip
_NOT_AFTER = r"(?![A-Z0-9]|[型款版]|平台|系列|系统|服务|机型|规格|批次|版本)"
_PLATE = re.compile(
    rf"[{PROVINCES}][ ·.-]?[A-Z][ ·.-]?"
    r"(?:(?=[A-Z0-9]{0,6}\d{4})(?:[A-HJK][A-Z0-9]\d{4}|\d{5}[A-HJK])"  # new energy: 6 after
    r"|(?=(?:[A-Z]{0,5}\d){3})[A-Z0-9]{5}|(?=(?:[A-Z]{0,4}\d){2})[A-Z0-9]{4}[挂学警港澳领])"
    rf"{_NOT_AFTER}"
    rf"|WJ[ ·-]?[{PROVINCES}]?[ ·-]?\d{{4}}[A-Z0-9](?![A-Z0-9])"
    r"|WJ[ ·-]?\d{2}[ ·-]?\d{4}[A-Z0-9](?![A-Z0-9])"
    r"|使[ ]?\d{3}[·]?\d{3}(?!\d)|(?<!\d)\d{3}[·]?\d{3}使(?![用得其人者劲唤])",
    re.ASCII | re.IGNORECASE,
)
_FEW_DIGITS = re.compile(rf"(?<![A-Z])[{PROVINCES}][A-Z][A-HJ-NP-Z]{{4}}\d(?![A-Z0-9])")
_ANNOUNCED_PLATE = re.compile(
    r"(?:车牌|牌照|号牌|车号|军牌|plate|kennzeichen)(?:号码?|no\.?|number)?[\s:是为#]{0,3}"
    rf"(?P<plate>[{PROVINCES}军海空北沈兰济南广成]?[ ·-]?[A-ZÄÖÜ]{{1,3}}[ ·-]?[A-Z0-9]{{0,3}}"
    r"[ ·-]?[A-Z0-9]{0,3}\d{2,5}[A-Z挂学警港澳领]?)(?![A-Z0-9])",
    re.IGNORECASE,
)
_GERMAN = re.compile(  # places with many cars only; others look like part numbers
    r"(?<![A-Z0-9-])(?:B|M|HH|K|F|S|D|DO|E|L|HB|DD|H|N|DU|BO|W|BI|BN|MS|KA|MA|A|WI|MG|GE|AC|BS"
    r"|KI|C|MD|FR|KR|MZ|HL|ER|OB|RO|KS|HA|SB|PB|LU|OL|HD|DA|R|IN|WÜ|WOB|UL|HN|PF)"
    r"-[A-Z]{1,2} \d{3,4}E?(?![A-Z0-9-])"
)


def find_plates(text: str) -> Iterator[Span]:
    """Start and end of every licence plate: China's, and Germany's with a blank.

    >>> text = "粤B12345 停在 四川A39192型 旁"
    >>> [text[start:end] for start, end in find_plates(text)]
    ['粤B12345']
    """
    for match in _ANNOUNCED_PLATE.finditer(text):
        yield match.span("plate")
    for pattern in (_PLATE, _FEW_DIGITS):
        for match in pattern.finditer(text):
            before = text[match.start() - 1 : match.start()]
            if not before or before not in _NOT_BEFORE.get(match[0][0], ""):
                yield match.span()
    yield from (match.span() for match in _GERMAN.finditer(text))
