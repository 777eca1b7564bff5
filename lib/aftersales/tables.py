"""Small tables as HTML for readers: words for columns, intervals beside their value, CSV below."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd

from aftersales import words
from aftersales.config import Profile
from aftersales.headings import ESTIMATES, heading, kind
from aftersales.words import N_, say, say_n

_CSV_ROWS = 500  # rows of data behind a table that a page carries
_SEVERITY = {
    "act": N_("Act"),
    "watch": N_("Watch"),
    "ok": N_("OK"),
    "unknown": N_("Not enough data"),
}


def table_html(
    frame: pd.DataFrame, *, unit: str = "", rows: int = 25, profile: Profile | None = None
) -> str:
    """A table for readers, and the same data as CSV folded away below it.

    Columns `x_low`, `x_high` are printed beside `x`, a bare `low`, `high` beside the ratio or the
    other estimate. Missing values are an en dash. More than `rows` rows: the number of those not
    printed is said.
    """
    if frame.empty:
        return f'<p class="muted">{escape(say("No rows."))}</p>'
    flat = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    intervals = _intervals(flat)
    bounds = {bound for pair in intervals.values() for bound in pair}
    shown = [c for c in flat.columns if c not in bounds]
    head = "".join(f'<th scope="col"{_side(flat, c)}>{escape(heading(c))}</th>' for c in shown)
    body = "\n".join(
        _row(row, shown, flat, intervals=intervals, unit=unit, profile=profile)
        for _, row in flat.head(rows).iterrows()
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
    return f'<div class="scroll">{table}</div>{_more(len(flat) - rows)}{_csv(flat)}'


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


def _side(frame: pd.DataFrame, column: str) -> str:
    """Text is set flush left, numbers flush right (the default)."""
    numeric = pd.api.types.is_numeric_dtype(frame[column])
    return "" if numeric and frame[column].dtype != bool else ' style="text-align:left"'


def _row(
    row: pd.Series,
    shown: list[str],
    frame: pd.DataFrame,
    *,
    intervals: dict[str, tuple[str, str]],
    unit: str,
    profile: Profile | None,
) -> str:
    cells = []
    for column in shown:
        text = escape(_value(row[column], column, unit=unit, profile=profile))
        if column in intervals and text != words.NO_VALUE:
            low, high = (row[bound] for bound in intervals[column])
            share = "share" if kind(column, unit=unit) == "share" else ""
            if not (pd.isna(low) and pd.isna(high)):
                text += f' <span class="ci">{escape(words.span(low, high, share))}</span>'
        cells.append(f"<td{_side(frame, column)}>{text}</td>")
    return f"<tr>{''.join(cells)}</tr>"


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
    if isinstance(value, (int, float, np.number)):
        return _number(float(value), column, unit=unit, profile=profile)
    return _name(str(value), column, profile=profile)


def _name(value: str, column: str, *, profile: Profile | None) -> str:
    if column == "severity" and value in _SEVERITY:
        return say(_SEVERITY[value])
    return profile.label(column, value, words.language()) if profile else value


def _number(value: float, column: str, *, unit: str, profile: Profile | None) -> str:
    what = kind(column, unit=unit)
    if what == "share":
        return words.percent(value)
    if what == "p":
        return words.p_value(value)
    if what == "money" and profile:
        return words.money(value, profile.currency)
    if what in ("count", "money") or (value.is_integer() and abs(value) >= 1000):
        return words.count(value)
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1000 else words.number(value)


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


def table_text(frame: pd.DataFrame, *, rows: int = 25) -> str:
    """The table for terminals: canonical column names, three digits."""
    index = not isinstance(frame.index, pd.RangeIndex)
    text = frame.head(rows).to_string(index=index, float_format="{:.3g}".format, na_rep="–")
    hidden = len(frame) - rows
    if hidden <= 0:
        return text
    return f"{text}\n{say_n('{n} more row', '{n} more rows', hidden)}"
