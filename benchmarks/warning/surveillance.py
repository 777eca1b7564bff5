"""Alarms on simulated weekly series: how many are false, how many rises are found, how fast.

    python benchmarks/warning/surveillance.py --seeds 2

Judges the recorded series of the reference folder where it is present (beside the repository, or
at AFTERSALES_SHARED), series of its scenarios from other seeds, series of our own scenarios, and of
scenarios drawn at random.
Detection: an alarm from the first to the last week with cases of the outbreak. The packages'
false-alarm rates and detections are read from the reference folder.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import surveillance_series as made
from surveillance_series import FIRST, STEP, Series

from aftersales.stats.alarms.baseline import tail
from aftersales.stats.alarms.surveillance import monitor_many
from aftersales.stats.series.control_chart import u_chart

RATES = (0.0074, 0.0286, 0.0327)  # weekly false-alarm rates of the packages recorded
ALPHA, FDR, WITHIN = 0.005, 0.10, 13
BUSY = 3  # mean cases a week in the first year from which a series counts as high
TRAILING = 104  # weeks of a plain chart's limits


def judged(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of `monitor_many` as arrays, a row per series, for the judged weeks."""
    series, weeks = counts.shape
    table = pd.DataFrame(
        {
            "series": np.repeat(np.arange(series), weeks),
            "period": np.tile(np.arange(weeks), series),
            "count": counts.ravel(),
        }
    )
    alarms = monitor_many(
        table, by=["series"], start=weeks - (made.WEEKS - FIRST), alpha=ALPHA, fdr=FDR, min_count=0
    )
    names = ("count", "expected", "p", "q", "spike", "drift", "alarm")
    return {name: alarms[name].to_numpy().reshape(series, -1) for name in names}


def detected(series: Series, quiet: np.ndarray, outbreaks: np.ndarray) -> list[float]:
    """Share of outbreaks found, at the thresholds of p that give the rates in quiet weeks."""
    lowest = np.sort(quiet.ravel())
    inside = np.where(during(series), outbreaks, np.inf).min(axis=1)
    return [float((inside < lowest[int(rate * lowest.size + 1e-9)]).mean()) for rate in RATES]


def during(series: Series) -> np.ndarray:
    """Judged weeks from the first to the last case of the last outbreak."""
    week = np.arange(FIRST, made.WEEKS)
    return (week >= series.window[:, :1]) & (week <= series.window[:, 1:])


def one_week_p(series: Series, counts: np.ndarray) -> np.ndarray:
    """p of single weeks for a detector that knows the true mean and dispersion."""
    return tail(counts[:, FIRST:], series.mean[:, FIRST:], series.dispersion[:, None])


def detection(series: Series, runs: dict[str, dict[str, np.ndarray]]) -> pd.DataFrame:
    """One row per false-alarm rate: outbreaks found by us, and with the true mean known."""
    ours = detected(series, runs["quiet"]["p"], runs["outbreaks"]["p"])
    known = detected(series, *(one_week_p(series, c) for c in (series.quiet, series.outbreaks)))
    return pd.DataFrame({"ours": ours, "true mean, one week": known}, index=list(RATES))


def false_alarms(series: Series, runs: dict[str, dict[str, np.ndarray]]) -> dict[str, float]:
    """Share of quiet weeks with an alarm, and false share of what Benjamini-Hochberg flags."""
    spike, drift = runs["quiet"]["spike"], runs["quiet"]["drift"]
    by_scenario = pd.Series(spike.mean(axis=1)).groupby(series.scenario).mean()
    flagged = runs["outbreaks"]["q"] <= FDR
    return {
        f"quiet weeks with a spike, alpha {ALPHA}": spike.mean(),
        "  in the worst scenario": by_scenario.max(),
        "quiet weeks in a drift": drift.mean(),
        "false share of flagged weeks, q .10": (flagged & ~during(series)).sum() / flagged.sum(),
        "flagged weeks": float(flagged.sum()),
    }


def steps(series: Series, runs: dict[str, dict[str, np.ndarray]]) -> pd.DataFrame:
    """A lasting rise by half: found within 13 weeks, and quiet series ever alarmed in 49."""
    rows = {}
    high = series.stepped & (series.mean[:, : made.YEAR].mean(axis=1) >= BUSY)
    late = slice(STEP - FIRST + WITHIN, None)
    for name, columns in {
        "spike": ["spike"],
        "drift": ["drift"],
        "either": ["spike", "drift"],
        "q or drift": ["alarm"],
    }.items():
        quiet, step = (np.any([runs[v][c] for c in columns], axis=0) for v in ("quiet", "step"))
        soon = step[:, STEP - FIRST : STEP - FIRST + WITHIN].any(axis=1)
        rows[name] = {
            "within 13 weeks": soon[series.stepped].mean(),
            "of high counts": soon[high].mean(),
            "quiet ever": quiet[series.stepped].any(axis=1).mean(),
            "weeks on, later": step[series.stepped, late].mean(),
        }
    return pd.DataFrame(rows).T


def charts(series: Series, runs: dict[str, dict[str, np.ndarray]]) -> dict[str, float]:
    """Quiet weeks outside a chart: of the counts, and of counts over what season and trend expect.

    The chart of the counts has limits of the 104 weeks before; both are of the judged weeks, in
    the scenarios numbered 12 and 20 (seasons and trends) and over all.
    """
    quiet = runs["quiet"]
    plain, adjusted = np.zeros(quiet["count"].shape), np.zeros(quiet["count"].shape)
    for i in range(len(plain)):
        trailing = pd.Series(series.quiet[i, FIRST - TRAILING :])
        ones = np.ones(len(trailing))
        chart = u_chart(trailing, ones, laney=False, baseline=TRAILING)
        plain[i] = chart.to_frame()["signal"].to_numpy()[TRAILING:]
        chart = u_chart(pd.Series(quiet["count"][i]), quiet["expected"][i])
        adjusted[i] = chart.to_frame()["signal"].to_numpy()
    out = {}
    for name, values in {"plain": plain, "deseasonalised": adjusted}.items():
        out[f"weeks outside a {name} chart"] = values.mean()
        for scenario in (12, 20):
            out[f"  {name}, scenario {scenario}"] = values[series.scenario == scenario].mean()
    return out


def packages(folder: Path) -> pd.Series:
    """Detection by the packages at their own false-alarm rates, from the recorded scores."""
    scores = pd.read_csv(folder / "sim_scores_280_series.csv")
    theirs = scores[~scores["method"].str.startswith("own_")]
    rate = theirs["FPR_clean"].round(4)
    kept = theirs[rate.isin(RATES)]
    return (kept["method"] + " " + kept["POD"].round(3).astype(str)).set_axis(rate[kept.index])


def report(name: str, series: Series, *, theirs: pd.Series | None = None) -> None:
    runs = {variant: judged(counts) for variant, counts in series.variants().items()}
    table = detection(series, runs)
    if theirs is not None:
        table["package"] = theirs
    print(f"\n{name}: {len(series.quiet)} series\n")
    print(table.rename_axis("found at false-alarm rate").round(3).to_string())
    print()
    for label, value in (false_alarms(series, runs) | charts(series, runs)).items():
        print(f"{label:40s} {value:8.4f}")
    print()
    print(steps(series, runs).rename_axis("lasting +50 %").round(3).to_string(), flush=True)


def speed(seed: int) -> None:
    """500 series of five years, the last one monitored."""
    counts = made.last_year(made.simulated(seed=seed, replicates=18)).quiet[:500]
    began = time.perf_counter()
    judged(counts)
    print(f"\n500 series x 260 weeks, the last 49 judged: {time.perf_counter() - began:.1f} s")


def reference_folder() -> Path:
    root = Path(__file__).resolve().parents[2]
    home = Path(os.environ.get("AFTERSALES_SHARED") or root.parent / "shared")
    return home / "reference" / "trend_hotspot" / "simulation"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="simulated sets of each kind")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--replicates", type=int, default=10)
    arguments = parser.parse_args()
    folder = reference_folder()
    kinds: dict[str, object] = {
        "own scenarios": lambda seed: made.own_scenarios(),
        "random scenarios": made.random_scenarios,
    }
    if folder.is_dir():
        report("recorded series", made.recorded(folder), theirs=packages(folder))
        table = pd.read_csv(folder / "noufaily_scenarios.csv")
        kinds["recorded scenarios"] = lambda seed: table
    for kind, scenarios in kinds.items():
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            series = made.simulated(
                seed=seed, replicates=arguments.replicates, scenarios=scenarios(seed)
            )
            report(f"{kind}, seed {seed}", series)
    speed(arguments.first)


if __name__ == "__main__":
    main()
