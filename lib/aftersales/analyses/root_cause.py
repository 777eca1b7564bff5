"""What best explains it: attribute values with too many cases, and those that only look guilty."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales import plot
from aftersales.analyses import root_cause_words
from aftersales.analyses.cells import Study, fault_study, return_study, version_study
from aftersales.analyses.checks import check_table, too_young
from aftersales.analyses.cost import cost_per_case
from aftersales.analyses.scope import Scope, attribute, read_scope
from aftersales.data.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.metrics import METRICS
from aftersales.stats.causes import Causes, find_causes
from aftersales.stats.intervals import poisson_exact
from aftersales.stats.multiplicity import benjamini_hochberg
from aftersales.words import say

SHOWN = 14  # values in the figure
FEW_CASES = 5  # below it a point of the age curve is left out
PLOTTED_EXPECTED = 20.0  # expected cases from which a value that is no cause is drawn


@dataclass(frozen=True)
class Answer:
    """The search of one study: causes with their checks (see `checks.check_table`).

    `young` lists the batches that are too young to judge, `each` is the cost of one case.
    """

    study: Study
    causes: Causes
    checks: pd.DataFrame
    young: Sequence[str] = ()
    each: float | None = None


@dataclass(frozen=True)
class RootCause:
    """Answers of all studies of a region."""

    scope: Scope
    months: int
    answers: Sequence[Answer]

    def to_frame(self) -> pd.DataFrame:
        """Every judged value of every study, causes first; see `stats.causes.Causes.table`."""
        if not self.answers:
            return pd.DataFrame(columns=["metric", "attribute", "value"])
        return pd.concat(
            [a.causes.table.assign(metric=a.study.metric) for a in self.answers], ignore_index=True
        )

    def findings(self) -> list[Finding]:
        """Causes, shadows, what could not be judged; most urgent first."""
        return by_severity(root_cause_words.findings(self))

    def plot(self, *, ax=None):
        """Crude and adjusted ratio of the strongest values; right of the dashed line is worse."""
        frame = self._shown()
        if frame.empty:
            return plot.nothing(say("No attribute could be judged."), ax=ax)
        return plot.interval_dots(
            frame, xlabel=say("Rate ratio to comparable cases (95 % interval)"), ax=ax
        )

    def _shown(self) -> pd.DataFrame:
        table = self.to_frame()
        if table.empty:
            return table
        named = table["rank"].notna() | table["shadow_of"].ne("")
        sound = ~table["few"] & table["ratio"].gt(0) & table["expected"].ge(PLOTTED_EXPECTED)
        table = table[(named | sound) & np.isfinite(table["ratio"])].copy()
        order = ["rank", "shadow_of", "p"]
        table["shadow_of"] = table["shadow_of"].eq("")  # shadows right after the causes
        table = table.sort_values(order, na_position="last").head(SHOWN)
        return table.assign(
            name=[self.scope.subject({r.attribute: r.value}) for r in table.itertuples()],
            group=[say(METRICS[m].title) for m in table["metric"]],
            crude=table["crude_ratio"],
            significant=table["rank"].notna(),
            n=table["exposure"],
        ).sort_values(["group"], kind="stable")

    def cause_table(self) -> pd.DataFrame:
        """Causes and their shadows for readers: counts, expected, crude and adjusted ratio."""
        rows = []
        for answer in self.answers:
            table = answer.causes.table
            table = table[table["rank"].notna() | table["shadow_of"].ne("")]
            merged = table.merge(answer.checks, on=["attribute", "value"], how="left")
            rows.append(merged.assign(metric=say(METRICS[answer.study.metric].title)))
        columns = ["metric", "cause", "count", "expected", "excess", "crude_ratio", "ratio"]
        columns += ["low", "high", "evidence"]
        if not rows or not sum(map(len, rows)):
            return pd.DataFrame(columns=columns)
        table = pd.concat(rows, ignore_index=True)
        table["cause"] = [self.scope.subject({r.attribute: r.value}) for r in table.itertuples()]
        shadow = say("shadow")
        table["evidence"] = table["evidence"].where(table["rank"].notna(), shadow)
        return table[columns]

    def value_table(self) -> pd.DataFrame:
        """Every judged value for readers: counts, crude and adjusted ratio."""
        table = self.to_frame()
        columns = ["attribute", "value", "count", "expected", "crude_ratio", "ratio", "low", "high"]
        if table.empty:
            return pd.DataFrame(columns=columns)
        table = table[~table["few"] & table["ratio"].notna()]
        pairs = list(zip(table["attribute"], table["value"], strict=True))
        table = table.assign(
            attribute=[attribute(a) for a, _ in pairs],
            value=[self.scope.label(a, v) for a, v in pairs],
        )
        return table[["metric", *columns, "p", "q"]].reset_index(drop=True)

    def age_table(self) -> pd.DataFrame:
        """Faults per 1,000 unit-months by months in service: the first cause, and the rest."""
        answer = self._aged()
        if answer is None:
            return pd.DataFrame(columns=["cohort", "age", "rate", "rate_low", "rate_high", "n"])
        cells, key = answer.study.cells, answer.causes.order[0]
        inside = cells[key[0]].astype(str).eq(key[1])
        name = self.scope.subject(dict([key]))
        parts = []
        for cohort, part in ((name, cells[inside]), (say("all others"), cells[~inside])):
            sums = part.groupby("age", as_index=False)[["count", "exposure"]].sum()
            parts.append(sums.assign(cohort=cohort))
        table = pd.concat(parts, ignore_index=True)
        least = self.scope.profile.target(answer.study.metric).min_n
        table = table[(table["count"] >= FEW_CASES) & (table["exposure"] >= least)]
        low, high = poisson_exact(table["count"].to_numpy(), exposure=table["exposure"].to_numpy())
        return table.assign(
            rate=1000 * table["count"] / table["exposure"],
            rate_low=1000 * np.asarray(low),
            rate_high=1000 * np.asarray(high),
            n=table["exposure"],
        ).drop(columns=["exposure"])

    def _aged(self) -> Answer | None:
        return next((a for a in self.answers if a.causes.order and "age" in a.study.cells), None)

    def plot_age(self, *, ax=None):
        """Rate by months in service of the first cause and of all others."""
        table = self.age_table()
        if table.empty:
            return plot.nothing(say("No cause was found among units whose age is known."), ax=ax)
        return plot.age_curve(
            table,
            ylabel=say("Faults per 1,000 unit-months"),
            xlabel=say("Months in service (from)"),
            ax=ax,
        )

    def check_table(self) -> pd.DataFrame:
        """The checks of each cause, one row each."""
        parts = [a.checks for a in self.answers if len(a.checks)]
        if not parts:
            return pd.DataFrame(columns=["cause", "evidence"])
        table = pd.concat(parts, ignore_index=True)
        table.insert(
            0,
            "cause",
            [self.scope.subject({r.attribute: r.value}) for r in table.itertuples()],
        )
        return table.drop(columns=["attribute", "value"])


def root_cause(
    store: Store, *, region: str = "", as_of: pd.Timestamp | None = None, months: int = 12
) -> RootCause:
    """Search the attributes of units, versions and orders for what explains an excess of cases.

    Three studies, each where the tables allow it: faults by attributes of the unit (batch,
    supplier, process, plant, warehouse, model, region), faults by version, returns by attributes
    of the order. A value is compared with the other values in the same product, model, age band,
    month and child region, so that season, age and mix do not pass for a cause. Values with less
    exposure than the target's `min_n` are not judged.

    Parameters
    ----------
    region : id in the profile's tree; "" is the root
    as_of : last complete day; None is that of the data
    months : length of the window, in complete months up to `as_of`
    """
    scope = read_scope(store, region=region, as_of=as_of)
    studies = [s(scope, months=months) for s in (fault_study, version_study, return_study)]
    usable = [s for s in studies if s is not None and s.strata and s.cells["count"].sum() > 0]
    searches = _as_one_family([_search(s, scope) for s in usable])
    found = zip(usable, searches, strict=True)
    return RootCause(scope, months, [_answer(s, causes, scope, months) for s, causes in found])


def _search(study: Study, scope: Scope) -> Causes:
    target = scope.profile.target(study.metric)
    return find_causes(
        study.cells,
        count="count",
        exposure="exposure",
        strata=study.strata,
        min_exposure=target.min_n,
        min_ratio=target.watch_ratio,
    )


def _as_one_family(searches: Sequence[Causes]) -> list[Causes]:
    """The same searches with q over the values of all of them: a report is one family."""
    if not searches:
        return []
    tables = [c.table for c in searches]
    p = pd.concat([t["p"].mask(t["few"]) for t in tables], keys=range(len(tables)))
    q = pd.Series(benjamini_hochberg(p.to_numpy()), index=p.index)
    return [
        dataclasses.replace(c, table=c.table.assign(q=q.loc[i])) for i, c in enumerate(searches)
    ]


def _answer(study: Study, causes: Causes, scope: Scope, months: int) -> Answer:
    return Answer(
        study=study,
        causes=causes,
        checks=check_table(study, causes),
        young=too_young(study, causes),
        each=cost_per_case(scope, study.metric, months=months),
    )
