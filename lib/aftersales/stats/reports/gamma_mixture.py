"""A mixture of two gammas as the prior of ratios of reports to expected reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.inputs import Numbers

# Shape and rate of both gammas and the share of the first: DuMouchel's own start, and others that
# lie on the far side of the ridges of the likelihood.
STARTS = [
    (0.2, 0.1, 2.0, 4.0, 1 / 3),
    (2.0, 1.0, 2.0, 2.0, 0.2),
    (3.0, 0.5, 2.0, 2.0, 0.1),
    (1.0, 0.3, 10.0, 10.0, 0.05),
    (0.5, 0.5, 50.0, 50.0, 0.5),
]
# Natural logs of shapes and rates, log odds of the share. A shape of 100 lets the ratios of a part
# vary by 10 %: with few pairs the likelihood likes parts of one point, which would be too sure.
LOW = np.array([-11.0, -11.0, -11.0, -11.0, -11.0])
HIGH = np.array([np.log(100.0), 11.0, np.log(100.0), 11.0, 11.0])
FLAT = 1e-6  # slope per pair below which the search has ended
ENOUGH = 1e-6  # log likelihood by which two optima count as the same
STEPS = 60  # of the search for a quantile; it needs about eight


@dataclass(frozen=True)
class GammaMixture:
    """Prior of the ratio of reports to expected reports: share x gamma 1 + (1 - share) x gamma 2.

    Attributes
    ----------
    shape1, rate1, shape2, rate2 : of both gammas; the first has the larger mean
    share : weight of the first
    neg_loglik : at the optimum, of the (zero-truncated) counts
    converged : the search ended where no step is uphill
    at_bound : the ratios of a part vary by 10 % only, or one part is all; that is an answer and
        no failure, but its five numbers are not to be compared with others
    agreed : number of starts, out of `starts`, that ended at this optimum
    """

    shape1: float
    rate1: float
    shape2: float
    rate2: float
    share: float
    neg_loglik: float = float("nan")
    converged: bool = True
    at_bound: bool = False
    agreed: int = 0
    starts: int = 0

    @property
    def mean(self) -> float:
        """Mean ratio of the prior."""
        return self.share * self.shape1 / self.rate1 + (1 - self.share) * self.shape2 / self.rate2

    def posterior(self, count: Numbers, expected: Numbers) -> Posterior:
        """The distribution of each ratio once its count is known."""
        n, e = inputs.series(count, expected)
        one = _log_pmf(n, e, self.shape1, self.rate1) + np.log(self.share)
        two = _log_pmf(n, e, self.shape2, self.rate2) + np.log1p(-self.share)
        return Posterior(
            special.expit(one - two),
            np.stack([n + self.shape1, n + self.shape2]),
            np.stack([e + self.rate1, e + self.rate2]),
        )


@dataclass(frozen=True)
class Posterior:
    """Of each pair, a mixture of two gammas; `share` is the weight of the first (2 x pairs)."""

    share: np.ndarray
    shape: np.ndarray
    rate: np.ndarray

    def geometric_mean(self) -> np.ndarray:
        """Exponential of the mean logarithm: EBGM."""
        logs = special.digamma(self.shape) - np.log(self.rate)
        return np.exp(self.share * logs[0] + (1 - self.share) * logs[1])

    def cdf(self, x: np.ndarray) -> np.ndarray:
        """Probability of a ratio of at most `x`."""
        parts = special.gammainc(self.shape, x * self.rate)
        return self.share * parts[0] + (1 - self.share) * parts[1]

    def quantile(self, q: float) -> np.ndarray:
        """The ratio below which the probability is `q`: Newton steps inside a bracket.

        A quantile of a mixture lies between those of its parts.
        """
        inputs.share(q, name="q")
        parts = special.gammaincinv(self.shape, q) / self.rate
        low, high = parts.min(axis=0), parts.max(axis=0)
        x = np.sqrt(np.maximum(low, 1e-300) * high)
        for _ in range(STEPS):
            off = self.cdf(x) - q
            low, high = np.where(off < 0, x, low), np.where(off < 0, high, x)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                step = x - off / self._density(x)
            inside = (step > low) & (step < high)
            new = np.where(inside, step, (low + high) / 2)
            if np.all(np.abs(new - x) <= 1e-10 * new):
                return new
            x = new
        return x

    def _density(self, x: np.ndarray) -> np.ndarray:
        logs = (
            special.xlogy(self.shape, self.rate)
            + special.xlogy(self.shape - 1, x)
            - self.rate * x
            - special.gammaln(self.shape)
        )
        parts = np.exp(logs)
        return self.share * parts[0] + (1 - self.share) * parts[1]


def fit_gamma_mixture(
    count: Numbers, expected: Numbers, *, zeros: bool = False, weight: Numbers | None = None
) -> GammaMixture:
    """Maximum likelihood of the prior, for counts given that they are not zero.

    Each part is a negative binomial truncated at zero *by itself*, P f1 / (1 - f1(0)) +
    (1 - P) f2 / (1 - f2(0)), as published fits are; truncating the mixture as a whole has another
    optimum. Several starts with exact gradients; see `GammaMixture` for what is reported.
    DuMouchel 1999, Am. Stat. 53:177; DuMouchel and Pregibon 2001, KDD.

    Parameters
    ----------
    count, expected : one per pair; expected above 0
    zeros : the pairs without a report are there too, and nothing is truncated
    weight : pairs that an entry stands for
    """
    n, e = inputs.series(count, expected)
    w = np.ones(n.size) if weight is None else inputs.counts(weight, name="weight")
    if n.size < 2 or (e <= 0).any() or (not zeros and (n <= 0).any()):
        raise DataError(
            "A prior needs at least two pairs, each with an expectation above 0 and, unless "
            "`zeros` is set, with a report."
        )
    both, at = np.unique(np.stack([n, e]), axis=1, return_inverse=True)
    loss = _Loss(both[0], both[1], np.bincount(at.reshape(-1), weights=w), zeros)
    found = [loss.minimise(start) for start in STARTS]
    best = min(found, key=lambda f: f.fun)
    agreed = sum(f.fun <= best.fun + ENOUGH * (1 + abs(best.fun)) for f in found)
    low, high = best.x <= LOW, best.x >= HIGH
    outward = (low & (best.jac > 0)) | (high & (best.jac < 0))
    flat = bool(np.abs(best.jac[~outward]).max(initial=0.0) < FLAT * max(1.0, float(w.sum())))
    a1, b1, a2, b2 = np.exp(best.x[:4])
    share = float(special.expit(best.x[4]))
    if a1 / b1 < a2 / b2:
        a1, b1, a2, b2, share = a2, b2, a1, b1, 1 - share
    sizes = (float(a1), float(b1), float(a2), float(b2), share)
    return GammaMixture(
        *sizes, float(best.fun), flat, bool((low | high).any()), agreed, len(STARTS)
    )


@dataclass(frozen=True)
class _Loss:
    """Minus log likelihood of distinct (count, expectation) pairs and its gradient."""

    n: np.ndarray
    e: np.ndarray
    w: np.ndarray
    zeros: bool

    def minimise(self, start: tuple[float, ...]) -> optimize.OptimizeResult:
        first = np.append(np.log(start[:4]), special.logit(start[4]))
        bounds = list(zip(LOW, HIGH, strict=True))
        fine = {"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-7}
        return optimize.minimize(
            self, first, jac=True, method="L-BFGS-B", bounds=bounds, options=fine
        )

    def __call__(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        a1, b1, a2, b2 = np.exp(theta[:4])
        share = special.expit(theta[4])
        one, d_one = self._part(a1, b1)
        two, d_two = self._part(a2, b2)
        one, two = one - np.log1p(np.exp(-theta[4])), two - np.log1p(np.exp(theta[4]))
        total = np.logaddexp(one, two)
        mine = self.w * np.exp(one - total)
        rest = self.w - mine
        gradient = [*(d_one @ mine * (a1, b1)), *(d_two @ rest * (a2, b2))]
        gradient.append(float(mine.sum() - share * self.w.sum()))
        return -float(self.w @ total), -np.array(gradient)

    def _part(self, a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
        """Log probability of each count in one part, and its derivatives by shape and rate."""
        n, e = self.n, self.e
        log_zero = -a * np.log1p(e / b)
        d_zero = np.stack([-np.log1p(e / b), a * e / (b * (b + e))])
        logs = _log_pmf(n, e, a, b)
        slopes = d_zero + np.stack([special.digamma(a + n) - special.digamma(a), -n / (b + e)])
        if self.zeros:
            return logs, slopes
        seen = -np.expm1(log_zero)  # probability that a pair is reported at all
        return logs - np.log(seen), slopes + np.exp(log_zero) / seen * d_zero


def _log_pmf(n: np.ndarray, e: np.ndarray, a: float, b: float) -> np.ndarray:
    """Log probability of a count that is Poisson with a gamma ratio times its expectation."""
    return (
        special.gammaln(a + n)
        - special.gammaln(a)
        - special.gammaln(n + 1)
        - a * np.log1p(e / b)
        - n * np.log1p(b / e)
    )
