"""Names in figures do not run into each other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aftersales import plot
from aftersales.plot.look.labels import columns, point_labels, short, spread

numbers = st.floats(-1e6, 1e6)


@given(st.lists(numbers, min_size=1, max_size=20), st.floats(0.01, 100))
def test_spread_positions_are_a_gap_apart(values: list[float], gap: float):
    placed = np.sort(spread(values, gap=gap))
    assert (np.diff(placed) >= gap - 1e-6).all()


@given(st.lists(numbers, min_size=1, max_size=20), st.floats(0.01, 100))
def test_spreading_keeps_the_order_and_the_middle(values: list[float], gap: float):
    placed = spread(values, gap=gap)
    assert (np.diff(np.asarray(placed)[np.argsort(values, kind="stable")]) > 0).all()
    assert np.isclose(np.mean(placed), np.mean(values), atol=1e-6 * max(map(abs, values)) + 1e-6)


@given(st.text(max_size=40), st.integers(2, 30))
def test_a_shortened_name_fits(text: str, most: int):
    assert columns(short(text, most=most)) <= max(most, 1)


def test_point_labels_do_not_overlap():
    ax = plot.new_axes()
    points = [(1 + i / 50, 1.0, f"Outlet O-{i}") for i in range(8)]
    ax.plot([p[0] for p in points], [p[1] for p in points], "o")
    point_labels(ax, points)
    boxes = [text.get_window_extent() for text in ax.texts]
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :]]
    assert boxes
    assert not any(a.overlaps(b) for a, b in pairs)
