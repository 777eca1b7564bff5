"""Limits from the few periods before."""

from __future__ import annotations

import numpy as np
import pytest

from aftersales.stats.alarms.short_history import ears_limits

STEPS = [1, 2, 3, 4, 5, 6, 7]  # mean 4, standard deviation 2.16


def test_c3_after_two_usual_periods_is_one_sd_above_the_quantile():
    # The three sums of C2 over one standard deviation: the two before add nothing.
    limits = ears_limits([*STEPS, 4, 4, 4, 4, 9], method="C3", alpha=0.025)

    before = [3, 4, 5, 6, 7, 4, 4]
    assert np.isnan(limits[:11]).all()
    assert limits[11] == pytest.approx(np.mean(before) + 2.959964 * np.std(before, ddof=1))


def test_c3_counts_what_the_two_periods_before_were_too_high():
    # Period 10 is 1.5 sd above its mean, half a standard deviation more than one.
    usual = ears_limits([*STEPS, 4, 4, 4, 4, 9], method="C3", alpha=0.025)[11]
    high = 4 + 1.5 * np.std(STEPS, ddof=1)

    raised = ears_limits([*STEPS, 4, 4, high, 4, 9], method="C3", alpha=0.025)[11]

    assert usual - raised == pytest.approx(0.5 * np.std([3, 4, 5, 6, 7, 4, 4], ddof=1))


def test_two_high_periods_are_enough_for_c3_whatever_the_third():
    limits = ears_limits([*STEPS, 4, 4, 9, 9, 0], method="C3", alpha=0.025)

    assert limits[11] == -np.inf
