"""How well and how fast do `localise` and `localise_sum` name causes that are known?

    python benchmarks/truth/localise.py [--incidents] [--sums] [--shuffled] [--million]
        [--cases 100]

Without a choice all four parts run. Incidents are read from the folder of public reference data
(`../shared/reference`, or AFTERSALES_SHARED); they are left out where it is absent. No option of
either function is set for any single case.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from aftersales.stats.localise.localise import localise

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from yardsticks.localise_sum import localise_sum  # noqa: E402

INCIDENTS = "reference/root_cause/localisation"
HISTORY = 240  # seconds before the incident
Conditions = frozenset[tuple[str, str]]


@dataclass
class Score:
    """Micro-averaged counts over cases, and seconds of CPU time."""

    hits: int = 0
    false: int = 0
    missed: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, given: set[Conditions], truth: set[Conditions], seconds: float) -> None:
        self.hits += len(given & truth)
        self.false += len(given - truth)
        self.missed += len(truth - given)
        self.seconds.append(seconds)

    def __str__(self) -> str:
        f1 = 2 * self.hits / max(2 * self.hits + self.false + self.missed, 1)
        times = f"{np.mean(self.seconds):.3f} s a case, at most {max(self.seconds):.3f}"
        found = f"{self.hits} hits, {self.false} false, {self.missed} missed"
        return f"micro-F1 {f1:.3f} ({found}), {times}"


def conditions(where: dict) -> Conditions:
    return frozenset((str(name), str(value)) for name, value in where.items())


def incidents(folder: Path) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame, list[str], set]]:
    """Name, now, before, dimensions and labelled causes of each incident."""
    for row in pd.read_csv(folder / "rs_dev_labels.csv").itertuples():
        table = pd.read_csv(folder / "rs_dev" / f"{row.case}.csv")
        dims = [name for name in table if name not in ("min", "value", "cnt")]
        now = table[table["min"] == row.timestamp]
        recent = table["min"].between(row.timestamp - HISTORY, row.timestamp - 1)
        labels = [part.strip() for part in str(row.root_cause).split(";")]
        truth = {frozenset(tuple(c.split("=", 1)) for c in label.split("&")) for label in labels}
        yield row.case, now, table[recent], dims, truth


def judge_incidents(folder: Path) -> None:
    top, among, n = Score(), 0, 0
    for case, now, before, dims, truth in incidents(folder):
        start = time.process_time()
        found = localise(now, before=before, dims=dims, count="value", exposure="cnt")
        seconds = time.process_time() - start
        given = [conditions(cause.where) for cause in found]
        top.add(set(given[:1]), truth, seconds)
        among += bool(truth & set(given[:3]))
        n += 1
        if not truth & set(given[:1]):
            print(f"  {case}: {given[:1]} for {truth}")
    print(f"incidents, top cause: {top}; bar .75 in .1 s")
    print(f"incidents, among the first three: {among / n:.3f} of {n}; bar .93")


def dense(
    rng: np.random.Generator, *, sizes: tuple[int, ...], noise: float, severity: float, depth: int
) -> tuple[pd.DataFrame, set[Conditions]]:
    """A full product of leaves, 1 to 3 causes with 1 to 3 elements of up to `depth` attributes."""
    dims = range(len(sizes))
    grid = np.indices(sizes).reshape(len(sizes), -1)
    actual, forecast = noisy(rng, grid.shape[1], noise)
    taken, truth, sets = np.zeros(grid.shape[1], bool), set(), set()
    for _ in range(rng.integers(1, 4)):
        chosen = tuple(sorted(rng.choice(dims, rng.integers(1, depth + 1), replace=False)))
        elements = {
            tuple(rng.integers([sizes[d] for d in chosen])) for _ in range(rng.integers(1, 4))
        }
        inside = [
            np.logical_and.reduce([grid[d] == v for d, v in zip(chosen, e, strict=True)])
            for e in elements
        ]
        reached = np.logical_or.reduce(inside)
        if chosen in sets or (reached & taken).any():
            continue
        size, deviation = rng.uniform(severity, 1), rng.uniform(0, 0.1)
        lost = rng.normal(size, deviation, taken.size)
        actual = np.where(reached, np.maximum(forecast * (1 - lost), 0), actual)
        taken, sets = taken | reached, sets | {chosen}
        truth |= {
            conditions({f"d{d}": v for d, v in zip(chosen, e, strict=True)}) for e in elements
        }
    return table_of(grid, actual, forecast), truth


def single_leaves(rng: np.random.Generator) -> tuple[pd.DataFrame, set[Conditions]]:
    """1 to 5 single leaves lost in part, severity from .5, noise below .1."""
    grid = np.indices((10, 24, 10, 15)).reshape(4, -1)
    actual, forecast = noisy(rng, grid.shape[1], 0.1)
    at = rng.choice(grid.shape[1], rng.integers(1, 6), replace=False)
    actual[at] = forecast[at] * (1 - rng.uniform(0.5, 1, at.size))
    truth = {conditions({f"d{d}": v for d, v in enumerate(grid[:, i])}) for i in at}
    return table_of(grid, actual, forecast), truth


def noisy(rng: np.random.Generator, n: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Actual and forecast of leaves to which nothing happened."""
    actual = rng.weibull(rng.uniform(0.5, 1), n) * 100
    actual[rng.random(n) < rng.uniform(0, 0.25)] = 0
    forecast = np.maximum(actual * (1 + rng.normal(0, rng.uniform(0, noise), n)), 0)
    return (forecast, actual) if rng.random() < 0.5 else (actual, forecast)


def table_of(grid: np.ndarray, actual: np.ndarray, forecast: np.ndarray) -> pd.DataFrame:
    columns = {f"d{d}": codes for d, codes in enumerate(grid)}
    return pd.DataFrame({**columns, "actual": actual, "forecast": forecast})


def judge_sums(cases: int, seed: int) -> None:
    sizes = (10, 12, 10, 8, 5)
    plans = {f"dense, up to {depth} attributes": depth for depth in (2, 3, 5)}
    for name, depth in [*plans.items(), ("dense, single leaves", 0)]:
        score = Score()
        for case in range(cases):
            rng = np.random.default_rng([seed, depth, case])
            options = {"sizes": sizes, "noise": 0.25, "severity": 0.2, "depth": depth}
            table, truth = dense(rng, **options) if depth else single_leaves(rng)
            dims = [column for column in table if column.startswith("d")]
            start = time.process_time()
            found = localise_sum(table, dims=dims, actual="actual", forecast="forecast")
            seconds = time.process_time() - start
            score.add({conditions(cause.where) for cause in found}, truth, seconds)
        print(f"{name}: {score}; bar {'.70' if depth else '.85'} in 1 s", flush=True)


def judge_shuffled(folder: Path | None, times: int, seed: int) -> None:
    """Outcomes dealt out anew over the same units: nothing may be found."""
    rng, silent = np.random.default_rng(seed), {}
    real = list(incidents(folder)) if folder else []
    for i in range(times):
        sizes = (3, 8, 20, 50)
        units = {
            f"d{k}": rng.choice(s, 4000, p=rng.dirichlet(np.ones(s))) for k, s in enumerate(sizes)
        }
        units = pd.DataFrame(units).assign(units=1)
        drawn = [units.assign(failed=rng.permutation(np.arange(4000) < 300) * 1) for _ in range(2)]
        options = {"dims": [*units.columns[:4]], "count": "failed", "exposure": "units"}
        silent.setdefault("units", []).append(not localise(drawn[0], **options))
        silent.setdefault("units, with a past", []).append(
            not localise(drawn[0], before=drawn[1], **options)
        )
        if real:
            _, now, before, dims, _ = real[i % len(real)]
            options = {"dims": dims, "count": "value", "exposure": "cnt"}
            now, before = dealt(rng, now), dealt(rng, before)
            silent.setdefault("incidents", []).append(not localise(now, **options))
            silent.setdefault("incidents, with a past", []).append(
                not localise(now, before=before, **options)
            )
    for name, values in silent.items():
        print(f"shuffled {name}: no finding in {np.mean(values):.3f} of {len(values)}; bar .95")


def dealt(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    total = int(table["value"].sum())
    value = rng.multivariate_hypergeometric(table["cnt"].to_numpy(), total, method="marginals")
    return table.assign(value=value)


def judge_million(seed: int) -> None:
    """One million leaves, seven attributes of 5 to 200 values; cases double in one segment."""
    sizes, n, rng = (5, 10, 20, 40, 80, 120, 200), 1_000_000, np.random.default_rng(seed)
    columns = {
        f"d{k}": rng.choice(s, n, p=rng.dirichlet(np.full(s, 3.0))) for k, s in enumerate(sizes)
    }
    leaves = pd.DataFrame(columns).drop_duplicates()
    leaves["units"] = rng.integers(20, 200, len(leaves))
    for depth, past in itertools.product((1, 2, 3), (False, True)):
        inside, where = planted(rng, leaves, depth)
        usual = leaves["units"] * 0.02
        now = leaves.assign(failed=rng.poisson(usual * np.where(inside, 2, 1)))
        before = leaves.assign(failed=rng.poisson(3 * usual), units=3 * leaves["units"])
        options = {"dims": [*columns], "count": "failed", "exposure": "units"}
        start = time.perf_counter()
        found = localise(now, before=before if past else None, **options)
        seconds = time.perf_counter() - start
        first = bool(found) and dict(found[0].where) == where
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"million leaves, {depth} conditions, {inside.sum()} leaves{', with a past' * past}: "
            f"{'found first' if first else 'NOT first'} of {len(found)}, {seconds:.1f} s "
            f"(bar 10 s), process at most {memory:.2f} GB (bar 2 GB)",
            flush=True,
        )


def planted(rng: np.random.Generator, leaves: pd.DataFrame, depth: int) -> tuple[np.ndarray, dict]:
    """A segment of `depth` conditions with at least 150 expected cases."""
    while True:
        names = sorted(rng.choice(7, depth, replace=False))
        row = leaves.iloc[int(rng.integers(len(leaves)))]
        where = {f"d{k}": int(row[f"d{k}"]) for k in names}
        inside = np.logical_and.reduce([leaves[k] == v for k, v in where.items()])
        if 0.02 * leaves["units"][inside].sum() >= 150:
            return inside, where


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parts = ("incidents", "sums", "shuffled", "million")
    for part in parts:
        parser.add_argument(f"--{part}", action="store_true")
    parser.add_argument("--cases", type=int, default=100, help="generated sums of each kind")
    parser.add_argument("--times", type=int, default=200, help="shuffles of each kind")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    wanted = [p for p in parts if getattr(chosen, p)] or parts
    folder = Path(os.environ.get("AFTERSALES_SHARED") or ROOT.parent / "shared") / INCIDENTS
    if "incidents" in wanted and folder.is_dir():
        judge_incidents(folder)
    elif "incidents" in wanted:
        print("incidents: left out, the folder of public reference data is not here")
    if "sums" in wanted:
        judge_sums(chosen.cases, chosen.seed)
    if "shuffled" in wanted:
        judge_shuffled(folder if folder.is_dir() else None, chosen.times, chosen.seed)
    if "million" in wanted:
        judge_million(chosen.seed)


if __name__ == "__main__":
    main()
