"""Codes, numbers and times of the sample as text, the way the source systems write them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike


def text(values: ArrayLike) -> np.ndarray:
    """Numbers, whole seconds or names as text; missing values become empty."""
    array = pa.array(np.asarray(values), from_pandas=True)
    if pa.types.is_timestamp(array.type):
        array = pc.cast(array, pa.timestamp("s"))
    return pc.fill_null(pc.cast(array, pa.string()), "").to_numpy(zero_copy_only=False)


def named(codes: ArrayLike, names: Iterable[str]) -> np.ndarray:
    """Names of codes; negative codes are unknown and become empty."""
    table = np.array([*names, ""], dtype=object)
    codes = np.asarray(codes)
    return table[np.where(codes < 0, len(table) - 1, codes)]


def numbered(prefix: str | np.ndarray, numbers: ArrayLike, *, width: int = 9) -> np.ndarray:
    """Identifiers such as ``GD000000017``; negative numbers become empty."""
    numbers = np.asarray(numbers, dtype=np.int64)
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    start = pa.array(prefix, pa.string()) if isinstance(prefix, np.ndarray) else pa.scalar(prefix)
    made = pc.binary_join_element_wise(start, digits, "").to_numpy(zero_copy_only=False)
    made[numbers < 0] = ""
    return made


def yes(flags: ArrayLike) -> np.ndarray:
    """是 or 否; negative flags are unknown and become empty."""
    return named(np.asarray(flags).astype(int), ("否", "是"))
