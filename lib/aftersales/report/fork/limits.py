"""What one notebook may use: time and memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

NOTEBOOK_S = 1800.0  # a notebook that takes longer has hung
GRACE_S = 5.0  # from the interrupt to the kill
SHARE = 0.8  # of the machine's memory that all notebooks together may take
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_CGROUP = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Limits:
    """The time a notebook may take, from the interrupt to the kill, and its memory in bytes.

    `memory` 0 is no limit. Pages shared with the process it was forked from count too.
    """

    seconds: float = NOTEBOOK_S
    grace: float = GRACE_S
    memory: int = 0


def fair_memory(workers: int) -> int:
    """A notebook's memory when `workers` run at a time: an equal part of most of the machine's."""
    return int(SHARE * _machine_memory() / max(workers, 1))


def _machine_memory() -> int:
    """Bytes this machine, or this container, has."""
    total = os.sysconf("SC_PHYS_PAGES") * _PAGE
    try:
        return min(total, int(_CGROUP.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        return total


def memory_used(process: int) -> int:
    """Bytes of memory a process holds now; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0
