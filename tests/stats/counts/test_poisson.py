"""Poisson regressions of many rows at once."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from aftersales.stats.counts.poisson import deviance, dispersion, solve_scores

MONTHS = np.arange(36)
TERMS = np.column_stack(
    [np.ones(36), MONTHS / 36, np.cos(2 * np.pi * MONTHS / 12), np.sin(2 * np.pi * MONTHS / 12)]
)


@pytest.fixture
def rows(rng):
    """Rare and frequent faults of a growing fleet, some months given less weight."""
    size = np.tile(1000 * np.exp(0.02 * MONTHS), (12, 1))
    mean = size * np.geomspace(0.001, 0.1, 12)[:, None] * rng.gamma(4, 1 / 4, size.shape)
    return rng.poisson(mean).astype(float), size, np.where(rng.random(size.shape) < 0.1, 0.3, 1.0)


def test_every_row_has_the_numbers_of_statsmodels(rows):
    y, size, w = rows

    beta, mu = solve_scores(TERMS, y, size, w)
    spare = deviance(y, mu, w, np.ones(y.shape, dtype=bool))

    for i in range(len(y)):
        other = GLM(y[i], TERMS, family=Poisson(), offset=np.log(size[i]), var_weights=w[i]).fit()
        assert beta[i].tolist() == pytest.approx(other.params.tolist(), abs=1e-6)
        assert mu[i].tolist() == pytest.approx(other.mu.tolist(), rel=1e-6)
        assert spare[i] == pytest.approx(other.deviance, rel=1e-6)


def test_frequent_counts_have_the_dispersion_of_statsmodels_and_rare_ones_fletchers(rows):
    y, size, _ = rows
    even = np.ones_like(y)

    _, mu = solve_scores(TERMS, y, size, even)
    found = dispersion(y, mu, even, even > 0, np.full(len(y), 32))

    plain = ((y - mu) ** 2 / mu).sum(1) / 32
    rare = y.mean(1) < 5
    assert 0 < rare.sum() < len(y)
    assert found[~rare].tolist() == pytest.approx(np.maximum(plain, 1)[~rare].tolist())
    fletcher = plain / (1 + ((y - mu) / mu).mean(1))  # Fletcher 2012, Biometrika 99:230
    assert found[rare].tolist() == pytest.approx(np.maximum(fletcher, 1)[rare].tolist())


def test_a_period_without_exposure_counts_for_nothing(rows):
    y, size, w = rows
    late = size.copy()
    late[:, :7] = 0

    beta, mu = solve_scores(TERMS, np.where(late > 0, y, 0), late, w * (late > 0))
    alone, _ = solve_scores(TERMS[7:], y[:, 7:], size[:, 7:], w[:, 7:])

    np.testing.assert_allclose(beta, alone, atol=1e-9)
    assert (mu[:, :7] == 0).all()


def test_without_degrees_of_freedom_there_is_no_dispersion():
    one = np.ones((1, 2))
    assert np.isnan(dispersion(one, one, one, one > 0, np.array([0]))[0])
