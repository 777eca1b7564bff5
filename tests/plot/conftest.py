"""Small tables that the charts are drawn from, and no figure left open."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from aftersales import plot, words
from aftersales.profile.regions import Region

MONTHS = pd.date_range("2024-01-01", periods=24, freq="MS")


@pytest.fixture(autouse=True)
def _clean_figures() -> Iterator[None]:
    words.use_language("en")
    plot.use_theme("en")
    yield
    plt.close("all")
    words.use_language("en")


@pytest.fixture
def series() -> pd.DataFrame:
    """24 months of a rate near 4 that jumps to 9 in the last one."""
    values = np.append(np.full(23, 4.0), 9.0)
    return pd.DataFrame({"period": MONTHS, "value": values}).assign(
        lower=2.0, centre=4.0, upper=6.0, signal=values > 6
    )


@pytest.fixture
def ratios() -> pd.DataFrame:
    """A batch that differs and a region that does not."""
    return pd.DataFrame(
        {
            "name": ["批次 B2407", "广东"],
            "ratio": [3.4, 0.97],
            "low": [2.8, 0.9],
            "high": [4.1, 1.05],
            "crude": [3.9, 1.8],
        }
    )


@pytest.fixture
def provinces() -> list[Region]:
    return [
        Region("CN-44", "province", {"en": "Guangdong", "zh": "广东"}, tile=(1, 1)),
        Region("CN-15", "province", {"en": "Inner Mongolia", "zh": "内蒙古"}, tile=(0, 0)),
        Region("CN-54", "province", {"en": "Tibet", "zh": "西藏"}, tile=(0, 1)),
    ]
