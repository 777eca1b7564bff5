"""Processed tables are what cleaning wrote: every file is compared with the manifest, once a run.

The process that opens the tables first reads and compares all files. What it found good is noted
in the environment as a digest of the manifest and of every file's size and time of change, so
that the processes it starts look at sizes and times only.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aftersales.data.store.manifest import MANIFEST, sha256
from aftersales.errors import DataError

CHECKED = "AFTERSALES_CHECKED"
"""Environment variable: digests of the folders that were found good, the last one last."""

_REMEMBERED = 8  # folders


def verify(folder: Path, *, manifest: Mapping[str, Any], profile: str) -> None:
    """Raise unless the tables in `folder` are the files that its manifest names.

    Raises
    ------
    DataError
        A file is missing, not in the manifest, or has other bytes; it names the file.
    """
    written = _written(manifest)
    state = _state(folder, written)
    good = os.environ.get(CHECKED, "").split()
    if state in good:
        return
    wrong = next(_faults(folder, written, tables=list(manifest["tables"])), "")
    if wrong:
        raise DataError(f"{wrong} Run `aftersales clean --profile {profile}` again.")
    os.environ[CHECKED] = " ".join([*good[1 - _REMEMBERED :], state])


def _written(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Every file below the folder that cleaning wrote -> the SHA-256 of its bytes."""
    tables = manifest["tables"]
    files = {f"{t}/{f}": was for t, counts in tables.items() for f, was in counts["files"].items()}
    return {**files, **manifest.get("papers", {})}


def _state(folder: Path, written: Mapping[str, str]) -> str:
    """A digest that changes whenever a file is written, without reading any but the manifest."""
    told = [str(folder.resolve()), sha256(folder / MANIFEST)]
    for file in written:
        try:
            found = os.stat(folder / file)
            told.append(f"{found.st_size} {found.st_mtime_ns} {found.st_ino}")
        except OSError:
            told.append("-")
    told += _present(folder, sorted({file.split("/")[0] for file in written}))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _present(folder: Path, tables: list[str]) -> Iterator[str]:
    """The Parquet files below the tables' folders, in the order of their names."""
    for table in tables:
        if (folder / table).is_dir():
            for place, _, names in sorted(os.walk(folder / table)):
                below = Path(place).relative_to(folder).as_posix()
                yield from (f"{below}/{name}" for name in sorted(names) if name[0] not in "._")


def _faults(folder: Path, written: Mapping[str, str], *, tables: list[str]) -> Iterator[str]:
    """What is wrong, one sentence a file: files that are too many, missing, or changed."""
    for file in _present(folder, tables):
        if file not in written:
            yield f"{folder / file} is not one of the files that cleaning wrote."
    wrote = {content: file for file, content in written.items()}
    for file, content in written.items():
        path = folder / file
        if not path.is_file():
            yield f"{path} is missing."
        elif (found := sha256(path)) != content:
            other = wrote.get(found)
            yield (
                f"{path} holds {other} instead."
                if other
                else (f"{path} is damaged: its bytes are not those that cleaning wrote.")
            )
