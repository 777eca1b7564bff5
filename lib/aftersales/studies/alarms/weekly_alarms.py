"""Weekly alarms that the monthly judgement does not say already, each with a severity."""

from __future__ import annotations

import math

import pandas as pd

from aftersales.stats.alarms.episodes import QUIET
from aftersales.stats.counts.more_than_expected import excess_ratio
from aftersales.studies.scope import Scope
from aftersales.studies.series.weekly_series import Weekly
from aftersales.studies.verdict import WATCH_Q, judge

MOMENT = 2  # weeks up to which an alarm is a spike whatever else it is
COLUMNS = [
    *("metric", "region", "part", "alarm", "week", "last", "weeks", "n", "count", "expected"),
    *("excess", "ratio", "low", "high", "p", "q", "rung", "severity", "said"),
]


def alarms_now(
    scope: Scope, weekly: Weekly | None, *, judged: pd.DataFrame, split_by: str
) -> pd.DataFrame:
    """One row per alarm that is on now, the most excess cases first.

    A drift counts while it is on, a spike for four weeks, both with a q of at most 0.10. Columns
    ``metric``, ``region``, ``part`` ("" is all), ``alarm`` ("spike", "drift" or "both"), ``week``
    (its first), ``last`` (week), ``weeks``, ``n`` at risk in them, ``count``, ``expected``,
    ``excess``, ``ratio`` with ``low``, ``high``, ``p`` and ``q`` (of the smallest of the four last
    weeks, times four; of a drift the chance that a quiet series is in one as strong, and that
    times the series), ``rung``, ``severity`` and ``said``: what speaks for it already - "month"
    (the monthly judgement, table `judged`, has the series, its whole or a part of it) or "other"
    (an alarm with more cases), else "".
    """
    if weekly is None or weekly.episodes.empty:
        return pd.DataFrame(columns=COLUMNS)
    rows = [_row(weekly, episode) for episode in weekly.episodes.itertuples()]
    table = pd.DataFrame([r for r in rows if r is not None], columns=COLUMNS)
    if table.empty:
        return table
    table["severity"] = [_severity(scope, row) for row in table.to_dict("records")]
    table["said"] = _said(table, judged.rename(columns={split_by: "part"}))
    return table


def _row(weekly: Weekly, episode: object) -> dict | None:
    """One episode as a row; None where it is over, or no more than chance may give."""
    own = weekly.alarms[weekly.alarms["series"] == episode.series]
    now, recent = own.iloc[-1], own.tail(QUIET)
    n = len(weekly.names)
    drifting = bool(now["drift"])
    spiking = bool((recent["spike"] & recent["alarm"]).any())
    if not (drifting or spiking):
        return None
    chances = []
    if spiking:
        chances.append(tuple(min(QUIET * recent[c].min(), 1.0) for c in ("p", "q")))
    if drifting:
        p = math.exp(-now["cusum"])
        chances.append((p, min(n * p, 1.0)))
    p, q = min(chances, key=lambda pair: pair[1])
    if q > WATCH_Q:  # among so many series and weeks chance alone may give it
        return None
    noise = weekly.fits["dispersion"].iloc[episode.series]
    ratio, low, high, _ = excess_ratio(episode.count, episode.expected, dispersion=noise)
    return {
        **weekly.names.iloc[episode.series][["metric", "region", "part"]].to_dict(),
        "alarm": _kind(drifting, spiking, episode.periods),
        "week": episode.start,
        "last": episode.last,
        "weeks": episode.periods,
        "n": _at_risk(weekly, episode),
        "count": episode.count,
        "expected": episode.expected,
        "excess": episode.excess,
        **{"ratio": ratio, "low": low, "high": high, "p": p, "q": max(p, q)},
        "rung": now["rung"],
    }


def _kind(drifting: bool, spiking: bool, weeks: int) -> str:
    """A spike of a week or two is one, though the cusum jumps with it."""
    if spiking and (weeks <= MOMENT or not drifting):
        return "spike"
    return "both" if spiking else "drift"


def _at_risk(weekly: Weekly, episode: object) -> float:
    own = weekly.counts[weekly.counts["series"] == episode.series]
    return float(own.loc[own["week"].between(episode.start, episode.last), "exposure"].sum())


def _severity(scope: Scope, row: dict) -> str:
    """As everywhere (`verdict`); a drift alone has no p small enough to act on."""
    target = scope.profile.target(row["metric"])
    return judge(row["ratio"], p=row["p"], q=row["q"], cases=row["count"], target=target)


def _said(table: pd.DataFrame, judged: pd.DataFrame) -> list[str]:
    """Who speaks for an alarm already."""
    urgent: list[tuple] = []
    if len(judged):
        mask = judged["severity"].isin(["act", "watch"])
        urgent = [_place(row) for row in judged[mask].to_dict("records")]
    said: list[str] = []
    kept: list[tuple] = []
    for row in table.to_dict("records"):
        place = _place(row)
        by_month = any(_related(place, other) for other in urgent)
        by_other = any(_related(place, other) for other in kept)
        said.append("month" if by_month else "other" if by_other else "")
        if not by_month and not by_other and row["severity"] in ("act", "watch"):
            kept.append(place)
    return said


def _place(row: dict) -> tuple[str, str, str]:
    return row["metric"], row["region"], row.get("part", "")


def _related(one: tuple, other: tuple) -> bool:
    """Whether two series of one metric are the same, or one holds the other."""
    if one[0] != other[0]:
        return False
    pairs = list(zip(one[1:], other[1:], strict=True))
    inside = all(b in ("", a) for a, b in pairs)
    holds = all(a in ("", b) for a, b in pairs)
    return inside or holds
