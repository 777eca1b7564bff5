"""Spread of places beyond chance: nothing from chance alone, the true one where there is one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.stats.maps.scan_spread import nested_spread, spread_beyond_chance


def mean_spread(draw, expected, *, times=60):
    return np.mean([spread_beyond_chance(draw(), expected) for _ in range(times)])


def test_chance_alone_gives_hardly_any_spread(rng):
    expected = np.full(200, 50.0)
    assert mean_spread(lambda: rng.poisson(expected), expected) < 0.004


def test_a_true_spread_is_found(rng):
    expected = rng.lognormal(4, 0.7, 200)
    draw = lambda: rng.poisson(expected * rng.gamma(1 / 0.04, 0.04, 200))  # noqa: E731
    assert mean_spread(draw, expected) == pytest.approx(0.04, rel=0.2)


def test_a_few_hotspots_do_not_widen_it(rng):
    expected = np.full(100, 60.0)
    cases = rng.poisson(expected)
    cases[:5] *= 3
    assert spread_beyond_chance(cases, expected) < 0.02


def test_few_or_small_places_tell_nothing(rng):
    assert spread_beyond_chance([90] * 9, [10.0] * 9) == 0
    assert spread_beyond_chance(rng.poisson(2, 50) * 5, np.full(50, 4.9)) == 0


def test_what_places_share_is_told_from_what_their_cells_have_alone(rng):
    place = np.repeat(np.arange(60), 6)
    expected = np.full(360, 60.0)
    parts = [
        nested_spread(
            rng.poisson(
                expected * rng.gamma(1 / 0.03, 0.03, 60)[place] * rng.gamma(1 / 0.05, 0.05, 360)
            ),
            expected,
            labels=[place],
        )
        for _ in range(40)
    ]
    own, shared = np.mean(parts, axis=0)
    assert own == pytest.approx(0.05, rel=0.25)
    assert shared == pytest.approx(0.03, rel=0.35)


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 60)), min_size=1, max_size=40))
def test_spreads_are_never_negative_and_order_does_not_matter(cells):
    cases, expected = (np.array(x, dtype=float) for x in zip(*cells, strict=True))
    cases = np.where(expected > 0, cases, 0)
    labels = np.arange(len(cells)) % 7
    found = nested_spread(cases, expected, labels=[labels])
    assert min(found) >= 0
    turned = nested_spread(cases[::-1], expected[::-1], labels=[labels[::-1]])
    assert turned == pytest.approx(found, abs=1e-9)
