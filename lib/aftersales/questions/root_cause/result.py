"""What best explains it: attribute values with too many cases, and those that only look guilty."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from aftersales import plot
from aftersales.data.store.store import Store
from aftersales.findings import Finding, Severity, by_severity
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.life.result import Life
from aftersales.questions.no_rows import no_rows
from aftersales.questions.reported.result import Reported, reported
from aftersales.questions.root_cause import tables as cause_tables
from aftersales.questions.root_cause import words as root_cause_words
from aftersales.questions.root_cause.names import cause_name
from aftersales.questions.root_cause.playbook import Advice, advice
from aftersales.questions.root_cause.worst import worst_life
from aftersales.stats.causes.causes import Causes
from aftersales.stats.causes.search import Key
from aftersales.stats.counts.multiplicity import benjamini_hochberg
from aftersales.studies.causes.checks import check_table, too_young
from aftersales.studies.causes.cleared import suspects
from aftersales.studies.causes.searched import missing, search, studies, window_before
from aftersales.studies.causes.start import Start, find_start, focused, parse_focus, with_parts
from aftersales.studies.causes.units import units_in_field
from aftersales.studies.cost import cost_per_case
from aftersales.studies.scope import Scope, read_scope
from aftersales.studies.strata import Study
from aftersales.studies.verdict import WATCH_Q, judge
from aftersales.words import say

SHOWN = 14  # values in the figure
PLOTTED_EXPECTED = 20.0  # expected cases from which a value that is no cause is drawn


@dataclass(frozen=True)
class Answer:
    """The search of one study: causes with their checks (see `checks.check_table`).

    `missing` is that of `cause_study.missing`, `before` the cells of the window before, `young`
    lists the batches that are too young to judge, `each` is the cost of one case, `start` what the
    search starts from, where there is one.
    """

    study: Study
    causes: Causes
    checks: pd.DataFrame
    missing: pd.DataFrame
    before: pd.DataFrame | None = None
    young: Sequence[str] = ()
    each: float | None = None
    start: Start | None = None

    @cached_property
    def suspects(self) -> pd.DataFrame:
        """Values that look guilty at first sight and are not; see `suspects.suspects`."""
        return suspects(self.study, self.causes)

    def name(self, scope: Scope, key: Key) -> str:
        """A cause in words, with the part in which it acts."""
        return cause_name(scope, key, self.causes.parts.get(key, ()))

    def evidence(self, key: Key) -> str:
        """The grade of a cause."""
        return str(self.checks.set_index(["attribute", "value"]).loc[key, "evidence"])

    def severity(self, scope: Scope, key: Key) -> Severity:
        """As `verdict.judge`; evidence C urges nobody to act."""
        row = self.causes.table.set_index(["attribute", "value"]).loc[key]
        target = scope.profile.target(self.study.metric)
        found = judge(row["ratio"], p=row["p"], q=row["q"], cases=row["compared"], target=target)
        return "watch" if found == "act" and self.evidence(key) == "C" else found

    def units(self, scope: Scope, key: Key) -> float:
        """Units of a cause in the field; of usage what is at risk in the last month; orders."""
        if key not in self._sizes:
            self._sizes[key] = self._size(scope, key)
        return self._sizes[key]

    @cached_property
    def _sizes(self) -> dict[Key, float]:
        return {}

    def _size(self, scope: Scope, key: Key) -> float:
        if "age" in self.study.cells:
            found = units_in_field(scope, key, self.causes.parts.get(key, ()))
            if found is not None:
                return found
        inside = self.causes.mask(key)
        size, month = self.study.cells["exposure"].to_numpy(), self.study.cells["month"]
        if self.study.metric != "return_rate":
            inside = inside & (month == month.max()).to_numpy()
        return float(size[inside].sum())

    def steps(self, scope: Scope, key: Key) -> list[Advice]:
        """What the playbook says about a cause; nothing where it gives no reason to act."""
        if self.severity(scope, key) not in ("act", "watch"):
            return []
        return advice(
            scope, attribute=key[0], evidence=self.evidence(key), units=self.units(scope, key)
        )


@dataclass(frozen=True)
class RootCause:
    """Answers of all studies of a region. `focus` is what the reader chose to look at."""

    scope: Scope
    months: int
    answers: Sequence[Answer]
    focus: Mapping[str, str] = field(default_factory=dict)
    life: Life | None = None  # of the worst cause among units
    reported: Reported | None = None  # where nothing is known of what is at risk

    def to_frame(self) -> pd.DataFrame:
        """Every judged value of every study, causes first; see `stats.causes.Causes.table`."""
        if not self.answers:
            return pd.DataFrame(columns=["metric", "attribute", "value"])
        return pd.concat(
            [a.causes.table.assign(metric=a.study.metric) for a in self.answers], ignore_index=True
        )

    def findings(self) -> list[Finding]:
        """What it starts from, causes, shadows, what could not be judged; most urgent first."""
        return by_severity(root_cause_words.findings(self))

    def plot(self, *, ax=None):
        """Crude and adjusted ratio of the strongest values; right of the dashed line is worse."""
        frame = self._shown()
        if frame.empty and self.reported is not None:
            return self.reported.plot(ax=ax)
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
        table["first"] = -table["excess"].where(table["rank"].notna())
        table["shadow_of"] = table["shadow_of"].eq("")  # shadows right after the causes
        table = table.sort_values(["first", "shadow_of", "p"], na_position="last").head(SHOWN)
        names = {k: a.name(self.scope, k) for a in self.answers for k in a.causes.order}
        keys = list(zip(table["attribute"], table["value"], strict=True))
        causes = table["rank"].notna()
        return table.assign(
            name=[
                names[k] if cause else naming.subject(self.scope, dict([k]))
                for k, cause in zip(keys, causes, strict=True)
            ],
            group=[say(METRICS[m].title) for m in table["metric"]],
            crude=table["raw_ratio"],
            significant=causes,
            n=table["exposure"],
        ).sort_values(["group"], kind="stable")

    def plot_age(self, *, ax=None):
        """Faults per 1,000 units up to each month in service: the worst cause and all others."""
        if self.life is not None:
            return self.life.plot(ax=ax)
        return plot.nothing(say("No cause was found among units whose age is known."), ax=ax)

    def age_table(self) -> pd.DataFrame:
        """Faults per 1,000 units within 3 to 24 months in service; see `Life.cohort_table`."""
        if self.life is not None:
            return self.life.cohort_table()
        return no_rows(
            say("No cause was found among units whose age is known."), columns=["group", "units"]
        )

    def cause_table(self) -> pd.DataFrame:
        """Causes, worst first: counts, crude and adjusted ratio, share of the rise, grade."""
        return cause_tables.cause_table(self)

    def check_table(self) -> pd.DataFrame:
        """The checks of each cause as words; see `cause_tables.check_table`."""
        return cause_tables.check_table(self)

    def cleared_table(self) -> pd.DataFrame:
        """Values that look guilty at first sight and are not, and why."""
        return cause_tables.cleared_table(self)

    def chain_table(self) -> pd.DataFrame:
        """The traceability chain of each cause; see `chain.chain_table`."""
        return cause_tables.chains(self)

    def action_table(self) -> pd.DataFrame:
        """What to do about each cause, its size and cost, and the evidence it needs."""
        return cause_tables.action_table(self)

    def step_table(self) -> pd.DataFrame:
        """From collecting to tracing: data, tool and decision of each step, filled in."""
        return cause_tables.step_table(self)

    def value_table(self) -> pd.DataFrame:
        """Every judged value for readers: counts, crude and adjusted ratio."""
        return cause_tables.value_table(self)


def root_cause(
    store: Store,
    *,
    region: str = "",
    as_of: pd.Timestamp | None = None,
    months: int = 12,
    focus: str = "",
) -> RootCause:
    """Search the attributes of units, versions and orders for what explains an excess of cases.

    Three studies, each where the tables allow it: faults by attributes of the unit (batch,
    supplier, process, plant, warehouse, model, region, quarter of production and the profile's
    own), faults by version, returns by attributes of the order. A value is compared with the other
    values in the same product, model, age band, month and child region, so that season, age and mix
    do not pass for a cause. Values with less exposure than the target's `min_n` are not judged.

    Parameters
    ----------
    region : id in the profile's tree; "" is the root
    as_of : last complete day; None is that of the data
    months : length of the window, in complete months up to `as_of`
    focus : only what has these values, such as "product=washer" or "product=washer, region=CN-44";
        "" searches everything and starts from the worst rise or hotspot
    """
    scope = read_scope(store, region=region, as_of=as_of)
    usable = studies(scope, months=months)
    if not usable and not focus:
        return RootCause(scope, months, [], reported=reported(scope, months=months))
    chosen = parse_focus(focus, studies=usable)
    usable = focused(usable, chosen) if chosen else usable
    searches = _as_one_family([search(s, scope=scope) for s in usable])
    judged = sum(int((~c.table["few"]).sum()) for c in searches)
    answers = [
        _answer(s, c, scope, months=months, judged=judged)
        for s, c in zip(usable, searches, strict=True)
    ]
    answers = _with_starts(answers, chosen)
    return RootCause(scope, months, answers, chosen, life=worst_life(scope, answers))


def _with_starts(answers: Sequence[Answer], chosen: Mapping[str, str]) -> list[Answer]:
    """Each answer with what it starts from; studies of one metric start together."""
    found: list[Answer] = []
    for answer in answers:
        if answer.study.metric not in {a.study.metric for a in found}:
            begin = find_start(answer.study, answer.before, chosen=chosen)
            if begin is not None:
                begin = with_parts(begin, answer.study, answer.causes, before=answer.before)
                answer = dataclasses.replace(answer, start=begin)
        found.append(answer)
    return found


def _as_one_family(searches: Sequence[Causes]) -> list[Causes]:
    """The same searches with q over the values of all of them: a report is one family."""
    if not searches:
        return []
    tables = [c.table for c in searches]
    p = pd.concat([t["p"].mask(t["few"]) for t in tables], keys=range(len(tables)))
    q = pd.Series(benjamini_hochberg(p.to_numpy()), index=p.index)
    return [_sure_of(c, q.loc[i].to_numpy()) for i, c in enumerate(searches)]


def _sure_of(causes: Causes, q: np.ndarray) -> Causes:
    """The causes with another q; those that it leaves in doubt are causes no longer.

    Three versions alone are judged more easily than three versions among hundreds of values.
    """
    table = causes.table.assign(q=q)
    keys = list(zip(table["attribute"], table["value"], strict=True))
    lost = [k for k, q_of in zip(keys, q, strict=True) if k in causes.order and q_of > WATCH_Q]
    if lost:
        table["rank"] = table["rank"].mask([key in lost for key in keys])
        named = table["shadow_of"].isin(["=".join(key) for key in lost])
        table["shadow_of"] = table["shadow_of"].mask(named, "")
    order = [key for key in causes.order if key not in lost]
    parts = {key: part for key, part in causes.parts.items() if key in order}
    further = [*causes.further, *lost]
    return dataclasses.replace(causes, table=table, order=order, parts=parts, further=further)


def _answer(study: Study, causes: Causes, scope: Scope, *, months: int, judged: int) -> Answer:
    before = window_before(scope, study, causes, months=months)
    return Answer(
        study=study,
        before=before,
        causes=causes,
        checks=check_table(study, causes, judged=judged, before=before),
        missing=missing(study),
        young=too_young(study, causes),
        each=cost_per_case(scope, study.metric, months=months),
    )
