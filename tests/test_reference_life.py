"""Life and nowcast against published numbers, each with its source and printed precision."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from yardsticks.life import fit_weibull
from yardsticks.nowcast import chain_ladder
from yardsticks.recurrence import mean_cumulative


def test_weibull_fit_matches_the_shock_absorbers_of_meeker_and_escobar():
    # Meeker and Escobar 1998, Statistical Methods for Reliability Data, p. 630: 38 distances, 11
    # failures. Estimates and 90 % intervals: R package weibulltools (printed to 7 decimals).
    failed = [6700, 9120, 12200, 13150, 14300, 17520, 20100, 20900, 22700, 26510, 27490]
    working = [
        *(6950, 7820, 8790, 9660, 9820, 11310, 11690, 11850, 11880, 12140, 12870, 13330, 13470),
        *(14040, 17540, 17890, 18450, 18960, 18980, 19410, 20100, 20150, 20320, 23490, 27410),
        *(27890, 28100),
    ]
    fit = fit_weibull([*failed, *working], [True] * 11 + [False] * 27, level=0.9, interval="wald")

    assert (fit.eta, fit.beta) == pytest.approx((27718.7, 3.1605), rel=2e-5)
    assert fit.loglik == pytest.approx(-123.9954, abs=5e-4)
    assert np.log([fit.eta_low, fit.eta_high]) == pytest.approx([10.0491, 10.4106], abs=1e-4)
    assert (1 / fit.beta_high, 1 / fit.beta_low) == pytest.approx((0.21630, 0.46284), abs=1e-4)


def test_weibull_fit_matches_the_ball_bearings_of_lieblein_and_zelen():
    # Lieblein and Zelen 1956, J. Res. NBS 57:273: 23 bearings; textbooks print 81.9 and 2.10.
    million = [
        *(17.88, 28.92, 33.0, 41.52, 42.12, 45.6, 48.4, 51.84, 51.96, 54.12, 55.56, 67.8),
        *(68.64, 68.64, 68.88, 84.12, 93.12, 98.64, 105.12, 105.84, 127.92, 128.04, 173.4),
    ]
    fit = fit_weibull(million, [True] * 23)

    assert (fit.eta, fit.beta) == pytest.approx((81.8746, 2.10185), rel=5e-6)
    assert fit.loglik == pytest.approx(-113.691959, abs=1e-6)


def test_mean_cumulative_function_matches_the_five_systems():
    # ReliaWiki, Recurrent Event Data Analysis, and the documentation of the Python package
    # `reliability`; the robust variance is recomputed from Lawless and Nadeau 1995.
    repairs = {1: [5, 10, 15, 17], 2: [6, 13, 17, 19], 3: [12, 20, 25, 26], 4: [13, 15, 24]}
    repairs[5] = [16, 22, 25, 28]
    ends = pd.Series({system: ages[-1] for system, ages in repairs.items()})
    events = [(age, system) for system, ages in repairs.items() for age in ages[:-1]]
    found = mean_cumulative(*zip(*events, strict=True), ends=ends).set_index("time")

    mcf = [0.2, 0.4, 0.6, 0.8, 1.2, 1.6, 1.8, 2.0, 2.33333, 2.66667, 3.66667]
    assert found["mcf"].tolist() == pytest.approx(mcf, abs=1e-5)
    independent = [*(0.032, 0.064, 0.096, 0.128, 0.192, 0.256, 0.288, 0.32)]
    independent += [0.394074, 0.468148, 0.718148]
    assert found["variance_independent"].tolist() == pytest.approx(independent, abs=1e-6)
    robust = [0.032, 0.048, 0.128, 0.112, 0.112, 0.208, 0.112, 0.16, 0.18963, 0.145185, 0.145185]
    assert found["variance_robust"].tolist() == pytest.approx(robust, abs=1e-5)


def test_chain_ladder_matches_mack_1994():
    # Mack 1994, Casualty Actuarial Society Forum, spring, vol. 1: triangle RAA, reserves and
    # standard errors as printed (whole numbers).
    paid = [
        [5012, 8269, 10907, 11805, 13539, 16181, 18009, 18608, 18662, 18834],
        [106, 4285, 5396, 10666, 13782, 15599, 15496, 16169, 16704],
        [3410, 8992, 13873, 16141, 18735, 22214, 22863, 23466],
        [5655, 11555, 15766, 21266, 23425, 26083, 27067],
        [1092, 9565, 15836, 22169, 25955, 26180],
        [1513, 6445, 11702, 12935, 15852],
        [557, 4020, 10946, 12314],
        [1351, 6947, 13112],
        [3133, 5395],
        [2063],
    ]
    cells = [[*row, *[np.nan] * (10 - len(row))] for row in paid]
    found = chain_ladder(pd.DataFrame(cells, index=range(1981, 1991)))

    ibnr = [0, 154, 617, 1636, 2747, 3649, 5435, 10907, 10650, 16339]
    assert found.origins["ibnr"].round().tolist() == ibnr
    error = [0, 206, 623, 747, 1469, 2002, 2209, 5358, 6333, 24566]
    assert found.origins["mack_se"].round().tolist() == error
    assert (round(found.ibnr), round(found.mack_se)) == (52135, 26909)
