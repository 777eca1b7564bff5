"""Physical lines: where text in files breaks, also inside quoted cells; at LF, CR or CRLF."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

_BREAK = re.compile(r"\r\n|\r|\n")
_LF, _CR = ord("\n"), ord("\r")


def count_breaks(text: str) -> int:
    """Line breaks in a text.

    >>> count_breaks("a\\r\\nb\\rc\\n")
    3
    """
    return sum(1 for _ in _BREAK.finditer(text))


def split_lines(text: str) -> list[str]:
    """The lines of a text with their breaks; form feeds and the like do not break lines.

    >>> split_lines("a\\r\\nb\\x0bc\\n\\nd")
    ['a\\r\\n', 'b\\x0bc\\n', '\\n', 'd']
    """
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def breaks_within(column: pa.StringArray) -> np.ndarray | int:
    """Line breaks in each cell of a text column without nulls; 0 if there are none at all.

    >>> breaks_within(pa.array(["a", "b\\r\\nc\\n", "\\r"])).tolist()
    [0, 2, 1]
    """
    ends, data = _cells(column)
    raw = memoryview(data)
    if not _holds(raw, b"\n") and not _holds(raw, b"\r"):
        return 0
    breaks = _breaks(data, ends[1:])
    return np.diff(np.searchsorted(breaks, ends))


def cell_sizes(column: pa.StringArray) -> np.ndarray:
    """Bytes in each cell of a text column without nulls."""
    return np.diff(_cells(column)[0])


def holds(column: pa.StringArray, text: str) -> bool:
    """Whether a text occurs anywhere in a column, quickly."""
    return _holds(memoryview(_cells(column)[1]), text.encode())


def break_positions(text: bytes) -> np.ndarray:
    """Where the line breaks of a text end.

    >>> break_positions(b"a\\n\\nb\\r\\n\\rc").tolist()
    [1, 2, 5, 6]
    """
    return _breaks(np.frombuffer(text, np.uint8), np.empty(0, np.int64))


def _breaks(data: np.ndarray, cell_ends: np.ndarray) -> np.ndarray:
    """Positions of LF, and of CR that no LF of the same cell follows."""
    line_feeds = np.flatnonzero(data == _LF)
    returns = np.flatnonzero(data == _CR)
    if not len(returns):
        return line_feeds
    behind = np.minimum(returns + 1, len(data) - 1)
    paired = (data[behind] == _LF) & (behind > returns) & ~np.isin(returns + 1, cell_ends)
    return np.sort(np.concatenate([line_feeds, returns[~paired]]))


def _cells(column: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """Where cells begin and end, and the bytes of all of them."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    raw = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return ends - ends[0], raw[ends[0] : ends[-1]]


def _holds(raw: memoryview, text: bytes) -> bool:
    return re.search(re.escape(text), raw) is not None
