"""Times read from text: by declared formats, else in ISO 8601; the result is local and naive."""

from __future__ import annotations

import re
from collections.abc import Collection
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pandas as pd  # noqa: F401  in the examples
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.read.values import TIME, query
from aftersales.errors import ConfigError

EPOCHS = {"epoch_s": "s", "epoch_ms": "ms", "epoch_us": "us"}  # counts since 1970, in UTC
SERIAL = "excel_serial"  # days since 1899-12-30, as a spreadsheet counts them
ISO_FORMATS = (  # one meaning only, so they need not be declared; the usual ones first
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f",
)
_REGULAR = (*ISO_FORMATS[:1], ISO_FORMATS[4], "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f%z")
_BASIC = {  # length of a text of digits -> its form in the basic variant of ISO 8601
    8: "%Y%m%d",
    14: "%Y%m%d%H%M%S",
}
_SPELLINGS = (  # what other programs write -> the extended form with blank, seconds and offset
    (r"^(\d{4})(\d{2})(\d{2})[Tt](\d{2})(\d{2})(\d{2})", r"\1-\2-\3 \4:\5:\6"),
    (r"\s*(?:[Zz]|UTC|GMT|utc)$", "+00:00"),
    (r"^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2}),(\d+)", r"\1 \2.\3"),
    (r"^(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2})($|[+-])", r"\1:00\2"),
    (r"^(\d{4}-\d{2}-\d{2} \d{2}:\d{2})(\+00:00)$", r"\1:00\2"),
    (r"^(\d{4}-\d{2}-\d{2})[Tt]", r"\1 "),
    (r"(:\d{2}\.\d{6})\d+", r"\1"),
    (r"(:\d{2}(?:\.\d+)?)\s*([+-]\d{2}):?(\d{2})$", r"\1\2:\3"),
    (r"(:\d{2}:\d{2}(?:\.\d+)?)\s*([+-]\d{2})$", r"\1\2:00"),
)
_UTC = re.compile(r"(?<!%)(?:Z|UTC|GMT|utc)$")
_MORNING = ("上午", "凌晨", "早上", "清晨", "早晨", "午前", "오전")
_EVENING = ("下午", "晚上", "傍晚", "夜间", "午後", "오후")
_NOON = "中午"
_HALVES = re.compile("|".join([*_MORNING, *_EVENING, _NOON, "(?<![A-Za-z%])[AaPp]\\.?[Mm]\\.?"]))
_SAID = (  # the half of a day as `strptime` knows it
    (r"中午\s*(1[01])", r"AM \1"),
    ("|".join(_MORNING) + r"|\b[Aa]\.\s?[Mm]\.", "AM"),
    ("|".join([*_EVENING, _NOON]) + r"|\b[Pp]\.\s?[Mm]\.", "PM"),
)
_SERIALS = (18264.0, 73415.0)  # 1950 to 2100
_DAY_FIRST = re.compile(r"^%Y[^%]*%-?d")


def dates(
    text: pa.Array,
    *,
    formats: Collection[str],
    timezone: str,
    written_in: str = "",
    serials: bool = False,
) -> pa.Array:
    """Times read by the declared formats, tried in order; without any, in ISO 8601.

    Parameters
    ----------
    formats : as for `strptime`, or a key of `EPOCHS`, or `SERIAL`. A format with ``%z``, or one
        that ends in a literal Z, UTC or GMT, reads times with an offset, which are converted to
        `timezone`; 上午 and 下午 are read as ``%p``. The result is always naive.
    written_in : zone of times without offset; "": they are local times of `timezone`
    serials : whether a number that nothing else reads is a day as a spreadsheet counts it

    >>> dates(pa.array(["29/2/2016 01:16", "31/2/2016 01:16"]),
    ...       formats=["%d/%m/%Y %H:%M"], timezone="UTC").to_pylist()
    [datetime.datetime(2016, 2, 29, 1, 16), None]
    >>> dates(pa.array(["2024-03-01T10:00:00.120Z"]), formats=[],
    ...       timezone="Asia/Shanghai").to_pylist()
    [datetime.datetime(2024, 3, 1, 18, 0, 0, 120000)]
    """
    found = pa.nulls(len(text), TIME)
    for form in formats or ISO_FORMATS:
        if not (rest := _unread(text, found)):
            return found
        found = _put(found, rest, _read(rest[0], form, timezone, written_in))
    if (rest := _unread(text, found)) and not any(_DAY_FIRST.match(form) for form in formats):
        found = _put(found, rest, _iso(rest[0], timezone, written_in, digits=not formats))
    if serials and (rest := _unread(text, found)):
        found = _put(found, rest, _serial(rest[0]))
    return found


def _unread(text: pa.Array, found: pa.Array) -> tuple[pa.Array, pa.Array] | None:
    """The cells that are not read yet, and where they are; None if there is none."""
    mask = pc.and_(pc.is_valid(text), pc.is_null(found))
    if not pc.any(mask, min_count=0).as_py():
        return None
    if pc.all(mask, min_count=0).as_py():
        return text, mask
    return text.filter(mask), mask


def _put(found: pa.Array, rest: tuple[pa.Array, pa.Array], read: pa.Array) -> pa.Array:
    return read if len(read) == len(found) else pc.replace_with_mask(found, rest[1], read)


def _read(text: pa.Array, form: str, timezone: str, written_in: str) -> pa.Array:
    if form in EPOCHS:
        return _since_1970(text, EPOCHS[form], timezone)
    if form == SERIAL:
        return _serial(text)
    halves = _HALVES.sub("%p", form)
    if "%p" in halves:
        for words, said in _SAID:
            text = pc.replace_substring_regex(text, words, said)
    if _UTC.search(form):
        written_in = "UTC"
    return _strptime(text, halves, timezone, written_in)


def _iso(text: pa.Array, timezone: str, written_in: str, *, digits: bool) -> pa.Array:
    """Every spelling of ISO 8601 that gives a day; in digits alone only where `digits`."""
    for spelling, regular in _SPELLINGS:
        text = pc.replace_substring_regex(text, spelling, regular)
    found = pa.nulls(len(text), TIME)
    forms = ISO_FORMATS[1:3] + _REGULAR
    for form in (*forms, *(_BASIC.values() if digits else ())):
        if not (rest := _unread(text, found)):
            break
        cells = rest[0]
        if form in _BASIC.values():
            fits = pc.match_substring_regex(cells, rf"^\d{{{_length(form)}}}$")
            cells = pc.if_else(fits, cells, pa.scalar(None, pa.string()))
        found = _put(found, rest, _strptime(cells, form, timezone, written_in))
    return found


def _length(form: str) -> int:
    return next(n for n, basic in _BASIC.items() if basic == form)


def _strptime(text: pa.Array, form: str, timezone: str, written_in: str) -> pa.Array:
    if "%z" in form:
        text = pc.replace_substring_regex(text, r"\s*(?:[Zz]|UTC|GMT)$", "+00:00")
    sql = "try_strptime(value, '{}')".format(form.replace("'", "''"))
    try:
        read = query(f"select {sql} as value from batch", pa.table({"value": text}))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f'"{form}" is not a date format ({reason}); see docs/profiles/README.md.'
        ) from None
    times = read["value"].combine_chunks()
    if times.type.tz is not None:
        return local(times, timezone)
    times = times.cast(TIME)
    return moved(times, written_in, timezone) if written_in else times


def _since_1970(text: pa.Array, unit: str, timezone: str) -> pa.Array:
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000}[unit]
    sql = f"select make_timestamp((try_cast(value as double) * {1_000_000 // per_second})::bigint)"
    fits = pc.match_substring_regex(text, r"^\d{1,17}(\.\d+)?$")
    text = pc.if_else(fits, text, pa.scalar(None, pa.string()))
    read = query(f"{sql} as value from batch", pa.table({"value": text}))["value"]
    return moved(read.combine_chunks().cast(TIME), "UTC", timezone)


def _serial(text: pa.Array) -> pa.Array:
    low, high = _SERIALS
    sql = f"""select case when regexp_full_match(value, '\\d{{5}}(\\.\\d+)?')
        and value::double between {low} and {high} then timestamp '1899-12-30'
        + to_microseconds((round(value::double * 86400) * 1000000)::bigint) end as value
        from batch"""
    return query(sql, pa.table({"value": text}))["value"].combine_chunks().cast(TIME)


def local(times: pa.Array, timezone: str) -> pa.Array:
    """Moments with a zone as naive local times."""
    series = times.to_pandas().dt.tz_convert(zone(timezone)).dt.tz_localize(None)
    return pa.Array.from_pandas(series.astype("datetime64[us]"), type=TIME)


def moved(times: pa.Array, written_in: str, timezone: str) -> pa.Array:
    """Naive times of one zone as naive times of another.

    An hour that the clocks went through twice is the first one; one that they left out is moved
    on by as much as they jumped.
    """
    if written_in == timezone:
        return times
    series = times.to_pandas().astype("datetime64[us]")
    first = [True] * len(series)
    zoned = series.dt.tz_localize(zone(written_in), ambiguous=first, nonexistent="shift_forward")
    return local(pa.Array.from_pandas(zoned), timezone)


def zone(timezone: str) -> ZoneInfo:
    """The time zone of a profile, or an error that says where it is declared."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise ConfigError(
            f'Time zone "{timezone}" is not known on this machine; set `timezone` in '
            "sources.yaml to a name like Asia/Shanghai (Debian: package tzdata)."
        ) from None


def half_day(form: str) -> bool:
    """Whether a format tells the morning from the afternoon."""
    return "%p" in form or bool(_HALVES.search(form))


def exchanged(times: pa.Array) -> pa.Array:
    """Day and month exchanged, as a spreadsheet does to all days up to 12.

    >>> exchanged(pa.array([pd.Timestamp("2015-12-06 08:00"), pd.Timestamp("2015-06-13")],
    ...           TIME)).to_pylist()
    [datetime.datetime(2015, 6, 12, 8, 0), datetime.datetime(2015, 6, 13, 0, 0)]
    """
    sql = """select case when day(value) <= 12 then value - to_days((dayofyear(value) - 1)::int)
        + (make_date(year(value), day(value), month(value)) - make_date(year(value), 1, 1))
        * interval 1 day else value end as value from batch"""
    return query(sql, pa.table({"value": times}))["value"].combine_chunks().cast(TIME)
