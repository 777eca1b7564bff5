"""Do the values of a table mean what they seem to mean? Numbers, scales, days and months.

What is surely misread stops cleaning with the key that puts it right; what may be is said.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from aftersales.data.clean.rows import Plan
from aftersales.data.store.account import Account, Note
from aftersales.errors import DataError

Ask = Callable[[str], pd.DataFrame]  # SQL over the rows, which it calls ``rows`` -> its result

_SCALES = {"csat": (1.0, 5.0), "nps": (0.0, 10.0)}  # what is meant where the answer does not say
_NARROW = {"csat": 3.0, "nps": 5.0}  # answers that never go beyond are on another scale
_MANY = 30  # answers from which on a scale is judged
_FEW_OUTSIDE = 0.05  # share of answers outside their scale that is a slip, not another scale
_CHANCE = 1e-6  # chance of a pattern of days below which it is none
_FEWEST = 10  # dates in months without days after the 12th
_ODD = 0.01  # share of ambiguous numbers from which on they are asked about
_ROUNDED = 0.05  # share of ids in scientific notation that cannot be


def check(plan: Plan, account: Account, ask: Ask) -> None:
    """Raise a DataError for what is surely misread, and add what may be to the account."""
    _check_writing(plan, account)
    _check_ids(plan, account)
    _check_counts(plan, account)
    if plan.table == "surveys":
        account.add(_scales(plan, ask))
    for column in plan.columns("date"):
        if not column.swapped:
            account.add(_exchanged(ask, column.name))


def _noted(account: Account, step: str, column: str, **values: str) -> int:
    wanted = {"column": column, **values}
    return sum(n.n for n in account.notes(step) if {k: n.values.get(k) for k in wanted} == wanted)


def _check_writing(plan: Plan, account: Account) -> None:
    """Numbers that are written with a decimal comma, or could be, in a column read with points."""
    kinds = ("comma", "point", "either_comma", "either_point", "small", "large")
    told = {
        c.name: {kind: _noted(account, "numbers", c.name, writing=kind) for kind in kinds}
        for c in plan.columns("int", "float")
    }
    for name, n in told.items():
        written = plan.mapping.columns[name].writing
        declared = written.decimal == "," or not written.thousands
        if declared or n["comma"] <= _ODD * n["point"] or not n["comma"]:
            continue
        raise DataError(
            f"{plan.mapping.place}: columns: {name}: {n['comma']:,} numbers are written with a "
            'decimal comma (like 9,99), which would be read wrongly. Write `decimal: ","` there, '
            "or for the whole table beside `files:`."
        )
    for name, n in told.items():
        written = plan.mapping.columns[name].writing
        if written.decimal == "." and not written.declared and _doubtful(n):
            mark = "," if n["either_comma"] else "."
            raise DataError(
                f'{plan.mapping.place}: columns: {name}: numbers like "1{mark}234" may be 1234 or '
                '1.234, and no other number of the column tells. Write `decimal: "."` or '
                '`decimal: ","` there.'
            )


def _doubtful(n: dict[str, int]) -> bool:
    cells = sum(n.values())
    if n["point"] or n["comma"]:
        return False
    if n["either_comma"] >= max(_ODD * cells, 1):
        return not n["small"] or bool(n["large"])
    return n["either_point"] >= max(_ODD * cells, 3) and bool(n["small"]) and not n["large"]


def _check_ids(plan: Plan, account: Account) -> None:
    rows = account.total("read")
    for column in plan.columns("str"):
        n = _noted(account, "doubts", column.name)
        if n and n > _ROUNDED * rows:
            raise DataError(
                f"{plan.mapping.place}: columns: {column.name}: {n:,} ids have a form like "
                "9.99E+99: a spreadsheet took them for numbers and rounded them, so they are lost "
                "in this file. Export it again with that column as text."
            )


def _check_counts(plan: Plan, account: Account) -> None:
    """1 and 2 without any 0 are codes, not counts."""
    for column in plan.columns("bool"):
        counted = sum(
            n.n
            for n in account.notes("numbers")
            if n.message == "counted" and n.values.get("column") == column.name
        )
        if counted and not _noted(account, "numbers", column.name, **{"is": "no"}):
            raise DataError(
                f"{plan.mapping.place}: columns: {column.name}: {counted:,} values are 2 or more "
                "and none is 0 or no, so they are codes or counts, and nobody says which. Write "
                "`codes:` there, e.g. codes: {1: true, 2: false}."
            )


def _scales(plan: Plan, ask: Ask) -> list[Note]:
    """Answers outside their scale; a scale that cannot be the one that is meant is an error."""
    have = plan.mapping.columns
    if "instrument" not in have:
        return []
    if "scale_min" in have and "scale_max" in have:
        out = "score < scale_min or score > scale_max"
        found = ask(
            f"select count(*) filter ({out}) as n, min(scale_min) as low, max(scale_max) as high "
            "from rows"
        ).iloc[0]
        if not found["n"]:
            return []
        return [_outside(int(found["n"]), found["low"], found["high"])]
    notes = []
    for name, (low, high) in _SCALES.items():
        found = ask(
            f"select count(score) as n, count(*) filter (score < {low} or score > {high}) as out, "
            f"min(score) as low, max(score) as high from rows where instrument = '{name}'"
        ).iloc[0]
        if not found["n"]:
            continue
        narrow = found["high"] <= _NARROW[name] and found["n"] >= _MANY
        if narrow or found["out"] > _FEW_OUTSIDE * found["n"]:
            raise DataError(_other_scale(plan, name, (low, high), found))
        if found["out"]:
            notes.append(_outside(int(found["out"]), low, high))
    return notes


def _outside(n: int, low: float, high: float) -> Note:
    return Note("doubts", "outside_scale", n, {"range": f"{low:g} to {high:g}"})


def _other_scale(plan: Plan, name: str, meant: tuple[float, float], found: pd.Series) -> str:
    return (
        f"{plan.mapping.place}: columns: score: the answers to {name} go from {found['low']:g} to "
        f"{found['high']:g}, but without a scale {meant[0]:g} to {meant[1]:g} is meant. Map "
        f"`scale_min` and `scale_max`, e.g. scale_min: {{value: {found['low']:g}}} and scale_max: "
        f"{{value: {found['high']:g}}}."
    )


def _exchanged(ask: Ask, column: str) -> list[Note]:
    """Days and months that a spreadsheet exchanged, file by file.

    What counts is how many different days there are: rows of one day come together.
    """
    days = ask(
        f'select __file as file, year("{column}") as year, month("{column}") as month, '
        f'day("{column}") as day, count(*) as n from rows where "{column}" is not null group by all'
    )
    sure = doubtful = months = 0
    names: set[str] = set()
    for _, file in days.groupby("file", sort=False):
        early, late = file[file["day"] <= 12], file[file["day"] > 12]
        whole = set(zip(late["year"], late["month"], strict=True))
        pairs = zip(early["year"], early["month"], strict=True)
        outside = early[np.array([pair not in whole for pair in pairs], bool)]
        n = int(outside["n"].sum())
        if not whole or n < _FEWEST or outside["day"].nunique() < 2:
            continue
        numbers = {month for _, month in whole}
        chance = np.log(len(numbers) / 12) * len(early)
        if early["day"].isin(numbers).all() and chance < np.log(_CHANCE):
            sure += int(early["n"].sum())
            names |= {f"{year}-{month:02d}" for year, month in whole}
            continue
        lacking = len(outside.groupby(["year", "month"]))
        if lacking > 1 and np.log(12 / 30.4) * len(outside) < np.log(_CHANCE):
            doubtful, months = doubtful + n, months + lacking
    notes = []
    if sure:
        shown = sorted(names)
        span = ", ".join(shown) if len(shown) <= 3 else f"{shown[0]} ... {shown[-1]}"
        notes.append(Note("doubts", "swapped", sure, {"column": column, "months": span}))
    if doubtful:
        said = {"column": column, "months": months}
        notes.append(Note("doubts", "short_months", doubtful, said))
    return notes
