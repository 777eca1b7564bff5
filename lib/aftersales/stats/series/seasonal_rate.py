"""One series of counts with exposure: a quasi-Poisson model of its level, trend and season."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from aftersales.stats.counts.dispersion import dispersion
from aftersales.stats.counts.more_than_expected import tails

LARGEST_ORDER = 6  # harmonics; with 12 periods a cycle these are as free as one level per month
PERIODS_PER_PARAMETER = 2.5  # least history behind each parameter of the model
CASES_PER_PARAMETER = 5.0
GATE = 0.2  # p below which a season is allowed for; calling a series seasonal needs much less
PASSES = 2  # over the outliers: one may hide another
OUTLIER = 3.0  # sd, on the scale of the tail, beyond which a past period is given less weight


@dataclass(frozen=True)
class SeasonalRate:
    """A fitted log rate; the times it knows are period numbers 0, 1, 2 ...

    Attributes
    ----------
    degree : of the trend, 0 for none
    harmonics : of the season, 0 for none
    season_p : p of "no season"; NaN where the history is too short to judge
    dispersion : variance over mean around the fit, at least 1; df : behind it
    residuals : Pearson residuals, for dispersion 1
    """

    beta: np.ndarray
    covariance: np.ndarray  # dispersion included
    periods: int
    period: int
    degree: int
    harmonics: int
    season_p: float
    dispersion: float
    df: int
    deviance: float
    residuals: np.ndarray
    means: np.ndarray  # fitted cases of each period, NaN without exposure

    def predict(self, t: np.ndarray, exposure: np.ndarray) -> tuple[float, float]:
        """Expected cases in the periods `t` together, and its squared relative error."""
        x = _terms(t, self.periods, self.period, self.degree, self.harmonics)
        mu = exposure * np.exp(x @ self.beta)
        total = float(mu.sum())
        if total <= 0:
            return 0.0, 0.0
        gradient = (mu / total) @ x
        return total, float(gradient @ self.covariance @ gradient)

    @property
    def noise_df(self) -> float:
        """Degrees of freedom behind the dispersion, fewer for counts with heavy tails.

        A variance estimated from n values with excess kurtosis k is worth 2 n / (2 + k) normal
        ones; k is that of the negative binomial. Infinite where chance alone explains the
        variation (dispersion 1).
        """
        if self.dispersion <= 1 or self.df <= 0:
            return np.inf
        return float(_noise_df(np.float64(self.dispersion), float(np.nanmean(self.means)), self.df))

    def factor(self, t: np.ndarray) -> np.ndarray:
        """Seasonal factor of the periods `t`, with geometric mean 1 over a cycle."""
        wave = harmonics(np.asarray(t), self.period, order=self.harmonics)
        return np.exp(wave @ self.beta[1 + self.degree :])


def fit_seasonal_rate(
    count: np.ndarray,
    exposure: np.ndarray,
    *,
    period: int = 12,
    degree: int = 0,
    least: int | None = None,
    robust: bool = False,
    gate: float = GATE,
) -> SeasonalRate:
    """Level, trend if asked for, and as many harmonics as the history supports.

    A season enters when an F test finds one at `gate`: of two harmonics, and with three
    cycles also of a free level per month, at twice the smaller p. Its number of harmonics has
    the smallest quasi-AICc (Lebreton et al. 1992, Ecol. Monogr. 62:67). `least` is the number
    of periods below which no season is tried (default two cycles). `robust` gives past outliers
    less weight (Farrington et al. 1996, J. R. Stat. Soc. A 159:547). The series must hold a case.
    """
    least = 2 * period if least is None else least
    orders = _orders(count, exposure, period, degree, least)
    weight = np.ones(count.size)
    if robust:
        weight = _outlier_weights(count, exposure, period, degree, orders)
    fits = {k: _fit(count, exposure, period, degree, k, weight=weight) for k in [0, *orders]}
    if not orders:
        return fits[0]
    p = _season_p(fits, cycles=int((exposure > 0).sum()) / period)
    best = 0
    if p < gate:
        noise = fits[max(fits)].dispersion
        best = min(orders, key=lambda k: _quasi_aicc(fits[k], noise))
    return replace(fits[best], season_p=p)


def harmonics(t: np.ndarray, period: int, *, order: int) -> np.ndarray:
    """Columns sin and cos of 1 to `order` waves per cycle (no sine of half a cycle)."""
    waves = []
    for k in range(1, order + 1):
        waves.append(np.cos(2 * np.pi * k * t / period))
        if 2 * k != period:  # the sine of half a cycle is 0 at every period
            waves.append(np.sin(2 * np.pi * k * t / period))
    return np.column_stack(waves) if waves else np.empty((len(t), 0))


def _terms(t: np.ndarray, periods: int, period: int, degree: int, order: int) -> np.ndarray:
    scaled = 2 * np.asarray(t, dtype=float) / max(periods - 1, 1) - 1
    powers = [scaled**d for d in range(degree + 1)]
    return np.column_stack([*powers, harmonics(np.asarray(t), period, order=order)])


def _orders(
    count: np.ndarray, exposure: np.ndarray, period: int, degree: int, least: int
) -> list[int]:
    """Numbers of harmonics that the history can carry."""
    usable = int((exposure > 0).sum())
    if usable < least or period < 2 or count.sum() == 0:
        return []
    room = min(usable / PERIODS_PER_PARAMETER, count.sum() / CASES_PER_PARAMETER)
    top = min(LARGEST_ORDER, period // 2)
    return [k for k in range(1, top + 1) if 1 + degree + 2 * k - (2 * k == period) <= room]


def _fit(
    count: np.ndarray,
    exposure: np.ndarray,
    period: int,
    degree: int,
    order: int,
    *,
    weight: np.ndarray,
) -> SeasonalRate:
    n = count.size
    x = _terms(np.arange(n), n, period, degree, order)
    used = exposure > 0
    x, y, size, w = x[used], count[used], exposure[used], weight[used]
    df = max(y.size - x.shape[1], 0)
    beta, mu = solve_scores(x, y, size, w)
    noise = dispersion(y, mu, df)
    if (w < 1).any() and df > 0:
        noise = max(float((w * (y - mu) ** 2 / mu).sum()) / df, 1.0)
    information = (x * (w * mu)[:, None]).T @ x
    scale = noise if np.isfinite(noise) else 1.0
    residuals, means = np.full(n, np.nan), np.full(n, np.nan)
    residuals[used], means[used] = (y - mu) / np.sqrt(mu), mu
    return SeasonalRate(
        *(beta, np.linalg.pinv(information, hermitian=True) * scale, n, period, degree, order),
        *(np.nan, scale, df, _deviance(y, mu, w), residuals, means),
    )


def solve_scores(
    x: np.ndarray, y: np.ndarray, size: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted maximum likelihood; a faint pull to 0 keeps months without a case finite."""
    beta = np.zeros(x.shape[1])
    beta[0] = np.log((weight * y).sum() / (weight * size).sum())
    pull = np.diag([0.0] + [1e-9 * max(y.sum(), 1.0)] * (x.shape[1] - 1))
    mu = size * np.exp(x @ beta)
    for _ in range(30):
        slope = x.T @ (weight * (y - mu)) - pull @ beta
        step = np.linalg.solve((x * (weight * mu)[:, None]).T @ x + pull, slope)
        step /= max(1.0, float(np.abs(x @ step).max()) / 2)  # never more than e^2 at once
        beta = beta + step
        mu = np.maximum(size * np.exp(np.clip(x @ beta, -200, 200)), 1e-200)
        if np.abs(step).max() < 1e-9:
            break
    return beta, mu


def _outlier_weights(
    count: np.ndarray, exposure: np.ndarray, period: int, degree: int, orders: list[int]
) -> np.ndarray:
    """1 for a usual period, less for one far above what every model of the others expects."""
    weight = np.ones(count.size)
    for _ in range(PASSES):
        found = np.zeros(count.size)
        for order in (0, *orders[1:2]):
            model = _fit(count, exposure, period, degree, order, weight=weight)
            found = np.maximum(found, _outlier_weight(count, model, weight))
        if (found == weight).all():
            break
        weight = found
    return weight


def _outlier_weight(count: np.ndarray, model: SeasonalRate, weight: np.ndarray) -> np.ndarray:
    """Weight 1 / z^2 for a count z > 3 sd above its mean, the sd judged from the others."""
    if model.df < 3:
        return np.ones(count.size)
    used = np.isfinite(model.means)
    mu, square = model.means[used], model.residuals[used] ** 2
    others = ((weight[used] * square).sum() - weight[used] * square) / (model.df - 1)
    noise = np.maximum(others, 1.0)
    upper, _ = tails(count[used], mu, np.zeros_like(mu), noise)
    z = stats.norm.isf(np.clip(upper, 1e-300, 1))
    z = stats.norm.isf(np.clip(stats.t.sf(z, _noise_df(noise, mu.mean(), model.df)), 1e-300, 1))
    result = np.ones(count.size)
    result[used] = np.where(z > OUTLIER, 1 / np.maximum(z, 1) ** 2, 1.0)
    return result


def _noise_df(noise: np.ndarray, mean: float, df: int) -> np.ndarray:
    kurtosis = 6 * (noise - 1) / mean + 1 / (noise * mean)
    return np.maximum(2 * df / (2 + kurtosis), 2.0)


def _season_p(fits: dict[int, SeasonalRate], *, cycles: float) -> float:
    tried = [k for k in (2, max(fits)) if k in fits and (k <= 2 or cycles >= 2.5)]
    tried = sorted(set(tried)) or [max(fits)]
    p = [_f_test(fits[0], fits[k]) for k in tried]
    return min(1.0, len(p) * min(p))


def _f_test(small: SeasonalRate, large: SeasonalRate) -> float:
    df = small.df - large.df
    if df < 1 or large.df < 1:
        return np.nan
    f = max(small.deviance - large.deviance, 0.0) / df / large.dispersion
    return float(stats.f.sf(f, df, large.df))


def _quasi_aicc(model: SeasonalRate, noise: float) -> float:
    n = int(np.isfinite(model.residuals).sum())
    k = n - model.df + 1
    return model.deviance / noise + 2 * k + 2 * k * (k + 1) / max(n - k - 1, 1)


def _deviance(y: np.ndarray, mu: np.ndarray, weight: np.ndarray) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(y > 0, y * np.log(y / mu), 0.0)
    return float(2 * (weight * (log - (y - mu))).sum())
