"""Importing this module, in the process that others are forked from, has it end without a word."""

from __future__ import annotations

import atexit
import os


def leave() -> None:
    """End now: there is nothing to save, and taking down all libraries takes time and complains."""
    os._exit(0)


atexit.register(leave)
