"""The model of level, trend and season."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from aftersales.stats.series.seasonal_rate import (
    fit_seasonal_rate,
    fit_seasonal_rates,
    harmonics,
)

MONTHS = np.arange(36)
WAVE = np.exp(0.6 * np.cos(2 * np.pi * MONTHS / 12))


def series(rng, *, mean=20.0, wave=WAVE, n=1):
    return rng.poisson(mean * wave * rng.gamma(20, 1 / 20, (n, 36))).astype(float)


def test_the_fit_and_its_errors_are_those_of_statsmodels(rng):
    y, size = series(rng)[0], 1000 * np.exp(0.02 * MONTHS)

    model = fit_seasonal_rate(y, size, degree=2)

    time = 2 * MONTHS / 35 - 1
    waves = harmonics(MONTHS, 12, order=model.harmonics)
    terms = np.column_stack([np.ones(36), time, time**2, waves])
    other = GLM(y, terms, family=Poisson(), offset=np.log(size)).fit(scale=model.dispersion)
    assert model.harmonics > 0
    assert model.beta.tolist() == pytest.approx(other.params.tolist(), abs=1e-6)
    assert np.sqrt(np.diag(model.covariance)).tolist() == pytest.approx(other.bse, rel=1e-5)
    assert model.deviance == pytest.approx(other.deviance, rel=1e-6)
    assert model.dispersion == pytest.approx(other.pearson_chi2 / other.df_resid, rel=1e-6)


def test_a_season_is_kept_where_there_is_one_and_left_out_where_not(rng):
    seasonal = fit_seasonal_rates(
        series(rng, n=40), np.ones((40, 36)), least=np.full(40, 24), robust=True
    )
    quiet = fit_seasonal_rates(
        series(rng, wave=1.0, n=200), np.ones((200, 36)), least=np.full(200, 24), robust=True
    )

    assert all(model.harmonics for model in seasonal)
    assert np.mean([model.season_p < 0.01 for model in quiet]) < 0.04


def test_a_history_too_short_or_too_rare_has_no_season(rng):
    rare = np.zeros(36)
    rare[[3, 20]] = 1

    assert fit_seasonal_rate(series(rng)[0][:23], np.ones(23)).harmonics == 0
    assert np.isnan(fit_seasonal_rate(rare, np.ones(36)).season_p)


def test_an_outlier_of_the_past_hardly_moves_a_robust_fit(rng):
    y = series(rng, wave=1.0)[0]
    loud = y.copy()
    loud[10] = 150
    level = {
        robust: fit_seasonal_rate(loud, np.ones(36), period=0, robust=robust).beta[0]
        for robust in (True, False)
    }

    usual = fit_seasonal_rate(y, np.ones(36), period=0).beta[0]
    assert abs(level[True] - usual) < 0.03
    assert level[False] - usual > 0.1


def test_series_that_begin_late_are_fitted_like_short_ones_beside_long_ones(rng):
    y, size = series(rng, n=3), np.ones((3, 36))
    size[1, :10] = 0

    models = fit_seasonal_rates(y, size, least=np.full(3, 18), robust=True)

    alone = fit_seasonal_rate(y[2], size[2], least=18, robust=True)
    assert models[2].beta.tolist() == pytest.approx(alone.beta.tolist(), abs=1e-9)
    assert models[1].df == models[2].df - 10 - 2 * (models[1].harmonics - models[2].harmonics)
    assert np.isnan(models[1].means[:10]).all()
