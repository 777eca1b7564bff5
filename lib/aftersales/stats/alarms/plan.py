"""The judgement of many series at once, each period from the periods before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aftersales.stats.alarms.baseline import Baseline, fit_baseline, terms
from aftersales.stats.alarms.drift import cumulate, rise_evidence
from aftersales.stats.alarms.one_or_two_periods import surge_limit, surge_p
from aftersales.stats.alarms.short_history import ears_p

RUNGS = ("none", "C1", "C2", "level", "season")
LEVEL, SEASON = 3, 4
FEWEST = 7  # usable periods behind a fit
RECENT = 4  # periods whose cases are counted before an alarm is raised
TAIL = 4.5  # dispersion x (1 + 4.5 v), v its squared relative error: Student's t asks for 2, its
#             skewed error and small counts for more (benchmarks/warning/surveillance.py)


@dataclass(frozen=True)
class Plan:
    """Settings of a run, the same for every series; `start` is a position.

    `gap` periods before the judged one and everything earlier than `history` cycles before
    them are not part of its baseline; below `min_count` cases in four periods there is no alarm.
    """

    season: int
    start: int
    alpha: float
    gap: int
    history: int
    drift_limit: float
    min_count: float = 0


def judge(
    y: np.ndarray, size: np.ndarray, left_out: np.ndarray, *, plan: Plan, limits: bool = True
) -> dict[str, np.ndarray]:
    """Counts and exposures (a row per series) into the columns of `surveillance.monitor_many`.

    One row per series, one column per period from `plan.start` on; rungs as positions in
    `RUNGS`, ``since`` as a position (-1 for none), no ``alarm`` and ``episode`` yet. ``upper``,
    which takes half the time, is missing without `limits`.
    """
    used = (size > 0) & ~left_out
    fits = _expect(y, size, used, plan)
    modelled = fits["rung"] >= LEVEL
    out = {name: np.full(modelled.shape, np.nan) for name in ("upper", "p")}
    out = {"count": y[:, plan.start :], "expected": fits["expected"]} | out
    names = ("count_before", "expected", "expected_before", "dispersion")
    parts = [fits[name][modelled] for name in names]
    out["p"][modelled] = surge_p(out["count"][modelled], *parts)
    if limits:
        out["upper"][modelled] = surge_limit(*parts, alpha=plan.alpha)
    evidence = rise_evidence(out["count"], fits["expected"], fits["drift_dispersion"])
    total, since = cumulate(np.where(modelled, evidence, np.nan), limit=plan.drift_limit)
    _add_short(out, fits["rung"], y, size, used, plan)
    enough = _recent(y)[:, plan.start :] >= plan.min_count
    out["excess"] = out["count"] - out["expected"]
    out["spike"] = enough & (np.nan_to_num(out["p"], nan=1.0) <= plan.alpha)
    out["cusum"] = np.where(modelled, total, np.nan)
    out["drift"] = enough & modelled & (total >= plan.drift_limit)
    out["since"] = np.where(modelled & (since >= 0), since + plan.start, -1)
    return out | {"rung": fits["rung"], "enough": enough}


def _expect(y: np.ndarray, size: np.ndarray, used: np.ndarray, plan: Plan) -> dict[str, np.ndarray]:
    """Expected counts of the judged periods, and what p and drift need besides."""
    series, periods = y.shape
    shape = (series, periods - plan.start)
    names = ("count_before", "expected", "expected_before", "dispersion", "drift_dispersion")
    out = {name: np.full(shape, np.nan) for name in names} | {"rung": np.zeros(shape, dtype=int)}
    designs = {LEVEL: terms(periods, season=0), SEASON: terms(periods, season=plan.season)}
    for j, t in enumerate(range(plan.start, periods)):
        past = _past(t, plan)
        out["rung"][:, j] = _rung(used, t, past, plan)
        for step, (x, prior) in designs.items():
            rows = np.flatnonzero(out["rung"][:, j] == step)
            if rows.size:
                known = (part[rows, past] for part in (y, size, used))
                both = slice(t - 1, t + 1)
                fit = fit_baseline(
                    *known,
                    past=x[past],
                    prior=prior,
                    ahead=x[both],
                    recent=max(plan.season, FEWEST),
                )
                _note(out, rows, j, fit, y[rows, both], size[rows, both], used[rows, t - 1])
    return out


def _past(t: int, plan: Plan) -> slice:
    stop = max(t - plan.gap, 0)
    return slice(max(0, stop - plan.history * max(plan.season, FEWEST)), stop)


def _rung(used: np.ndarray, t: int, past: slice, plan: Plan) -> np.ndarray:
    """What each series' history before `t` supports; 0 also where `t` itself is not judged."""
    cycle = max(plan.season, FEWEST)
    behind = used[:, past.start : t].sum(1)
    whole = SEASON if plan.season >= 2 else LEVEL
    rung = np.where(behind >= 2 * cycle, whole, np.where(behind >= cycle, LEVEL, 0))
    return np.where(used[:, t] & (used[:, past].sum(1) >= FEWEST), rung, 0)


def _note(
    out: dict[str, np.ndarray],
    rows: np.ndarray,
    j: int,
    fit: Baseline,
    count: np.ndarray,
    size: np.ndarray,
    seen: np.ndarray,
) -> None:
    """Write the fit of period `j` into its column; `seen`: the period before is usable."""
    before, now = (fit.rate * size).T
    before = np.where(seen, before, np.nan)
    out["count_before"][rows, j] = count[:, 0]
    out["expected"][rows, j], out["expected_before"][rows, j] = now, before
    unsure = fit.dispersion * (1 + TAIL * fit.spread_error)
    out["dispersion"][rows, j] = unsure + (now + np.nan_to_num(before)) * fit.error
    out["drift_dispersion"][rows, j] = unsure + now * fit.error


def _add_short(
    out: dict[str, np.ndarray],
    rung: np.ndarray,
    y: np.ndarray,
    size: np.ndarray,
    used: np.ndarray,
    plan: Plan,
) -> None:
    """Judge periods with too little history for a fit by the few periods before them."""
    now = slice(plan.start, None)
    *found, step = (part[:, now] for part in ears_p(y, size, used, alpha=plan.alpha))
    short = (rung == 0) & (step > 0) & used[:, now]
    for name, values in zip(("expected", "upper", "p"), found, strict=True):
        out[name][short] = values[short]
    rung[short] = step[short]


def _recent(y: np.ndarray) -> np.ndarray:
    """Cases of each period and the three before it."""
    padded = np.pad(y, ((0, 0), (RECENT - 1, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, RECENT, axis=1).sum(2)
