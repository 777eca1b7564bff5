"""Weekly series of a region, each week judged from the weeks before it: what is alarming now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.metrics import available
from aftersales.metrics.families.weekly import weekly_tickets
from aftersales.stats.alarms.baseline import fit_baseline, terms
from aftersales.stats.alarms.drift import LIMIT
from aftersales.stats.alarms.episodes import QUIET, episodes
from aftersales.stats.alarms.surveillance import monitor_many
from aftersales.studies.scope import Scope
from aftersales.studies.series.monthly import MIN_CASES, Series
from aftersales.studies.verdict import WATCH_Q

TICKETS = {"faults_per_1000": "fault", "complaints_per_1000": "complaint", "ticket_volume": ""}
SEASON = 52
JUDGED = 26  # weeks looked back on; what began earlier is for the monthly windows
FEWEST = 5  # cases in four weeks below which no alarm is raised
WEEK = pd.Timedelta(days=7)


@dataclass(frozen=True)
class Weekly:
    """What early warning says of a report's series.

    `counts` has one row per series and week: ``series`` (number), ``week``, ``count``,
    ``exposure``; `names` one row per series: ``metric``, ``region``, ``part`` ("" is all); `fits`
    what each series is like without its outliers: ``level`` (cases a week in the last year),
    ``dispersion``, ``wave`` (half the range of the log of its season) and ``weeks`` of history;
    `alarms` is what `surveillance.monitor_many` gives, `episodes` its alarms of the last
    four weeks, most excess cases first. `drift_limit` is that of the cusum.
    """

    names: pd.DataFrame
    counts: pd.DataFrame
    fits: pd.DataFrame
    alarms: pd.DataFrame
    episodes: pd.DataFrame
    drift_limit: float


def weekly(scope: Scope, series: Sequence[Series], *, months: int) -> Weekly | None:
    """Watch the weekly counts behind the monthly series of a report; None without tickets.

    Weeks have seven days and the last one ends on the report's day. Exposure is that of the
    monthly series, interpolated between the middles of the months. Series with fewer than 30
    cases are left out. The limit of the drift grows with the number of series, so that among
    quiet ones one in ten reports has a drift by chance (a cusum is above c in at most exp(-c) of
    quiet weeks: Lorden 1971, Ann. Math. Stat. 42:1897); the spikes of a week are judged by their
    false discovery rate.
    """
    watched = [s for s in series if s.metric in TICKETS]
    tickets = _tickets(scope, watched, months=months)
    if tickets is None:
        return None
    weeks = _weeks(scope, months)
    grids = [_grid(tickets, s, weeks) for s in watched]
    kept = [i for i, g in enumerate(grids) if g.sum() >= MIN_CASES]
    if not kept:
        return None
    watched, grids = [watched[i] for i in kept], [grids[i] for i in kept]
    sizes = [weekly_exposure(s.frame, weeks=weeks) for s in watched]
    counts = pd.DataFrame(
        {
            "series": np.repeat(np.arange(len(watched)), len(weeks)),
            "week": np.tile(weeks, len(watched)),
            "count": np.concatenate(grids),
            "exposure": np.concatenate(sizes),
        }
    )
    counts["count"] = counts["count"].where(counts["exposure"] > 0, 0.0)
    return watch(counts, names=pd.DataFrame([s.place for s in watched]))


def watch(counts: pd.DataFrame, *, names: pd.DataFrame) -> Weekly:
    """Judge the last 26 weeks of the series of `counts`; see `Weekly`."""
    weeks = pd.DatetimeIndex(counts["week"].unique())
    limit = max(LIMIT, float(math.ceil(math.log(len(names) / WATCH_Q))))
    alarms = monitor_many(
        counts,
        by=["series"],
        period="week",
        exposure="exposure",
        season=SEASON,
        start=max(len(weeks) - JUDGED, 0),
        fdr=WATCH_Q,
        min_count=FEWEST,
        drift_limit=limit,
    )
    alarmed = alarms.loc[alarms["alarm"], "series"].unique()
    found = episodes(alarms[alarms["series"].isin(alarmed)], by=["series"])
    found = found[found["last"] > weeks[-1] - QUIET * WEEK].reset_index(drop=True)
    return Weekly(names, counts, _fits(counts, len(weeks)), alarms, found, limit)


def _fits(counts: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """What each series is like without its outliers, one row per series.

    ``level`` (cases a week in the last year), ``dispersion`` (variance over mean), ``wave``
    (half the range of the log of the season) and ``weeks`` with exposure.
    """
    y, size = (counts[c].to_numpy(float).reshape(-1, weeks) for c in ("count", "exposure"))
    used = size > 0
    rows = []
    for season in (0, SEASON):
        x, prior = terms(weeks, season=season)
        fit = fit_baseline(y, size, used, past=x, prior=prior, ahead=x)
        year = np.where(used, fit.rate * size, np.nan)[:, -SEASON:]
        rate = np.log(fit.rate[:, -SEASON:])
        if season:
            rate = rate - np.linspace(0, 1, rate.shape[1]) * (rate[:, -1:] - rate[:, :1])
        wave = np.ptp(rate, axis=1) / 2
        rows.append(np.column_stack([np.nanmean(year, axis=1), fit.dispersion, wave]))
    long = used.sum(1) >= 2 * SEASON
    chosen = np.where(long[:, None], rows[1], rows[0])
    frame = pd.DataFrame(chosen, columns=["level", "dispersion", "wave"])
    return frame.assign(weeks=used.sum(1))


def weekly_exposure(frame: pd.DataFrame, *, weeks: pd.DatetimeIndex) -> np.ndarray:
    """The exposure of a week, from that of the months around it.

    A month's exposure over its days is taken to hold in its middle, with a straight line from one
    middle to the next; months without any stay without. After the last month the line goes on.

    >>> months = pd.to_datetime(["2024-01-01", "2024-02-01"])
    >>> frame = pd.DataFrame({"month": months, "n": [31, 58]})
    >>> weekly_exposure(frame, weeks=pd.DatetimeIndex(["2024-01-13", "2024-02-12"])).round(2)
    array([ 7., 14.])
    """
    months = pd.DatetimeIndex(frame["month"])
    days = months.days_in_month.to_numpy()
    daily = frame["n"].to_numpy(float) / days
    middle = _day(months) + days / 2
    if len(daily) > 1 and daily[-1] > 0 and daily[-2] > 0:
        further = middle[-1] + 62  # two months on, with the slope of the last two
        slope = (daily[-1] - daily[-2]) / (middle[-1] - middle[-2])
        middle = np.append(middle, further)
        daily = np.append(daily, max(daily[-1] + slope * 62, 0.0))
    at = _day(weeks) + 3.5
    size = 7 * np.interp(at, middle, daily)
    month = np.searchsorted(_day(months), at, side="right") - 1
    none = (month < 0) | (frame["n"].to_numpy()[np.clip(month, 0, None)] <= 0)
    return np.where(none, 0.0, size)


def _day(times: pd.DatetimeIndex) -> np.ndarray:
    return (times - pd.Timestamp(0)) / pd.Timedelta(days=1)


def _weeks(scope: Scope, months: int) -> pd.DatetimeIndex:
    """First days of the whole weeks of the history, the last of them ending on the day."""
    last = scope.as_of.normalize() - pd.Timedelta(days=6)
    count = (last - scope.months(months)[0]).days // 7 + 1
    return pd.date_range(end=last, periods=count, freq=WEEK, unit="us")


def _tickets(scope: Scope, watched: Sequence[Series], *, months: int) -> pd.DataFrame | None:
    """Tickets of the region by child region, part, type and week; None without such a table."""
    if not watched or not scope.store.has("tickets", "opened_at"):
        return None
    by = ["ticket_type"] if any(TICKETS[s.metric] for s in watched) else []
    keys = dict.fromkeys(k for s in watched for k in s.subject)
    by += [c for c in keys if available("ticket_volume", scope.store, by=[c])]
    return weekly_tickets(
        scope.store,
        by=by,
        as_of=scope.as_of,
        months=months + 1,  # the month of the report's day may have only begun
        region=scope.region.id,
        level=scope.children[0].level if "region" in by else None,
    )


def _grid(tickets: pd.DataFrame, series: Series, weeks: pd.DatetimeIndex) -> np.ndarray:
    """Weekly counts of one series; none where tickets cannot be split as its rate is."""
    rows = np.ones(len(tickets), dtype=bool)
    if TICKETS[series.metric]:
        rows &= (tickets["ticket_type"] == TICKETS[series.metric]).to_numpy()
    for key, value in series.subject.items():
        rows &= (tickets[key].astype(str) == value).to_numpy() if key in tickets else False
    at = weeks.get_indexer(pd.DatetimeIndex(tickets["week"][rows]))
    n = tickets["n_tickets"].to_numpy(float)[rows]
    return np.bincount(at[at >= 0], weights=n[at >= 0], minlength=len(weeks))
