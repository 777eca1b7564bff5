"""Weekly alarms that the monthly judgement does not say already, each with a severity."""

from __future__ import annotations

import math

import pandas as pd

from aftersales.stats.alarms.episodes import QUIET
from aftersales.stats.counts.more_than_expected import excess_ratio
from aftersales.studies.scope import Scope
from aftersales.studies.series.echoes import PLACE, holds
from aftersales.studies.series.monthly import evidence
from aftersales.studies.series.weekly_series import Weekly
from aftersales.studies.verdict import URGENT, WATCH_Q, judged, urgent

MOMENT = 2  # weeks up to which an alarm is a spike whatever else it is
COLUMNS = [
    *(*PLACE, "alarm", "week", "last", "weeks", "cases", "at_risk", "expected", "ratio", "low"),
    *("high", "p", "q", "excess", "severity", "evidence", "rung", "said"),
]


def alarms_now(scope: Scope, weekly: Weekly | None, *, monthly: pd.DataFrame) -> pd.DataFrame:
    """One row of comparison per alarm that is on now, the most excess cases first.

    A drift counts while it is on, a spike for four weeks, both with a q of at most 0.10. Beside the
    usual columns: ``metric``, ``region``, ``part`` ("" is all), ``alarm`` ("spike", "drift" or
    "both"), ``week`` (its first), ``last`` (week), ``weeks``, ``rung`` and ``said``: what speaks
    for it already - "month" (the judged table `monthly` has the series, its whole or a part of it)
    or "other" (an alarm with more cases), else "". ``p`` and ``q`` are of the smallest of the four
    last weeks, times four; of a drift the chance that a quiet series is in one as strong, and that
    times the series: too large to act on.
    """
    if weekly is None:
        return pd.DataFrame(columns=COLUMNS)
    rows = [_row(weekly, episode) for episode in weekly.episodes.itertuples()]
    table = pd.DataFrame([row for row in rows if row is not None], columns=COLUMNS)
    table = judged(table, target=scope.profile.target)
    return table.assign(said=_said(table, monthly))


def _row(weekly: Weekly, episode: object) -> dict | None:
    """One episode as a row; None where it is over, or no more than chance may give."""
    own = weekly.alarms[weekly.alarms["series"] == episode.series]
    now, recent = own.iloc[-1], own.tail(QUIET)
    drifting = bool(now["drift"])
    spiking = bool((recent["spike"] & recent["alarm"]).any())
    if not (drifting or spiking):
        return None
    p = math.exp(-now["cusum"])
    drift = [(p, min(len(weekly.names) * p, 1.0))] if drifting else []
    spike = [tuple(min(QUIET * recent[c].min(), 1.0) for c in ("p", "q"))] if spiking else []
    p, q = min([*spike, *drift], key=lambda pair: pair[1])
    if q > WATCH_Q:  # among so many series and weeks chance alone may give it
        return None
    noise = weekly.fits["dispersion"].iloc[episode.series]
    ratio, low, high, _ = excess_ratio(episode.count, episode.expected, dispersion=noise)
    return {
        **weekly.names.iloc[episode.series][PLACE].to_dict(),
        "alarm": _kind(drifting, spiking, episode.periods),
        "week": episode.start,
        "last": episode.last,
        "weeks": episode.periods,
        "cases": episode.count,
        "at_risk": _at_risk(weekly, episode),
        "expected": episode.expected,
        **{"ratio": ratio, "low": low, "high": high, "p": p, "q": max(p, q)},
        "excess": episode.excess,
        "evidence": evidence(now["rung"]),
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


def _said(table: pd.DataFrame, monthly: pd.DataFrame) -> list[str]:
    """Who speaks for an alarm already."""
    by_month = urgent(monthly).to_dict("records")
    said: list[str] = []
    kept: list[dict] = []
    for row in table.to_dict("records"):
        month, other = (any(_related(row, o) for o in known) for known in (by_month, kept))
        said.append("month" if month else "other" if other else "")
        if not said[-1] and row["severity"] in URGENT:
            kept.append(row)
    return said


def _related(one: dict, other: dict) -> bool:
    """Whether two series are the same, or one holds the other."""
    return holds(one, other) or holds(other, one)
