"""Simulated fleets without sales figures: which stand-in for them gives the fewest false alarms?

Models are launched, sell a changing number of cars per model year, and their owners complain about
twenty groups at rates that depend on the age of the car, with a season in some, over-dispersion and
a readiness to complain that wanders. In half of the fleets nothing else happens; in the others some
groups of three model years become 2 to 5 times as frequent for good.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from early_warning_series import FIRST, SETTINGS, TESTABLE, Complaints, alarms, exposures

MODELS, GROUPS, YEARS, MONTHS = 8, 20, 12, 137
NOISE = 1.3  # variance over mean of a month
WITHIN = 24  # months in which a rise must be found


def fleet(*, seed: int, planted: bool) -> tuple[Complaints, list[tuple[int, int, int]]]:
    """Complaints of eight models, and model, group and first month of each planted rise."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.full(GROUPS, 0.7), size=MODELS)
    ageing = rng.integers(0, 3, GROUPS)
    rises = []
    mean = np.zeros((MODELS, GROUPS, MONTHS))
    for m in range(MODELS):
        factor = np.ones((GROUPS, YEARS, MONTHS))
        if planted:
            for g in rng.choice(GROUPS, 4, replace=False, p=share[m]):
                start = int(rng.integers(24, MONTHS - 12))
                year = int(rng.integers(0, start // 12))
                factor[g, year : year + 3, start:] = rng.uniform(2, 5)
                rises.append((m, int(g), start))
        mean[m] = (factor * _rates(ageing, share[m]) * _on_road(rng)).sum(axis=1) * _readiness(rng)
    count = rng.poisson(rng.gamma(np.maximum(mean, 1e-9) / (NOISE - 1)) * (NOISE - 1)).astype(float)
    total = count.sum(axis=1, keepdims=True)
    seen = np.cumsum(total, axis=2) > 0
    names = [f"model {m}" for m in range(MODELS)], [f"group {g}" for g in range(GROUPS)]
    months = pd.period_range("2015-01", periods=MONTHS, freq="M")
    none = pd.DataFrame()
    return Complaints(*names, months, count, total, seen, none, none), rises


def _on_road(rng: np.random.Generator) -> np.ndarray:
    """Cars on the road per model year and month, the first model year sold from a random month."""
    launch = 0 if rng.random() < 0.7 else int(rng.integers(12, 60))
    level = 1.2 * np.exp(rng.normal(0, 0.9))
    sold = level * np.sqrt(np.exp(rng.normal(0, 0.3, YEARS)).cumprod())
    sold = sold * np.exp(rng.normal(0, 0.2, YEARS))
    start = np.maximum(12 * np.arange(YEARS), launch)
    return sold[:, None] * np.clip((np.arange(MONTHS) - start[:, None] + 1) / 12, 0, 1)


def _rates(ageing: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Complaints per car: groups x model years x months; flat, early or late in life."""
    month = np.arange(MONTHS)
    age = np.maximum(month - 12 * np.arange(YEARS)[:, None], 0) / 12
    shapes = np.stack([np.ones_like(age), 0.4 + 1.6 * np.exp(-age / 1.5), 0.3 + 0.25 * age])
    group = np.arange(GROUPS)
    wave = 0.2 * np.cos(2 * np.pi * (month - group[:, None]) / 12) * (group % 4 == 0)[:, None]
    return share[:, None, None] * shapes[ageing] * np.exp(wave)[:, None, :]


def _readiness(rng: np.random.Generator) -> np.ndarray:
    return np.exp(np.cumsum(rng.normal(0, 0.15 / np.sqrt(12), MONTHS)))


def compare_exposures(fleets: int, *, seed: int) -> pd.DataFrame:
    """One row per exposure: false alarms, months on, and rises found, at the standard setting.

    ``new`` episodes and months ``on`` per 100 months with enough complaints so far, where nothing
    is planted; ``found``, the share of planted rises with an alarm within two years, and ``delay``
    in months.
    """
    rows = []
    for k in range(fleets):
        for planted in (False, True):
            data, rises = fleet(seed=seed + k, planted=planted)
            for name, exposure in exposures(data).items():
                found = alarms(data, exposure, **SETTINGS["standard"])
                score = _found(found[0], data, rises) if planted else _false(*found, data)
                rows.append({"exposure": name} | score)
    return pd.DataFrame(rows).groupby("exposure", sort=False).mean().round(2)


def _false(alarm: np.ndarray, new: np.ndarray, data: Complaints) -> dict[str, float]:
    enough = np.cumsum(data.count, axis=2) >= TESTABLE
    enough[:, :, :FIRST] = False
    return {"new": 100 * new[enough].mean(), "on": 100 * alarm[enough].mean()}


def _found(
    alarm: np.ndarray, data: Complaints, rises: list[tuple[int, int, int]]
) -> dict[str, float]:
    after = [
        alarm[m, g, start : start + WITHIN]
        for m, g, start in rises
        if data.count[m, g, start:].sum() >= TESTABLE
    ]
    delay = [int(found.argmax()) for found in after if found.any()]
    return {"found": float(np.mean([f.any() for f in after])), "delay": float(np.median(delay))}
