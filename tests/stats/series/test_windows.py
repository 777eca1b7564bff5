import numpy as np
import pytest

from aftersales.stats.series.change import step_change
from aftersales.stats.series.windows import best_windows


@pytest.fixture(scope="module")
def many():
    """80 series of 36 months: rare and frequent, seasonal, noisy, with outliers, begun late."""
    rng = np.random.default_rng(5)
    rows = []
    for i in range(80):
        size = 1000 * np.exp(0.02 * np.arange(36))
        size[: (0, 0, 5, 14)[i % 4]] = 0
        wave = np.exp((0, 0.3, 0.8)[i % 3] * np.cos(2 * np.pi * (np.arange(36) + i) / 12))
        mean = (0.3, 2, 20, 200)[i % 4] * wave * size / 1000
        y = rng.poisson(mean * rng.gamma(4, 1 / 4, 36)).astype(float)
        y[i % 36] *= 4 if i % 5 == 0 else 1
        rows.append((np.where(size > 0, y, 0.0), size))
    return [np.array(part) for part in zip(*rows, strict=True)]


def test_the_best_window_is_that_of_every_window_judged_alone(many):
    y, size = many
    rows = [i for i in range(len(y)) if y[i].sum() >= 30][:25]
    windows = [1, 3, 6, 12]
    begun = [int(np.flatnonzero(size[i] > 0)[0]) for i in rows]
    parts = [(y[i][k:], size[i][k:]) for i, k in zip(rows, begun, strict=True)]
    found = best_windows(*map(list, zip(*parts, strict=True)), windows=[windows] * len(rows))
    for (counts, sizes), best in zip(parts, found, strict=True):
        alone = {w: step_change(counts, sizes, recent=w) for w in windows}
        p = {w: 1.0 if np.isnan(c.p) else c.p for w, c in alone.items()}
        assert best.p == pytest.approx(min(1.0, 4 * min(p.values())), rel=1e-6)
        assert best.change.ratio == pytest.approx(alone[best.recent].ratio)
        assert best.change.low == pytest.approx(alone[best.recent].low)


def test_a_past_without_cases_is_judged_too():
    (found,) = best_windows(
        [np.array([0.0] * 33 + [12.0] * 3)], [np.full(36, 100.0)], windows=[[1, 3]]
    )
    assert found.recent == 3
    assert found.change.expected == 0
    assert found.p < 0.001
