"""Change points: how often in series without any, how often found where one is planted?

    python benchmarks/truth/change_point.py [--series 200] [--seed 1]

Prints the share of quiet series in which a change is called (nominal 1 %), and for planted steps
the share found within three periods, the coverage of the 95 % interval of the date, and the
time per series.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from scipy import signal

from aftersales.stats.series.change_point import change_points

NEAR = 3  # periods between the planted date and the one found


def autocorrelated(rng: np.random.Generator, n: int, rho: float) -> np.ndarray:
    """A first-order autoregression with variance 1."""
    noise = rng.standard_normal(n + 100) * np.sqrt(1 - rho**2)
    return signal.lfilter([1], [1, -rho], noise)[100:]


def counts(rng: np.random.Generator, mean: np.ndarray, dispersion: float) -> np.ndarray:
    """Counts with variance ``dispersion`` x mean."""
    if dispersion == 1:
        return rng.poisson(mean)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion)


def quiet_table(n: int, seed: int) -> pd.DataFrame:
    """One row per kind of noise and length: share of series in which a change is called."""
    rng, rows = np.random.default_rng(seed), []
    for length in (36, 60, 104, 208):
        for rho in (0.0, 0.3, 0.6, 0.8):
            found = [
                len(change_points(autocorrelated(rng, length, rho), cost="normal").changes) > 0
                for _ in range(n)
            ]
            rows.append({"noise": f"autocorrelation {rho}", "periods": length, "called": found})
        for mean, dispersion in ((0.3, 1), (5, 1), (5, 2), (30, 3)):
            found = [
                len(change_points(counts(rng, np.full(length, mean), dispersion)).changes) > 0
                for _ in range(n)
            ]
            name = f"counts, mean {mean}, dispersion {dispersion}"
            rows.append({"noise": name, "periods": length, "called": found})
    table = pd.DataFrame(rows)
    return table.assign(called=table["called"].map(np.mean)).pivot_table(
        index="noise", columns="periods", values="called", sort=False
    )


def step_table(n: int, seed: int) -> pd.DataFrame:
    """One row per planted step in 48 months of counts: share found, coverage of the interval."""
    rng, rows = np.random.default_rng(seed), []
    for at in (24, 36, 43):
        for mean in (10, 20, 60):
            for ratio in (1.5, 2.0):
                level = np.where(np.arange(48) < at, mean, mean * ratio)
                tables = [change_points(rng.poisson(level)).changes for _ in range(n)]
                one = [t.iloc[0] for t in tables if len(t) == 1]
                near = [abs(t["position"] - at) <= NEAR for t in one]
                held = [t["position_low"] <= at <= t["position_high"] for t in one]
                row = {"mean": mean, "ratio": ratio, "months after": 48 - at}
                rows.append(row | {"found": sum(near) / n, "coverage": np.mean(held or [np.nan])})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    start = time.perf_counter()
    quiet = quiet_table(wanted.series, wanted.seed)
    each = (time.perf_counter() - start) / (quiet.size * wanted.series)
    print("Share of quiet series with a change (nominal 0.01)")
    print(quiet.round(3).to_string())
    print(f"{1000 * each:.1f} ms per series")
    print("\nOne planted step, 48 months")
    print(step_table(wanted.series, wanted.seed).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
