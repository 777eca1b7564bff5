"""Groups that cannot be told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.stats.causes.twins import twins
from aftersales.stats.counts.levels import Levels, group_of


def test_too_few_cases_apart_do_not_tell_a_pair_apart():
    cells = pd.DataFrame(
        {"batch": ["a", "a", "b"], "supplier": ["x", "y", "y"], "n": [80.0, 20.0, 900.0]}
    )
    levels, n = Levels(cells), cells["n"].to_numpy()
    group = group_of(levels, {"batch": "a"}, held=[])
    for cases, alias in ((10, True), (100, False)):
        y = np.array([0.8, 0.2, 1.0]) * cases
        row = twins(levels, [group], y=y, n=n, attributes=["batch", "supplier"]).iloc[0]
        assert (row["alias_value"], row["overlap"]) == ("x", 0.8)
        assert row["alias"] == alias
