"""Who feels it, and how much: satisfaction by touchpoint and tier, each against the other tiers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales import plot
from aftersales.analyses import segment_words
from aftersales.analyses.scope import Scope, read_scope
from aftersales.analyses.tiers import value_tiers
from aftersales.analyses.verdict import ACT_P, ACT_Q, WATCH_P, WATCH_Q
from aftersales.config import Target
from aftersales.data.store import Store
from aftersales.findings import Finding, Severity, by_severity
from aftersales.metrics import METRICS, available, measure
from aftersales.stats.intervals import proportion_difference
from aftersales.stats.multiplicity import benjamini_hochberg
from aftersales.words import say

ACT_DIFFERENCE, WATCH_DIFFERENCE = 0.10, 0.05  # of a share, where targets.yaml sets none
ACT_POINTS, WATCH_POINTS = 20.0, 10.0  # of the net promoter score


@dataclass(frozen=True)
class Segment:
    """Satisfaction of a region's customers by group.

    `cells` has one row per touchpoint and tier: ``n`` answers, ``count`` satisfied, ``rate`` with
    interval,
    ``others`` (the same of the other tiers), ``difference`` with ``low``, ``high``, ``past`` (its
    own 12 months before), ``p``, ``q``, ``withheld`` (below `min_n`), ``severity``. `scores` has
    the net promoter score by tier. `values` holds customers by recency, frequency and value, where
    no tier is declared.
    """

    scope: Scope
    months: int
    by: tuple[str, ...]
    cells: pd.DataFrame
    scores: pd.DataFrame
    values: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """The cells, most urgent first; figures of withheld groups are left out."""
        table = self.cells.copy()
        if len(table):
            hidden = [c for c in ("rate", "rate_low", "rate_high", "count", "past") if c in table]
            table.loc[table["withheld"], hidden] = np.nan
        table.attrs["unit"] = "share"
        return table

    def findings(self) -> list[Finding]:
        """Unhappy groups, the overall level, what was withheld; most urgent first."""
        return by_severity(segment_words.findings(self))

    def plot(self, *, ax=None):
        """Share of satisfied answers by touchpoint and tier, with intervals."""
        if self.cells.empty:
            return plot.nothing(say("These data have no satisfaction scores."), ax=ax)
        table = self.to_frame()
        touchpoint, tier = self.by[0], self.by[-1]
        frame = table.assign(
            touchpoint=[self.scope.label(touchpoint, v) for v in table[touchpoint]],
            tier=[self.scope.label(tier, v) for v in table[tier]],
            score=table["rate"],
            score_low=table["rate_low"],
            score_high=table["rate_high"],
            significant=table["severity"].isin(["act", "watch"]),
        )
        return plot.score_dots(frame, xlabel=say("Satisfied answers (4 or 5 of 5)"), ax=ax)

    def plot_scores(self, *, ax=None):
        """Net promoter score by tier."""
        if self.scores.empty:
            return plot.nothing(say("These data have no recommendation scores."), ax=ax)
        shown = self.scores[~self.scores["withheld"]]
        frame = pd.DataFrame(
            {
                "name": [self.scope.label("tier", v) for v in shown["tier"]],
                "ratio": shown["score"].to_numpy(),
                "low": shown["score_low"].to_numpy(),
                "high": shown["score_high"].to_numpy(),
                "n": shown["n"].to_numpy(),
            }
        )
        if frame.empty:
            return plot.nothing(say("Every group is too small to be shown."), ax=ax)
        xlabel = say("Net promoter score (95 % interval)")
        return plot.interval_dots(frame, xlabel=xlabel, log=False, reference=0.0, ax=ax)


def segment(
    store: Store, *, region: str = "", as_of: pd.Timestamp | None = None, months: int = 12
) -> Segment:
    """Compare each tier's satisfaction at each touchpoint with that of the other tiers.

    Differences of proportions with Newcombe's interval, false discovery rate controlled over
    all cells. Without tiers each touchpoint is held against its own window before. Groups below
    `min_n` answers are withheld: too few to judge, and too few to stay anonymous.

    Parameters
    ----------
    region : id in the profile's tree; "" is the root
    as_of : last complete day; None is that of the data
    months : length of the window, in complete months up to `as_of`
    """
    scope = read_scope(store, region=region, as_of=as_of)
    by = _groups(store)
    cells = _cells(scope, by, months) if by else pd.DataFrame()
    scores = _scores(scope, months) if available("net_promoter_score", store, by=["tier"]) else None
    values = pd.DataFrame() if "tier" in by else value_tiers(scope, months=months)
    return Segment(
        scope, months, by, cells, scores if scores is not None else pd.DataFrame(), values
    )


def _groups(store: Store) -> tuple[str, ...]:
    """What satisfaction can be split by: touchpoint and tier, or one of them; () without scores."""
    for by in (("touchpoint", "tier"), ("tier",), ("touchpoint",), ("channel",)):
        if available("csat_rate", store, by=list(by)):
            return by
    return ()


def _window(
    scope: Scope, metric: str, by: list[str], months: int, *, back: int = 0
) -> pd.DataFrame:
    as_of = scope.last_month - pd.DateOffset(months=back) + pd.offsets.MonthEnd(0)
    return measure(metric, scope.store, region=scope.region.id, by=by, as_of=as_of, months=months)


def _cells(scope: Scope, by: tuple[str, ...], months: int) -> pd.DataFrame:
    info, keys = METRICS["csat_rate"], list(by)
    table = _window(scope, "csat_rate", keys, months).dropna(subset=keys)
    table = table.rename(columns={info.count: "count"}).astype(dict.fromkeys(keys, str))
    if table.empty:
        return table
    before = _window(scope, "csat_rate", keys, months, back=months).dropna(subset=keys)
    before = before.rename(columns={info.count: "count"}).astype(dict.fromkeys(keys, str))
    before = before.set_index(keys)
    table["past"] = (
        before["rate"]
        .reindex(pd.MultiIndex.from_frame(table[keys]) if len(keys) > 1 else table[keys[0]])
        .to_numpy()
    )
    target = scope.profile.target("csat_rate")
    if "tier" not in keys:
        return _against_past(table, before, keys[0], target)
    peers = [c for c in keys if c == "touchpoint" and len(keys) > 1]
    whole = (
        table.groupby(peers)[["n", "count"]].transform("sum")
        if peers
        else table[["n", "count"]].sum().to_frame().T.loc[[0] * len(table)].set_index(table.index)
    )
    return _compared(table, whole["n"] - table["n"], whole["count"] - table["count"], target)


def _against_past(
    table: pd.DataFrame, before: pd.DataFrame, key: str, target: Target
) -> pd.DataFrame:
    """Touchpoints differ by nature, so without tiers each is held against its own window before."""
    past = before.reindex(table[key])[["n", "count"]].fillna(0).set_index(table.index)
    return _compared(table, past["n"], past["count"], target)


def _compared(
    table: pd.DataFrame, rest_n: pd.Series, rest: pd.Series, target: Target
) -> pd.DataFrame:
    """Each group against `rest` satisfied of `rest_n` others."""
    table["withheld"] = table["n"] < target.min_n
    tests = [
        proportion_difference(hits, n, other, m)
        for hits, n, other, m in zip(table["count"], table["n"], rest, rest_n, strict=True)
    ]
    usable = ~table["withheld"] & (rest_n >= target.min_n)
    table["others"] = np.where(rest_n > 0, rest / rest_n.where(rest_n > 0), np.nan)
    for name in ("difference", "low", "high", "p"):
        table[name] = np.where(usable, [getattr(t, name) for t in tests], np.nan)
    table["q"] = benjamini_hochberg(table["p"].to_numpy())
    act = target.act_difference or ACT_DIFFERENCE
    watch = target.watch_difference or WATCH_DIFFERENCE
    table["severity"] = [
        grade(r.difference, p=r.p, q=r.q, act=act, watch=watch) for r in table.itertuples()
    ]
    return table.sort_values("p", na_position="last").reset_index(drop=True)


def grade(difference: float, *, p: float, q: float, act: float, watch: float) -> Severity:
    """Severity of a difference of a score that is good when high.

    >>> grade(-0.2, p=0.0001, q=0.001, act=0.1, watch=0.05)
    'act'
    >>> grade(0.2, p=0.0001, q=0.001, act=0.1, watch=0.05)
    'ok'
    """
    if np.isnan(difference) or np.isnan(p):
        return "unknown"
    if difference <= -act and p <= ACT_P and q <= ACT_Q:
        return "act"
    if difference <= -watch and p <= WATCH_P and q <= WATCH_Q:
        return "watch"
    return "ok"


def _scores(scope: Scope, months: int) -> pd.DataFrame:
    """Net promoter score by tier, each against the answers of the other tiers (normal test)."""
    from scipy.stats import norm

    table = _window(scope, "net_promoter_score", ["tier"], months).dropna(subset=["tier"])
    table = table.astype({"tier": str}).reset_index(drop=True)
    target = scope.profile.target("net_promoter_score")
    table["withheld"] = table["n"] < target.min_n
    error = (table["score_high"] - table["score_low"]) / (2 * 1.96)
    rows = []
    for i in table.index:
        rest = table.index != i
        weight = table.loc[rest, "n"]
        total = weight.sum()
        other = (table.loc[rest, "score"] * weight).sum() / total if total else np.nan
        spread = np.sqrt(((weight / total) ** 2 * error[rest] ** 2).sum()) if total else np.nan
        rows.append((other, np.hypot(error[i], spread)))
    others, spread = (
        (np.array(x, dtype=float) for x in zip(*rows, strict=True)) if rows else ([], [])
    )
    table["others"] = others
    table["difference"] = (table["score"] - others).where(~table["withheld"])
    table["low"], table["high"] = (table["difference"] + s * 1.96 * spread for s in (-1, 1))
    table["p"] = 2 * norm.sf(np.abs(table["difference"] / spread)) if len(table) else []
    table["q"] = benjamini_hochberg(table["p"].to_numpy(float))
    act = target.act_difference or ACT_POINTS
    watch = target.watch_difference or WATCH_POINTS
    table["severity"] = [
        grade(r.difference, p=r.p, q=r.q, act=act, watch=watch) for r in table.itertuples()
    ]
    return table
