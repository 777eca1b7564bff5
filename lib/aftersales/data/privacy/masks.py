"""Masks for what identifies a person in free text: numbers, addresses, plates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.privacy.phones import COUNTRIES, Span, find_phones

KINDS = ("email", "id", "vin", "card", "phone", "plate")
"""What is masked, in the order in which it is looked for; each leaves ``[kind]`` in the text."""

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使"
# Only texts that hold one of these are looked at closely (RE2: runs in Arrow).
_CANDIDATE = (
    rf"[@＠]|(?:\p{{Nd}}[^\p{{Nd}}]{{0,4}}){{7}}|[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]{{17}}|[WwＷｗ][JjＪｊ]"
    rf"|[{_PROVINCES}][^\p{{L}}\p{{N}}]?[A-Za-zＡ-Ｚａ-ｚ]"
)


def mask_text(
    values: pd.Series, *, countries: tuple[str, ...] = COUNTRIES
) -> tuple[pd.Series, dict[str, int]]:
    """Texts in which what identifies a person is replaced by a token such as ``[phone]``.

    Masked are e-mail addresses; Chinese identity numbers (18 digits with check digit, GB 11643,
    and the old 15 with a possible birthday); vehicle identification numbers (ISO 3779; with check
    digit where North America and China demand one); card numbers (ISO/IEC 7812: an issuer's
    prefix and the Luhn digit); telephone numbers (see `phones.find_phones`); Chinese licence
    plates. Full-width digits and letters count like half-width ones. Masking twice changes
    nothing more.

    Parameters
    ----------
    values : Series of text
        Null stays null; texts in which nothing is found come back as they were.
    countries : tuple of ISO 3166 codes
        Whose national telephone numbers, written without +, are recognised besides China's.

    Returns
    -------
    (Series with the index and name of `values`, {kind: tokens put in}), every kind of `KINDS`.

    Examples
    --------
    >>> texts = pd.Series(["请致电１３８００１３８０００张先生", "KFR-35GW, order 20240315001"])
    >>> masked, counts = mask_text(texts)
    >>> masked.tolist()
    ['请致电[phone]张先生', 'KFR-35GW, order 20240315001']
    >>> counts["phone"]
    1
    """
    text = values.astype("str")
    counts = dict.fromkeys(KINDS, 0)
    chosen = _candidates(text)
    if not chosen.any():
        return text, counts
    masked = text.copy()
    while chosen.any():  # what was hidden behind another find shows in the next round
        cells = masked[chosen]
        masked[chosen] = [_mask(cell, counts=counts, countries=countries) for cell in cells]
        chosen[chosen] = (masked[chosen] != cells).to_numpy() & _candidates(masked[chosen])
    return masked, counts


def _candidates(text: pd.Series) -> np.ndarray:
    """Which texts have to be looked at closely."""
    cells = pa.array(text, type=pa.string(), from_pandas=True)
    found = pc.fill_null(pc.match_substring_regex(cells, _CANDIDATE), False)
    return found.to_numpy(zero_copy_only=False).copy()


def _mask(text: str, *, counts: dict[str, int], countries: tuple[str, ...]) -> str:
    for start, end, kind in reversed(_find(text.translate(_FOLD), countries=countries)):
        text = f"{text[:start]}[{kind}]{text[end:]}"
        counts[kind] += 1
    return text


def _find(text: str, *, countries: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """Spans that do not overlap, in the order of the text; each kind sees what is left of it."""
    spans = []
    for kind in KINDS:
        found = find_phones(text, countries=countries) if kind == "phone" else _FINDERS[kind](text)
        for start, end in _joined(found):
            spans.append((start, end, kind))
            text = text[:start] + "\0" * (end - start) + text[end:]
    return sorted(spans)


def _joined(found: Iterator[Span]) -> list[Span]:
    """Overlapping spans as one."""
    joined: list[Span] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


class _Fold(dict):
    """Character -> its half-width form, one for one, so that places in the text stay."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = plain = _half_width(char)
        return plain


def _half_width(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if "！" <= char <= "～":  # the full-width forms of ASCII, U+FF01 to U+FF5E
        return chr(ord(char) - 0xFEE0)
    if unicodedata.category(char) == "Pd" or char == "−":
        return "-"
    if unicodedata.category(char) == "Zs":
        return " "
    return "·" if char in "•・･‧∙⋅" else char


_FOLD = _Fold()

_EMAIL = re.compile(
    r"[A-Za-z0-9À-ɏ._%+'-]*[A-Za-z0-9À-ɏ_%+]@(?:[A-Za-z0-9À-ɏ](?:[A-Za-z0-9À-ɏ-]*)\.)+[A-Za-z]{2,24}"
)


def _find_emails(text: str) -> Iterator[Span]:
    return (match.span() for match in _EMAIL.finditer(text)) if "@" in text else iter(())


_AREA = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{4}"  # GB/T 2260
_ID_18 = re.compile(rf"(?<!\d)({_AREA})[ -]?(\d{{8}})[ -]?(\d{{3}}[\dXx])(?!\d)", re.ASCII)
_ID_15 = re.compile(rf"(?<!\d){_AREA}(\d{{6}})\d{{3}}(?!\d)", re.ASCII)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643: 2^(17-i) mod 11
_ID_CHECK = "10X98765432"


def _find_ids(text: str) -> Iterator[Span]:
    for match in _ID_18.finditer(text):
        number = "".join(match.groups()).upper()
        total = sum(w * int(d) for w, d in zip(_ID_WEIGHTS, number[:17], strict=True))
        if _ID_CHECK[total % 11] == number[17] and _is_birthday(number[6:14]):
            yield match.span()
    for match in _ID_15.finditer(text):
        if _is_birthday("19" + match[1]):
            yield match.span()


def _is_birthday(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= 1880
    except ValueError:
        return False


_VIN = re.compile(r"(?:(?<![A-Z0-9])|(?<=VIN))[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])", re.IGNORECASE)
_VIN_VALUES = dict(
    zip(
        "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
        [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)],
        strict=True,
    )
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_WITHOUT_CHECK = re.compile(
    r"(?!SN|[A-Z]+\d+$)[JKMNPR-Z6-9][A-Z0-9]{2}[A-Z0-9]{6}[A-HJ-NPR-TV-Y1-9].{3}\d{4}"
)


def _find_vins(text: str) -> Iterator[Span]:
    for match in _VIN.finditer(text):
        vin = match[0].upper()
        letters = sum(map(str.isalpha, vin))
        if 3 <= letters <= 13 and (_vin_checks(vin) or _VIN_WITHOUT_CHECK.fullmatch(vin)):
            yield match.span()


def _vin_checks(vin: str) -> bool:
    total = sum(w * _VIN_VALUES[c] for w, c in zip(_VIN_WEIGHTS, vin, strict=True))
    return "0123456789X"[total % 11] == vin[8]


_DIGIT_GROUPS = re.compile(r"(?<!\d)\d+(?:[ -]\d+)*", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_SHORTEST_GROUP = 4  # of a card number written in groups, but for the last
_ISSUER = re.compile(  # prefixes and lengths of the networks; 69 begins a Chinese barcode
    r"3[47]\d{13}|3[0689]\d{12,17}|35\d{14,17}|(?:[45]\d|6[0-57])\d{11,17}|(?:81|95)\d{14,17}"
    r"|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}",
    re.ASCII,
)


def _find_cards(text: str) -> Iterator[Span]:
    """Every run of digit groups that is a card number; only its last group may be short."""
    for run in _DIGIT_GROUPS.finditer(text):
        if sum(map(str.isdigit, run[0])) < 13:
            continue
        groups = [
            (run.start() + g.start(), run.start() + g.end()) for g in _DIGITS.finditer(run[0])
        ]
        for first, (start, _) in enumerate(groups):
            for begin, end in groups[first:]:
                number = text[start:end].replace(" ", "").replace("-", "")
                if 13 <= len(number) <= 19 and _is_card(number):
                    yield start, end
                if len(number) > 19 or end - begin < _SHORTEST_GROUP:
                    break


def _is_card(number: str) -> bool:
    if not _ISSUER.fullmatch(number):
        return False
    digits = [int(d) for d in reversed(number)]
    return sum(digits[::2] + [sum(divmod(2 * d, 10)) for d in digits[1::2]]) % 10 == 0


_PLATE = re.compile(
    rf"(?:(?<![全最更崭重换刷创])(?=新)|(?!新))[{_PROVINCES}][ ]?[A-Z][ ·.-]?"
    r"(?:(?=[A-Z0-9]*\d{4})(?:[A-HJK][A-Z0-9]\d{4}|\d{5}[A-HJK])"  # new energy: 6 after the letter
    r"|(?=(?:[A-Z]*\d){3})[A-Z0-9]{5}|(?=(?:[A-Z]*\d){2})[A-Z0-9]{4}[挂学警港澳领])(?![A-Z0-9])"
    rf"|WJ[ ·-]?[{_PROVINCES}][ ·-]?\d{{4}}[A-Z0-9](?![A-Z0-9])|使[ ]?\d{{3}}[·]?\d{{3}}(?!\d)",
    re.ASCII | re.IGNORECASE,
)


def _find_plates(text: str) -> Iterator[Span]:
    return (match.span() for match in _PLATE.finditer(text))


_FINDERS = {
    "email": _find_emails,
    "id": _find_ids,
    "vin": _find_vins,
    "card": _find_cards,
    "plate": _find_plates,
}
