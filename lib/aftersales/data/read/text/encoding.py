"""Which encoding a text is in, told from its bytes."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Collection
from itertools import islice

import charset_normalizer

_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SAMPLE = 1 << 16  # bytes of lines with other than ASCII characters, to tell the encoding by
_MOSTLY = 0.9  # share of other than ASCII characters that must fit an encoding
_FREQUENT_HAN = 0.7  # least share of the 3,755 most used characters in Chinese text
_COMMON_HAN = set(  # characters of half of all Chinese text, of regions, goods and service
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政"
    "美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员"
    "解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件"
    "计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象"
    "完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运广省福建浙"
    "江苏徽湖河云贵川陕甘宁夏藏疆内蒙古辽吉林黑龙津京沪渝州圳冰箱柜空调洗衣热器视维修退换货单户号费用服客"
    "投诉咨询障坏漏响噪音制冷快递物流"
)
_COMMON_HANGUL = set(
    "이다는을가에의하고지를은들기로한사그도어서리자나수인아시것있대일정해전부상보제구장거주적만원"
    "니과여라스게비오면없조국공소신내유안경선동무습세와분생성관마진연회우문후당중까용방물발요개실"
    "화모위계말간모데절통업더때품송처불리품접객고환반교점매울산광천남북강릉포항"
)
_COMMON_KANA = set(
    "のにはをたがでとしれさあるいもなてっ・ーからりアイウエオカキクケコサシスセタチツテトナニ"
)
_COMMON_BIG5 = set(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子灣臺縣區電話號"
)
_FREQUENT = {  # encoding -> characters that its texts are full of
    "gb18030": _COMMON_HAN,
    "cp949": _COMMON_HANGUL,
    "cp932": _COMMON_KANA,
    "big5": _COMMON_HAN | _COMMON_BIG5,
}
_LEAST = 0.15  # share of frequent characters in a text of that language
_SURE = 2.0  # times as many frequent characters as in the next encoding
_GUESSED = (
    *_FREQUENT,
    "cp1251",
    "cp1252",
)  # encodings in which the words of a profile are looked for
_OFFICE = (  # what office programs write, besides Chinese and Western European
    *("big5", "cp932", "euc_jp", "cp949", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255"),
    *("cp1256", "cp1257", "cp1258", "cp874", "koi8_r", "utf_16_le", "utf_16_be"),
)
_REST_OF_LINE = re.compile(rb"[\x80-\xff][^\n]*\n?")
_BEFORE = 64  # bytes kept before the first other than ASCII character, for the word it is in
_WORD = re.compile(r"[^\W\d_]+")
_WESTERN = set(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœŠšŽž€£°ºª«»–—‘’“”…·®©¿¡§±²³"
)


class Seen:
    """What a pass over a file's bytes showed.

    Attributes
    ----------
    size : bytes seen
    offset, line : of the first byte that is not UTF-8 (from 0, from 1); None if all are
    letters : a sample of lines with other than ASCII characters
    nul : whether a byte is 0
    """

    def __init__(self) -> None:
        self.size, self.line, self.letters = 0, 1, b""
        self.offset: int | None = None
        self._head, self.nul = b"", False
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")

    def add(self, chunk: bytes) -> None:
        if not self.size:
            self._head = chunk[:4096]
        self.nul = self.nul or b"\0" in chunk
        if self.offset is None:
            self._decode(chunk)
        if len(self.letters) < _SAMPLE and not chunk.isascii():
            for found in islice(_REST_OF_LINE.finditer(chunk), 512):
                before = chunk[max(found.start() - _BEFORE, 0) : found.start()]
                self.letters += before.rpartition(b"\n")[2] + found.group()[:2048]
        self.size += len(chunk)

    def _decode(self, chunk: bytes) -> None:
        kept = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(chunk)
            self.line += chunk.count(b"\n")
        except UnicodeDecodeError as error:
            self.offset = self.size - kept + error.start
            self.line += chunk[: max(error.start - kept, 0)].count(b"\n")

    def encoding(self, words: Collection[str] = ()) -> str | None:
        """The likely encoding; "utf-8" also for UTF-8 with a few damaged bytes; None: not told.

        `words` are spellings that the text should hold, such as names of regions.
        """
        for bom, name in _BOMS.items():
            if self._head.startswith(bom):
                return name
        if self.offset is None and self._ends_within_character():
            self.offset = self.size
        if self.offset is None or fits(self.letters, encoding="utf-8"):
            return "utf-8"
        return guess(self.letters or self._head, words)

    def _ends_within_character(self) -> bool:
        return bool(self._decoder.getstate()[0])


def fits(sample: bytes, *, encoding: str) -> bool:
    """Whether nearly all other than ASCII characters of a sample decode in an encoding.

    >>> fits("caf\\u00e9".encode("latin-1"), encoding="utf-8")
    False
    """
    text = sample.decode(encoding, "replace")
    other = sum(not char.isascii() for char in text)
    return not other or text.count("\ufffd") <= (1 - _MOSTLY) * other


def guess(sample: bytes, words: Collection[str] = ()) -> str | None:
    """The likely encoding of bytes that are not UTF-8.

    Told by the `words` that only one encoding shows, then by characters that are frequent in
    Chinese, Korean and Japanese; then Western European is tried, then all that offices use.

    >>> guess("机器不制冷，请尽快安排师傅上门维修".encode("gbk"))
    'gb18030'
    >>> guess("广东".encode("gbk"), ["广东"])
    'gb18030'
    >>> guess("le client est tr\\u00e8s f\\u00e2ch\\u00e9".encode("cp1252"))
    'cp1252'
    """
    if found := _by_words(sample, words):
        return found
    if found := _by_characters(sample):
        return found
    if _is_western(sample):
        return "cp1252"
    best = charset_normalizer.from_bytes(sample, cp_isolation=list(_OFFICE)).best()
    return best and codecs.lookup(best.encoding).name


def _by_words(sample: bytes, words: Collection[str]) -> str | None:
    """The one encoding in which the sample holds most of the words of the profile."""
    counts = {}
    for encoding in _GUESSED:
        if fits(sample, encoding=encoding):
            text = sample.decode(encoding, "ignore")
            counts[encoding] = sum(text.count(word) for word in words)
    best = sorted(counts, key=lambda name: counts[name], reverse=True)
    if not best or not counts[best[0]]:
        return None
    sure = len(best) == 1 or counts[best[0]] > counts[best[1]]
    return best[0] if sure else None


def _by_characters(sample: bytes) -> str | None:
    """The East Asian encoding whose frequent characters fill the sample, beyond any other."""
    shares = {}
    for encoding, frequent in _FREQUENT.items():
        if not fits(sample, encoding=encoding):
            continue
        text = sample.decode(encoding, "ignore")
        letters = [c for c in text if not c.isascii() and unicodedata.category(c)[0] == "L"]
        if encoding == "gb18030" and not _is_level_one(letters):
            continue
        shares[encoding] = sum(c in frequent for c in letters) / max(len(letters), 1)
    best = sorted(shares, key=lambda name: shares[name], reverse=True)
    if not best or shares[best[0]] < _LEAST:
        return None
    return best[0] if len(best) == 1 or shares[best[0]] >= _SURE * shares[best[1]] else None


def _is_level_one(letters: list[str]) -> bool:
    """GB 2312 holds the most used characters in its first level, lead bytes B0 to D7."""
    codes = [char.encode("gb2312", "ignore") for char in letters]
    frequent = [code for code in codes if b"\xb0\xa1" <= code <= b"\xd7\xf9"]
    return bool(letters) and len(frequent) >= _FREQUENT_HAN * len(letters)


def _is_western(sample: bytes) -> bool:
    """Latin letters with accents here and there; Cyrillic or Greek words have them throughout."""
    text = sample.decode("cp1252", "replace")
    other = [char for char in text if not char.isascii()]
    words = "".join(word for word in _WORD.findall(text) if not word.isascii())
    accents = sum(not char.isascii() for char in words)
    return sum(char in _WESTERN for char in other) >= _MOSTLY * len(other) and (
        accents <= len(words) / 2
    )
