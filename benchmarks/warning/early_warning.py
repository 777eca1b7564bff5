"""Early warning on real complaints: would the alarms have come before the recalls?

    python benchmarks/warning/early_warning.py --raw DIR      # complaints.csv.gz and recalls.csv.gz
    python benchmarks/warning/early_warning.py --fleets 4     # how the exposure was chosen

Replays the complaints of profile `nhtsa` month by month, per model and component group; each month
is judged from what was filed by its end. A recall is testable when at least ten complaints on the
same model and group were filed before it. It counts as flagged when an alarm was on in a month
that ended before the recall, at most `--look-back` months earlier. Alarms further than
`--window` months from every recall of the series are false. What chance alone would flag is
measured twice: on the same series with recalls moved to random months ("by chance"), and in the
months far from every recall ("in quiet months").
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from early_warning_fleet import compare_exposures
from early_warning_series import (
    FIRST,
    SETTINGS,
    TESTABLE,
    Complaints,
    alarms,
    exposures,
    read_complaints,
)

from aftersales.stats.alarms.episodes import number_episodes
from aftersales.stats.alarms.short_history import ears_limits

EXPOSURE = "root of others"
EARS_CASES = 3  # in a month, below which EARS raises no alarm
DRAWS = 2000
DAYS = 30.4375  # in a month


def ears(data: Complaints) -> tuple[np.ndarray, np.ndarray]:
    """The same of a method that looks at seven months only, for comparison: EARS C2."""
    alarm, number = np.zeros(data.count.shape, dtype=bool), np.zeros(data.count.shape, dtype=int)
    for m, model in enumerate(data.count):
        limits = np.array([ears_limits(series, method="C2") for series in model])
        alarm[m] = (model > limits) & (model >= EARS_CASES)
        alarm[m, :, :FIRST] = False
        number[m] = number_episodes(alarm[m])
    return alarm, (number > 0) & (np.diff(number, axis=2, prepend=0) != 0)


def testable(data: Complaints) -> pd.DataFrame:
    """The recalls with enough complaints before them, with their place in the grid.

    ``before`` complaints filed earlier than the day of the recall; ``month`` the one it falls in.
    """
    found = data.recalls.copy()
    found["m"] = pd.Index(data.models).get_indexer(found["model"])
    found["g"] = pd.Index(data.groups).get_indexer(found["group"])
    found["month"] = [p.ordinal for p in found["date"].dt.to_period("M")]
    found["month"] -= data.months[0].ordinal
    filed = {key: rows["filed"].to_numpy() for key, rows in data.filed.groupby(["model", "group"])}
    keys = zip(found["model"], found["group"], found["date"], strict=True)
    found["before"] = [(filed.get((m, g), np.array([], "M8[ns]")) < d).sum() for m, g, d in keys]
    inside = (found["m"] >= 0) & (found["g"] >= 0) & (found["month"] <= len(data.months))
    return found[inside & (found["before"] >= TESTABLE)].reset_index(drop=True)


def recent(alarm: np.ndarray, look_back: int) -> np.ndarray:
    """Was an alarm on in the `look_back` months before each month (one column more than months)?"""
    total = np.cumsum(np.pad(alarm, ((0, 0), (0, 0), (1, 0))), axis=2)
    earlier = np.maximum(np.arange(total.shape[2]) - look_back, 0)
    return total - total[:, :, earlier] > 0


def leads(recalls: pd.DataFrame, alarm: np.ndarray, data: Complaints, look_back: int) -> np.ndarray:
    """Months from the end of the first month with an alarm to the recall; NaN if there is none."""
    ends = data.months.to_timestamp(how="end").normalize() + pd.Timedelta(days=1)
    out = np.full(len(recalls), np.nan)
    for i, row in enumerate(recalls.itertuples()):
        first = max(row.month - look_back, 0)
        on = np.flatnonzero(alarm[row.m, row.g, first : row.month])
        if on.size:
            out[i] = (row.date - ends[first + on[0]]).days / DAYS
    return out


def quiet_months(data: Complaints, window: int) -> np.ndarray:
    """Months with enough complaints so far, and further than `window` from every recall."""
    quiet = np.cumsum(data.count, axis=2) >= TESTABLE
    quiet[:, :, :FIRST] = False
    for row in data.recalls.itertuples():
        if row.model in data.models and row.group in data.groups:
            m, g = data.models.index(row.model), data.groups.index(row.group)
            at = row.date.to_period("M").ordinal - data.months[0].ordinal
            quiet[m, g, max(at - window, 0) : max(at + window + 1, 0)] = False
    return quiet


def chance(
    recalls: pd.DataFrame, flag: np.ndarray, data: Complaints, rng: np.random.Generator
) -> tuple[float, float]:
    """Share flagged when recalls fall in random months of their series, and p of ours or more.

    Recalls of one series and month move together; months with enough complaints before count.
    """
    known = np.cumsum(np.pad(data.count, ((0, 0), (0, 0), (1, 0))), axis=2) >= TESTABLE
    known[:, :, :FIRST] = False
    real, drawn = 0, np.zeros(DRAWS)
    for (m, g, month), rows in recalls.groupby(["m", "g", "month"]):
        real += flag[m, g, month] * len(rows)
        drawn += rng.choice(flag[m, g, known[m, g]], DRAWS) * len(rows)
    share = drawn.mean() / len(recalls)
    return float(share), float((1 + (drawn >= real).sum()) / (1 + DRAWS))


def interval(
    hits: np.ndarray, n: np.ndarray, rng: np.random.Generator, *, scale: float = 1.0
) -> str:
    """Ratio of sums over series, and its 95 % interval from drawing series with replacement."""
    hits, n = hits[n > 0], n[n > 0]
    if n.size == 0:
        return "-"
    pick = rng.integers(0, n.size, (DRAWS, n.size))
    low, high = np.quantile(hits[pick].sum(1) / n[pick].sum(1), [0.025, 0.975]) * scale
    return f"{scale * hits.sum() / n.sum():.2f} ({low:.2f} to {high:.2f})"


def by_series(recalls: pd.DataFrame, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum of the values and number of recalls, per series."""
    sums = pd.Series(values, dtype=float).groupby([recalls["m"], recalls["g"]]).agg(["sum", "size"])
    return sums["sum"].to_numpy(), sums["size"].to_numpy()


def row(
    data: Complaints,
    recalls: pd.DataFrame,
    found: tuple[np.ndarray, np.ndarray],
    *,
    look_back: int,
    window: int,
    seed: int,
) -> dict[str, object]:
    """What one setting did, with 95 % intervals in brackets."""
    rng = np.random.default_rng(seed)
    alarm, new = found
    flag = recent(alarm, look_back)
    lead = leads(recalls, alarm, data, look_back)
    by_chance, p = chance(recalls, flag, data, rng)
    quiet = quiet_months(data, window)
    months = quiet.sum(2).ravel()
    known = lead[~np.isnan(lead)]
    quartiles = np.quantile(known, [0.5, 0.25, 0.75]) if known.size else [np.nan] * 3
    return {
        "testable": len(recalls),
        "flagged": int(known.size),
        "share": interval(*by_series(recalls, ~np.isnan(lead)), rng),
        "by chance": round(by_chance, 2),
        "p": round(p, 3),
        "in quiet months": round(float(flag[:, :, :-1][quiet].mean()), 2),
        "lead, months": "{:.1f} ({:.1f} to {:.1f})".format(*quartiles),
        "quiet months": int(months.sum()),
        "false alarms /100": interval((new & quiet).sum(2).ravel(), months, rng, scale=100),
        "months on /100": interval((alarm & quiet).sum(2).ravel(), months, rng, scale=100),
    }


def report(raw: Path, *, look_back: int, window: int, seed: int, out: Path | None) -> None:
    began = time.perf_counter()
    data = read_complaints(raw)
    recalls = testable(data)
    series = int((data.count.sum(2) > 0).sum())
    print(
        f"{len(data.filed['ticket_id'].unique()):,} complaints that name a group, {series} series"
    )
    print(
        f"of {len(data.models)} models, {data.months[0]} to {data.months[-1]}; {len(data.recalls)}"
    )
    places = recalls.groupby(["m", "g"]).ngroups
    print(f"recalls, of which {len(recalls)} on {places} series are testable\n")
    rows, listed = {}, recalls[["campaign", "model", "group", "date", "before"]].copy()
    exposure = exposures(data)[EXPOSURE]
    judged = {name: alarms(data, exposure, **setting) for name, setting in SETTINGS.items()}
    for name, found in (judged | {"EARS C2": ears(data)}).items():
        settings = {"look_back": look_back, "window": window, "seed": seed}
        rows[name] = row(data, recalls, found, **settings)
        listed[f"lead_{name.replace(' ', '_')}"] = leads(recalls, found[0], data, look_back).round(
            1
        )
    print(pd.DataFrame(rows).to_string())
    print(f"\nlook back {look_back} months, window {window}; {time.perf_counter() - began:.0f} s")
    if out:
        listed.to_csv(out, index=False)


def default_folder() -> Path:
    root = Path(__file__).resolve().parents[2]
    home = Path(os.environ.get("AFTERSALES_SHARED") or root.parent / "shared")
    return home / "data" / "nhtsa_vehicle_complaints"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--raw", "--data", type=Path, default=default_folder())
    parser.add_argument("--look-back", type=int, default=12)
    parser.add_argument("--window", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="CSV, one row per testable recall")
    parser.add_argument("--fleets", type=int, default=0, help="simulated fleets instead")
    wanted = parser.parse_args()
    if wanted.fleets:
        print(compare_exposures(wanted.fleets, seed=wanted.seed).to_string())
    elif wanted.raw.is_dir():
        settings = {"look_back": wanted.look_back, "window": wanted.window, "seed": wanted.seed}
        report(wanted.raw, **settings, out=wanted.out)
    else:
        print(f"No folder {wanted.raw}; give one with --raw. See docs/early-warning.md.")


if __name__ == "__main__":
    main()
