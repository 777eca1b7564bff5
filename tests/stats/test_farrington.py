"""The published method that ours is measured against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aftersales.errors import DataError
from aftersales.stats.farrington import farrington_limits


@pytest.mark.parametrize("years", [3, 4])
def test_limits_of_salmonella_agona_are_those_of_the_package_surveillance(reference, years):
    # surveillance 1.20.3, farrington, w = 3, alpha .01. Its fits stop when the deviance changes by
    # less than 1e-8 of itself, which leaves limits 2e-5 off the maximum of the likelihood.
    folder: Path = reference / "trend_hotspot"
    counts = pd.read_csv(folder / "agona_counts.csv")["count"].to_numpy()
    table = pd.read_csv(folder / "agona_thresholds.csv")
    wanted = table[table["method"] == f"farrington96_b{years}_w3_a0.01"]

    ours = farrington_limits(counts, years=years)[wanted["t"] - 1]

    assert len(wanted) == 49
    assert ours.tolist() == pytest.approx(wanted["upperbound"].tolist(), rel=2e-5)
    assert ((counts[wanted["t"] - 1] > ours) & (ours > 0)).tolist() == (
        wanted["alarm"] == 1
    ).tolist()


def test_a_limit_needs_its_years_and_some_recent_cases():
    counts = np.r_[[4, 6, 5, 5] * 55, [0, 0, 0, 0], [9]]

    limits = farrington_limits(counts, years=4)

    assert np.isnan(limits[: 4 * 52 + 3]).all()
    assert limits[223] == 0  # no case in four weeks
    assert limits[224] > 5  # nine of them


def test_the_future_changes_no_limit():
    rng = np.random.default_rng(1)
    counts = rng.poisson(5, 260)

    whole, cut = farrington_limits(counts), farrington_limits(counts[:240])

    np.testing.assert_array_equal(whole[:240], cut)


def test_a_window_wider_than_half_a_season_is_refused():
    with pytest.raises(DataError, match="`window` at most half a season of 52; found 4 and 26"):
        farrington_limits([1] * 300, window=26)
