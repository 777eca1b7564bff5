"""How long units last: the Weibull distribution, from units that failed and units that have not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy import optimize, special, stats
from yardsticks.weibull import Profile, Rows, read_rows

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers

FEW_FAILURES = 10  # below it intervals hold only roughly, and the shape is biased upward by > 10 %
_SHAPES = (-4.0, 6.0)  # range of log(beta) searched: 0.02 to 400
_SAME = 1e-9  # failures closer than this share of each other tell no shape


@dataclass(frozen=True)
class Weibull:
    """A fitted life distribution: failed by t = 1 - exp(-(t / eta) ** beta).

    `eta` is the characteristic life (63.2 % failed), in the unit of the durations; `beta` the
    shape: below 1 early failures, near 1 chance, above 1 wear. `problem` is "" when the fit can
    be read as it is, and "few failures" when its intervals are rough (`n_failed` below 10). There
    is no fit, and its numbers are NaN, with "no failures", with "one age only" (all failures at
    the highest age seen, so that no shape is too steep) and with "no shape" (late entries leave
    no shape too flat). Without failures `eta_low` is still known if a shape was assumed.
    """

    eta: float
    beta: float
    eta_low: float
    eta_high: float
    beta_low: float
    beta_high: float
    loglik: float
    n: float
    n_failed: float
    level: float
    interval: str
    problem: str
    covariance: np.ndarray = field(repr=False)  # of log(eta), log(beta)

    @property
    def mu(self) -> float:
        """log(eta): the location of log life (smallest extreme value distribution)."""
        return float(np.log(self.eta))

    @property
    def sigma(self) -> float:
        """1 / beta: the scale of log life."""
        return 1 / self.beta

    def failed(self, time: Numbers, *, level: float | None = None) -> pd.DataFrame:
        """Share failed by each `time`: ``time``, ``failed``, ``low``, ``high`` (0 to 1).

        Wald intervals for log(-log(1 - share)), which is linear in log time.
        """
        t = inputs.counts(time, name="time").reshape(-1)
        with np.errstate(divide="ignore"):
            x = np.log(t) - np.log(self.eta)
            u = self.beta * x
        spread = self._spread(np.full_like(u, -self.beta), u)
        spread = np.where(t > 0, spread, 0.0)
        z = stats.norm.isf((1 - (level or self.level)) / 2)
        shares = [-np.expm1(-np.exp(u + d * z * spread)) for d in (0, -1, 1)]
        return pd.DataFrame(dict(zip(("time", "failed", "low", "high"), [t, *shares], strict=True)))

    def life(self, share: Numbers, *, level: float | None = None) -> pd.DataFrame:
        """Time by which a `share` has failed (0.1 gives B10): ``share``, ``life``, its interval.

        Wald intervals for log life, columns ``low``, ``high``.
        """
        p = inputs.counts(share, name="share").reshape(-1)
        if ((p <= 0) | (p >= 1)).any():
            raise DataError(f"`share` must lie between 0 and 1; found {share!r}.")
        y = np.log(-np.log1p(-p)) / self.beta
        spread = self._spread(np.ones_like(y), -y)
        z = stats.norm.isf((1 - (level or self.level)) / 2)
        lives = [self.eta * np.exp(y + d * z * spread) for d in (0, -1, 1)]
        columns = ("share", "life", "low", "high")
        return pd.DataFrame(dict(zip(columns, [p, *lives], strict=True)))

    def _spread(self, of_eta: np.ndarray, of_beta: np.ndarray) -> np.ndarray:
        """Standard error of a function with these derivatives in log(eta), log(beta)."""
        slopes = np.stack([of_eta, np.where(np.isfinite(of_beta), of_beta, 0.0)])
        return np.sqrt(np.einsum("in,ij,jn->n", slopes, self.covariance, slopes))


def fit_weibull(
    durations: Numbers,
    observed: Numbers,
    *,
    entry: Numbers = 0.0,
    weights: Numbers = 1.0,
    level: float = 0.95,
    interval: Literal["likelihood", "wald"] = "likelihood",
    assumed_beta: float | None = None,
) -> Weibull:
    """Fit a Weibull distribution by maximum likelihood.

    Parameters
    ----------
    durations : age of each unit at its failure, or at the end of its observation; above 0
    observed : True where the unit failed, False where it was still working (right censoring)
    entry : age from which a unit would have been seen to fail (left truncation); units that
        failed younger are not in the data. 0 is from the beginning.
    weights : number of units that each row stands for
    interval : "likelihood" inverts the likelihood-ratio test, the better one for few failures;
        "wald" is the normal approximation for log(eta) and log(beta)
    assumed_beta : without failures, the shape with which the lower bound of `eta` is stated: the
        life at which no failure would still be seen with probability 1 - `level` (Nelson 1985,
        J. Qual. Technol. 17:140)

    The likelihood is maximised in beta alone, as the best eta for a beta is known. Meeker and
    Escobar 1998, Statistical Methods for Reliability Data, sections 8.2 to 8.4 and 11.6.

    >>> fit = fit_weibull([1.0, 2.0, 3.0, 3.0], [True, True, True, False])
    >>> round(fit.eta, 3), round(fit.beta, 3), fit.problem
    (2.757, 2.445, 'few failures')
    """
    inputs.share(level, name="level")
    rows = read_rows(durations, observed, entry, weights)
    if rows.d == 0:
        return _unfitted(rows, level, interval, "no failures", assumed_beta)
    profile = Profile(rows)
    shape = _best_shape(profile)
    if isinstance(shape, str):
        return _unfitted(rows, level, interval, shape, None)
    scale = profile.scale(shape)
    covariance = profile.covariance(scale, shape)
    bounds = _likelihood_bounds if interval == "likelihood" else _wald_bounds
    (el, eh), (bl, bh) = bounds(profile, scale, shape, covariance, level)
    few = "few failures" if rows.d < FEW_FAILURES else ""
    unit = rows.unit
    return Weibull(
        *(float(np.exp(scale) * unit), float(np.exp(shape))),
        *(el * unit, eh * unit, bl, bh),
        loglik=float(profile.loglik(scale, shape) - rows.d * np.log(unit)),
        n=rows.n,
        n_failed=rows.d,
        level=level,
        interval=interval,
        problem=few,
        covariance=covariance,
    )


def _best_shape(profile: Profile) -> float | str:
    """The log(beta) of the highest profile likelihood; where it grows without end, the reason."""
    failed = profile.rows.log_time[profile.rows.failed > 0]
    if failed.max() - failed.min() < _SAME and failed.max() > -_SAME:
        return "one age only"  # and nothing seen beyond it
    grid = np.linspace(*_SHAPES, 41)
    score = np.array([profile.score(x) for x in grid])
    down = np.flatnonzero((score[:-1] > 0) & (score[1:] <= 0))
    if not down.size:
        return "one age only" if score[-1] > 0 else "no shape"
    roots = [optimize.brentq(profile.score, grid[i], grid[i + 1], xtol=1e-12) for i in down]
    return float(max(roots, key=lambda x: profile.loglik(profile.scale(x), x)))


def _wald_bounds(
    profile: Profile, scale: float, shape: float, covariance: np.ndarray, level: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    z = stats.norm.isf((1 - level) / 2)
    half = z * np.sqrt(np.diag(covariance))
    return tuple(
        (float(np.exp(x - h)), float(np.exp(x + h)))
        for x, h in zip((scale, shape), half, strict=True)
    )


def _likelihood_bounds(
    profile: Profile, scale: float, shape: float, covariance: np.ndarray, level: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where twice the fall of the profile likelihood reaches the chi-square quantile."""
    limit = profile.loglik(scale, shape) - stats.chi2.ppf(level, 1) / 2
    step = np.sqrt(covariance[1, 1])

    def spare(x: float) -> float:
        return profile.loglik(profile.scale(x), x) - limit

    low, high = (_crossing(spare, shape, sign * step) for sign in (-1, 1))

    def edge(x: float, branch: int) -> float:
        """The lowest (branch -1) or highest (0) log(eta) inside the limit at this log(beta)."""
        # e^v - v with v = beta (best log(eta) - log(eta)); at 1 the two branches would meet
        fall = 1 + max(spare(x) / profile.rows.d, 1e-9)
        v = -fall - special.lambertw(-np.exp(-fall), branch).real
        return float(profile.scale(x) - v / np.exp(x))

    edges = [_extreme(lambda x, k=k, s=s: s * edge(x, k), low, high) for k, s in ((-1, 1), (0, -1))]
    eta = float(np.exp(edges[0])), float(np.exp(-edges[1]))
    return eta, (float(np.exp(low)), float(np.exp(high)))


def _extreme(height: Callable[[float], float], low: float, high: float) -> float:
    """The lowest value between two points: a grid, then a search around its best."""
    grid = np.linspace(low, high, 25)
    best = int(np.argmin([height(x) for x in grid]))
    around = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = optimize.minimize_scalar(height, bounds=around, method="bounded")
    return float(found.fun)


def _crossing(height: Callable[[float], float], start: float, step: float) -> float:
    """The point from `start` in the direction of `step` where `height` falls to 0, in range."""
    near, far = start, start
    while _SHAPES[0] < far < _SHAPES[1]:
        near, far = far, float(np.clip(far + 2 * step, *_SHAPES))
        if height(far) <= 0:
            return float(optimize.brentq(height, near, far, xtol=1e-9))
    return far


def _unfitted(
    rows: Rows, level: float, interval: str, problem: str, assumed_beta: float | None
) -> Weibull:
    low = np.nan
    if assumed_beta is not None and rows.n:
        beta = inputs.numbers(assumed_beta, name="assumed_beta")
        seen = float(rows.weight @ (np.exp(beta * rows.log_time) - np.exp(beta * rows.log_entry)))
        low = float(rows.unit * (seen / -np.log(1 - level)) ** (1 / beta))
    unknown = [np.nan] * 2
    return Weibull(
        *unknown,
        eta_low=low,
        eta_high=np.inf if low == low else np.nan,
        beta_low=np.nan,
        beta_high=np.nan,
        loglik=np.nan,
        n=rows.n,
        n_failed=rows.d,
        level=level,
        interval=interval,
        problem=problem,
        covariance=np.full((2, 2), np.nan),
    )
