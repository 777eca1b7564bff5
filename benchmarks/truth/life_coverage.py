"""How often do the intervals of life and nowcast hold the truth? 0.95 is stated.

python benchmarks/truth/life_coverage.py --runs 300
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from aftersales.stats.life.claims_ahead import expected_claims
from aftersales.stats.life.completeness import completeness, delay_triangle
from aftersales.stats.life.service_months import service_months

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from yardsticks.life import fit_weibull

DELAYS = np.array([0.4, 0.3, 0.2, 0.07, 0.03])  # share of cases by delay in months


def weibull(rng: np.random.Generator, *, n: int, failed: float, late: bool, kind: str) -> list:
    """Whether eta = 10 and beta = 2 lie in their intervals; `failed` is the share that fails."""
    life, entry = 10 * rng.weibull(2, 4 * n), late * rng.uniform(0, 4, 4 * n)
    life, entry = life[life > entry][:n], entry[life > entry][:n]
    end = np.maximum(10 * np.sqrt(-np.log1p(-min(failed, 1 - 1e-12))), entry + 0.01)
    fit = fit_weibull(np.minimum(life, end), life <= end, entry=entry, interval=kind)
    if fit.problem not in ("", "few failures"):
        return []
    return [fit.eta_low <= 10 <= fit.eta_high, fit.beta_low <= 2 <= fit.beta_high]


def claims(rng: np.random.Generator, *, units: int, cohorts: int, last: int, beta: float) -> bool:
    """Whether the claims of the next three months lie in their interval."""
    rows, came = [], 0
    for cohort in range(cohorts):
        start = cohort + rng.random(units)
        longest = last + 4 - start
        unit = np.repeat(np.arange(units), rng.poisson((longest / 60) ** beta))
        age = longest[unit] * rng.random(unit.size) ** (1 / beta)
        known = start[unit] + age <= last + 1
        came += int((~known).sum())
        rows.append(pd.DataFrame({"cohort": cohort, "age": age[known].astype(int), "claims": 1}))
    sizes = pd.DataFrame({"cohort": range(cohorts), "units": units})
    table = service_months(sizes, claims=pd.concat(rows), last=last)
    found = expected_claims(table, last=last, months=3)
    return found.low <= came <= found.high


def reports(rng: np.random.Generator, *, mean: float) -> list[bool]:
    """Whether the final numbers of the last three of 24 months lie in their intervals."""
    counts = rng.poisson(rng.gamma(50, mean / 50, (24, 1)) * DELAYS)
    origin, delay = np.indices(counts.shape)
    rows = {"origin": origin.ravel(), "delay": delay.ravel(), "n": counts.ravel()}
    triangle = delay_triangle(pd.DataFrame(rows), last=23, max_delay=len(DELAYS) - 1)
    months = completeness(triangle).months.set_index("origin")
    final = counts.sum(axis=1)
    return [m.low <= final[m.Index] <= m.high for m in months.tail(3).itertuples()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    rng = np.random.default_rng(1)
    for n, failed, late in ((30, 1.0, False), (60, 0.2, True), (500, 0.02, False)):
        for kind in ("likelihood", "wald"):
            case = {"n": n, "failed": failed, "late": late, "kind": kind}
            found = [r for _ in range(runs) if (r := weibull(rng, **case))]
            eta, beta = np.mean(found, axis=0)
            print(f"weibull {case}: eta {eta:.3f}, beta {beta:.3f} of {len(found)} fits")
    for units, cohorts, last, beta in ((200, 24, 30, 1.0), (200, 3, 8, 2.5), (20, 12, 14, 1.0)):
        case = {"units": units, "cohorts": cohorts, "last": last, "beta": beta}
        print(f"claims ahead {case}: {np.mean([claims(rng, **case) for _ in range(runs)]):.3f}")
    for mean in (1, 5, 100, 2000):
        found = [reports(rng, mean=mean) for _ in range(runs)]
        print(f"final number of months of {mean} cases: {np.mean(np.concatenate(found)):.3f}")


if __name__ == "__main__":
    main()
