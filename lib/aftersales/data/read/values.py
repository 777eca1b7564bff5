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
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.errors import ConfigError
from aftersales.profile.regions import fold

ISO_FORMATS = (  # one meaning only, so they need not be declared
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S%z",
)
TIME = pa.timestamp("us")
_INVISIBLE = "[\u200b-\u200f\u2060\ufeff]"  # zero-width spaces, direction marks, byte order mark
_YES = {"true", "t", "1", "1.0", "yes", "y", "是", "有"}
_NO = {"false", "f", "0", "0.0", "no", "n", "否", "无"}
_DATE_WORDS = set("年月日时分秒上下午TZ")
_connections: dict[int, duckdb.DuckDBPyConnection] = {}


def regular(text: pa.Array) -> pa.Array:
    """Text in Unicode form NFKC, without invisible characters and outer white space.

    >>> regular(pa.array([" ＡＢ１２　", "plain"])).to_pylist()
    ['AB12', 'plain']
    """
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


def dates(text: pa.Array, *, formats: Collection[str], timezone: str) -> pa.Array:
    """Times read by the declared formats, tried in order; no other reading is attempted.

    Parameters
    ----------
    formats : as for `strptime`; a format with ``%z`` reads times with an offset (or ``Z``), which
        are converted to `timezone`. The result is always naive.

    >>> dates(pa.array(["29/2/2016 01:16", "31/2/2016 01:16"]),
    ...       formats=["%d/%m/%Y %H:%M"], timezone="UTC").to_pylist()
    [datetime.datetime(2016, 2, 29, 1, 16), None]
    """
    found = pa.nulls(len(text), TIME)
    for form in formats:
        rest = pc.and_(pc.is_valid(text), pc.is_null(found))
        if not pc.any(rest, min_count=0).as_py():
            break
        found = pc.coalesce(found, _strptime(text, form, timezone))
    return found


def _strptime(text: pa.Array, form: str, timezone: str) -> pa.Array:
    if form.endswith("%z"):
        text = pc.replace_substring_regex(text, "[Zz]$", "+00:00")
    sql = "try_strptime(value, '{}')".format(form.replace("'", "''"))
    try:
        read = query(f"select {sql} as value from batch", pa.table({"value": text}))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f'"{form}" is not a date format ({reason}); see docs/tables.md.'
        ) from None
    times = read["value"].combine_chunks()
    if times.type.tz is None:
        return times.cast(TIME)
    local = times.to_pandas().dt.tz_convert(zone(timezone)).dt.tz_localize(None)
    return pa.Array.from_pandas(local.astype("datetime64[us]"), type=TIME)


def zone(timezone: str) -> ZoneInfo:
    """The time zone of a profile, or an error that says where it is declared."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(
            f'Time zone "{timezone}" is not known on this machine; set `timezone` in '
            "sources.yaml to a name like Asia/Shanghai (Debian: package tzdata)."
        ) from None


def numbers(text: pa.Array) -> pa.Array:
    """Numbers, also with thousands separators and a currency sign; never NaN or infinite.

    >>> numbers(pa.array(["1,234.50", "¥80", "12 kg", "nan"])).to_pylist()
    [1234.5, 80.0, None, None]
    """
    plain = (
        r"regexp_full_match(value, '[¥$€£]?\s*-?\d{1,3}(,\d{3})+(\.\d+)?|[¥$€£]\s*-?\d+(\.\d+)?')"
    )
    sql = f"""select coalesce(try_cast(value as double), case when {plain} then
        try_cast(regexp_replace(value, '[¥$€£,\\s]', '', 'g') as double) end) as value from batch"""
    found = query(sql, pa.table({"value": text}))["value"].combine_chunks()
    return pc.if_else(pc.is_finite(found), found, pa.scalar(None, pa.float64()))


def truths(text: pa.Array) -> pa.Array:
    """Yes and no in the spellings people use: true/false, t/f, yes/no, y/n, 1/0, 是/否, 有/无."""
    coded = text.dictionary_encode()
    spelled = [None if v is None else fold(v) for v in coded.dictionary.to_pylist()]
    values = [True if v in _YES else False if v in _NO else None for v in spelled]
    return pc.take(pa.array(values, pa.bool_()), coded.indices)


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
