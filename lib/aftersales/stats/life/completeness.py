"""How much of each recent month is known: reporting delays from counts of any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.life.claims_ahead import gamma_poisson_interval

JEFFREYS = 0.5  # cases and non-cases added to a share before its spread is taken
FEW_CASES = 20  # cases with a delay below which completeness is not worth a sentence


@dataclass(frozen=True)
class Completeness:
    """What share of each month's cases is known by now, and how many are still to come.

    `months` has one row per origin month: ``origin``, ``age`` (months since), ``known`` cases,
    ``complete`` (share of the final number known by now, 0 to 1), ``complete_low``,
    ``complete_high``, ``expected`` final number and its prediction interval ``low``, ``high``.
    `delays` has one row per delay: ``delay``, ``n`` cases, ``of`` cases of the months seen that
    long with this delay or a shorter one, ``known`` (share known after this delay). Both are of
    the cases that come within `max_delay` months. `dispersion`: variance of the cells over
    Poisson, at least 1; it widens all intervals. `few`: fewer than 20 cases.
    """

    months: pd.DataFrame
    delays: pd.DataFrame
    max_delay: int
    n: int
    dispersion: float
    few: bool


def delay_triangle(counts: pd.DataFrame, *, last: int, max_delay: int) -> pd.DataFrame:
    """Cases by origin month and delay in months; NaN where the delay has not been reached.

    Parameters
    ----------
    counts : ``origin`` (month number of the event), ``delay`` (month of the report less that of
        the event, 0 in the same month), ``n`` cases; cases reported after month `last` are left
        out, those before their event are an error
    last : number of the last complete month
    max_delay : longest delay looked at; later cases are left out, so a share is one of the cases
        that come within it. Delays that no month has reached are not in the triangle.

    Returns
    -------
    DataFrame, one row per origin month from the first with a case to `last`, one column per delay
        Its cumulative sum along the rows is what `nowcast.chain_ladder` takes.

    >>> counts = pd.DataFrame({"origin": [0, 0, 1], "delay": [0, 1, 0], "n": [4, 2, 5]})
    >>> delay_triangle(counts, last=1, max_delay=1).to_numpy().tolist()
    [[4.0, 2.0], [5.0, nan]]
    """
    if max_delay < 0:
        raise DataError(f"`max_delay` must not be negative; found {max_delay!r}.")
    if (counts["delay"] < 0).any():
        raise DataError(
            f"{(counts['delay'] < 0).sum()} rows of `counts` are reported before their event; "
            "correct one of the dates or leave them out."
        )
    rows = counts[(counts["delay"] <= max_delay) & (counts["origin"] + counts["delay"] <= last)]
    first = int(rows["origin"].min()) if len(rows) else last + 1
    longest = max(min(max_delay, last - first), 0)
    rows = rows[rows["delay"] <= longest]
    origins, delays = np.arange(first, last + 1), np.arange(longest + 1)
    cells = np.zeros((origins.size, delays.size))
    np.add.at(cells, (rows["origin"].to_numpy(int) - first, rows["delay"].to_numpy(int)), rows["n"])
    cells[origins[:, None] + delays > last] = np.nan
    frame = pd.DataFrame(cells, index=pd.Index(origins, name="origin"), columns=delays)
    return frame.rename_axis(columns="delay")


def completeness(triangle: pd.DataFrame, *, level: float = 0.95) -> Completeness:
    """Completeness of every month of a `delay_triangle`, and the cases still to come.

    The share of cases with delay d among those with delay d or less is a proportion, whatever
    the size of the months; the share known after a delay is the product of one minus the later
    ones (Lagakos, Barraj and De Gruttola 1988, Biometrika 75:515; Kalbfleisch and Lawless 1989,
    J. Am. Stat. Assoc. 84:360). It equals the chain ladder, which is the Poisson maximum
    likelihood. Unlike Mack's error its interval holds with empty cells too: each proportion has a
    beta distribution, with half a case added on both sides (up to the first delay that no case
    has had), and the product the beta distribution of the same mean and variance. The number still
    to come is gamma-Poisson given what is known. Months older than any delay seen are complete.
    The delays are taken to have stayed the same over the months of the triangle.
    """
    cells = triangle.to_numpy(dtype=float)
    known = np.isfinite(cells)
    counts = np.nan_to_num(cells)
    n, of = _proportions(counts, known)
    with np.errstate(divide="ignore", invalid="ignore"):
        stay = np.where(of > 0, 1 - n / of, 1.0)
    after = np.append(stay[1:][::-1].cumprod()[::-1], 1.0) if stay.size else stay
    age = known.sum(axis=1) - 1
    dispersion = _dispersion(counts, known, after, age)
    a, b = _beta(n, of, dispersion)
    tail = (1 - inputs.share(level, name="level")) / 2
    months = pd.DataFrame({"origin": triangle.index, "age": age, "known": counts.sum(axis=1)})
    months = months.astype({"known": "int64"})
    final = age >= min(np.flatnonzero(n > 0).max(initial=0) + 1, cells.shape[1] - 1)
    share = after[age]
    low, high = stats.beta.ppf(tail, a[age], b[age]), stats.beta.isf(tail, a[age], b[age])
    months["complete"] = share
    months["complete_low"] = np.where(final, 1.0, np.minimum(low, share))
    months["complete_high"] = np.where(final, 1.0, np.maximum(high, share))
    ahead = [
        (k, k, k) if done else _to_come(k, s, x, y, dispersion, tail)
        for k, done, s, x, y in zip(months["known"], final, share, a[age], b[age], strict=True)
    ]
    columns = ["expected", "low", "high"]
    months[columns] = np.array(ahead, dtype=float).reshape(-1, 3)
    delays = pd.DataFrame({"delay": triangle.columns, "n": n, "of": of, "known": after})
    total = int(counts.sum())
    return Completeness(months, delays, cells.shape[1] - 1, total, dispersion, total < FEW_CASES)


def _proportions(counts: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cases with each delay, and cases with at most it, of the months in which it is seen."""
    upto = counts.cumsum(axis=1)
    return counts.sum(axis=0), (upto * known).sum(axis=0)


def _beta(n: np.ndarray, of: np.ndarray, dispersion: float) -> tuple[np.ndarray, np.ndarray]:
    """Beta distribution of the share known after each delay, by the moments of a product."""
    longest = np.flatnonzero(n > 0).max(initial=0)
    spare = np.where(np.arange(n.size) <= longest + 1, JEFFREYS, 0.0)
    stay, leave = (of - n + spare) / dispersion, (n + spare) / dispersion
    size = np.maximum(stay + leave, 1e-9)
    first = np.where(stay + leave > 0, stay / size, 1.0)
    second = first * (stay + 1) / (size + 1)
    mean, square = (
        np.append(m[1:][::-1].cumprod()[::-1], 1.0) if m.size else m for m in (first, second)
    )
    variance = np.maximum(square - mean**2, 1e-12)
    total = np.maximum(mean * (1 - mean) / variance - 1, 1e-6)
    return np.maximum(mean * total, 1e-6), np.maximum((1 - mean) * total, 1e-6)


def _dispersion(counts: np.ndarray, known: np.ndarray, after: np.ndarray, age: np.ndarray) -> float:
    """Pearson's statistic of the cells over its degrees of freedom, at least 1."""
    share = np.diff(after, prepend=0.0)
    final = counts.sum(axis=1) / np.where(after[age] > 0, after[age], 1.0)
    mean = final[:, None] * share
    used = known & (mean > 0)
    free = used.sum() - (final > 0).sum() - (share > 0).sum() + 1
    if free <= 0:
        return 1.0
    pearson = ((counts[used] - mean[used]) ** 2 / mean[used]).sum() / free
    bias = ((counts[used] - mean[used]) / mean[used]).mean()  # Fletcher 2012, Biometrika 99:230
    return float(max(pearson / max(1 + bias, 0.1), 1.0))


def _to_come(
    known: int, share: float, a: float, b: float, dispersion: float, tail: float
) -> tuple[float, float, float]:
    """Final number of a month's cases and its interval, given those known and their share.

    The rate of the month is gamma distributed given the known cases; the odds (1 - share) / share
    have the mean and variance that follow from the beta distribution of the share.
    """
    expected = known / share if share > 0 else np.nan
    a, cases = max(a, 2.5), known + JEFFREYS
    odds = (a + b - 1) / (a - 1) - 1
    square = (a + b - 1) * (a + b - 2) / ((a - 1) * (a - 2)) - 2 * (odds + 1) + 1
    mean = cases * odds
    variance = dispersion * (mean + cases * square) + cases**2 * max(square - odds**2, 0.0)
    low, high = gamma_poisson_interval(mean, max(variance - mean, 0.0), tail=tail)
    return expected, min(known + low, expected), max(known + high, expected)
