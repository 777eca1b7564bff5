"""Crude beside adjusted ratios: what the adjustment changes about a row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.profile.config import Target
from aftersales.studies.verdict import URGENT

APART = 1.1  # times by which crude and adjusted ratio differ where the mix is said to matter
MIX, HIDDEN = "mix", "hidden"


def contrasts(rows: pd.DataFrame, *, target: Target) -> np.ndarray:
    """What the adjustment changes about each row: "mix", "hidden" or "".

    mix : raw rates call it a hotspot (at least `watch_ratio` times the others, interval above 1),
        and it gives no reason to act beside the same model and age
    hidden : it stands out beside the same model and age, and raw rates do not show it
    Either only where the two ratios are 10 % apart. Rows too small to judge have "".

    Parameters
    ----------
    rows : with ``severity``, ``few``, ``ratio``, ``crude_ratio``, ``crude_low``
    """
    hot = rows["severity"].isin(URGENT)
    crude = (rows["crude_ratio"] >= target.watch_ratio) & (rows["crude_low"] > 1)
    shift = log_shift(rows)
    mix = crude & ~hot & (shift >= np.log(APART)) & ~rows["few"]
    hidden = hot & ~crude & (shift <= -np.log(APART)) & ~rows["few"]
    return np.select([mix, hidden], [MIX, HIDDEN], default="")


def log_shift(rows: pd.DataFrame) -> pd.Series:
    """Log of the crude over the adjusted ratio; NaN where either is 0 or not finite."""
    both = [rows[c].where((rows[c] > 0) & np.isfinite(rows[c])) for c in ("crude_ratio", "ratio")]
    return np.log(both[0] / both[1])
