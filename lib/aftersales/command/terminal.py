"""What the command shows on a terminal: tables, a progress bar, errors as one sentence."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from aftersales.data.store.files import is_full
from aftersales.errors import AftersalesError, RequestError

if TYPE_CHECKING:
    from aftersales.data.store.store import Store
    from aftersales.report.render import Run

DEBUG = "AFTERSALES_DEBUG"  # environment variable: set to anything to see tracebacks
_FOLDER = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.EEXIST,
    errno.ELOOP,
    errno.EINVAL,
)  # reasons why a folder or file that was asked for cannot be used
REASON_LENGTH = 300  # characters of an unforeseen error


def explained(error: Exception) -> tuple[str, int]:
    """An error as one sentence, and the exit status: 1 it failed, 2 it cannot be used."""
    text, status = _explained(error)
    return " ".join(text.split()), status


def _explained(error: Exception) -> tuple[str, int]:
    if isinstance(error, AftersalesError):
        return str(error), error.exit_status
    if hasattr(error, "format_message"):  # of the command line's parser
        said = error.format_message() or "No command was given."
        return f"{said} `aftersales --help` shows what there is.", 2
    if is_full(error):
        return (
            f"The disk is full, so {_file(error)} could not be written; what was finished is "
            "kept. Free some space, or give a folder on another disk with --raw, --processed or "
            "--out.",
            2,
        )
    if isinstance(error, OSError) and error.errno in _FOLDER:
        return (
            f"{_file(error)} cannot be used ({error.strerror}); change its rights, or give another "
            "folder with --raw, --processed or --out.",
            2,
        )
    return (
        f"Something failed that was not foreseen ({type(error).__name__}: "
        f"{str(error)[:REASON_LENGTH]}). To see where, run the command again with {DEBUG}=1.",
        1,
    )


def _file(error: OSError) -> str:
    return str(error.filename) if error.filename else "the output"


@contextmanager
def progress(title: str) -> Iterator[Callable[..., None]]:
    """A bar on stderr while the block runs; call it with ``total``, ``advance``, ``description``.

    Nothing is drawn where stderr is not a terminal.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = [
        TextColumn("{task.description:<32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    ]
    console = Console(stderr=True)
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(title, total=None)
        yield lambda **changes: bar.update(task, **changes)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns under headings, numbers to the right, for terminals and pipes alike."""
    columns = [list(column) for column in zip(head, *rows, strict=True)]
    widths = [max(map(_width, column)) for column in columns]
    numeric = [len(column) > 1 and all(map(_is_number, column[1:])) for column in columns]
    for row in [head, *rows]:
        cells = [
            " " * (width - _width(cell)) + cell if right else cell + " " * (width - _width(cell))
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        typer.echo("  ".join(cells).rstrip())


def _width(text: str) -> int:
    """Columns a text takes on a terminal; a Chinese character takes two."""
    from rich.cells import cell_len

    return cell_len(text)


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").isdigit()


MOST_LOSSES = 5  # lines of cells that were lost, for each table


def inputs_of(processed: Path) -> dict[str, str]:
    """Raw file -> its SHA-256 when it was last cleaned; empty where that is not known."""
    try:
        content = json.loads((processed / "manifest.json").read_text(encoding="utf-8"))
        return {
            entry["file"]: entry["sha256"]
            for table in content["tables"].values()
            for entry in table["inputs"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def print_cleaning(store: Store, *, before: Mapping[str, str] | None = None) -> None:
    """What was read and kept of each table, what was lost, and which raw files are not as before.

    `before` are the raw files of the last run, as `inputs_of` gives them.
    """
    from aftersales.data.clean.doubts.losses import from_log, lines, lost
    from aftersales.data.store.account import read_parts
    from aftersales.data.store.folder import LOG_PARTS

    counts = ["read", "kept", "duplicates", "rejected"]
    tables = store.manifest["tables"].items()
    print_table(["table", *counts], [[name, *(f"{t[c]:,}" for c in counts)] for name, t in tables])
    log = store.cleaning_log(only_counted=True)
    for step in log[log["rows_in"] > log["rows_out"]].itertuples():
        typer.echo(f"{step.table}: {step.reason}")
    log = read_parts(store.folder / LOG_PARTS).to_dict("records")
    for name, counts in tables:
        notes = from_log(e for e in log if e["table"] == name and e["rows_in"] == e["rows_out"])
        told = lost(notes, rows=counts["read"])
        for line in lines(told[:MOST_LOSSES]):
            typer.echo(f"{name}: {line.strip()}")
        if len(told) > MOST_LOSSES:
            typer.echo(f"{name}: {len(told) - MOST_LOSSES} more in cleaning_log.csv.")
    for line in changed_files(before or {}, inputs_of(store.folder)):
        typer.echo(line)
    typer.echo(
        f"Processed tables are in {store.folder}; rejected/ there holds each rejected row with its "
        "file, line and reason."
    )


def changed_files(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Sentences: which raw files are gone, or hold something else, since they were last cleaned."""
    files = [name for name in before if ": " not in name]  # databases change, as they should
    gone = [name for name in files if name not in now]
    other = [name for name in files if name in now and now[name] != before[name]]
    said = []
    if other:
        said.append(f"Changed since the last cleaning: {', '.join(other)}.")
    if gone:
        said.append(f"No longer there since the last cleaning: {', '.join(gone)}.")
    return said


def print_run(run: Run) -> None:
    """What ran, was reused or failed, by notebook; then each failure."""
    rows = []
    for name in sorted({o.job.notebook for o in run.outcomes}):
        of = [o for o in run.outcomes if o.job.notebook == name]
        tally = [sum(o.status == s for o in of) for s in ("ok", "reused", "failed")]
        seconds = sum(o.seconds for o in of if o.status != "reused")
        rows.append([name, *map(str, tally), f"{seconds:.1f}"])
    print_table(["notebook", "ran", "reused", "failed", "seconds"], rows)
    for o in run.failed:
        cell = f" in cell {o.error['cell']}" if o.error["cell"] else ""
        where = f"{o.job.notebook} for {o.job.region}{cell}"
        typer.echo(f"failed: {where}: {o.error['name']}: {o.error['message']}", err=True)
    typer.echo(f"{len(run.outcomes)} reports in {run.seconds:.1f} s. Open {run.index}")


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """Name -> value of what was given as ``-p name=value``."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise RequestError(f'-p "{text}" is not of the form name=value, e.g. -p months=24.')
        if name in found:
            raise RequestError(f'Parameter "{name}" is given twice with -p; give it once.')
        found[name] = value
    return found
