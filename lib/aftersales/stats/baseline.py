"""What many series of counts let expect, week by week: all fits of a week at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SLOPE_SD = 0.3  # log rate per cycle: a rate that doubles or halves in two years is unusual
WAVE_SD = (1.0, 0.3)  # log amplitude of the first and second harmonic
PASSES = 3  # fits, each with the outliers of the last one weighing less
NEWTON = 25
SETTLED = 1e-9
OUTLIER = 2.58  # Anscombe residual beyond which a past week weighs less (Noufaily et al. 2013)
FEWEST = 7  # weeks behind a fit


@dataclass(frozen=True)
class Baselines:
    """Expectation of each series (rows) for each judged week (columns).

    Attributes
    ----------
    expected : cases; NaN where the history is too short
    previous : cases expected, by the same fit, in each of the `window` weeks before
    error : squared relative standard error of `expected`
    dispersion : variance over mean around the fit, at least 1; df : weeks less parameters
    """

    expected: np.ndarray
    previous: np.ndarray
    error: np.ndarray
    dispersion: np.ndarray
    df: np.ndarray


def design(weeks: int, *, season: int, seasonal: bool) -> tuple[np.ndarray, np.ndarray]:
    """Columns 1, time in cycles and two harmonics, with the precision of each one's prior."""
    t = np.arange(weeks) / max(season, 1)
    if not seasonal:
        return np.ones((weeks, 1)), np.zeros(1)
    columns, sds = [np.ones(weeks), t], [np.inf, SLOPE_SD]
    for k, sd in enumerate(WAVE_SD, start=1):
        if 2 * k < season:
            columns += [np.cos(2 * np.pi * k * t), np.sin(2 * np.pi * k * t)]
            sds += [sd, sd]
    return np.column_stack(columns), np.array(sds) ** -2.0


def fit(y, size, use, x, pull, at, window=1):
    s, k = y.shape[0], x.shape[1]
    outer = (x[:, :, None] * x[:, None, :]).reshape(len(x), k * k)
    weight = use.astype(float)
    total = (weight * y).sum(1)
    phi = np.ones(s)
    beta = np.zeros((s, k))
    with np.errstate(divide="ignore", invalid="ignore"):
        beta[:, 0] = np.log(np.where(total > 0, total, 0.5) / (weight * size).sum(1))
    shift = np.zeros(s)
    for turn in range(PASSES):
        beta, info = _newton(beta, y, size, weight, x, outer, pull, phi)
        mu = size * np.exp(np.minimum(beta @ x.T, 50)) 
        n = weight.sum(1)
        df = np.maximum(n - k, 1)
        safe = np.maximum(mu, 1e-9)
        level = (weight * mu).sum(1) / n
        if turn == 0:
            square = np.where(use, (y - mu) ** 2 / safe, 0.0)
            phi = np.maximum((weight * square).sum(1) / df, 1.0)
            cut = np.full_like(level, np.inf)
        else:
            mu = mu * np.exp(shift)[:, None]
            safe = np.maximum(mu, 1e-9)
            square = np.where(use, (y - mu) ** 2 / safe, 0.0)
            raw = (weight * square).sum(1) / df
            for _ in range(4):
                cut = cutoff(level, phi)
                keep, mean, sq = truncated(cut, level, phi)
                phi = np.maximum(raw * phi / np.maximum(sq / keep, 0.3 * phi) if CORRECT else raw, 1.0)
                shift = -np.log(np.clip(mean, .8, 1)) if CORRECT else 0 * shift
        weight = use * weights(y, safe, phi)
    cov = np.linalg.inv(info + 1e-12 * np.eye(k)) * phi[:, None, None]
    error = np.einsum("k,skl,l->s", at[-1], cov, at[-1])
    rate = np.exp(np.minimum(beta @ at.T + shift[:, None], 50))
    return rate, error, phi, df, beta

CORRECT = True
PAIR = 2.58
CUT1 = 2.58

def cutoff(mu, phi):
    return np.floor((mu ** (2 / 3) + 2 / 3 * CUT1 * np.sqrt(phi) * mu ** (1 / 6)) ** 1.5)

def truncated(q, mu, phi):
    """P(Y<=q), E[Y|Y<=q]/mu, E[(Y-mu)^2 1{Y<=q}]/mu"""
    from scipy import special
    phi = np.maximum(phi, 1 + 1e-6); size = mu / (phi - 1); odds = phi - 1
    cdf = lambda q, a: np.where(q < 0, 0.0, special.betainc(a, np.maximum(q, 0) + 1, 1 / phi))
    p0 = cdf(q, size); e1 = mu * cdf(q - 1, size + 1); e2 = size * (size + 1) * odds**2 * cdf(q - 2, size + 2)
    return p0, e1 / p0 / mu, (e2 + e1 - 2 * mu * e1 + mu**2 * p0) / mu

def weights(y, mu, phi):
    r = phi[:, None] ** -0.5
    a = lambda y, mu: 1.5 * (y ** (2 / 3) - mu ** (2 / 3)) / mu ** (1 / 6) * r
    bad = a(y, mu) > CUT1
    if PAIR:
        pair = a(y[:, 1:] + y[:, :-1], mu[:, 1:] + mu[:, :-1]) > PAIR
        bad[:, 1:] |= pair & (y[:, 1:] > mu[:, 1:])
        bad[:, :-1] |= pair & (y[:, :-1] > mu[:, :-1])
    return (~bad).astype(float)

def _newton(beta, y, size, weight, x, outer, pull, phi):
    s, k = beta.shape
    for _ in range(NEWTON):
        mu = size * np.exp(np.minimum(beta @ x.T, 50))
        slope = (weight * (y - mu)) @ x - (phi[:, None] * pull) * beta
        info = ((weight * mu) @ outer).reshape(s, k, k) + phi[:, None, None] * np.diag(pull)
        step = np.linalg.solve(info + 1e-12 * np.eye(k), slope[:, :, None])[:, :, 0]
        step /= np.maximum(1, np.abs(step).sum(1) / 2)[:, None]
        beta = beta + step
        if np.abs(step).max() < SETTLED:
            break
    return beta, info
