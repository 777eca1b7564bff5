"""A quasi-Poisson model of level, trend and season, for one series of counts or for many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from aftersales.stats.counts.more_than_expected import tails
from aftersales.stats.counts.poisson import deviance, dispersion, solve_scores

LARGEST_ORDER = 6  # harmonics; with 12 periods a cycle these are as free as one level per month
PERIODS_PER_PARAMETER = 2.5  # least history behind each parameter of the model
CASES_PER_PARAMETER = 5.0
GATE = 0.2  # p below which a season is allowed for; calling a series seasonal needs much less
PASSES = 2  # over the outliers: one may hide another
OUTLIER = 3.0  # sd, on the scale of the tail, beyond which a past period is given less weight
NEAR = 1.5  # sd below which no count can be an outlier
FEW_DF = 3  # below which nothing is called an outlier


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
) -> SeasonalRate:
    """`fit_seasonal_rates` of one series; `least` is two cycles unless given."""
    fewest = np.array([2 * period if least is None else least])
    rows = count[None], exposure[None]
    return fit_seasonal_rates(*rows, period=period, degree=degree, least=fewest, robust=robust)[0]


def fit_seasonal_rates(
    count: np.ndarray,
    exposure: np.ndarray,
    *,
    period: int = 12,
    degree: int = 0,
    least: np.ndarray,
    robust: bool = False,
) -> list[SeasonalRate]:
    """Level, trend if asked for, and as many harmonics as the history supports, of every row.

    A season enters when an F test finds one at p < 0.2: of two harmonics, and with three
    cycles also of a free level per month, at twice the smaller p. Its number of harmonics has
    the smallest quasi-AICc (Lebreton et al. 1992, Ecol. Monogr. 62:67). `robust` gives past
    outliers less weight (Farrington et al. 1996, J. R. Stat. Soc. A 159:547).

    Parameters
    ----------
    count, exposure : a row per series, a column per period; exposure 0 is not observed. Every row
        must hold a case where it has exposure.
    degree : of the trend, 0 for none
    least : of each row, the number of observed periods below which no season is tried

    >>> y = np.array([[4.0, 6.0, 5.0, 5.0], [9.0, 11.0, 10.0, 0.0]])
    >>> size = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0]])
    >>> fits = fit_seasonal_rates(y, size, least=np.array([24, 24]))
    >>> [round(float(np.exp(fit.beta[0])), 6) for fit in fits]
    [5.0, 10.0]
    """
    used = exposure > 0
    rows = _Rows(np.where(used, count, 0.0), np.where(used, exposure, 0.0), used, period, degree)
    top = rows.top(np.asarray(least))
    weight = _outlier_weights(rows, top) if robust else np.ones(used.shape)
    fits = {
        k: rows.fit(weight, np.flatnonzero(top >= k), k) for k in range(int(top.max(initial=0)) + 1)
    }
    p = _season_p(fits, top, cycles=used.sum(1) / max(period, 1))
    return _models(rows, fits, _chosen(fits, top, p, used), p)


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


@dataclass(frozen=True)
class _Fits:
    """One order of the season fitted to some rows; all arrays have a row for each of them."""

    rows: np.ndarray
    beta: np.ndarray
    mu: np.ndarray
    information: np.ndarray
    dispersion: np.ndarray
    df: np.ndarray
    deviance: np.ndarray


@dataclass(frozen=True)
class _Rows:
    """Series side by side, one in each row; both 0 where not `used`."""

    y: np.ndarray
    size: np.ndarray
    used: np.ndarray
    period: int
    degree: int

    def top(self, least: np.ndarray) -> np.ndarray:
        """The largest number of harmonics that each history can carry."""
        usable, cases = self.used.sum(1), self.y.sum(1)
        room = np.minimum(usable / PERIODS_PER_PARAMETER, cases / CASES_PER_PARAMETER)
        orders = np.arange(1, min(LARGEST_ORDER, self.period // 2) + 1)
        size = 1 + self.degree + 2 * orders - (2 * orders == self.period)
        fitting = (size[None] <= room[:, None]).sum(1)
        return np.where((usable >= least) & (self.period >= 2) & (cases > 0), fitting, 0)

    def fit(self, weight: np.ndarray, rows: np.ndarray, order: int) -> _Fits:
        """Some of the rows with a season of `order` harmonics."""
        y, size, used, w = (part[rows] for part in (self.y, self.size, self.used, weight))
        n = y.shape[1]
        x = _terms(np.arange(n), n, self.period, self.degree, order)
        beta, mu = solve_scores(x, y, size, w * used)
        df = np.maximum(used.sum(1) - x.shape[1], 0)
        information = (w * mu) @ (x[:, :, None] * x[:, None, :]).reshape(n, -1)
        return _Fits(
            *(rows, beta, mu, information.reshape(len(rows), x.shape[1], x.shape[1])),
            *(dispersion(y, mu, w, used, df), df, deviance(y, mu, w, used)),
        )


def _outlier_weights(rows: _Rows, top: np.ndarray) -> np.ndarray:
    """1 for a usual period, less for one far above what every model of the others expects."""
    weight = np.ones(rows.y.shape)
    for _ in range(PASSES):
        found = np.zeros(rows.y.shape)
        for order, at in ((0, np.arange(len(top))), (2, np.flatnonzero(top >= 2))):
            if at.size:
                fit = rows.fit(weight, at, order)
                alone = _outlier_weight(rows.y[at], rows.used[at], fit, weight[at])
                found[at] = np.maximum(found[at], alone)
        if (found == weight).all():
            break
        weight = found
    return weight


def _outlier_weight(y: np.ndarray, used: np.ndarray, fit: _Fits, w: np.ndarray) -> np.ndarray:
    """Weight 1 / z^2 for a count z > 3 sd above its mean, the sd judged from the others."""
    df = fit.df[:, None]
    mu = np.where(used, fit.mu, 1.0)
    square = np.where(used, w * (y - mu) ** 2 / mu, 0.0)
    noise = np.maximum((square.sum(1, keepdims=True) - square) / np.maximum(df - 1, 1), 1.0)
    mean = np.where(used, fit.mu, 0.0).sum(1, keepdims=True) / used.sum(1, keepdims=True)
    high = used & (df >= FEW_DF) & (y - mu > NEAR * np.sqrt(mu * noise))
    result = np.ones(y.shape)
    if high.any():
        noise, at = noise[high], np.broadcast_to(df, y.shape)[high]
        mean = np.broadcast_to(mean, y.shape)[high]
        upper, _ = tails(y[high], mu[high], np.zeros(noise.size), noise)
        z = stats.norm.isf(np.clip(upper, 1e-300, 1))
        tail = stats.t.sf(z, _noise_df(noise, mean, at))
        z = stats.norm.isf(np.clip(tail, 1e-300, 1))
        result[high] = np.where(z > OUTLIER, 1 / np.maximum(z, 1) ** 2, 1.0)
    return result


def _noise_df(noise: np.ndarray, mean: np.ndarray, df: np.ndarray) -> np.ndarray:
    kurtosis = 6 * (noise - 1) / mean + 1 / (noise * mean)
    return np.maximum(2 * df / (2 + kurtosis), 2.0)


def _season_p(fits: dict[int, _Fits], top: np.ndarray, *, cycles: np.ndarray) -> np.ndarray:
    """p of "no season" of each row; NaN where none is tried."""
    tried = np.full((len(fits), len(top)), np.nan)
    for k in range(1, len(fits)):
        rows = fits[k].rows
        wanted = (k == np.minimum(top[rows], 2)) | ((k == top[rows]) & (cycles[rows] >= 2.5))
        p = _f_test(fits[0], fits[k], rows)
        tried[k, rows[wanted]] = p[wanted]
    with np.errstate(invalid="ignore"):
        return np.minimum(np.nanmin(tried, axis=0, initial=np.inf) * np.isfinite(tried).sum(0), 1.0)


def _f_test(small: _Fits, large: _Fits, rows: np.ndarray) -> np.ndarray:
    """`rows` are those of `large`; `small` has all of them."""
    df = small.df[rows] - large.df
    fine = (df >= 1) & (large.df >= 1)
    gain = np.maximum(small.deviance[rows] - large.deviance, 0.0)
    f = gain / np.maximum(df, 1) / np.where(fine, large.dispersion, 1.0)
    return np.where(fine, stats.f.sf(f, np.maximum(df, 1), np.maximum(large.df, 1)), np.nan)


def _chosen(fits: dict[int, _Fits], top: np.ndarray, p: np.ndarray, used: np.ndarray) -> np.ndarray:
    """The number of harmonics with the smallest quasi-AICc; 0 where no season is found."""
    noise = np.ones(len(top))
    for k, fit in fits.items():
        full = top[fit.rows] == k
        noise[fit.rows[full]] = fit.dispersion[full]
    score = np.full((len(fits), len(top)), np.inf)
    for k in range(1, len(fits)):
        fit, n = fits[k], used[fits[k].rows].sum(1)
        size = n - fit.df + 1
        correction = 2 * size * (size + 1) / np.maximum(n - size - 1, 1)
        score[k, fit.rows] = fit.deviance / noise[fit.rows] + 2 * size + correction
    return np.where((top > 0) & (p < GATE), score.argmin(axis=0), 0)


def _models(
    rows: _Rows, fits: dict[int, _Fits], chosen: np.ndarray, p: np.ndarray
) -> list[SeasonalRate]:
    """The chosen fit of each row."""
    found: dict[int, SeasonalRate] = {}
    for k, fit in fits.items():
        for at in np.flatnonzero(chosen[fit.rows] == k):
            row = int(fit.rows[at])
            scale = float(fit.dispersion[at]) if np.isfinite(fit.dispersion[at]) else 1.0
            means = np.where(rows.used[row], fit.mu[at], np.nan)
            found[row] = SeasonalRate(
                *(fit.beta[at], np.linalg.pinv(fit.information[at], hermitian=True) * scale),
                *(rows.y.shape[1], rows.period, rows.degree, k),
                *(float(p[row]) if np.isfinite(p[row]) else np.nan, scale),
                *(int(fit.df[at]), float(fit.deviance[at])),
                *((rows.y[row] - means) / np.sqrt(means), means),
            )
    return [found[row] for row in range(len(chosen))]
