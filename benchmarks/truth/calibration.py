"""How often do our tests call something when nothing happened?

    python benchmarks/truth/calibration.py [--series 1000] [--seed 1]

Simulates quiet series (36 months, growing exposure) and quiet tables, and prints the share
called at p <= 0.005 beside the nominal one. Nothing here is tuned to the sample.
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np
import pandas as pd

from aftersales.stats.like.mantel_haenszel import stratified_ratios
from aftersales.stats.series.change import step_change

ALPHA = 0.005
MONTHS = np.arange(36)
SEASONS = {
    "none": np.ones(36),
    "wave": np.exp(0.5 * np.sin(2 * np.pi * MONTHS / 12)),
    "summer x2.5": np.where(np.isin(MONTHS % 12, [5, 6, 7]), 2.5, 1.0),
}


def draw(rng: np.random.Generator, mean: np.ndarray, dispersion: float) -> np.ndarray:
    """Counts with variance `dispersion` x mean."""
    if dispersion == 1:
        return rng.poisson(mean)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion)


def quiet_series(
    rng: np.random.Generator, *, season: str, mean: float, dispersion: float
) -> tuple[np.ndarray, np.ndarray]:
    exposure = 1000 * np.exp(0.02 * MONTHS)
    shape = np.roll(SEASONS[season], rng.integers(12))
    expected = mean * shape * exposure / (shape * exposure).mean()
    return draw(rng, expected, dispersion), exposure


def series_table(n: int, seed: int) -> pd.DataFrame:
    """One row per scenario: share of quiet series called, alarms upwards, time per series."""
    rows = []
    grid = itertools.product(SEASONS, (2, 20, 200), (1, 1.5, 3), (1, 3, 6))
    for season, mean, dispersion, recent in grid:
        rng, start = np.random.default_rng([seed, len(rows)]), time.perf_counter()
        found = [
            step_change(
                *quiet_series(rng, season=season, mean=mean, dispersion=dispersion), recent=recent
            )
            for _ in range(n)
        ]
        p, ratio = np.array([f.p for f in found]), np.array([f.ratio for f in found])
        called = p <= ALPHA
        rows.append(
            {
                "season": season,
                "mean": mean,
                "dispersion": dispersion,
                "recent": recent,
                "called": called.mean(),
                "called_up": (called & (ratio > 1)).mean(),
                "p<.05": (p <= 0.05).mean(),
                "ms": 1000 * (time.perf_counter() - start) / n,
            }
        )
    return pd.DataFrame(rows)


def quiet_table(
    rng: np.random.Generator, *, cells: int, mean: float, dispersion: float
) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "batch": rng.integers(0, 40, cells),
            "region": rng.integers(0, 15, cells),
            "plant": rng.integers(0, 4, cells),
            "units": rng.uniform(10, 200, cells),
        }
    )
    table["supplier"] = np.where(rng.random(cells) < 0.8, table["plant"], rng.integers(0, 4, cells))
    rate = np.exp(0.3 * table["plant"]) * table["units"]
    return table.assign(faults=draw(rng, mean * rate / rate.mean(), dispersion))


def ratio_table(n: int, seed: int) -> pd.DataFrame:
    """Share of attribute values called in tables where only the plant matters."""
    rows = []
    for cells, mean, dispersion in itertools.product((400, 4000), (0.2, 2, 20), (1, 2)):
        rng, called, judged = np.random.default_rng([seed, len(rows)]), 0, 0
        start = time.perf_counter()
        for _ in range(n):
            table = quiet_table(rng, cells=cells, mean=mean, dispersion=dispersion)
            for attribute in ("batch", "region", "supplier"):
                asked = {"attribute": attribute, "strata": ["plant"]}
                p = stratified_ratios(table, count="faults", exposure="units", **asked)["p"]
                called += int((p <= ALPHA).sum())
                judged += int(p.notna().sum())
        row = {"cells": cells, "mean": mean, "dispersion": dispersion}
        spent = (time.perf_counter() - start) / n
        rows.append(row | {"judged": judged, "called": called / judged, "ms": 1000 * spent})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1000, help="quiet series per scenario")
    parser.add_argument("--tables", type=int, default=40, help="quiet tables per scenario")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    print(f"stratified_ratios: share of quiet values with p <= {ALPHA}\n")
    print(ratio_table(wanted.tables, wanted.seed).round(4).to_string(index=False), flush=True)
    series = series_table(wanted.series, wanted.seed)
    print(f"\nstep_change: share of quiet series with p <= {ALPHA}\n")
    print(series.round(4).to_string(index=False))
    nominal = series["called"].mean() / ALPHA, series["called"].max() / ALPHA
    print(f"\nmeasured / nominal: mean {nominal[0]:.2f}, worst scenario {nominal[1]:.2f}")


if __name__ == "__main__":
    main()
