"""Does a 95 % prediction interval hold 95 % of what comes? Simulated monthly series of 36 months.

    python benchmarks/truth/forecast.py [--series 300] [--seed 1]

Levels of 5, 30 and 300 cases a month, Poisson to three times its variance, with and without a
season; the level stays, walks (sd 5 % a month) or climbs 2 % a month. Nothing here is tuned to the
sample. Prints the share of the next three months inside the interval and the width of the interval
over the narrowest possible one (true mean and noise known).
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np
import pandas as pd

from aftersales.stats.series.forecast import forecast

MONTHS, AHEAD = 36, 3
T = np.arange(MONTHS + AHEAD)


def course(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Log of the level by month."""
    if kind == "walks":
        return np.cumsum(rng.normal(0, 0.05, T.size))
    return 0.02 * T if kind == "climbs" else np.zeros(T.size)


def draw(rng: np.random.Generator, mean: np.ndarray, dispersion: float) -> np.ndarray:
    """Counts with variance `dispersion` x mean."""
    if dispersion == 1:
        return rng.poisson(mean)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion)


def measured(*, series: int, seed: int) -> pd.DataFrame:
    """One row per scenario."""
    rows = []
    grid = itertools.product(
        (5, 30, 300), (1.0, 1.5, 3.0), (0.0, 0.5), ("stays", "walks", "climbs")
    )
    for level, dispersion, wave, kind in grid:
        rng, hits, widths = np.random.default_rng([seed, len(rows)]), [], []
        size = 1000 * np.exp(0.02 * T)
        start = time.process_time()
        for _ in range(series):
            season = wave * np.cos(2 * np.pi * (T + rng.integers(12)) / 12)
            mean = level * size / size.mean() * np.exp(course(kind, rng) + season)
            y = draw(rng, mean, dispersion)
            table = forecast(y[:MONTHS], size[:MONTHS], ahead=size[MONTHS:]).table
            hits.append(((table["low"] <= y[MONTHS:]) & (y[MONTHS:] <= table["high"])).mean())
            best = 3.92 * np.sqrt(dispersion * mean[MONTHS:])
            widths.append(((table["high"] - table["low"]) / best).mean())
        spent = 1000 * (time.process_time() - start) / series
        scenario = {"level": level, "dispersion": dispersion, "season": wave, "course": kind}
        found = {"inside": np.mean(hits), "width": np.median(widths), "ms": spent}
        rows.append(scenario | found)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    table = measured(series=wanted.series, seed=wanted.seed)
    print(table.round(3).to_string(index=False))
    print()
    print(table.groupby("course")[["inside", "width"]].mean().round(3).to_string())
    print(f"\nin all {table['inside'].mean():.3f}, worst scenario {table['inside'].min():.3f}")


if __name__ == "__main__":
    main()
