"""Importing this module, first in the process that others are forked from, readies that process.

It will end without a word, and leave aside what takes long to load and is not needed.
"""

from __future__ import annotations

import atexit
import os
import sys

# jsonschema compiles a grammar of web addresses when it finds this package: a third of all the
# time that loading takes, for a check that notebooks do not ask for.
sys.modules["rfc3987_syntax"] = None


def leave() -> None:
    """End now: there is nothing to save, and taking down all libraries takes time and complains."""
    os._exit(0)


atexit.register(leave)
