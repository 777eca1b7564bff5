"""Cells of one column: text made regular, dates, numbers, yes/no and codes read from it.

Every function takes an Arrow array and returns a new one of the same length; what cannot be read
becomes null, and the caller counts it. Nothing loops over rows.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.profile.regions import fold

TIME = pa.timestamp("us")
_INVISIBLE = "[\u200b-\u200f\u2060\ufeff]"  # zero-width spaces, direction marks, byte order mark
_AS_TEXT = r"""^\s*(?:="(.*)"|'(\d[\w-]*))\s*$"""
COUNT = r"^([2-9]|[1-9]\d{1,3})(\.0)?$"  # how often something was so, beyond once
YES = {"true", "t", "1", "1.0", "yes", "y", "是", "有"}
NO = {"false", "f", "0", "0.0", "no", "n", "否", "无"}
_DATE_WORDS = set("年月日时分秒上下午TZ")
_connections: dict[int, duckdb.DuckDBPyConnection] = {}


def regular(text: pa.Array) -> pa.Array:
    """Text in Unicode form NFKC, without invisible characters and outer white space.

    A formula ``="..."`` round a text, as shops' exports write it, and the apostrophe by which a
    spreadsheet marks a text of digits, are no part of it.

    >>> regular(pa.array([" ＡＢ１２　", "plain", '="0042"', "'0042"])).to_pylist()
    ['AB12', 'plain', '0042', '0042']
    """
    marked = pc.or_(pc.starts_with(text, "="), pc.starts_with(text, "'"))
    if pc.any(marked, min_count=0).as_py():
        text = pc.replace_substring_regex(text, _AS_TEXT, r"\1\2")
    if pc.all(pc.string_is_ascii(text), min_count=0).as_py():
        return pc.ascii_trim_whitespace(text)
    text = pc.utf8_normalize(text, form="NFKC")
    if pc.any(pc.match_substring_regex(text, _INVISIBLE), min_count=0).as_py():
        text = pc.replace_substring_regex(text, _INVISIBLE, "")
    return pc.utf8_trim_whitespace(text)


def without_markers(text: pa.Array, *, markers: Collection[str]) -> pa.Array:
    """Cells that hold a marker for "missing", such as ``?``, become null.

    >>> without_markers(pa.array(["?", "4"]), markers=["?"]).to_pylist()
    [None, '4']
    """
    found = pc.is_in(text, value_set=pa.array(sorted(markers), pa.string()))
    return pc.if_else(found, pa.scalar(None, pa.string()), text) if pc.any(found).as_py() else text


def without_entities(text: pa.Array) -> pa.Array:
    """HTML entities decoded, also those encoded twice.

    >>> without_entities(pa.array(["R&amp;D", "R&amp;amp;D"])).to_pylist()
    ['R&D', 'R&D']
    """
    if not pc.any(pc.match_substring(text, "&"), min_count=0).as_py():
        return text
    return replaced(text, lambda cell: html.unescape(html.unescape(cell)))


def replaced(text: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """`change` applied to each distinct value once."""
    coded = text.dictionary_encode()
    values = [None if v is None else change(v) for v in coded.dictionary.to_pylist()]
    return pc.take(pa.array(values, pa.string()), coded.indices)


def recoded(text: pa.Array, *, codes: Mapping[str, str], keep_others: bool = False) -> pa.Array:
    """Codes replaced by what they stand for; keys of `codes` are folded spellings.

    >>> recoded(pa.array([" Fault", "x"]), codes={"fault": "fault"}).to_pylist()
    ['fault', None]
    """
    return replaced(text, lambda cell: codes.get(fold(cell), cell if keep_others else None))


def truths(text: pa.Array, *, counts: bool = False) -> pa.Array:
    """Yes and no in the spellings people use: true/false, t/f, yes/no, y/n, 1/0, 是/否, 有/无.

    Where `counts`, a whole number from 2 is yes too: it says how often.

    >>> truths(pa.array(["Yes", "否", "3"]), counts=True).to_pylist()
    [True, False, True]
    """
    coded = text.dictionary_encode()
    spelled = [None if v is None else fold(v) for v in coded.dictionary.to_pylist()]
    many = [bool(counts and v and re.fullmatch(COUNT, v)) for v in spelled]
    found = [
        True if v in YES or more else False if v in NO else None
        for v, more in zip(spelled, many, strict=True)
    ]
    return pc.take(pa.array(found, pa.bool_()), coded.indices)


def shape(value: str) -> str:
    """What a value looks like without saying it: digits become 9, letters a.

    >>> shape("Apr 05, 2013"), shape("2024年1月2日")
    ('aaa 99, 9999', '9999年9月9日')
    """
    digits = re.sub(r"\d", "9", value[:40])
    return "".join("a" if c.isalpha() and c not in _DATE_WORDS else c for c in digits)


def n_true(mask: pa.Array) -> int:
    """How many are true; nulls are not."""
    return pc.sum(mask, min_count=0).as_py() or 0


def query(sql: str, batch: pa.Table) -> pa.Table:
    """The result of `sql` over the Arrow table it calls ``batch``, rows in their order."""
    connection = _connection()
    connection.register("batch", batch)
    try:
        return connection.sql(sql).to_arrow_table()
    finally:
        connection.unregister("batch")


def _connection() -> duckdb.DuckDBPyConnection:
    """One connection per process that can reach neither files nor the network."""
    if os.getpid() not in _connections:
        connection = duckdb.connect(config={"enable_external_access": "false"})
        with suppress(duckdb.Error):  # Jupyter without ipywidgets: there is none to switch off
            connection.execute("set enable_progress_bar = false")
        _connections[os.getpid()] = connection
    return _connections[os.getpid()]


def release() -> None:
    """Give back the memory that reading cells took."""
    if os.getpid() in _connections:
        _connections.pop(os.getpid()).close()
    pa.default_memory_pool().release_unused()


def to_series(array: pa.Array) -> pd.Series:
    """An Arrow array of text as a pandas Series of dtype ``str``."""
    return array.to_pandas(types_mapper={pa.string(): pd.StringDtype(na_value=float("nan"))}.get)
