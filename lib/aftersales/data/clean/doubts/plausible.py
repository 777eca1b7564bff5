"""Does a table as a whole make sense? If not, the mapping is wrong and cleaning stops.

A few bad cells are set to missing or rejected, and counted. A date that hardly any row can give,
or a required one that lies in the future for half of the rows, means a wrong format or a wrong
`as_of`: cleaning on would make a table that looks fine and is not.
"""

from __future__ import annotations

from aftersales.data.clean.stage import Staged
from aftersales.data.store.account import Note
from aftersales.errors import DataError

LEAST_READABLE = 0.05  # share of the cells of a date column that must be dates
ENOUGH = 100  # cells of an optional date column from which on that share is judged
MOST_FUTURE = 0.5  # share of the cells of a required date that may lie after as_of


def check(staged: Staged) -> None:
    """Raise a DataError that names the column, what it looks like, and what to change."""
    for column in staged.plan.columns("date"):
        _check_readable(staged, column.name, least=1 if column.required else ENOUGH)
        _check_future(staged, column.name)
    if not staged.rows:
        raise DataError(_all_gone(staged))


def _check_readable(staged: Staged, name: str, *, least: int) -> None:
    cells = _total(staged, "dates", "", name)
    unread = [x for m in ("date_reject", "date_missing") for x in _notes(staged, "dates", m, name)]
    lost = sum(note.n for note in unread)
    if cells < least or cells - lost >= LEAST_READABLE * cells:
        return
    note = next(note for note in unread if note.n)
    raise DataError(
        f"{staged.plan.mapping.place}: columns: {name}: {lost:,} of {cells:,} values are not dates "
        f'in {note.values["formats"]}; one looks like "{note.seen.get("example", "")}" (9 for a '
        'digit, a for a letter). Declare its form there, e.g. format: "%d.%m.%Y %H:%M".'
    )


def _check_future(staged: Staged, name: str) -> None:
    late = _total(staged, "future dates", "future_reject", name)
    cells = _total(staged, "dates", "", name) - _total(staged, "dates", "date_reject", name)
    if not late or late <= MOST_FUTURE * cells:
        return
    note = next(x for x in _notes(staged, "future dates", "future_reject", name) if x.n)
    raise DataError(
        f"{staged.plan.mapping.place}: columns: {name}: {late:,} of {cells:,} dates lie after "
        f"{note.values['limit']} (latest {note.seen['high']}). If the data are newer, change "
        f"`as_of` in {staged.plan.mapping.file}; if day and month are exchanged, change `format`."
    )


def _all_gone(staged: Staged) -> str:
    place, told = staged.plan.mapping.place, staged.account
    read, out = told.total("read"), told.total("select")
    if read and read == out:
        return f"{place}: none of {read:,} rows fulfils `where`; change it, or remove the table."
    worst = max((n for n in told.all() if n.out and n.step != "select"), key=lambda n: n.out)
    return (
        f"{place}: all {read - out:,} rows were rejected, most of them in the step "
        f'"{worst.step}": {told.said(worst)} Change the mapping of that column.'
    )


def _notes(staged: Staged, step: str, message: str, column: str) -> list[Note]:
    notes = staged.account.notes(step)
    return [n for n in notes if n.message == message and n.values.get("column") == column]


def _total(staged: Staged, step: str, message: str, column: str) -> int:
    return sum(note.n for note in _notes(staged, step, message, column))
