"""Early warning on counts: each period judged from the periods before it, and from no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats import checks
from aftersales.stats.baseline import fit_baseline, terms
from aftersales.stats.checks import Numbers
from aftersales.stats.drift import LIMIT, cumulate, rise_evidence
from aftersales.stats.short_history import ears_p
from aftersales.stats.surge import surge_limit, surge_p

ALPHA = 0.005
HISTORY = 8  # cycles of the past that a fit looks back on, where there are as many
QUIET = 4  # periods without an alarm that end an episode
RUNGS = ("none", "C1", "C2", "level", "season")
LEVEL, SEASON = 3, 4
FEWEST = 7  # usable periods behind a fit
TAIL_T = 2.0  # dispersion x (1 + 2 v), v its squared relative error: Student's t at p = 0.005


@dataclass(frozen=True)
class Plan:
    """What a run looks at: positions and settings, the same for every series."""

    season: int
    start: int
    alpha: float
    gap: int
    history: int


def monitor(
    counts: pd.Series | Numbers,
    *,
    exposure: Numbers | None = None,
    season: int = 52,
    start: object,
    alpha: float = ALPHA,
    exclude: Numbers | None = None,
    gap: int | None = None,
    history: int = HISTORY,
) -> pd.DataFrame:
    """Alarms of one regular series of counts, one row per period from `start` on.

    Columns: ``period`` (the index of a Series, else the position), ``count``, ``expected``,
    ``upper`` (largest count without a spike), ``p`` (of a period as high, alone or together
    with the one before, when nothing changed), ``excess`` (count - expected), ``spike``
    (p <= alpha), ``cusum`` (evidence for a lasting rise), ``drift`` (cusum at or beyond 3.5),
    ``since`` (first period of the rise that the cusum sees), ``episode`` (number of the alarm
    that the period belongs to, <NA> outside) and ``rung``, what the expectation stands on:

    ``season``  two cycles of history or more: trend and season by quasi-Poisson regression
    ``level``   one to two cycles: a constant rate
    ``C2, C1``  shorter: mean and spread of seven periods (`short_history`); no drift
    ``none``    fewer than seven usable periods before, or the period has no exposure or is
                excluded: not judged, p is NaN

    About `alpha` of quiet periods are spikes. A drift stays on while the rise lasts, so its
    false alarms are few and long. The expectation follows Noufaily et al. 2013, Stat. Med.
    32:1206: the last half cycle is left out so that a rise does not become its own baseline,
    outliers of the past do not count, and the limits allow for the error of the fit. The window
    of two periods and the cusum go beyond it (`surge`, `drift`).

    Parameters
    ----------
    counts : one value per period, oldest first, no period left out
    exposure : units at risk per period; 0 marks a period that is not observed
    season : periods in a cycle (52 weeks, 12 months)
    start : first period to judge, a position or a label of the index
    exclude : periods (True) of known campaigns; neither judged nor part of any baseline
    gap : periods just before the judged one that the fit leaves out (default half a cycle)
    history : cycles of the past to fit, where there are as many

    >>> weekly = pd.Series([4, 6, 5, 5, 3, 7, 5, 5, 6, 4] * 20 + [5, 14, 15])
    >>> alarms = monitor(weekly, start=200)
    >>> alarms[["period", "count", "upper", "spike", "drift", "rung"]]
       period  count  upper  spike  drift    rung
    0     200    5.0   11.0  False  False  season
    1     201   14.0   11.0   True  False  season
    2     202   15.0    8.0   True   True  season
    """
    labels = counts.index if isinstance(counts, pd.Series) else None
    y, size = checks.series(counts, 1.0 if exposure is None else exposure)
    labels = pd.RangeIndex(y.size) if labels is None else labels
    plan = plan_for(labels, season=season, start=start, alpha=alpha, gap=gap, history=history)
    judged = judge(y[None], size[None], excluded(exclude, y[None]), plan=plan)
    columns = {name: values[0] for name, values in judged.items()}
    return tidy(columns, periods=labels, start=plan.start)


def plan_for(
    labels: pd.Index, *, season: int, start: object, alpha: float, gap: int | None, history: int
) -> Plan:
    """The settings, checked; `start` as a position."""
    checks.share(alpha, name="alpha")
    if season < 0 or history < 1 or (gap is not None and gap < 0):
        raise DataError(
            "`season` and `gap` must not be negative and `history` at least 1; "
            f"found {season}, {gap} and {history}."
        )
    first = _position(labels, start)
    if not 0 <= first < len(labels):
        raise DataError(
            f"`start` must lie within the series of {len(labels)} periods; found {start!r}."
        )
    return Plan(season, first, alpha, season // 2 if gap is None else gap, history)


def judge(
    y: np.ndarray, size: np.ndarray, left_out: np.ndarray, *, plan: Plan
) -> dict[str, np.ndarray]:
    """Columns of `monitor` for all series (rows) at once, from `plan.start` on."""
    used = (size > 0) & ~left_out
    fits = _expect(y, size, used, plan)
    now, before = slice(plan.start, None), slice(max(plan.start - 1, 0), y.shape[1] - 1)
    count, previous = y[:, now], np.full(fits["expected"].shape, np.nan)
    previous[:, previous.shape[1] - y[:, before].shape[1] :] = y[:, before]
    modelled = (fits["rung"] >= LEVEL) & used[:, now]
    p, upper = np.full(count.shape, np.nan), np.full(count.shape, np.nan)
    parts = [previous, fits["expected"], fits["previous"], fits["dispersion"]]
    chosen = [part[modelled] for part in parts]
    p[modelled] = surge_p(count[modelled], *chosen)
    upper[modelled] = surge_limit(*chosen, alpha=plan.alpha)
    evidence = np.full(count.shape, np.nan)
    evidence[modelled] = rise_evidence(
        count[modelled], fits["expected"][modelled], fits["drift_dispersion"][modelled]
    )
    out = {"count": count, "expected": fits["expected"], "upper": upper, "p": p}
    rung = np.where(used[:, now], fits["rung"], 0)
    _add_short(out, rung, y, size, used, plan)
    total, since = cumulate(evidence)
    out["excess"] = count - out["expected"]
    out["spike"] = np.nan_to_num(out["p"], nan=1.0) <= plan.alpha
    out |= {"cusum": np.where(modelled, total, np.nan), "drift": modelled & (total >= LIMIT)}
    out["since"] = np.where(since >= 0, since + plan.start, -1)
    out["episode"] = number_episodes(out["spike"] | out["drift"])
    return out | {"rung": rung}


def tidy(columns: dict[str, np.ndarray], *, periods: pd.Index, start: int) -> pd.DataFrame:
    """One series' columns as a table, with the periods' labels and the rungs' names."""
    frame = pd.DataFrame(columns)
    frame.insert(0, "period", periods[start:])
    since = pd.Series(periods[np.maximum(columns["since"], 0)], index=frame.index)
    frame["since"] = since.where(columns["since"] >= 0)
    frame["episode"] = frame["episode"].astype("Int64").mask(frame["episode"] == 0)
    frame["rung"] = np.array(RUNGS)[columns["rung"]]
    return frame


def number_episodes(alarm: np.ndarray) -> np.ndarray:
    """1, 2, ... from the first alarm of a row until four periods without one; 0 outside.

    >>> number_episodes(np.array([[0, 1, 0, 1, 0, 0, 0, 0, 1]], dtype=bool)).tolist()
    [[0, 1, 1, 1, 0, 0, 0, 0, 2]]
    """
    numbers = np.zeros(alarm.shape, dtype=int)
    for row, flags in zip(numbers, alarm, strict=True):
        at = np.flatnonzero(flags)
        for k, run in enumerate(np.split(at, np.flatnonzero(np.diff(at) > QUIET) + 1), start=1):
            if run.size:
                row[run[0] : run[-1] + 1] = k
    return numbers


def excluded(exclude: Numbers | None, y: np.ndarray) -> np.ndarray:
    """Periods to leave out, as a table of True and False like `y`."""
    flags = np.zeros(y.shape, dtype=bool) if exclude is None else np.asarray(exclude)
    if flags.dtype != bool or flags.shape[-1] != y.shape[-1]:
        raise DataError(
            f"`exclude` must hold one True or False per period ({y.shape[-1]}); found "
            f"{flags.size} values of type {flags.dtype}."
        )
    return np.broadcast_to(flags, y.shape)


def _expect(
    y: np.ndarray, size: np.ndarray, used: np.ndarray, plan: Plan
) -> dict[str, np.ndarray]:
    """Expected counts of the judged periods and what p and drift need besides."""
    series, periods = y.shape
    shape = (series, periods - plan.start)
    names = ("expected", "previous", "dispersion", "drift_dispersion")
    out = {name: np.full(shape, np.nan) for name in names} | {"rung": np.zeros(shape, dtype=int)}
    cycle = max(plan.season, 2)
    designs = {LEVEL: terms(periods, season=0), SEASON: terms(periods, season=plan.season)}
    for j, t in enumerate(range(plan.start, periods)):
        past = slice(max(0, t - plan.gap - plan.history * cycle), max(0, t - plan.gap))
        behind = used[:, past].sum(1) + used[:, past.stop : t].sum(1)
        rung = np.where(behind >= 2 * cycle, SEASON, np.where(behind >= cycle, LEVEL, 0))
        rung[used[:, past].sum(1) < FEWEST] = 0
        out["rung"][:, j] = rung
        for step, (x, prior) in designs.items():
            rows = np.flatnonzero(rung == step)
            if rows.size:
                fit = fit_baseline(
                    *(part[rows, past] for part in (y, size, used)),
                    past=x[past],
                    prior=prior,
                    ahead=x[t - 1 : t + 1],
                )
                _note(out, rows, j, fit, size[rows, t - 1 : t + 1], used[rows, t - 1])
    return out


def _note(out, rows, j, fit, size, seen) -> None:
    """Write one fit's expectations into the columns of the period `j`."""
    before, now = (fit.rate * size).T
    out["expected"][rows, j] = now
    out["previous"][rows, j] = np.where(seen, before, np.nan)
    unsure = fit.dispersion * (1 + TAIL_T * fit.spread_error)
    both = now + np.where(seen, before, 0.0)
    out["dispersion"][rows, j] = unsure + both * fit.error
    out["drift_dispersion"][rows, j] = unsure + now * fit.error


def _add_short(out, rung, y, size, used, plan: Plan) -> None:
    """Fill in periods with too little history for a fit from the few periods before them."""
    expected, upper, p, step = (
        part[:, plan.start :] for part in ears_p(y, size, used, alpha=plan.alpha)
    )
    short = (rung == 0) & (step > 0) & used[:, plan.start :]
    for name, values in {"expected": expected, "upper": upper, "p": p}.items():
        out[name][short] = values[short]
    rung[short] = step[short]


def _position(labels: pd.Index, start: object) -> int:
    if isinstance(start, (int, np.integer)) and not isinstance(labels, pd.DatetimeIndex):
        return int(labels.get_loc(start)) if start in labels else -1
    if isinstance(start, (int, np.integer)):
        return int(start)
    try:
        return int(labels.searchsorted(pd.Timestamp(start)))
    except (TypeError, ValueError) as error:
        raise DataError(f"`start` must be a position or a date; found {start!r}.") from error
