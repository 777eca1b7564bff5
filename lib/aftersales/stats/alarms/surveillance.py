"""Early warning on counts: each period judged from the periods before it, and from no other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from aftersales.errors import DataError
from aftersales.stats import inputs
from aftersales.stats.alarms.drift import LIMIT
from aftersales.stats.alarms.episodes import number_episodes
from aftersales.stats.alarms.plan import RUNGS, Plan, judge
from aftersales.stats.alarms.series_table import Panel, read_panel
from aftersales.stats.counts.multiplicity import pooled_false_discovery

COLUMNS = ("count", "expected", "upper", "p", "excess", "spike", "cusum", "drift", "q", "alarm")
ALPHA = 0.005
HISTORY = 8  # cycles of the past that a fit looks back on, where there are as many


def monitor_many(
    table: pd.DataFrame,
    *,
    by: Sequence[str],
    period: str = "period",
    count: str = "count",
    exposure: str | None = None,
    season: int = 52,
    start: object,
    alpha: float = ALPHA,
    fdr: float = 0.10,
    exclude: Sequence[object] = (),
    min_count: float = 3,
    gap: int | None = None,
    history: int = HISTORY,
    drift_limit: float = LIMIT,
) -> pd.DataFrame:
    """Alarms of many series of one calendar, one row per series and period from `start` on.

    Columns `by`, ``period``, ``count``, ``expected``, ``upper`` (largest count without a spike,
    given the period before), ``p`` (of a period as high, alone or together with the one before,
    when nothing changed), ``excess`` (count - expected), ``spike`` (p <= alpha), ``cusum``
    (evidence for a lasting rise), ``drift`` (cusum at `drift_limit`), ``since`` (first period of
    the rise that the cusum sees), ``q``, ``alarm`` (q <= `fdr` or drift, with at least `min_count`
    cases in four periods), ``episode`` (number of the alarm a period belongs to; it ends with four
    periods without alarm), ``new`` (first alarm of an episode, the only one to report; `episodes`
    sums them up) and ``rung``, what the expectation stands on:

    ``season``  two cycles of history or more: trend and season by quasi-Poisson regression
    ``level``   one to two cycles: a constant rate
    ``C2, C1``  shorter: mean and spread of seven periods (`short_history`); no drift
    ``none``    fewer than seven usable periods before, or the period has no exposure or is
                excluded: not judged, p is NaN

    About `alpha` of quiet periods are spikes. A drift stays on while the rise lasts, so its
    false alarms are few and long: in any one quiet period at most exp(-drift_limit) are on. The
    expectation follows Noufaily et al. 2013, Stat. Med. 32:1206: the last half cycle is left
    out so that a rise does not become its own baseline, outliers of the past do not count, and
    limits allow for the error of the fit. The window of two periods (`one_or_two_periods`) and the
    cusum (`drift`) see what a single period does not.

    ``q`` is p adjusted for the number of series judged in the same period (Benjamini and Hochberg
    1995, J. R. Stat. Soc. B 57:289; a little stricter, so that the share of false ones also holds
    over many periods: `pooled_false_discovery`).

    Parameters
    ----------
    table : one row per series and period: `by`, `period` (dates or whole numbers), `count` and,
        if named, `exposure`. A period that a series lacks counts 0, or, with an exposure, is
        not observed. A series that begins late needs an exposure to say so.
    season : periods in a cycle (52 weeks, 12 months); 0 for none
    start : first period to judge, a date, a label or a position
    exclude : periods of known campaigns, for all series; neither judged nor part of any baseline
    gap : periods just before the judged one that the fit leaves out (default half a cycle)
    history : cycles of the past to fit, where there are as many

    >>> a = pd.DataFrame({"period": range(203), "count": [4, 6, 5, 5, 5, 3, 7] * 29})
    >>> b = a.assign(model="B", count=a["count"] + 12 * (a["period"] >= 201))
    >>> alarms = monitor_many(pd.concat([a.assign(model="A"), b]), by=["model"], start=200)
    >>> alarms.loc[alarms["new"], ["model", "period", "count", "spike", "drift", "episode"]]
      model  period  count  spike  drift  episode
    4     B     201   15.0   True   True        1
    """
    panel = read_panel(table, by=by, period=period, count=count, exposure=exposure)
    plan = _plan(
        panel.periods,
        season=season,
        start=start,
        alpha=alpha,
        gap=gap,
        history=history,
        drift_limit=drift_limit,
        min_count=min_count,
    )
    inputs.share(fdr, name="fdr")
    campaign = panel.periods.isin(pd.Index(exclude, dtype=panel.periods.dtype))
    campaigns = np.broadcast_to(campaign, panel.count.shape)
    judged = judge(panel.count, panel.exposure, campaigns, plan=plan)
    judged["q"] = np.column_stack([pooled_false_discovery(p) for p in judged["p"].T])
    found = judged["enough"] & (np.nan_to_num(judged["q"], nan=1.0) <= fdr)
    judged["alarm"] = found | judged["drift"]
    return _with_series(_table(judged, panel.periods, plan.start), panel)


def _plan(
    periods: pd.Index,
    *,
    season: int,
    start: object,
    alpha: float,
    gap: int | None,
    **least: float,
) -> Plan:
    """The settings, checked, with `start` as a position among the periods."""
    inputs.share(alpha, name="alpha")
    given = {"season": season, "gap": season // 2 if gap is None else gap, **least}
    for name, value in given.items():
        lowest = 1 if name == "history" else 0
        if not value >= lowest:
            raise DataError(f"`{name}` must be at least {lowest}; found {value!r}.")
    return Plan(start=_position(periods, start), alpha=alpha, **given)


def _position(labels: pd.Index, start: object) -> int:
    """Where `start` is in the series: a label (of dates: the first on or after), or a position."""
    dates = isinstance(labels, pd.DatetimeIndex)
    if dates and not isinstance(start, (int, np.integer)):
        try:
            position = int(labels.searchsorted(pd.Timestamp(start)))
        except (TypeError, ValueError) as error:
            raise DataError(f"`start` must be a date or a position; found {start!r}.") from error
    elif not dates and start in labels:
        position = labels.get_loc(start)
    else:
        position = start
    if not isinstance(position, (int, np.integer)) or not 0 <= position < len(labels):
        raise DataError(
            f"`start` must lie within the series, which has {len(labels)} periods; found {start!r}."
        )
    return int(position)


def _table(judged: dict[str, np.ndarray], periods: pd.Index, start: int) -> pd.DataFrame:
    """All series below each other, with the labels of periods, episodes and rungs."""
    series, width = judged["count"].shape
    number = number_episodes(judged["alarm"])
    frame = pd.DataFrame({name: judged[name].ravel() for name in COLUMNS if name in judged})
    frame.insert(0, "period", periods[start:].take(np.tile(np.arange(width), series)))
    since = judged["since"].ravel()
    labels = pd.Series(periods.take(np.maximum(since, 0)), index=frame.index)
    labels = labels.astype("Int64") if labels.dtype.kind == "i" else labels
    frame["since"] = labels.where(since >= 0)
    frame["episode"] = pd.array(number.ravel(), dtype="Int64")
    frame["episode"] = frame["episode"].mask(number.ravel() == 0)
    frame["rung"] = np.array(RUNGS)[judged["rung"].ravel()]
    return frame


def _with_series(frame: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Whose row it is, and whether its episode is new."""
    series = np.repeat(np.arange(len(panel.series)), len(frame) // max(len(panel.series), 1))
    names = panel.series.iloc[series].reset_index(drop=True)
    number = frame["episode"].fillna(0).to_numpy(dtype=int)
    before = np.where(np.diff(series, prepend=-1) == 0, np.roll(number, 1), 0)
    frame["new"] = (number > 0) & (number != before)
    return pd.concat([names, frame], axis=1)
