"""Numbers read from text as people write them: separators, signs, units, shares, durations."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.read import values
from aftersales.data.read.values import query

PER_HOUR = {"second": 3600.0, "minute": 60.0, "hour": 1.0, "day": 1 / 24}
_CURRENCY = r"[¥￥$€£]|RMB|CNY|USD|EUR|GBP|HKD|US\$|人民币"
_MONEY = r"[¥￥$€£]|RMB|CNY|USD|EUR|GBP|HKD|人民币|元整|元|圆|块钱|块|美元|欧元|港币"
_TIMES = {"千": 1e3, "万": 1e4, "亿": 1e8, "萬": 1e4, "億": 1e8}
_DIGITS = r"\d[\d,.'’ \u00a0\u202f]*|[.,]\d+"
_CELL = re.compile(
    rf"(?P<open>\()?\s*(?:{_CURRENCY})?\s*(?P<sign>[-−–+])?\s*(?:{_CURRENCY})?\s*"
    rf"(?P<digits>{_DIGITS})\s*(?P<times>[千万亿萬億])?\s*(?P<after>-|(?:{_MONEY})|%|[^\d\s()]{{1,8}})?"
    r"\s*(?P<close>\))?",
    re.IGNORECASE,
)
_UNITS = {  # spelling -> the unit of time
    **dict.fromkeys(("d", "day", "days", "天", "日", "tage", "j"), "day"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "小时", "时", "std", "个小时"), "hour"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "分", "分钟"), "minute"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "秒", "秒钟"), "second"),
    **dict.fromkeys(("w", "week", "weeks", "周", "星期"), "week"),
    **dict.fromkeys(("month", "months", "个月", "月", "mo"), "month"),
    **dict.fromkeys(("y", "year", "years", "年"), "year"),
}
_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)\.?\s*,?\s*")
_CLOCK = re.compile(
    r"(?:(\d+)\s*(?:d|day|days|天|\.)?,?\s+)?(\d+):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?"
)
_ISO_SPAN = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")
_LENGTHS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True)
class Writing:
    """How the numbers of a column are written.

    `decimal` and `thousands` divide digits; `unit` is what stands behind a number and says
    nothing; `span` is the unit of time that the column counts in, "" if it is no duration;
    `declared` says that the profile names what divides the digits.
    """

    decimal: str = "."
    thousands: str = ","
    unit: str = ""
    span: str = ""
    declared: bool = False


def span_of(name: str) -> str:
    """The unit of time that a column counts in, by its name; "" if it is no duration.

    >>> span_of("resolution_hours"), span_of("cost")
    ('hour', '')
    """
    last = name.rpartition("_")[2]
    return {"hours": "hour", "days": "day", "months": "month"}.get(last, "")


def numbers(text: pa.Array, writing: Writing | None = None) -> pa.Array:
    """Numbers, also with separators, signs of money and units; never NaN or infinite.

    >>> numbers(pa.array(["1,234.50", "¥80", "80元", "1.2万", "(12)", "85%", "12 kg", "nan"])
    ...         ).to_pylist()
    [1234.5, 80.0, 80.0, 12000.0, -12.0, 0.85, None, None]
    >>> numbers(pa.array(["1.234,5", "1.250"]), Writing(",", ".")).to_pylist()
    [1234.5, 1250.0]
    >>> numbers(pa.array(["2d 5h", "05:30", "90分钟"]), Writing(span="hour")).to_pylist()
    [53.0, 5.5, 1.5]
    """
    how = writing or Writing()
    if how.decimal == ".":
        found = query("select try_cast(value as double) as v from batch", _table(text))["v"]
        found = found.combine_chunks()
    else:
        found = pa.nulls(len(text), pa.float64())
    unread = pc.and_(pc.is_valid(text), pc.is_null(found))
    if pc.any(unread, min_count=0).as_py():
        rest = text.filter(unread).dictionary_encode()
        each = [None if v is None else number(v, how) for v in rest.dictionary.to_pylist()]
        read = pc.take(pa.array(each, pa.float64()), rest.indices)
        found = pc.replace_with_mask(found, unread, read)
    return pc.if_else(pc.is_finite(found), found, pa.scalar(None, pa.float64()))


def _table(text: pa.Array) -> pa.Table:
    return pa.table({"value": text})


def number(cell: str, how: Writing) -> float | None:
    """What one cell says, None if it is no number of this writing."""
    cell = cell.strip()
    if how.unit and cell.casefold().endswith(how.unit.casefold()):
        cell = cell[: -len(how.unit)].rstrip()
    if how.span and (found := duration(cell, how)) is not None:
        return found
    match = _CELL.fullmatch(cell)
    if not match or bool(match["open"]) != bool(match["close"]):
        return None
    after = match["after"] or ""
    if after not in ("", "-", "%") and not re.fullmatch(_MONEY, after, re.IGNORECASE):
        return None
    value = _plain(match["digits"], how)
    if value is None:
        return None
    negative = match["open"] or after == "-" or match["sign"] in ("-", "−", "–")
    value *= _TIMES.get(match["times"] or "", 1.0) * (0.01 if after == "%" else 1.0)
    return -value if negative else value


def _plain(digits: str, how: Writing) -> float | None:
    """Digits with separators; thousands stand in groups of three, or else it is no number."""
    digits = digits.strip()
    whole, point, rest = digits.partition(how.decimal)
    groups = re.split("[ '’\u00a0\u202f" + re.escape(how.thousands) + "]", whole)
    if any(len(group) != 3 for group in groups[1:]) or (len(groups) > 1 and len(groups[0]) > 3):
        return None
    text = "".join(groups)
    if not (text + rest).isdigit() or (len(groups) > 1 and not groups[0]):
        return None
    return float(f"{text or 0}.{rest or 0}" if point else text)


def duration(cell: str, how: Writing) -> float | None:
    """A span of time in the unit that the column counts in; a bare number is none.

    >>> duration("2天5小时", Writing(span="hour")), duration("1 day, 2:03:00", Writing(span="day"))
    (53.0, 1.0854166666666667)
    """
    found = _parts(cell, how) if cell[:1] not in "-P" else None
    if (clock := _CLOCK.fullmatch(cell)) and how.span != "month":
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        found = (days * 86400 + hours * 3600 + minutes * 60 + seconds, 0.0)
    if (iso := _ISO_SPAN.fullmatch(cell)) and any(iso.groups()):
        days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        found = (days * 86400 + hours * 3600 + minutes * 60 + seconds, 0.0)
    if found is None:
        return None
    seconds, months = found
    if how.span == "month":
        return months if not seconds else None
    return None if months else seconds / _LENGTHS[how.span]


def _parts(cell: str, how: Writing) -> tuple[float, float] | None:
    """Seconds and months of a text like "2d 5h"; None if it is none."""
    seconds = months = 0.0
    place = 0
    while place < len(cell):
        part = _PART.match(cell, place)
        unit = _UNITS.get(part[2].casefold()) if part else None
        if unit is None:
            return None
        amount = float(part[1].replace(how.decimal, "."))
        seconds += amount * _LENGTHS.get(unit, 0)
        months += amount * _MONTHS.get(unit, 0)
        place = part.end()
    return (seconds, months) if cell else None


_LIKE = {  # what a written number tells of the writing of its column
    "comma": r"^\D*(\d{1,3}(\.\d{3})+,\d+|\d*,\d{1,2}|\d+,\d{4,}|0,\d+|\d{1,3}(\.\d{3}){2,})\D*$",
    "point": r"^\D*(\d{1,3}(,\d{3})+\.\d+|\d*\.\d{1,2}|\d+\.\d{4,}|0\.\d+|\d{1,3}(,\d{3}){2,})\D*$",
    "either_comma": r"^\D*[1-9]\d{0,2},\d{3}\D*$",
    "either_point": r"^\D*[1-9]\d{0,2}\.\d{3}\D*$",
    "small": r"^\D*\d{1,3}\D*$",
    "large": r"^\D*\d{4,}\D*$",
}


def writings(text: pa.Array) -> dict[str, int]:
    """How many cells are surely written with a decimal comma, a point, or could be both."""
    marked = text.filter(pc.match_substring_regex(text, "[,.]"))
    large = pc.sum(pc.match_substring_regex(text, _LIKE["large"]), min_count=0).as_py() or 0
    bare = len(text) - text.null_count - len(marked)
    counts = {"large": large, "small": bare - large}
    for kind, like in _LIKE.items() if len(marked) else ():
        if kind not in counts:
            counts[kind] = values.n_true(pc.match_substring_regex(marked, like))
    return dict.fromkeys(_LIKE, 0) | counts


def in_money(cells: pa.Array) -> pa.Array:
    """Which cells name a currency, as in "80元" or "$5".

    >>> in_money(pa.array(["80元", "80", None])).to_pylist()
    [True, False, False]
    """
    if not pa.types.is_string(cells.type) and not pa.types.is_large_string(cells.type):
        return pa.array([False] * len(cells))
    return pc.fill_null(pc.match_substring_regex(cells, rf"(?i){_MONEY}"), False)
