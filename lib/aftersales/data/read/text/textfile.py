"""A raw text file as a stream of UTF-8, whichever encoding and compression it came in."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from aftersales.data.read.text.encoding import Seen, fits
from aftersales.errors import ConfigError, DataError

CHUNK = 1 << 20
UNREADABLE = "\ufdd0"  # stands for bytes that cannot be decoded; Unicode reserves it for no text
_GZIP, _ZIP, _OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class TextFile:
    """A raw file that was read through once.

    Attributes
    ----------
    path, name : where it is, and its path relative to the raw folder
    sha256 : of the file as it lies there, compressed or not
    encoding : Python's name, e.g. "utf-8", "gb18030"
    intact : whether every byte can be decoded
    nul : whether it holds NUL bytes, which are left out
    """

    path: Path
    name: str
    sha256: str
    encoding: str
    intact: bool
    nul: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest says of it: ``sha256``, and ``encoding`` if it is not UTF-8."""
        other = {} if self.encoding == "utf-8" else {"encoding": self.encoding}
        return {"sha256": self.sha256} | other

    def chunks(self) -> Iterator[bytes]:
        """Its text as UTF-8 without byte order mark; UNREADABLE where bytes cannot be decoded."""
        with self.path.open("rb") as file:
            content = _content(_unpacked(file, self.path), self.path)
            if self.nul and not self.encoding.startswith("utf-16"):
                content = (chunk.replace(b"\0", b"") for chunk in content)
            if self.encoding == "utf-8" and self.intact:
                first = next(content, b"")
                yield first.removeprefix(codecs.BOM_UTF8)
                yield from content
                return
            decoder = codecs.getincrementaldecoder(self.encoding)(_ERRORS)
            begin = True
            for chunk in content:
                text = decoder.decode(chunk)
                yield (text.removeprefix("\ufeff") if begin else text).encode("utf-8", "replace")
                begin = begin and not text
            yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _mark(error: UnicodeError) -> tuple[str, int]:
    return UNREADABLE, error.end


_ERRORS = "aftersales.mark"
codecs.register_error(_ERRORS, _mark)


def read_through(
    path: Path, *, name: str, encoding: str | None, place: str, words: Collection[str] = ()
) -> TextFile:
    """Read a text file once: SHA-256, encoding, and whether the compression is whole.

    Parameters
    ----------
    encoding : as declared; None: detected by byte order mark, then strict UTF-8 on the whole
        file, then by its characters
    place : where the encoding is declared, for messages
    words : spellings that the text should hold, which tell its encoding

    Raises
    ------
    DataError
        For an empty file, a damaged gzip, a binary file, or a declared encoding that it is not in.
    """
    declared = encoding and _codec(encoding, place)
    with path.open("rb") as file:
        hashed = _Hashed(file)
        seen = Seen()
        for chunk in _content(_unpacked(hashed, path), path):
            seen.add(chunk)
        while hashed.read(CHUNK):
            pass
    if not seen.size:
        raise DataError(f"{path} is empty; export it again, or remove it.")
    found = seen.encoding(words)
    if declared:
        _check_declared(declared, found, seen, path=path, place=place)
    elif found is None:
        raise DataError(
            f"{path}: the encoding cannot be told; line {seen.line} is not UTF-8. "
            f"Write `encoding:` with its name, e.g. gb18030 or cp1252, in {place}."
        )
    used = declared or found
    intact = used == "utf-8" and seen.offset is None
    return TextFile(path, name, hashed.digest.hexdigest(), used, intact, seen.nul)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.digest.update(chunk)
        return chunk

    def seek(self, *place: int) -> int:
        return self._file.seek(*place)


def _unpacked(file: BinaryIO | _Hashed, path: Path) -> BinaryIO | _Peeked:
    head = file.read(len(_OLE))
    if head in (_ZIP, _OLE):
        raise DataError(
            f"{path} is an Excel workbook or archive, not text; save it as CSV, or for a workbook "
            "name it .xlsx or write `format: excel` in sources.yaml."
        )
    if head[:2] == _GZIP:
        return gzip.GzipFile(fileobj=_Peeked(head, file), mode="rb")
    if path.suffix == ".gz" and head:
        raise DataError(
            f"{path} is named .gz but holds no gzip data; fetch it again, or rename it."
        )
    return _Peeked(head, file)


class _Peeked:
    """A file of which the first bytes were read already."""

    def __init__(self, head: bytes, file: BinaryIO | _Hashed) -> None:
        self._head, self._file = head, file

    def read(self, size: int = -1) -> bytes:
        if not self._head:
            return self._file.read(size)
        head, self._head = self._head, b""
        if 0 <= size <= len(head):
            self._head = head[size:]
            return head[:size]
        return head + self._file.read(size - len(head) if size > 0 else size)


def _content(file: BinaryIO | _Peeked, path: Path) -> Iterator[bytes]:
    """The chunks of a file; a damaged gzip is an error with a name."""
    try:
        while chunk := file.read(CHUNK):
            yield chunk
    except EOFError:
        raise DataError(
            f"{path} is cut: the gzip data end before their end mark. Fetch the file again."
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}. Fetch the file again.") from None


def _codec(encoding: str, place: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        b"a".decode(name) + "".encode(name).decode(name)
    except (LookupError, TypeError, ValueError, AssertionError):
        raise ConfigError(
            f'{place}: encoding "{encoding}" is not known; write e.g. utf-8, gb18030 or cp1252.'
        ) from None
    return {"utf-8-sig": "utf-8", "gb2312": "gb18030", "gbk": "gb18030"}.get(name, name)


def _check_declared(declared: str, found: str | None, seen: Seen, *, path, place) -> None:
    wrong_utf8 = declared == "utf-8" and found not in ("utf-8", "utf-16")
    hidden_utf8 = declared != "utf-8" and found == "utf-8" and seen.letters
    undecodable = declared != "utf-8" and not fits(seen.letters, encoding=declared)
    if not (wrong_utf8 or hidden_utf8 or undecodable):
        return
    where = f"line {seen.line}, byte {seen.offset:,} of the text" if seen.offset is not None else ""
    likely = f" It is probably {found}." if found and found != declared else ""
    raise DataError(
        f"{path} is not in the declared encoding {declared}"
        + (f": {where} cannot be read." if where and declared == "utf-8" else ".")
        + f"{likely} Correct or remove `encoding:` in {place}."
    )
