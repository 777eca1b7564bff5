"""The raw folder of the sample: written beside its place, then moved there whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aftersales.errors import DataError

MARK = "truth.json"  # every sample has it, and no other source does; it is moved last


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """An empty folder whose files take the place of the sample in `folder` when the block ends.

    Raises
    ------
    DataError
        If `folder` holds files but no sample, or cannot be written. It is then as it was.
    """
    _check_ours(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as draft:
            yield Path(draft)
            _move(Path(draft), folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"The sample could not be written to {folder} ({reason}). Make room, or name another "
            "folder with --raw."
        ) from error


def _check_ours(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder for the sample with --raw.")
    foreign = [path.name for path in _files(folder) if not path.name.startswith(".")]
    if foreign and not (folder / MARK).is_file():
        raise DataError(
            f"{folder} holds {foreign[0]}, but no sample: its files stay as they are. Empty the "
            "folder, or name another one with --raw."
        )


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _move(draft: Path, folder: Path) -> None:
    """Files of a longer or larger sample before go, so that none is read with the new ones."""
    folder.mkdir(exist_ok=True)
    made = {path.name for path in _files(draft)}
    for path in _files(folder):
        if path.name not in made and not path.name.startswith("."):
            path.unlink()
    for name in sorted(made, key=lambda name: name == MARK):
        os.replace(draft / name, folder / name)
