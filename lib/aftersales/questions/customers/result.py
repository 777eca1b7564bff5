"""Who feels it, and how much: satisfaction by touchpoint and tier, each against the other tiers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales import plot
from aftersales.data.store.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.metrics import available
from aftersales.questions import naming
from aftersales.questions.customers import words as segment_words
from aftersales.questions.no_rows import no_rows
from aftersales.studies.customers.satisfaction import (
    among_others,
    by_value_tier,
    compared,
    graded,
    levels,
    score_table,
    window,
)
from aftersales.studies.customers.tiers import tier_table, value_tiers
from aftersales.studies.scope import Scope, read_scope
from aftersales.words import say

_HIDDEN = ("n", "count", "rate", "rate_low", "rate_high", "past")


@dataclass(frozen=True)
class Segment:
    """Satisfaction of a region's customers by group.

    `cells` has one row per touchpoint and tier (or what `by` names): ``n`` answers, ``count``
    satisfied, ``rate`` with interval, ``past`` (its own 12 months before), ``others`` (the share
    among the other tiers, or without tiers its own past), ``difference`` with ``low``, ``high``,
    ``p``, ``q``, ``withheld`` (below `min_n`), ``severity``. `scores` has the net promoter score by
    tier, `levels` the region's satisfaction and score against the rest of its parent, `values` the
    customers by recency, frequency and value where no tier is declared.
    """

    scope: Scope
    months: int
    by: tuple[str, ...]
    declared: bool  # whether the tiers are the company's own
    cells: pd.DataFrame
    scores: pd.DataFrame
    levels: pd.DataFrame
    values: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """The cells, the surest difference first; figures of withheld groups are left out."""
        columns = [*self.by, *_HIDDEN, "others", "difference", "low", "high", "p", "q"]
        table = self.cells.reindex(columns=[*columns, "withheld", "severity"])
        hidden = table["withheld"].astype("boolean").fillna(False).to_numpy(bool)
        table[list(_HIDDEN)] = table[list(_HIDDEN)].astype(float)
        table.loc[hidden, list(_HIDDEN)] = float("nan")
        for name in self.by:
            table[name] = [naming.label(self.scope, name, v) for v in table[name]]
        table.attrs["unit"] = "share"
        table.attrs["nothing"] = say("These data have no satisfaction scores to compare.")
        return table

    def groups_frame(self) -> pd.DataFrame:
        """The cells for readers, without the columns that repeat others."""
        table = self.to_frame().drop(columns=["count", "p"])
        hidden = table["withheld"].astype("boolean").fillna(False)
        return table if hidden.any() else table.drop(columns="withheld")

    def values_frame(self) -> pd.DataFrame:
        """Tiers by value where none are declared; else why there are none."""
        if len(self.values):
            return self.values
        if self.declared:
            return no_rows(say("Tiers are declared, so customers are not grouped by value."))
        return no_rows(say("Not grouped: that takes orders with a customer and an amount."))

    def findings(self) -> list[Finding]:
        """Unhappy groups, the overall level, what was withheld; most urgent first."""
        return by_severity(segment_words.findings(self))

    def plot(self, *, ax=None):
        """Share of satisfied answers by touchpoint and tier, with intervals."""
        if self.cells.empty:
            return plot.nothing(say("These data have no satisfaction scores."), ax=ax)
        table = self.to_frame()
        frame = table.assign(
            touchpoint=table[self.by[0]],
            tier=table[self.by[-1]],
            score=table["rate"],
            score_low=table["rate_low"],
            score_high=table["rate_high"],
            significant=table["severity"].isin(["act", "watch"]),
        ).sort_values(["touchpoint", "tier"])
        return plot.score_dots(frame, xlabel=say("Satisfied answers (4 or 5 of 5)"), ax=ax)

    def plot_scores(self, *, ax=None):
        """Net promoter score by tier."""
        if self.scores.empty:
            return plot.nothing(say("These data have no recommendation scores."), ax=ax)
        shown = self.scores[~self.scores["withheld"]].sort_values("tier")
        frame = pd.DataFrame(
            {
                "name": [naming.label(self.scope, "tier", v) for v in shown["tier"]],
                "ratio": shown["score"].to_numpy(),
                "low": shown["score_low"].to_numpy(),
                "high": shown["score_high"].to_numpy(),
                "n": shown["n"].to_numpy(),
                "significant": shown["severity"].isin(["act", "watch"]).to_numpy(),
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

    Differences of proportions with Newcombe's interval, and of net promoter scores; the region as a
    whole is compared with the rest of its parent. The false discovery rate is controlled over all
    of them. Tiers are the declared ones, else those by recency, frequency and value of the orders;
    without either, each touchpoint is held against its own window before. Groups below `min_n`
    answers are withheld: too few to judge, and too few to stay anonymous.

    Parameters
    ----------
    region : id in the profile's tree; "" is the root
    as_of : last complete day; None is that of the data
    months : length of the window, in complete months up to `as_of`
    """
    scope = read_scope(store, region=region, as_of=as_of)
    declared = available("csat_rate", store, by=["tier"])
    customers = pd.DataFrame() if declared else value_tiers(scope, months=months)
    by = _groups(store, ranked=not customers.empty)
    tables = [
        _cells(scope, by, months, customers) if by else pd.DataFrame(),
        score_table(scope, months=months),
        levels(scope, months=months),
    ]
    cells, scores, whole = graded(tables, scope) if any(map(len, tables)) else tables
    values = tier_table(customers, min_n=scope.profile.target("csat_rate").min_n)
    if len(values):
        values = values.assign(tier=[naming.label(scope, "tier", t) for t in values["tier"]])
    return Segment(scope, months, by, declared, cells, scores, whole, values)


def _groups(store: Store, *, ranked: bool) -> tuple[str, ...]:
    """What satisfaction can be split by: touchpoint and tier, or one of them; () without any.

    `ranked` customers have tiers by their orders, where none are declared.
    """
    if not available("csat_rate", store):
        return ()
    if ranked and available("csat_rate", store, by=["customer_id"]):
        with_touchpoint = available("csat_rate", store, by=["touchpoint"])
        return ("touchpoint", "tier") if with_touchpoint else ("tier",)
    for by in (("touchpoint", "tier"), ("tier",), ("touchpoint",), ("channel",)):
        if available("csat_rate", store, by=list(by)):
            return by
    return ()


def _cells(scope: Scope, by: tuple[str, ...], months: int, customers: pd.DataFrame) -> pd.DataFrame:
    """The groups of `by`, each against the other tiers, or without tiers against its own past."""
    keys, least = list(by), scope.profile.target("csat_rate").min_n
    if "tier" in keys and len(customers):
        table = by_value_tier(scope, customers, by=keys, months=months).assign(past=np.nan)
    else:
        table = window(scope, "csat_rate", by=keys, months=months)
        before = _before(scope, table, keys, months)
        table["past"] = before["rate"].where(before["n"] >= least).to_numpy()
    if table.empty:
        return table
    if "tier" in keys:
        others = among_others(table, within=[c for c in keys if c != "tier"])
    else:
        others = before[["n", "count"]].fillna(0)
    return compared(table, others, min_n=least).assign(metric="csat_rate")


def _before(scope: Scope, table: pd.DataFrame, keys: list[str], months: int) -> pd.DataFrame:
    """The same groups in the window before, aligned row by row."""
    past = window(scope, "csat_rate", by=keys, months=months, back=months)
    return table[keys].merge(past, on=keys, how="left")
