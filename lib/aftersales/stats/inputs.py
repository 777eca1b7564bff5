"""What every statistic asks of its input before it computes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aftersales.errors import DataError

Numbers = npt.ArrayLike


def numbers(values: Numbers, *, name: str, empty: bool = True) -> np.ndarray:
    """`values` as floats; a text, a NaN or an infinity is an error that says where it is."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(f"`{name}` must hold numbers; found {_shown(values)}.") from error
    bad = np.flatnonzero(~np.isfinite(np.atleast_1d(array)))
    if bad.size:
        raise DataError(
            f"`{name}` must hold finite numbers; {bad.size} of {array.size} are missing or "
            f"infinite, the first at position {bad[0]}. Leave such rows out or fill them first."
        )
    if array.size == 0 and not empty:
        raise DataError(f"`{name}` is empty; at least one value is needed.")
    return array


def counts(values: Numbers, *, name: str = "count") -> np.ndarray:
    """Non-negative numbers (weighted counts may be fractions)."""
    array = numbers(values, name=name)
    if (array < 0).any():
        raise DataError(f"`{name}` must not be negative; the smallest value is {array.min():g}.")
    return array


def series(count: Numbers, exposure: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """A count and an exposure of the same length; cases without exposure are an error."""
    cases, size = np.broadcast_arrays(
        np.atleast_1d(counts(count)), np.atleast_1d(counts(exposure, name="exposure"))
    )
    impossible = np.flatnonzero((size == 0) & (cases > 0))
    if impossible.size:
        raise DataError(
            f"{impossible.size} rows have cases but no exposure, the first at position "
            f"{impossible[0]}. A rate needs a denominator: correct the exposure or leave them out."
        )
    return cases.astype(float), size.astype(float)


def within(part: Numbers, whole: Numbers, *, names: tuple[str, str]) -> tuple:
    """Hits and trials of a proportion: 0 <= hits <= trials."""
    hits, trials = counts(part, name=names[0]), counts(whole, name=names[1])
    over = np.atleast_1d(hits > trials)
    if over.any():
        raise DataError(
            f"`{names[0]}` must not exceed `{names[1]}`; it does in {over.sum()} of {over.size} "
            "rows. Check that both count the same cases."
        )
    return hits, trials


def share(value: float, *, name: str) -> float:
    """A number strictly between 0 and 1, such as a confidence level."""
    if not 0 < value < 1:
        raise DataError(f"`{name}` must lie between 0 and 1; found {value!r}.")
    return float(value)


def plain(value: np.ndarray) -> np.ndarray | float:
    """A float for one number, the array otherwise."""
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array


def _shown(values: object) -> str:
    text = repr(values)
    return text if len(text) <= 60 else text[:57] + "..."
