"""Names of folders for temporary files, by which those of dead processes are found and removed."""

from __future__ import annotations

import functools
import os
import re
import shutil
import socket
import tempfile
import zlib
from pathlib import Path

from aftersales.data.store.folder import runs


def prefix() -> str:
    """What the name of a temporary folder of this process begins with.

    Folders that processes of this user left on this machine when they were killed are removed
    first; a process that ends in order removes its own.
    """
    _remove_left_over(os.getpid())
    return f"aftersales-{_machine()}-{os.getpid()}-"


@functools.cache
def _machine() -> str:
    """Process numbers of another machine, or container, mean nothing here."""
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


@functools.cache
def _remove_left_over(process: int) -> None:
    """Remove them once; `process` is the one that asks, since a forked one asks anew."""
    for left in Path(tempfile.gettempdir()).glob(f"aftersales-{_machine()}-*"):
        owner = re.match(r"aftersales-\w+-(\d+)-", left.name)
        if owner and int(owner[1]) != process and not runs(int(owner[1])) and _is_ours(left):
            shutil.rmtree(left, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return not hasattr(os, "getuid") or found.st_uid == os.getuid()
