"""What is known before a word is said: the searched studies of a region, and what follows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from aftersales.data.store.store import Store
from aftersales.stats.causes.causes import Causes
from aftersales.stats.causes.search import Key, Where
from aftersales.studies.causes.chain import chain
from aftersales.studies.causes.checks import check_table, too_young
from aftersales.studies.causes.cleared import cleared
from aftersales.studies.causes.judged import judged_causes
from aftersales.studies.causes.searched import (
    as_one_family,
    missing,
    rows_of,
    search,
    studies,
    window_before,
)
from aftersales.studies.causes.start import Start, find_start, focused, parse_focus, with_parts
from aftersales.studies.cost import cost_per_case
from aftersales.studies.life.life import Life, life
from aftersales.studies.reported.pairs import Reported, reported
from aftersales.studies.scope import Scope, read_scope
from aftersales.studies.strata import Study, lacking_for_faults
from aftersales.studies.verdict import urgent


@dataclass(frozen=True)
class Searched:
    """One study after the search. Rows are indexed by attribute and value.

    `rows` holds every value (`studies.causes.searched.rows_of`), `causes` the causes with their
    checks and verdict, in the order found (`studies.causes.judged.judged_causes`), `parts` where a
    cause acts that does not act everywhere, `further` what stands out less clearly. `missing` is
    what cases and the rest lack, by attribute; `young` lists the batches that are too young to
    judge; `cleared` and `chain` are the tables of `studies.causes`.
    """

    metric: str
    per: float  # the base of its rate
    cases: int  # all there are
    unplaced: int  # cases that could not be joined to a unit
    attributes: Sequence[str]  # that were judged
    rows: pd.DataFrame
    causes: pd.DataFrame
    missing: pd.DataFrame
    cleared: pd.DataFrame = field(default_factory=pd.DataFrame)
    chain: pd.DataFrame = field(default_factory=pd.DataFrame)
    parts: Mapping[Key, tuple[Where, ...]] = field(default_factory=dict)
    further: Sequence[Key] = ()
    young: Sequence[str] = ()
    of_units: bool = False  # whether it is about units whose age is known
    of_versions: bool = False
    start: Start | None = None


@dataclass(frozen=True)
class Facts:
    """What the report rests on.

    `life` is that of the units of the `worst` cause among units (a row of `Searched.causes`).
    `reported` is known where nothing is of what is at risk; `lacks` the table and columns that are
    missing to judge faults.
    """

    scope: Scope
    months: int
    searched: Sequence[Searched] = ()
    worst: pd.Series | None = None
    life: Life | None = None
    reported: Reported | None = None
    lacks: tuple[str, tuple[str, ...]] | None = None


def gather(
    store: Store,
    *,
    region: str = "",
    as_of: str | pd.Timestamp | None = None,
    months: int = 12,
    focus: str = "",
) -> Facts:
    """Search every study that the tables allow; the parameters are those of `root_cause`."""
    scope = read_scope(store, region=region, as_of=as_of)
    lacks, usable = lacking_for_faults(scope), studies(scope, months=months)
    if not usable and not focus:
        return Facts(scope, months, reported=reported(scope, months=months), lacks=lacks)
    chosen = parse_focus(focus, studies=usable)
    usable = focused(usable, chosen) if chosen else usable
    found = _all_searched(scope, usable, months=months, chosen=chosen)
    worst = _worst(found)
    if worst is None:
        return Facts(scope, months, found, lacks=lacks)
    one, key = worst
    view = life(scope, where=_where(key, one.parts.get(key, ())))
    return Facts(scope, months, found, worst=one.causes.loc[key], life=view, lacks=lacks)


def _all_searched(
    scope: Scope, usable: Sequence[Study], *, months: int, chosen: Mapping[str, str]
) -> list[Searched]:
    """Every study, judged as one family; of studies of one metric the first gives the start."""
    blanks = [missing(study) for study in usable]
    pairs = zip(usable, blanks, strict=True)
    searches = as_one_family([search(study, scope=scope, lacks=b) for study, b in pairs])
    judged = sum(int((~causes.table["few"]).sum()) for causes in searches)
    started: set[str] = set()
    found = []
    for study, causes, blank in zip(usable, searches, blanks, strict=True):
        begin = None if study.metric in started else chosen
        started.add(study.metric)
        found.append(
            _searched(scope, study, causes, lacks=blank, months=months, judged=judged, chosen=begin)
        )
    return found


def _searched(
    scope: Scope,
    study: Study,
    causes: Causes,
    *,
    lacks: pd.DataFrame,
    months: int,
    judged: int,
    chosen: Mapping[str, str] | None,
) -> Searched:
    """A study with all that is said of it; `chosen` is None for one that gives no start."""
    before = window_before(scope, study, causes, months=months)
    rows = rows_of(causes)
    checks = check_table(study, causes, rows=rows, lacks=lacks, judged=judged, before=before)
    each = cost_per_case(scope, study.metric, months=months)
    start = None if chosen is None else find_start(study, before, chosen=chosen)
    if start is not None:
        start = with_parts(start, study, causes, rows=rows, before=before)
    return Searched(
        metric=study.metric,
        per=study.per,
        cases=int(study.cells["count"].sum()),
        unplaced=study.unplaced,
        attributes=list(causes.search.comparisons),
        rows=rows,
        causes=judged_causes(scope, study, causes, rows=rows, checks=checks, each=each),
        missing=lacks,
        cleared=cleared(study, causes, rows=rows, lacks=lacks),
        chain=chain(study, causes, rows=rows),
        parts=causes.parts,
        further=causes.further,
        young=too_young(study, causes),
        of_units="age" in study.cells,
        of_versions=list(study.strata) == ["version"],
        start=start,
    )


def _worst(found: Sequence[Searched]) -> tuple[Searched, Key] | None:
    """The cause of units with the largest excess that gives reason to act or watch; its study."""
    best: tuple[float, Searched, Key] | None = None
    for one in found:
        for key, excess in urgent(one.causes)["excess"].items() if one.of_units else ():
            if best is None or excess > best[0]:
                best = (excess, one, key)
    return best[1:] if best else None


def _where(key: Key, parts: Sequence[Where]) -> dict[str, str]:
    """The units of a cause: where it acts in a single value of another attribute, those there.

    Of one that acts outside some values, all units are.
    """
    single = {p.attribute: p.values[0] for p in parts if p.inside and len(p.values) == 1}
    return {key[0]: key[1], **single}


def every_row(facts: Facts) -> pd.DataFrame:
    """Every value of every study, with its ``metric``; of each study the causes first."""
    parts = [one.rows.reset_index().assign(metric=one.metric) for one in facts.searched]
    if not parts:
        return pd.DataFrame(columns=["metric", "attribute", "value"])
    return pd.concat(parts, ignore_index=True)
