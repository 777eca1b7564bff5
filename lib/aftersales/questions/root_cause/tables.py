"""The tables of the root-cause report, with words for readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.no_rows import no_rows
from aftersales.questions.root_cause.check_words import chain_note, check_words, why_cleared
from aftersales.questions.root_cause.facts import Facts, Searched, every_row
from aftersales.questions.root_cause.names import cause_name, cohort_name
from aftersales.questions.root_cause.playbook import Advice, advice
from aftersales.stats.causes.search import Key
from aftersales.studies.verdict import HARDLY_ANY, urgent
from aftersales.words import say
from aftersales.words.attributes import attribute
from aftersales.words.headings import heading

CLEARED = 20  # rows of the table of values that look guilty and are not
ORDER = {"shadow": 0, "recorded": 1, "time": 2, "mix": 3, "chance": 4}
EACH = {"time": 4, "mix": 4}  # of which at most so many are shown
_RATIO = ["ratio", "low", "high"]
_CAUSES = [
    *("cause", "evidence", "cases", "expected", "excess", "crude_ratio", *_RATIO),
    *("of_start", "excess_cost", "metric"),
]
_CHECKS = ["cause", "evidence", "check", "result"]
_CLEARED = ["attribute", "value", "cases", "crude_ratio", *_RATIO, "why", "metric"]
_CHAIN = ["cause", "attribute", "value", "share", "of_value", "adjusted", "note"]
_ACTIONS = [
    *("cause", "action", "to_do", "because", "within_days", "units", "cost", "owner"),
]
_VALUES = ["attribute", "value", "all_cases", "expected", "crude_ratio", *_RATIO]


def cause_table(facts: Facts) -> pd.DataFrame:
    """One row per cause, by excess: counts, crude and adjusted ratio, cost, part of the rise.

    Ratio and interval are empty where comparable units have hardly any case to divide by.
    """
    rows = [
        row._asdict()
        | _masked(row)
        | {
            "metric": say(METRICS[one.metric].title),
            "cause": name,
            "excess_cost": row.cost,
            "of_start": _share_of_start(one, row.Index),
        }
        for one, row, name in _causes(facts)
    ]
    table = _by_excess(rows, _CAUSES)
    if table.empty:
        return no_rows(say("No cause was found."), columns=table.columns)
    return table.dropna(axis="columns", how="all")


def _causes(facts: Facts) -> Iterator[tuple[Searched, Any, str]]:
    """Every cause with its study and its name."""
    for one in facts.searched:
        for row in one.causes.itertuples():
            yield one, row, cause_name(facts.scope, row.Index, one.parts)


def _masked(row: Any) -> dict[str, float]:
    alone = row.expected < HARDLY_ANY
    return {name: np.nan if alone else getattr(row, name) for name in _RATIO}


def _by_excess(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """The rows with the largest excess first, without it where it is no column."""
    table = pd.DataFrame(rows, columns=list(dict.fromkeys(["excess", *columns])))
    table = table.sort_values("excess", ascending=False, kind="stable", ignore_index=True)
    return table[list(columns)]


def _share_of_start(one: Searched, key: Key) -> float | None:
    if one.start is None:
        return None
    shares = dict(zip(one.start.parts["cause"], one.start.parts["share"], strict=True))
    return float(min(shares[key], 1.0)) if key in shares else None


def check_table(facts: Facts) -> pd.DataFrame:
    """One row per cause and check: whether it passed, in words, and the grade of the cause."""
    rows = [
        {
            "excess": row.excess,
            "cause": name,
            "evidence": row.evidence,
            "check": heading(check),
            "result": text,
        }
        for one, row, name in _causes(facts)
        for check, text in check_words(facts.scope, one.causes.loc[row.Index]).items()
    ]
    table = _by_excess(rows, _CHECKS)
    return no_rows(say("No cause was found."), columns=_CHECKS) if table.empty else table


def cleared_table(facts: Facts) -> pd.DataFrame:
    """Values that look guilty at first sight: ratio then, adjusted ratio, and why they are not."""
    rows = [row for one in facts.searched for row in _cleared(facts, one)]
    table = pd.DataFrame(rows, columns=["order", *_CLEARED])
    if table.empty:
        return no_rows(say("Nothing looks guilty that is not."), columns=_CLEARED)
    table = table.sort_values(["order", "cases"], ascending=[True, False], ignore_index=True)
    place = table.groupby("order").cumcount()
    most = table["order"].map({ORDER[reason]: n for reason, n in EACH.items()}).fillna(CLEARED)
    return table[place < most].drop(columns="order").head(CLEARED).reset_index(drop=True)


def _cleared(facts: Facts, one: Searched) -> Iterator[dict[str, Any]]:
    names = {"=".join(key): cause_name(facts.scope, key, one.parts) for key in one.causes.index}
    for row in one.cleared.itertuples(index=False):
        known = bool(np.isfinite(row.ratio))
        yield {
            "order": ORDER[row.reason],
            "attribute": attribute(row.attribute),
            "value": naming.label(facts.scope, row.attribute, row.value),
            "cases": row.cases,
            "crude_ratio": row.crude_ratio,
            **{name: getattr(row, name) if known else np.nan for name in _RATIO},
            "why": why_cleared(row, names.get(row.shadow_of, "")),
            "metric": say(METRICS[one.metric].title),
        }


def chain_table(facts: Facts) -> pd.DataFrame:
    """One row per cause and link of its chain; see `studies.causes.chain.chain`.

    ``adjusted`` is the ratio of the value after the causes, empty where comparable units have
    hardly any case; ``note`` says how the value stands to the cause.
    """
    rows = [
        {
            "cause": cause_name(facts.scope, row.cause, one.parts),
            "attribute": attribute(row.attribute),
            "value": naming.label(facts.scope, row.attribute, row.value),
            "share": row.share,
            "of_value": row.of_value,
            "adjusted": row.ratio if row.expected >= HARDLY_ANY else np.nan,
            "note": chain_note(row),
        }
        for one in facts.searched
        for row in one.chain.itertuples(index=False)
    ]
    if not rows:
        return no_rows(say("No cause was found in a chain of production."), columns=_CHAIN)
    return pd.DataFrame(rows, columns=_CHAIN)


def action_table(facts: Facts) -> pd.DataFrame:
    """One row per cause and step of the playbook, worst cause first."""
    rows = [
        {
            "excess": row.excess,
            "cause": cause_name(facts.scope, row.Index, one.parts),
            "action": step.kind,
            "to_do": step.do,
            "because": _enough(row.evidence, step),
            "within_days": step.within_days,
            "units": row.units,
            "cost": step.cost,
            "owner": step.owner,
        }
        for one in facts.searched
        for row in urgent(one.causes).itertuples()
        for step in advice(
            facts.scope, attribute=row.Index[0], evidence=row.evidence, units=row.units
        )
    ]
    table = _by_excess(rows, _ACTIONS)
    if table.empty:
        return no_rows(say("No cause gives reason to act."), columns=_ACTIONS)
    empty = [c for c in ("owner", "within_days", "cost") if table[c].replace("", None).isna().all()]
    return table.drop(columns=empty)


def _enough(grade: str, step: Advice) -> str:
    """Whether the evidence is enough for a step of the playbook."""
    if step.now:
        return say("{grade}: enough", grade=grade)
    return say("{grade}: not yet, needs {least}", grade=grade, least=step.least)


def age_table(facts: Facts) -> pd.DataFrame:
    """Faults per 1,000 units within 3 to 24 months in service: the worst cause and others.

    ``group``, ``units``, ``within_3`` ... ``within_24``; empty is not zero (see
    `studies.life.cohorts.cohort_table`).
    """
    if facts.life is None:
        text = say("No cause was found among units whose age is known.")
        return no_rows(text, columns=["group", "units"])
    table = facts.life.cohorts
    sides = zip(table["side"], table["group"], strict=True)
    return table.assign(group=[cohort_name(facts, *side) for side in sides]).drop(columns="side")


def value_table(facts: Facts) -> pd.DataFrame:
    """Every judged value, causes first: counts, ratio without and with all that is held equal."""
    table = every_row(facts)
    if table.empty:
        return pd.DataFrame(columns=_VALUES)
    table = table[~table["few"] & table["ratio"].notna()]
    first = -table["excess"].where(table["rank"].notna())
    table = table.assign(first=first).sort_values(["first", "p"], na_position="last")
    pairs = list(zip(table["attribute"], table["value"], strict=True))
    table = table.assign(
        attribute=[attribute(a) for a, _ in pairs],
        value=[naming.label(facts.scope, a, v) for a, v in pairs],
    )
    return table[["metric", *_VALUES, "p", "q"]].reset_index(drop=True)
