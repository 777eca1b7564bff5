"""Errors that finish the sentence: what is wrong, what was found, what to change and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AftersalesError(Exception):
    """The base of our errors; the command line prints its text and leaves with `exit_status`."""

    exit_status = 2


class ConfigError(AftersalesError):
    """A file in `config/<profile>/` cannot be used as it is."""


class DataError(AftersalesError):
    """A raw or processed table cannot be used as it is."""


class RequestError(AftersalesError):
    """The command or a parameter asks for something that does not exist."""


class RunError(AftersalesError):
    """Something failed while running; the request and the data were fine."""

    exit_status = 1


def nearest(name: object, valid: Iterable[object]) -> str:
    """A hint that names the valid spelling closest to `name`, or lists the valid ones.

    >>> nearest("regoin", ["region", "product"])
    'did you mean "region"?'
    >>> nearest("zzz", ["region", "product"])
    'valid are: product, region.'
    >>> nearest("zzz", [])
    'none is defined.'
    """
    names = sorted(str(v) for v in valid)
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    if not names:
        return "none is defined."
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"valid are: {shown}."
