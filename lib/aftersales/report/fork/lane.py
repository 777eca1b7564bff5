"""A process that has notebooks run in processes forked from it, one at a time."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aftersales.report.fork import safety, template


@dataclass(frozen=True)
class Ready:
    """Makes a process ready to fork: call it there before anything else.

    Attributes
    ----------
    environment : variables of the process that asked for it
    modules : what the notebooks import
    shared : results that all notebooks share (`metrics.national.pack`); b"" if there are none
    """

    environment: Mapping[str, str]
    modules: Sequence[str] = ()
    shared: bytes = b""

    def __call__(self) -> None:
        os.environ.update({**self.environment, **safety.ENVIRONMENT})
        safety.release_server()
        safety.end_with_parent(os.getppid(), by=signal.SIGTERM)
        signal.signal(signal.SIGTERM, _leave)
        if self.shared:
            from aftersales.metrics.counting.company import unpack

            unpack(self.shared)
        template.load(self.modules)


def _leave(number: int, _: object) -> None:
    """End in order, with the notebook that runs at the moment."""
    sys.exit(128 + number)
