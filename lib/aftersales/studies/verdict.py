"""From a ratio with its uncertainty to a severity: sure enough, and big enough to matter."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import pandas as pd

from aftersales.findings import SEVERITIES, Severity
from aftersales.profile.config import Target
from aftersales.stats.counts.multiplicity import benjamini_hochberg

ACT_Q = 0.01  # share of false alarms we accept among those raised in one report
ACT_P = 0.005  # and the largest p of any single one, so that a report of one series is strict too
ACT_CASES = 10  # observed cases below which nobody is sent out
WATCH_Q, WATCH_P = 0.10, 0.05
URGENT: tuple[Severity, ...] = ("act", "watch")
HARDLY_ANY = 0.5  # expected cases below which a ratio to them is a play with small numbers
STABLE_EXPECTED = 20.0  # expected cases from which chance moves a ratio by less than a quarter


def worse(ratio: float, *, good: Literal["high", "low"]) -> bool:
    """Whether a ratio to the expected points to the bad side.

    >>> worse(1.4, good="low"), worse(1.4, good="high")
    (True, False)
    """
    return ratio > 1 if good == "low" else ratio < 1


def judge(
    ratio: float,
    *,
    p: float,
    q: float,
    cases: float,
    target: Target,
    difference: float | None = None,
    good: Literal["high", "low"] = "low",
) -> Severity:
    """Severity of a ratio to what was expected.

    act : on the bad side, q <= 0.01, p <= 0.005, at least `target.act_ratio` times the expected
        and at least 10 `cases`
    watch : on the bad side, q <= 0.10, p <= 0.05 and at least `target.watch_ratio` times
    ok : anything else that could be judged; unknown : no ratio or no p

    A metric that is good when high is judged by the inverse ratio. For shares, `difference` is how
    much larger the share of misses is than expected; where the target says how large a difference
    matters, that counts instead of the ratio.

    >>> judge(1.8, p=0.0001, q=0.001, cases=90, target=Target())
    'act'
    >>> judge(1.3, p=0.0001, q=0.001, cases=90, target=Target())
    'watch'
    >>> judge(0.5, p=0.0001, q=0.001, cases=90, target=Target())
    'ok'
    >>> judge(float("nan"), p=0.5, q=0.5, cases=90, target=Target())
    'unknown'
    >>> judge(1.3, p=1e-4, q=0.001, cases=90, target=Target(act_difference=0.1), difference=0.12)
    'act'
    """
    if any(math.isnan(x) for x in (ratio, p, q)):
        return "unknown"
    if not worse(ratio, good=good):
        return "ok"
    size = ratio if good == "low" else (math.inf if ratio == 0 else 1 / ratio)

    def big(least_ratio: float, least_difference: float | None) -> bool:
        if difference is None or least_difference is None:
            return size >= least_ratio
        return difference >= least_difference

    sure = q <= ACT_Q and p <= ACT_P and cases >= ACT_CASES
    if sure and big(target.act_ratio, target.act_difference):
        return "act"
    if q <= WATCH_Q and p <= WATCH_P and big(target.watch_ratio, target.watch_difference):
        return "watch"
    return "ok"


def judge_difference(
    difference: float, *, p: float, q: float, act: float, watch: float
) -> Severity:
    """Severity of a difference of a score that is good when high, such as a promoter score.

    As `judge`, with `act` and `watch` as the smallest differences that matter.

    >>> judge_difference(-0.2, p=0.0001, q=0.001, act=0.1, watch=0.05)
    'act'
    >>> judge_difference(0.2, p=0.0001, q=0.001, act=0.1, watch=0.05)
    'ok'
    """
    if math.isnan(difference) or math.isnan(p):
        return "unknown"
    if difference <= -act and p <= ACT_P and q <= ACT_Q:
        return "act"
    if difference <= -watch and p <= WATCH_P and q <= WATCH_Q:
        return "watch"
    return "ok"


def judged(rows: pd.DataFrame, *, target: Target | Callable[[str], Target]) -> pd.DataFrame:
    """Rows of comparison with ``q`` and ``severity``: one report is one family of tests.

    Parameters
    ----------
    rows : one row per comparison: ``cases``, ``ratio``, ``p``; also ``metric`` where `target` asks
        for it, ``few`` (True: too few to judge), ``difference`` (of shares, see `judge`) and
        ``q``, where it is known already
    target : what a ratio or difference must be to matter, of all rows or by metric

    Returns
    -------
    DataFrame, the rows in their order
        ``q`` over those that are not too few (Benjamini and Hochberg 1995, J. R. Stat. Soc. B
        57:289) and ``severity``, "unknown" where they are.
    """
    few = rows["few"].astype(bool) if "few" in rows else pd.Series(False, index=rows.index)
    if "q" not in rows:
        rows = rows.assign(q=benjamini_hochberg(rows["p"].mask(few).to_numpy(float)))
    columns = ["cases", "ratio", "p", "q", *(c for c in ("metric", "difference") if c in rows)]
    found = [
        "unknown" if unsure else _severity(row, target)
        for unsure, row in zip(few, rows[columns].to_dict("records"), strict=True)
    ]
    return rows.assign(severity=found)


def _severity(row: dict, target: Target | Callable[[str], Target]) -> Severity:
    wanted = target if isinstance(target, Target) else target(row["metric"])
    difference = row.get("difference")
    return judge(
        row["ratio"],
        p=row["p"],
        q=row["q"],
        cases=row["cases"],
        target=wanted,
        difference=None if pd.isna(difference) else difference,
    )


def urgent(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows to act on or to watch."""
    return rows[rows["severity"].isin(URGENT)] if len(rows) else rows


def most_urgent_first(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows by severity, and then by p; numbered anew."""
    order = rows["severity"].map({name: i for i, name in enumerate(SEVERITIES)})
    ranked = rows.assign(order=order).sort_values(["order", "p"]).drop(columns="order")
    return ranked.reset_index(drop=True)
