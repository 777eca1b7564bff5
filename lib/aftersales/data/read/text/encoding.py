"""Which encoding a text is in, told from its bytes."""

from __future__ import annotations

import codecs
import re
import unicodedata
from itertools import islice

import charset_normalizer

_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SAMPLE = 1 << 16  # bytes of lines with other than ASCII characters, to tell the encoding by
_MOSTLY = 0.9  # share of other than ASCII characters that must fit an encoding
_FREQUENT_HAN = 0.7  # least share of the 3,755 most used characters in Chinese text
_LATE_HAN = 0.1  # least share of those from "si" on (C9); Korean bytes look like Han before it
_MANY_HAN = 20
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
    """

    def __init__(self) -> None:
        self.size, self.line, self.letters = 0, 1, b""
        self.offset: int | None = None
        self._head = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")

    def add(self, chunk: bytes) -> None:
        if not self.size:
            self._head = chunk[:4096]
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

    def encoding(self) -> str | None:
        """The likely encoding; "utf-8" also for UTF-8 with a few damaged bytes; None: not told."""
        for bom, name in _BOMS.items():
            if self._head.startswith(bom):
                return name
        if self.offset is None and self._ends_within_character():
            self.offset = self.size
        if self.offset is None or fits(self.letters, encoding="utf-8"):
            return "utf-8"
        return guess(self.letters or self._head)

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


def guess(sample: bytes) -> str | None:
    """The likely encoding of bytes that are not UTF-8; Chinese and Western ones are tried first.

    >>> guess("机器不制冷，请尽快安排师傅上门维修".encode("gbk"))
    'gb18030'
    >>> guess("le client est tr\\u00e8s f\\u00e2ch\\u00e9".encode("cp1252"))
    'cp1252'
    """
    if _is_chinese(sample):
        return "gb18030"
    if _is_western(sample):
        return "cp1252"
    best = charset_normalizer.from_bytes(sample, cp_isolation=list(_OFFICE)).best()
    return best and codecs.lookup(best.encoding).name


def _is_chinese(sample: bytes) -> bool:
    """GB 2312 holds the most used characters in its first level, lead bytes B0 to D7."""
    if not fits(sample, encoding="gb18030"):
        return False
    text = sample.decode("gb18030", "ignore")
    letters = [char for char in text if not char.isascii() and unicodedata.category(char)[0] != "P"]
    codes = [char.encode("gb2312", "ignore") for char in letters]
    frequent = [code for code in codes if b"\xb0\xa1" <= code <= b"\xd7\xf9"]
    late = sum(code >= b"\xc9" for code in frequent)
    return (
        bool(letters)
        and len(frequent) >= _FREQUENT_HAN * len(letters)
        and (len(letters) < _MANY_HAN or late >= _LATE_HAN * len(frequent))
    )


def _is_western(sample: bytes) -> bool:
    """Latin letters with accents here and there; Cyrillic or Greek words have them throughout."""
    text = sample.decode("cp1252", "replace")
    other = [char for char in text if not char.isascii()]
    words = "".join(word for word in _WORD.findall(text) if not word.isascii())
    accents = sum(not char.isascii() for char in words)
    return sum(char in _WESTERN for char in other) >= _MOSTLY * len(other) and (
        accents <= len(words) / 2
    )
