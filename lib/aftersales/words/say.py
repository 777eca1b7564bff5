"""Words for readers: messages in the reader's language, numbers and dates as they write them.

Messages are English sentences in the code, looked up in `locale/<language>/*.po` (gettext
catalogues, kept with Babel). English needs no catalogue.
"""

from __future__ import annotations

import gettext
import io
import math
from contextvars import ContextVar
from functools import lru_cache
from importlib import resources

import pandas as pd
from babel import dates, numbers
from babel.messages import mofile, pofile

from aftersales.errors import RequestError, nearest
from aftersales.profile.config import LANGUAGES

_language: ContextVar[str] = ContextVar("language", default="en")
_LOCALES = {"en": "en", "zh": "zh_Hans_CN"}
NO_VALUE = "–"


def use_language(language: str) -> None:
    """Set the language of everything said from here on."""
    if language not in LANGUAGES:
        raise RequestError(f'Language "{language}" is not known; {nearest(language, LANGUAGES)}')
    _language.set(language)


def language() -> str:
    """The language in use, "en" or "zh"."""
    return _language.get()


def N_(message: str) -> str:
    """Mark a message for translation where it is defined, and translate it later with `say`."""
    return message


def N_n(one: str, many: str) -> tuple[str, str]:
    """Mark a message for one and for many that is said later, with `say_n`."""
    return one, many


def say(message: str, /, **values: object) -> str:
    """The message in the reader's language, its ``{names}`` filled with `values`.

    >>> say("{n} of {total} series", n=2, total=8)
    '2 of 8 series'
    """
    text = _catalogue(language()).gettext(message) if message else ""
    return text.format(**values) if values else text


def say_n(one: str, many: str, n: int, /, **values: object) -> str:
    """The message in singular or plural for `n`, which fills ``{n}`` in the reader's format.

    >>> say_n("{n} ticket", "{n} tickets", 1200)
    '1,200 tickets'
    """
    text = _catalogue(language()).ngettext(one, many, n)
    return text.format(**({"n": count(n)} | values))


@lru_cache
def _catalogue(lang: str) -> gettext.NullTranslations:
    folder = resources.files("aftersales") / "locale" / lang
    if not folder.is_dir():
        return gettext.NullTranslations()
    merged: gettext.NullTranslations | None = None
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".po"):
            found = _read_po(file.read_bytes(), lang)
            merged = merged or found
            if merged is not found:
                merged._catalog.update(found._catalog)
    return merged or gettext.NullTranslations()


def _read_po(content: bytes, lang: str) -> gettext.GNUTranslations:
    compiled = io.BytesIO()
    mofile.write_mo(compiled, pofile.read_po(io.BytesIO(content), locale=_LOCALES[lang]))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _missing(value: object) -> bool:
    return (
        value is None or (isinstance(value, float) and not math.isfinite(value)) or value is pd.NA
    )


def number(value: float | None, *, digits: int = 3) -> str:
    """`value` to `digits` significant digits, with thousands separators; an en dash if missing.

    >>> number(41.237), number(1234567.0), number(0.0004321), number(None)
    ('41.2', '1,234,567', '0.000432', '–')
    """
    if _missing(value):
        return NO_VALUE
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    if decimals > 8:
        return "0"
    pattern = "#,##0" + ("." + "0" * min(decimals, 8) if decimals else "")
    return _decimal(value, pattern, language())


@lru_cache(maxsize=4096)
def _decimal(value: float, pattern: str, lang: str) -> str:
    return numbers.format_decimal(value, format=pattern, locale=_LOCALES[lang])


def times(ratio: float | None) -> str:
    """A ratio: two decimals from 0.1 to 10, so that 1.04 is not told as 1.0; else two digits.

    >>> times(0.994), times(1.084), times(2.17), times(12.4)
    ('0.99', '1.08', '2.17', '12')
    """
    near = not _missing(ratio) and 0.995 <= abs(ratio) < 9.995
    return number(ratio, digits=3 if near else 2)


def count(value: float | None) -> str:
    """A whole number with thousands separators."""
    if _missing(value):
        return NO_VALUE
    return _decimal(round(value), "#,##0", language())


def cases(value: float | None) -> str:
    """An expected number of cases: whole from 10 on, two digits below.

    >>> cases(107.3), cases(0.482)
    ('107', '0.48')
    """
    return number(value, digits=2) if not _missing(value) and abs(value) < 9.5 else count(value)


def percent(share: float | None, *, decimals: int = 1) -> str:
    """A share from 0 to 1 as percent.

    >>> percent(0.0712), percent(1)
    ('7.1 %', '100.0 %')
    """
    if _missing(share):
        return NO_VALUE
    pattern = "0" + ("." + "0" * decimals if decimals else "")
    return _decimal(share * 100, pattern, language()) + " %"


def money(value: float | None, currency: str) -> str:
    """An amount without decimals, e.g. ``¥1,820,000``."""
    if _missing(value):
        return NO_VALUE
    return numbers.format_currency(
        round(value), currency, format="¤#,##0", locale=_LOCALES[language()], currency_digits=False
    )


def amount(value: float | None, unit: str) -> str:
    """A value with its unit. Unit "share" is printed as percent, "times" as ``×``.

    >>> amount(0.071, "share"), amount(3.44, "times"), amount(12.0, "days")
    ('7.1 %', '3.44×', '12.0 days')
    """
    if unit == "share":
        return percent(value)
    if unit == "times":
        return f"{number(value)}×"
    return f"{number(value)} {say(unit)}" if unit else number(value)


def span(low: float | None, high: float | None, unit: str = "") -> str:
    """An interval, low to high.

    >>> span(2.81, 4.12), span(0.05, 0.09, "share")
    ('2.81–4.12', '5.0–9.0 %')
    """
    joint = "…" if _below_zero(low) or _below_zero(high) else "–"
    if unit == "share":
        return f"{percent(low).removesuffix(' %')}{joint}{percent(high)}"
    text = f"{number(low)}{joint}{number(high)}"
    return f"{text} {say(unit)}" if unit and unit != "times" else text


def _below_zero(value: float | None) -> bool:
    return not _missing(value) and value < 0


def p_value(p: float | None) -> str:
    """A p-value as readers expect it: two significant digits, never below 0.001."""
    if _missing(p):
        return NO_VALUE
    return "< 0.001" if p < 0.001 else number(p, digits=2)


def month(moment: pd.Timestamp | str) -> str:
    """Month and year, e.g. ``Jul 2025`` or ``2025年7月``."""
    skeleton = "yMMM"
    return dates.format_skeleton(skeleton, pd.Timestamp(moment), locale=_LOCALES[language()])


def month_name(number: int) -> str:
    """The name of a calendar month, 1 to 12: ``July``, ``7月``."""
    width = "abbreviated" if language() == "zh" else "wide"
    return dates.get_month_names(width, locale=_LOCALES[language()])[number]


def signed(value: float | None) -> str:
    """A change with its sign.

    >>> signed(0.52), signed(-1.0)
    ('+0.520', '−1.00')
    """
    if _missing(value):
        return NO_VALUE
    return ("−" if value < 0 else "+") + number(abs(value))


def day(moment: pd.Timestamp | str) -> str:
    """A calendar day, ISO 8601: the same for every reader."""
    return f"{pd.Timestamp(moment):%Y-%m-%d}"


def listing(items: list[str]) -> str:
    """Items joined as a reader joins them: ``a, b and c`` or ``甲、乙和丙``, ``a、b 和 c``."""
    from babel.lists import format_list

    if language() == "zh" and len(items) > 1:  # 和 keeps its distance from Latin letters
        *rest, before, last = items
        before, last = before + " " * before[-1:].isascii(), " " * last[:1].isascii() + last
        items = [*rest, before, last]
    return format_list(items, locale=_LOCALES[language()]) if items else ""


def listing_plain(items: list[str]) -> str:
    """Items side by side without "and": ``a, b, c`` or ``a、b、c``."""
    return say(", ").join(items)


def listing_wide(items: list[str]) -> str:
    """Items that hold commas themselves: ``a, b; c, d``."""
    return say("; ").join(items)


def capital(text: str) -> str:
    """The text with a capital first letter.

    >>> capital("batch B2407")
    'Batch B2407'
    """
    return text[:1].upper() + text[1:]


def sentences(*parts: str) -> str:
    """Whole sentences one after the other, spaced as the language does."""
    return ("" if language() == "zh" else " ").join(p for p in parts if p)
