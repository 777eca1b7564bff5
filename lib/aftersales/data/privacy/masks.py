"""Masks for what identifies a person in free text: numbers, addresses, plates, names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from aftersales.data.privacy import announced, people
from aftersales.data.privacy.emails import find_emails
from aftersales.data.privacy.glance import hints
from aftersales.data.privacy.long_texts import LONG, mask_coarsely
from aftersales.data.privacy.numbers import find_cards, find_ids
from aftersales.data.privacy.phones import COUNTRIES, find_phones
from aftersales.data.privacy.vehicles import find_plates, find_vins
from aftersales.data.privacy.views import Span, view, with_numerals, without

KINDS = (
    *("email", "id", "vin", "card", "phone", "plate", "account", "name", "address", "birthday"),
)
"""What is masked; each leaves ``[kind]`` in the text."""

_ROUNDS = 4  # what was hidden behind another find shows in the next round


def mask_text(
    values: pd.Series, *, countries: tuple[str, ...] = COUNTRIES
) -> tuple[pd.Series, dict[str, int]]:
    """Texts in which what identifies a person is replaced by a token such as ``[phone]``.

    Masked are e-mail addresses; identity numbers (China's, Taiwan's, Hong Kong's) and numbers of
    papers after a word for one; vehicle identification numbers; card numbers and accounts;
    telephone numbers (see `phones.find_phones`); Chinese licence plates; names in messengers
    after the messenger's. Names, addresses and birthdays are masked where words announce them and
    stay everywhere else. Full-width digits, Chinese numerals, invisible characters and usual
    marks between groups make no difference. Numbers after a word for an order, a part or a
    measure stay. Masking twice changes nothing more.

    The time is proportional to the length of a text; in texts longer than `LONG` characters every
    number of seven digits and everything around an @ goes, whatever it is.

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
    ['请致电[phone][name]先生', 'KFR-35GW, order 20240315001']
    >>> counts["phone"]
    1
    """
    text = values.astype("str")
    counts = dict.fromkeys(KINDS, 0)
    masked = text.copy()
    left = np.arange(len(text))  # places of texts that may hold something
    for _ in range(_ROUNDS):
        chosen, hinted = hints(masked.iloc[left])
        left = left[chosen]
        if not len(left):
            break
        cells = masked.iloc[left].tolist()
        after = [
            _masked(cell, held, counts=counts, countries=countries)
            for cell, held in zip(cells, hinted, strict=True)
        ]
        masked.iloc[left] = after
        again = [was != now and len(was) <= LONG for was, now in zip(cells, after, strict=True)]
        left = left[again]
    return masked, counts


def _masked(
    text: str, hinted: set[str], *, counts: dict[str, int], countries: tuple[str, ...]
) -> str:
    if len(text) > LONG:
        text, found = mask_coarsely(text)
        for kind, n in found.items():
            counts[kind] += n
        return text
    seen = view(text)
    parts, last = [], 0
    for start, end, kind in sorted(_find(seen.text, hinted, countries=countries)):
        first, after = seen.original(start, end)
        parts += [text[last:first], f"[{kind}]"]
        last = after
        counts[kind] += 1
    return "".join([*parts, text[last:]])


def _find(text: str, hinted: set[str], *, countries: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """Spans that do not overlap; each kind sees what is left of the text by those before it."""
    spans: list[tuple[int, int, str]] = []

    def take(kind: str, find: Callable[[str], Iterable[Span]]) -> None:
        nonlocal text
        if found := _joined(find(text)):
            spans.extend((start, end, kind) for start, end in found)
            text = without(text, found)

    def phones(text: str) -> Iterator[Span]:
        return find_phones(text, countries=countries)

    for hint, kind, find in _BY_WORDS:
        if hint in hinted:
            take(kind, find)
    if "other" in hinted and hinted & _NUMBERED:
        text = without(text, _joined(announced.find_others(text)), mark="\1")
    for hint, kind, find in _BY_FORM:
        if hint in hinted:
            take(kind, find)
    if "number" in hinted:
        take("phone", phones)
    if "plate" in hinted:
        take("plate", find_plates)
    if "numerals" in hinted and (spelled := with_numerals(text)):
        text = spelled
        take("id", announced.find_announced_ids)
        take("phone", phones)
    return spans


_BY_WORDS = (
    ("email", "email", find_emails),
    ("paper", "id", announced.find_announced_ids),
    ("account", "account", announced.find_accounts),
    ("paper", "card", announced.find_announced_cards),
    ("account", "address", announced.find_postcodes),
    ("account", "birthday", announced.find_birthdays),
    ("name", "name", people.find_names),
    ("address", "address", people.find_addresses),
)
_BY_FORM = (
    ("long number", "id", find_ids),
    ("vin", "vin", find_vins),
    ("long number", "card", find_cards),
)
_NUMBERED = {"number", "long number", "vin", "plate"}


def _joined(found: Iterable[Span]) -> list[Span]:
    """Overlapping spans as one."""
    joined: list[Span] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
