"""Small tables as HTML for readers: words for columns, intervals beside their value, CSV below."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from aftersales import words
from aftersales.profile.config import Profile
from aftersales.words import say, say_n
from aftersales.words.headings import ESTIMATES, VALUES, heading, kind

_CSV_ROWS = 500  # rows of data behind a table that a page carries


_profile: Profile | None = None
_names: dict[str, dict[str, str]] = {}


def use_profile(profile: Profile | None) -> None:
    """Call values in tables by this profile's names (`labels` and regions) from here on."""
    global _profile
    _profile = profile


def profile_in_use() -> Profile | None:
    """The profile whose names tables use, if a project is loaded."""
    return _profile


def use_names(column: str, messages: Mapping[str, str]) -> None:
    """Call the values of a column by messages, e.g. metric `csat_rate` by its title."""
    _names[column] = dict(messages)


def table_html(
    frame: pd.DataFrame, *, unit: str = "", rows: int = 25, profile: Profile | None = None
) -> str:
    """A table for readers, and the same data as CSV folded away below it.

    `unit` is the unit of the main measure; without it `frame.attrs["unit"]` counts. Columns
    `x_low`, `x_high` are printed beside `x`, a bare `low`, `high` beside the ratio or the other
    estimate. Missing values are an en dash. More than `rows` rows: the number of those not
    printed is said. Of an empty table `frame.attrs["nothing"]` is said instead.
    """
    if frame.empty:
        return f'<p class="muted">{escape(_nothing(frame))}</p>'
    flat = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    intervals = _intervals(flat)
    bounds = {bound for pair in intervals.values() for bound in pair}
    shown = [c for c in flat.columns if c not in bounds]
    head = "".join(f'<th scope="col"{_side(flat[c])}>{escape(heading(c))}</th>' for c in shown)
    unit = unit or str(frame.attrs.get("unit", ""))
    columns = [
        _cells(flat.head(rows), c, interval=intervals.get(c), unit=unit, profile=profile)
        for c in shown
    ]
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in zip(*columns, strict=True))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
    return f'<div class="scroll">{table}</div>{_more(len(flat) - rows)}{_csv(flat)}'


def _nothing(frame: pd.DataFrame) -> str:
    """What is said in place of a table without rows."""
    return str(frame.attrs.get("nothing", "")) or say("No rows.")


def _intervals(frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Columns that have an interval -> the columns of its ends."""
    found = {
        c: (f"{c}_low", f"{c}_high")
        for c in frame.columns
        if f"{c}_low" in frame and f"{c}_high" in frame
    }
    owner = next((c for c in ESTIMATES if c in frame and c not in found), None)
    if owner and "low" in frame and "high" in frame:
        found[owner] = ("low", "high")
    return found


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _side(values: pd.Series) -> str:
    """Text is set flush left, numbers flush right (the default)."""
    if _is_number(values):
        return ""
    dates = pd.api.types.is_datetime64_any_dtype(values)
    return f' style="text-align:left{";white-space:nowrap" if dates else ""}"'


def _cells(
    frame: pd.DataFrame,
    column: str,
    *,
    interval: tuple[str, str] | None,
    unit: str,
    profile: Profile | None,
) -> list[str]:
    """The `<td>` of one column, each value with its interval."""
    side = _side(frame[column])
    texts = [escape(_value(v, column, unit=unit, profile=profile)) for v in frame[column]]
    if interval:
        what = kind(column, unit=unit)
        ends = zip(frame[interval[0]], frame[interval[1]], strict=True)
        texts = [t + _beside(low, high, what) for t, (low, high) in zip(texts, ends, strict=True)]
    return [f"<td{side}>{text}</td>" for text in texts]


def _beside(low: float, high: float, what: str) -> str:
    if pd.isna(low) and pd.isna(high):
        return ""
    text = words.span(low, high, "share" if what == "share" else "")
    if what == "cases":
        text = f"{words.cases(low)}–{words.cases(high)}"
    if low < 0:  # a dash beside a minus sign misleads the eye
        write = words.percent if what == "share" else words.number
        text = f"{write(low)} … {write(high)}"
    return f' <span class="ci">({escape(text)})</span>'


def _value(value: Any, column: str, *, unit: str, profile: Profile | None) -> str:
    """One cell in words."""
    if isinstance(value, (list, tuple, dict)):
        return str(value)
    if value is None or pd.isna(value):
        return words.NO_VALUE
    if isinstance(value, (bool, np.bool_)):
        return say("yes") if value else say("no")
    if isinstance(value, pd.Timestamp):
        monthly = column in ("month", "period", "start") and value.day == 1
        return words.month(value) if monthly else words.day(value)
    if isinstance(value, (int, np.integer)):
        whole = kind(column) not in ("share", "p", "money")
        return words.count(value) if whole else _number(value, column, unit=unit, profile=profile)
    if isinstance(value, (float, np.floating)):
        return _number(float(value), column, unit=unit, profile=profile)
    return _name(str(value), column, profile=profile)


def _name(value: str, column: str, *, profile: Profile | None) -> str:
    if not value:
        return words.NO_VALUE
    if value in VALUES.get(column, ()):
        return say(VALUES[column][value])
    if value in _names.get(column, ()):
        return say(_names[column][value])
    return profile.label(column, value, words.language()) if profile else value


def _number(value: float, column: str, *, unit: str, profile: Profile | None) -> str:
    what = kind(column, unit=unit)
    if what == "cases":
        return words.cases(value)
    if what == "share":
        return words.percent(value)
    if what == "p":
        return words.p_value(value)
    if what == "money" and profile:
        return words.money(value, profile.currency)
    if what in ("count", "money") or abs(value) >= 1000:
        return words.count(value)
    return words.number(value if abs(value) >= 1e-6 else 0.0)


def _more(hidden: int) -> str:
    if hidden <= 0:
        return ""
    text = say_n(
        "{n} more row is in the data below.", "{n} more rows are in the data below.", hidden
    )
    return f'<p class="muted">{escape(text)}</p>'


def _csv(frame: pd.DataFrame) -> str:
    kept = frame.head(_CSV_ROWS)
    label = say("Data (CSV)")
    if len(frame) > len(kept):
        label = say("Data (CSV, the first {n} rows)", n=words.count(len(kept)))
    text = kept.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return f"<details><summary>{escape(label)}</summary><pre>{escape(text)}</pre></details>"


def _plain(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table_text(frame: pd.DataFrame, *, rows: int = 25) -> str:
    """The table for terminals: canonical column names, three digits; or why it has no rows."""
    if frame.empty:
        return _nothing(frame)
    index = not isinstance(frame.index, pd.RangeIndex)
    text = frame.head(rows).to_string(index=index, float_format=_plain, na_rep="–")
    hidden = len(frame) - rows
    if hidden <= 0:
        return text
    more = say_n("{n} more row", "{n} more rows", hidden)
    return f"{text}\n{more}"
