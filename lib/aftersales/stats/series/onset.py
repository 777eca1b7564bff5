"""When did a rate begin to differ, and did it jump or creep? For a series known to have changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers

SURE = 3.0  # log likelihood by which a jump must beat a creep, or the reverse, to be called one:
#             "strong" evidence of Kass and Raftery 1995, J. Am. Stat. Assoc. 90:773
NEWTON = 30
Shape = Literal["jump", "creep", "unclear"]


@dataclass(frozen=True)
class Onset:
    """The most likely first period of a change; None of the numbers where nothing is to date.

    Attributes
    ----------
    position : first period at the new rate; -1 where no candidate has the wanted direction
    low, high : earliest and latest first period that the data allow, at the level asked for
    shape : "jump" (a step fits clearly better), "creep" (a steady climb or fall from some period
        on does), "unclear"
    """

    position: int
    low: int
    high: int
    shape: Shape


def onset(
    count: Numbers,
    exposure: Numbers,
    *,
    candidates: Sequence[int],
    up: bool,
    dispersion: float = 1.0,
    level: float = 0.95,
) -> Onset:
    """Date one change of a rate, by the likelihood of a step at each candidate.

    One change in a Poisson rate: Worsley 1986, Biometrika 73:91. The confidence set of the date
    holds all candidates whose likelihood ratio to the best is not unusual, by the distribution of
    Hansen 2000, Econometrica 68:575 (also Eo and Morley 2015, Quant. Econ. 6:463). The shape
    compares the best step with the best straight climb of the log rate up to the last period,
    which has as many parameters.

    Parameters
    ----------
    count, exposure : one value per period; the exposure times a seasonal factor for a seasonal
        series
    candidates : possible first periods of the new rate
    up : whether the change is a rise
    dispersion : variance over mean of the counts, at least 1

    >>> found = onset([10] * 12 + [30] * 6, [1] * 18, candidates=range(6, 18), up=True)
    >>> found.position, found.low, found.high, found.shape
    (12, 12, 12, 'jump')
    """
    y, size = inputs.series(count, exposure)
    places = np.asarray(list(candidates), dtype=int)
    if places.size and not (places.min() > 0 and places.max() < y.size):
        raise DataError(
            "`candidates` must lie within the series, after its first period; found "
            f"{places.min()} to {places.max()} of {y.size} periods."
        )
    gain = _step_gain(y, size, places, up) if places.size else np.empty(0)
    if not places.size or not np.isfinite(gain).any():
        return Onset(-1, -1, -1, "unclear")
    best = int(np.argmax(gain))
    off = 2 * (gain[best] - gain) / dispersion
    inside = places[off <= -2 * np.log(1 - np.sqrt(level))]
    climb = _climb_gain(y, size, places, up)
    ahead = (gain[best] - climb.max()) / dispersion
    shape: Shape = "jump" if ahead > SURE else "creep" if ahead < -SURE else "unclear"
    return Onset(int(places[best]), int(inside.min()), int(inside.max()), shape)


def _step_gain(y: np.ndarray, size: np.ndarray, places: np.ndarray, up: bool) -> np.ndarray:
    """Log likelihood ratio of a step at each place to none; -inf in the other direction."""
    cases, units = (np.concatenate([[0.0], np.cumsum(x)]) for x in (y, size))
    sides = [(cases[places], units[places])]
    sides.append((cases[-1] - sides[0][0], units[-1] - sides[0][1]))
    mean = cases[-1] / units[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = sum(special.xlogy(c, c / (u * mean)) for c, u in sides)
        before, after = (c / u for c, u in sides)
    fine = (sides[0][1] > 0) & (sides[1][1] > 0) & ((after > before) == up)
    return np.where(fine, gain, -np.inf)


def _climb_gain(y: np.ndarray, size: np.ndarray, places: np.ndarray, up: bool) -> np.ndarray:
    """Log likelihood ratio of a log rate that climbs from each place to the end."""
    last = y.size - 1
    ramp = np.clip((np.arange(y.size) - places[:, None] + 1) / (last - places[:, None] + 1), 0, 1)
    mean = y.sum() / size.sum()
    beta = np.zeros((places.size, 2))
    for _ in range(NEWTON):
        mu = size * mean * np.exp(np.clip(beta[:, :1] + beta[:, 1:] * ramp, -50, 50))
        rest = y - mu
        slope = np.stack([rest.sum(1), (rest * ramp).sum(1)], axis=1)
        a, b, c = mu.sum(1), (mu * ramp).sum(1), (mu * ramp**2).sum(1)
        det = np.maximum(a * c - b * b, 1e-9)
        step = np.stack([c * slope[:, 0] - b * slope[:, 1], a * slope[:, 1] - b * slope[:, 0]], 1)
        step /= det[:, None]
        step /= np.maximum(1.0, np.abs(step).sum(1))[:, None]
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    mu = size * mean * np.exp(np.clip(beta[:, :1] + beta[:, 1:] * ramp, -50, 50))
    none = size * mean
    gain = (special.xlogy(y, np.where(none > 0, mu / np.maximum(none, 1e-300), 1)) - mu + none).sum(
        1
    )
    return np.where((beta[:, 1] > 0) == up, gain, -np.inf)
