"""What the past of many series lets expect in one period: one batch of fits for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

SLOPE_SD = 0.3  # log rate per cycle: a rate that doubles or halves within two cycles is unusual
WAVE_SD = (1.0, 0.3)  # log amplitude of the first and the second harmonic
OUTLIER = 3.0  # sd beyond which a past period, or two neighbours together, is left out
MOST_OUTLIERS = 0.1  # share of the past; more are not outliers but what the series is like
OFF = 2.5  # sd by which the last cycle may differ from the fit before its level counts alone
PASSES = 3  # fits, each without the outliers of the one before
NEWTON = 30
SETTLED = 1e-9
NO_CASE = 1.0  # cases credited to a past without any: a first one is as likely now as before
POISSON = 1 + 1e-6  # dispersion at which the negative binomial is the Poisson for our purpose


@dataclass(frozen=True)
class Baseline:
    """The fit of each series, and its expectation for some periods.

    Attributes
    ----------
    rate : expected cases per exposure, one row per series, one column per period asked for
    error : squared relative standard error of `rate` in the last of these periods
    dispersion : variance over mean around the fit, at least 1, outliers left out
    spread_error : squared relative standard error of `dispersion`
    """

    rate: np.ndarray
    error: np.ndarray
    dispersion: np.ndarray
    spread_error: np.ndarray


def terms(periods: int, *, season: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns of the model (1, time in cycles, two harmonics) and the precision of their priors.

    `season` below 2 gives the level alone. The priors are weak: they keep a handful of cases
    from making a season or a steep trend.
    """
    if season < 2:
        return np.ones((periods, 1)), np.zeros(1)
    t = np.arange(periods) / season
    columns, sds = [np.ones(periods), t], [np.inf, SLOPE_SD]
    for k, sd in enumerate(WAVE_SD, start=1):
        if 2 * k < season:
            columns += [np.cos(2 * np.pi * k * t), np.sin(2 * np.pi * k * t)]
            sds += [sd, sd]
    return np.column_stack(columns), np.array(sds) ** -2.0


def fit_baseline(
    counts: np.ndarray,
    exposure: np.ndarray,
    used: np.ndarray,
    *,
    past: np.ndarray,
    prior: np.ndarray,
    ahead: np.ndarray,
    recent: int = 52,
) -> Baseline:
    """Quasi-Poisson regression of every series on the same terms, by penalised likelihood.

    Outliers of the past (Anscombe residuals, one period or two neighbours together beyond 3 sd;
    Noufaily et al. 2013, Stat. Med. 32:1206) are left out, and what leaving out the upper tail
    takes from mean and variance is given back from the moments of a truncated negative
    binomial. Robust estimating equations: Cantoni and Ronchetti 2001, J. Am. Stat. Assoc. 96:1022.

    Parameters
    ----------
    counts, exposure, used : one row per series, one column per past period
    past : terms of the past periods, one row each; prior : precision of each term's prior
    ahead : terms of the periods to predict
    recent : last periods of the past; where these together are off the fit by more than 2.5 sd,
        the straight trend is not what happened, and the level is set to theirs
    """
    exposed = np.where(used, exposure, 1.0)
    weight = used.astype(float)
    k = past.shape[1]
    noise, lost = np.ones(len(counts)), np.ones(len(counts))
    beta = np.zeros((len(counts), k))
    beta[:, 0] = _crude(counts, exposed, weight)
    for turn in range(PASSES):
        beta, information = _maximise(beta, counts, exposed, weight, past, prior, noise)
        n = np.maximum(weight.sum(1), 1.0)
        mu = exposed * _rate(beta, past, lost)
        level = (weight * mu).sum(1) / n
        square = (weight * (counts - mu) ** 2 / mu).sum(1) / np.maximum(n - k, 1.0)
        if turn:
            noise, lost = _untruncate(square, level, noise)
        else:
            noise = np.maximum(square, 1.0)
        weight = _weights(counts, exposed * _rate(beta, past, lost), noise, used)
    covariance = np.linalg.inv(information) * noise[:, None, None]
    mu = exposed * _rate(beta, past, lost)
    lost = lost / _level_now(*(part[:, -recent:] for part in (counts, mu, weight)), noise)
    error = np.einsum("k,skl,l->s", ahead[-1], covariance, ahead[-1])
    kurtosis = 6 * (noise - 1) / level + 1 / (noise * level)
    return _where_cases(
        Baseline(_rate(beta, ahead, lost), error, noise, (2 + kurtosis) / n), counts, exposed, used
    )


def tail(count: np.ndarray, mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """P(count or more) of a negative binomial with variance = dispersion x mean."""
    noise = np.maximum(dispersion, POISSON)
    upper = special.betainc(np.maximum(count, 1e-300), mean / (noise - 1), 1 - 1 / noise)
    return np.where(count <= 0, 1.0, upper)


def _crude(counts: np.ndarray, exposed: np.ndarray, weight: np.ndarray) -> np.ndarray:
    cases = np.maximum((weight * counts).sum(1), NO_CASE)
    return np.log(cases / np.maximum((weight * exposed).sum(1), 1e-300))


def _rate(beta: np.ndarray, x: np.ndarray, lost: np.ndarray) -> np.ndarray:
    return np.exp(np.clip(beta @ x.T, -200, 200)) / lost[:, None]


def _maximise(
    beta: np.ndarray,
    counts: np.ndarray,
    exposed: np.ndarray,
    weight: np.ndarray,
    x: np.ndarray,
    prior: np.ndarray,
    noise: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Newton's method for all series together; coefficients and information at the end."""
    series, k = beta.shape
    outer = (x[:, :, None] * x[:, None, :]).reshape(len(x), k * k)
    pull = noise[:, None] * prior
    whole = np.ones(series)
    for _ in range(NEWTON):
        mu = weight * exposed * _rate(beta, x, whole)
        slope = (weight * counts - mu) @ x - pull * beta
        information = (mu @ outer).reshape(series, k, k) + pull[:, :, None] * np.eye(k)
        information = information + 1e-9 * np.eye(k)  # a series without cases stays solvable
        step = np.linalg.solve(information, slope[:, :, None])[:, :, 0]
        step /= np.maximum(1.0, np.abs(step).sum(1) / 2)[:, None]  # never more than e^2 at once
        beta = beta + step
        if np.abs(step).max(initial=0) < SETTLED:
            break
    return beta, information


def _weights(counts: np.ndarray, mu: np.ndarray, noise: np.ndarray, used: np.ndarray) -> np.ndarray:
    """0 for outliers; where they are more than a tenth of the past, less weight instead."""
    sd = np.sqrt(noise)[:, None]
    alone = _anscombe(counts, mu) / sd
    out = alone > OUTLIER
    first, second = counts[:, :-1], counts[:, 1:]
    pair = _anscombe(first + second, mu[:, :-1] + mu[:, 1:]) / sd > OUTLIER
    pair &= used[:, :-1] & used[:, 1:]
    out[:, :-1] |= pair & (first > mu[:, :-1])
    out[:, 1:] |= pair & (second > mu[:, 1:])
    many = (out & used).sum(1) > MOST_OUTLIERS * used.sum(1)
    softer = np.minimum(1.0, (OUTLIER / np.maximum(alone, 1e-9)) ** 2)
    return used * np.where(many[:, None], np.where(alone > 0, softer, 1.0), ~out)


def _anscombe(counts: np.ndarray, mu: np.ndarray) -> np.ndarray:
    return 1.5 * (np.cbrt(counts) ** 2 - np.cbrt(mu) ** 2) / mu ** (1 / 6)


def _untruncate(
    square: np.ndarray, level: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Dispersion without the upper tail's loss, and the share of the mean that is left."""
    for _ in range(4):  # the point of truncation depends on the dispersion
        top = np.cbrt(level) ** 2 + OUTLIER * np.sqrt(noise) * level ** (1 / 6) / 1.5
        share, spread = _truncated(np.floor(top**1.5), level, noise)
        noise = np.maximum(square * noise / np.maximum(spread, 0.3 * noise), 1.0)
    return noise, np.clip(share, 0.8, 1.0)


def _truncated(
    top: np.ndarray, mean: np.ndarray, dispersion: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean over `mean`, and mean square distance from `mean` over it, of counts up to `top`."""
    noise = np.maximum(dispersion, POISSON)
    size = mean / (noise - 1)
    kept = 1 - tail(top + 1, mean, noise)
    once = mean * (1 - tail(top, mean + noise - 1, noise))
    twice = mean * (mean + noise - 1) * (1 - tail(top - 1, (size + 2) * (noise - 1), noise))
    spread = (twice + once - 2 * mean * once + mean**2 * kept) / kept
    return once / kept / mean, spread / mean


def _level_now(
    counts: np.ndarray, mu: np.ndarray, weight: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Factor from the fit to the level of these periods; 1 where the fit agrees with them."""
    cases, fitted = (weight * counts).sum(1), np.maximum((weight * mu).sum(1), 1e-9)
    off = np.abs(cases - fitted) > OFF * np.sqrt(noise * fitted)
    return np.where(off & (cases > 0), cases / fitted, 1.0)


def _where_cases(
    fit: Baseline, counts: np.ndarray, exposed: np.ndarray, used: np.ndarray
) -> Baseline:
    """The fit, or one case over the whole past for series that had none."""
    cases = (used * counts).sum(1) > 0
    nothing = NO_CASE / np.maximum((used * exposed).sum(1), 1e-300)
    return Baseline(
        np.where(cases[:, None], fit.rate, nothing[:, None]),
        np.where(cases, fit.error, 1 / NO_CASE),
        np.where(cases, fit.dispersion, 1.0),
        np.where(cases, fit.spread_error, 0.0),
    )
