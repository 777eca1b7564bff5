"""Weekly counts for the benchmark of alarms: simulated, or recorded in the reference folder.

The design follows Noufaily et al. 2013, Stat. Med. 32:1206: 28 scenarios of level, trend, season
and dispersion; four past outbreaks; one in the last year; and, as a third variant, a rate that is
half as high again for the last 45 weeks. Levels and dispersions here are our own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

WEEKS, FIRST, STEP = 624, 575, 579  # length; first judged week and first raised week, from 0
YEAR = 52
SPREAD = 0.5  # sd of log weeks over which the cases of an outbreak are spread
PAST = (2, 3, 5, 10)  # sizes of past outbreaks in standard deviations of a week
# mean at the start, dispersion, amplitude of the season (log), trend per week (log)
LEVELS = [
    (0.15, 1.8, 0.35, 0.004),
    (0.8, 1.3, 0.8, 0.0025),
    (1.5, 4.0, 0.7, 0.002),
    (4.0, 1.0, 0.4, 0.003),
    (11.0, 2.5, 0.9, 0.001),
    (40.0, 1.15, 0.15, 0.001),
    (140.0, 1.3, 0.06, 0.0002),
]


@dataclass(frozen=True)
class Series:
    """Rows are series. `mean`, `dispersion`: the truth; `window`: weeks of the last outbreak.

    `stepped` marks the series that the step is judged on, `scenario` numbers them from 1.
    """

    quiet: np.ndarray
    outbreaks: np.ndarray
    step: np.ndarray
    mean: np.ndarray
    dispersion: np.ndarray
    window: np.ndarray
    scenario: np.ndarray
    stepped: np.ndarray

    def variants(self) -> dict[str, np.ndarray]:
        return {"quiet": self.quiet, "outbreaks": self.outbreaks, "step": self.step}


def own_scenarios() -> pd.DataFrame:
    """28 rows: each level without and with season, and with trend."""
    rows = [
        (np.log(mean), slope * trend, 0.8 * wave * season, 0.6 * wave * season, noise)
        for mean, noise, wave, slope in LEVELS
        for trend in (0, 1)
        for season in (0, 1)
    ]
    return pd.DataFrame(rows, columns=["theta", "beta", "gamma1", "gamma2", "phi"])


def random_scenarios(seed: int) -> pd.DataFrame:
    """28 rows drawn at random: last means of 0.4 to 150, half with trend, half with season."""
    rng = np.random.default_rng([seed, 28])
    last = rng.uniform(-1, 5, 28)
    slope = np.where(rng.random(28) < 0.5, 0, rng.uniform(0, 0.004, 28))
    height = np.where(rng.random(28) < 0.5, 0, rng.uniform(0, 0.9, 28))
    phase = rng.uniform(0, 2 * np.pi, 28)
    noise = np.where(rng.random(28) < 0.25, 1, 1 + rng.exponential(1.2, 28))
    wave = {"gamma1": height * np.cos(phase), "gamma2": height * np.sin(phase)}
    start = np.maximum(last - slope * WEEKS, -2)
    return pd.DataFrame({"theta": start, "beta": slope, **wave, "phi": noise})


def simulated(*, seed: int, replicates: int = 10, scenarios: pd.DataFrame | None = None) -> Series:
    """Fresh series of each scenario (columns theta, beta, gamma1, gamma2, phi)."""
    rng = np.random.default_rng(seed)
    table = own_scenarios() if scenarios is None else scenarios
    mean, noise = means(table, replicates)
    quiet = negative_binomial(rng, mean, noise)
    outbreaks, window = quiet.copy(), np.zeros((len(mean), 2), dtype=int)
    for i, sd in enumerate(np.sqrt(noise * mean)):
        for size in PAST:
            _outbreak(rng, outbreaks[i], rng.integers(312, FIRST), size * sd)
        begin = rng.integers(FIRST, WEEKS - 4)
        window[i] = _outbreak(rng, outbreaks[i], begin, (i % replicates % 10 + 1) * sd)
    step = quiet.copy()
    step[:, STEP:] += negative_binomial(rng, mean[:, STEP:] / 2, noise)
    scenario = np.repeat(np.arange(1, len(table) + 1), replicates)
    stepped = np.ones(len(mean), dtype=bool)
    return Series(quiet, outbreaks, step, mean, noise[:, 0], window, scenario, stepped)


def means(table: pd.DataFrame, replicates: int) -> tuple[np.ndarray, np.ndarray]:
    """Weekly means of the scenarios, each repeated, and their dispersion as a column."""
    t = np.arange(1, WEEKS + 1)
    waves = np.array([np.cos(2 * np.pi * t / YEAR), np.sin(2 * np.pi * t / YEAR)])
    log = table[["theta"]].to_numpy() + table[["beta"]].to_numpy() * t
    log = log + table[["gamma1", "gamma2"]].to_numpy() @ waves
    noise = table[["phi"]].to_numpy(dtype=float)
    return np.repeat(np.exp(log), replicates, axis=0), np.repeat(noise, replicates, axis=0)


def negative_binomial(rng: np.random.Generator, mean: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Counts with variance = noise x mean."""
    scale = np.maximum(noise - 1, 1e-9)
    mixed = np.where(noise > 1, rng.gamma(mean / scale) * scale, mean)
    return rng.poisson(mixed).astype(float)


def recorded(folder: Path) -> Series:
    """The 280 series of the reference folder `trend_hotspot/simulation`."""
    wide = pd.read_csv(folder / "sim_baseline_counts.csv", index_col=0).T
    names = wide.index
    quiet = wide.to_numpy(dtype=float)
    outbreaks = _added(quiet, names, folder / "sim_outbreak_cases.csv", "cases")
    step = _added(quiet, names, folder / "sim_step_extra_cases.csv", "extra_cases")
    meta = pd.read_csv(folder / "sim_meta.csv").set_index("series").loc[names]
    mean, noise = means(pd.read_csv(folder / "noufaily_scenarios.csv"), 10)
    window = meta[["current_start", "current_end"]].to_numpy() - 1
    known = pd.read_csv(folder / "sim_step_extra_cases.csv")["series"].unique()
    stepped = names.isin(known)
    scenario = meta["scenario"].to_numpy()
    return Series(quiet, outbreaks, step, mean, noise[:, 0], window, scenario, stepped)


def last_year(series: Series) -> Series:
    """Five years of the quiet series: what a run of everyday size looks like."""
    return replace(series, quiet=series.quiet[:, -5 * YEAR :])


def _added(quiet: np.ndarray, names: pd.Index, file: Path, column: str) -> np.ndarray:
    extra = pd.read_csv(file)
    counts = quiet.copy()
    at = names.get_indexer(extra["series"]), extra["week"].to_numpy() - 1
    np.add.at(counts, at, extra[column].to_numpy())
    return counts


def _outbreak(
    rng: np.random.Generator, counts: np.ndarray, begin: int, sds: np.ndarray
) -> tuple[int, int]:
    """Add an outbreak's cases; its first and last week. `sds` is size x sd of every week."""
    cases = max(2, rng.poisson(sds[begin]))
    weeks = begin + np.floor(rng.lognormal(0, SPREAD, cases)).astype(int)
    weeks = weeks[weeks < WEEKS]
    np.add.at(counts, weeks, 1)
    return (int(weeks.min()), int(weeks.max())) if weeks.size else (begin, begin)
