"""Which series hold which, and which of them only say again what another one says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

PLACE = ["metric", "region", "part"]  # what names a series; region and part "" are all of them
SHARE = 0.5  # of a whole's excess that one of its parts must hold to speak for it


def holds(whole: Mapping[str, Any], part: Mapping[str, Any]) -> bool:
    """Whether a series is the other one, or holds it.

    >>> tv, all_of_it = ({"metric": "m", "region": "", "part": part} for part in ("tv", ""))
    >>> holds(all_of_it, tv), holds(tv, all_of_it)
    (True, False)
    """
    same = whole["metric"] == part["metric"]
    return same and all(whole[c] in ("", part[c]) for c in ("region", "part"))


def echoes(rows: pd.DataFrame) -> list[bool]:
    """For each row of comparison whether another one says the same.

    A part of a series that moved as the whole did (its ratio is within the whole's interval)
    echoes it; the whole is enough. A whole that moved mostly by one of its parts, and less than
    it, echoes that part.
    """
    records = rows.to_dict("records")
    return [any(_echoes(row, other) for other in records if other is not row) for row in records]


def _echoes(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if holds(other, row):
        return other["low"] <= row["ratio"] <= other["high"]
    if not holds(row, other):
        return False
    up = row["ratio"] > 1
    further = other["ratio"] > row["high"] if up else other["ratio"] < row["low"]
    return further and abs(other["excess"]) >= SHARE * abs(row["excess"])
