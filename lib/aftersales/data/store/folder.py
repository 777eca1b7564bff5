"""A processed folder made beside the old one and put in its place in one move.

A run writes to ``.<name>.new-<process id>``. When all is written, the old folder is renamed to
``.<name>.old`` and the new one takes its name. A run that is interrupted before that leaves the
old folder as it was; one killed between the two renames is mended by `recover`. All of this
happens where the folder really lies, if its name is a link to another disk.

Only the owner can open the folder; what is kept to be read again (`KEPT`) and the manifest are
closed to others even where the folder is opened to them later.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from aftersales.data.store.manifest import CLEANING_LOG, MANIFEST
from aftersales.errors import DataError

LOG_PARTS = "cleaning_log.json"
REJECTED = "rejected"
STAGING = ".staging"
KEPT = ".parts"  # staged rows of every raw file, see `parts`
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def replacing(folder: Path, *, tables: set[str]) -> Iterator[Path]:
    """A new, empty folder that takes the place of `folder` if the block ends without an error.

    Raises
    ------
    DataError
        If `folder` holds something else than processed tables, or cannot be written, or the disk
        is full. What was written is removed, and `folder` is as it was.
    """
    folder = folder.resolve()
    recover(folder)
    _check_ours(folder, tables)
    new = folder.with_name(f".{folder.name}.new-{os.getpid()}")
    try:
        _remove_left_over(folder)
        new.parent.mkdir(parents=True, exist_ok=True)
        new.mkdir(mode=0o700)
        (new / STAGING).mkdir()
        yield new
        shutil.rmtree(new / STAGING)
        _close(new)
        _publish(new, folder)
    except (OSError, duckdb.Error) as error:
        raise _explained(error, folder) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def recover(folder: Path) -> None:
    """Put the old folder back if a run was killed between the two renames."""
    folder = folder.resolve()
    old = _old(folder)
    if old.is_dir() and not folder.exists():
        old.rename(folder)


def _publish(new: Path, folder: Path) -> None:
    old = _old(folder)
    if old.is_symlink():
        old.unlink()
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        recover(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _close(new: Path) -> None:
    """Take the rights of others from what is kept of single rows, and from the account."""
    for place in (new / KEPT, *(new / KEPT).rglob("*")):
        place.chmod(0o700 if place.is_dir() else 0o600)
    (new / MANIFEST).chmod(0o600)


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _check_ours(folder: Path, tables: set[str]) -> None:
    """Never replace a folder that holds anything but processed tables."""
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; give a folder with --processed.")
    if not folder.is_dir():
        return
    ours = {*tables, KEPT, REJECTED, MANIFEST, CLEANING_LOG, LOG_PARTS}
    other = sorted(entry.name for entry in folder.iterdir() if entry.name not in ours)
    if other:
        raise DataError(
            f"{folder} holds {other[0]}, which is not a processed table, and cleaning replaces the "
            "whole folder; give another folder with --processed, or move the file away."
        )


def _remove_left_over(folder: Path) -> None:
    """Remove what killed runs left beside `folder`."""
    for left in folder.parent.glob(f".{folder.name}.new-*"):
        number = left.name.rpartition("-")[2]
        if not (number.isdigit() and runs(int(number))) or int(number) == os.getpid():
            shutil.rmtree(left, ignore_errors=True)


def runs(process: int) -> bool:
    """Whether a process of this number is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _explained(error: OSError | duckdb.Error, folder: Path) -> Exception:
    """The error as a sentence where the disk or the rights are the reason, else as it is."""
    text = str(error)
    if getattr(error, "errno", None) in _FULL or "No space left" in text:
        return DataError(
            f"The disk of {folder.parent} is full, so the tables could not be written; the ones "
            "that were there are unchanged. Free some space, or give a folder on another disk with "
            "--processed."
        )
    if isinstance(error, FileExistsError | NotADirectoryError):
        return DataError(f"{folder} lies in a file; give another folder with --processed.")
    if isinstance(error, PermissionError):
        return DataError(
            f"{error.filename or folder} cannot be written ({error.strerror}); give another "
            "folder with --processed, or change its rights."
        )
    return error
