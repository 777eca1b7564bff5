"""Masks for what identifies a person in free text: numbers, addresses, plates, names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.privacy import announced, people
from aftersales.data.privacy.emails import find_emails
from aftersales.data.privacy.long_texts import LONG, mask_coarsely
from aftersales.data.privacy.numbers import find_cards, find_ids
from aftersales.data.privacy.phones import COUNTRIES, find_phones
from aftersales.data.privacy.vehicles import PROVINCES, find_plates, find_vins
from aftersales.data.privacy.views import NUMERALS, Span, view, with_numerals, without

KINDS = (
    *("email", "id", "vin", "card", "phone", "plate", "account", "name", "address", "birthday"),
)
"""What is masked; each leaves ``[kind]`` in the text."""

_ROUNDS = 4  # what was hidden behind another find shows in the next round
_DIGITS = r"(?:\p{Nd}[^\p{Nd}]{0,6}){7}"
# Only texts that hold one of these are looked at closely (RE2: runs in Arrow).
_CANDIDATE = "(?i)" + "|".join(
    [
        r"[@＠]|艾特|[(\[{<（]at|#(?:qq|vip|fox|163|126|yeah|si|so|gm|out|hot|ic)",
        _DIGITS,
        rf"(?:[{NUMERALS}].{{0,2}}){{7}}",
        r"[0-9a-z０-９ａ-ｚ]{17}|[wｗ][jｊ]|[a-z]\d{6,8}|[1il][3-9][\doil]{9}",
        rf"[{PROVINCES}][^\p{{L}}\p{{N}}]?[a-zａ-ｚ]|使\s?\p{{Nd}}{{3}}|\p{{Nd}}{{3}}使"
        rf"|车牌|牌照|号牌|plate|kennz|[a-zü]-[a-z]{{1,2}} \d{{3}}",
        r"微信|微訊|[薇威维]信|[vvqw][qx信]|ｑｑ|扣扣|wechat|weixin|whatsapp|telegram|skype|抖音|快手"
        r"|小红书|微博|旺旺|淘宝|支付宝|钉钉|飞书|陌陌|邮编|邮政编|出生|生日|birth|born|dob",
        r"姓名|联系人|收[货件]人|寄件人|[机车户业]主|客户|用户姓|顾客姓|报修人|本人|我叫|名叫"
        r"|先生|女士|小姐|太太|阿姨|大爷|大妈|同志|老师|大[姐哥]"
        r"|\bm(?:rs?|s|iss|x)\b|\bdr\b|\bname|contact|consignee|recipient",
        r"[住地]址|家住|住在|住所|[寄送][到至往货]|[0-9０-９][^\s]{0,3}[栋幢座单楼]|[路街道巷弄同][0-9０-９]",
    ]
)


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
    chosen = _candidates(text)
    if not chosen.any():
        return text, counts
    masked = text.copy()
    masked[chosen] = [_masked(cell, counts=counts, countries=countries) for cell in masked[chosen]]
    return masked, counts


def _candidates(text: pd.Series) -> np.ndarray:
    """Which texts have to be looked at closely."""
    cells = pa.array(text, type=pa.string(), from_pandas=True)
    found = pc.fill_null(pc.match_substring_regex(cells, _CANDIDATE), False)
    return found.to_numpy(zero_copy_only=False).copy()


def _masked(text: str, *, counts: dict[str, int], countries: tuple[str, ...]) -> str:
    if len(text) > LONG:
        text, found = mask_coarsely(text)
        for kind, n in found.items():
            counts[kind] += n
    for _ in range(_ROUNDS if len(text) <= LONG else 0):
        seen = view(text)
        spans = _find(seen.text, countries=countries)
        if not spans:
            break
        parts, last = [], 0
        for start, end, kind in sorted(spans):
            first, after = seen.original(start, end)
            parts += [text[last:first], f"[{kind}]"]
            last = after
            counts[kind] += 1
        text = "".join([*parts, text[last:]])
    return text


def _find(text: str, *, countries: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """Spans that do not overlap; each kind sees what is left of the text by those before it."""
    spans: list[tuple[int, int, str]] = []

    def take(kind: str, find: Callable[[str], Iterable[Span]]) -> None:
        nonlocal text
        if found := _joined(find(text)):
            spans.extend((start, end, kind) for start, end in found)
            text = without(text, found)

    def phones(text: str) -> Iterator[Span]:
        return find_phones(text, countries=countries)

    take("email", find_emails)
    if _has(text, announced.WORDS):
        for kind, find in _ANNOUNCED:
            take(kind, find)
    if _has(text, people.WORDS):
        take("name", people.find_names)
        take("address", people.find_addresses)
    text = without(text, _joined(announced.find_others(text)), mark="\1")
    for kind, find in (("id", find_ids), ("vin", find_vins), ("card", find_cards)):
        take(kind, find)
    take("phone", phones)
    take("plate", find_plates)
    if spelled := with_numerals(text):
        text = spelled
        take("id", announced.find_announced_ids)
        take("phone", phones)
    return spans


_ANNOUNCED = (
    ("id", announced.find_announced_ids),
    ("account", announced.find_accounts),
    ("card", announced.find_announced_cards),
    ("address", announced.find_postcodes),
    ("birthday", announced.find_birthdays),
)


def _has(text: str, words: tuple[str, ...]) -> bool:
    lower = text.lower()
    return any(word in lower for word in words)


def _joined(found: Iterable[Span]) -> list[Span]:
    """Overlapping spans as one."""
    joined: list[Span] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
