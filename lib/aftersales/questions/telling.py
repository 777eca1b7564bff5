"""From judged rows to findings: those that stand out, how many more, the rest, and too few."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aftersales.findings import Finding, Severity
from aftersales.metrics import METRICS
from aftersales.studies.verdict import URGENT, urgent
from aftersales.words import cases, count, say_n, times

SHOWN = 6  # sentences for separate rows of one severity; further ones are counted in one
Messages = tuple[str, str]  # for one and for many, with {n} and {total}


@dataclass(frozen=True)
class Nouns:
    """What the rows of a table are called, as whole sentences, so that each can be translated.

    `more` of {n} that stand out without a sentence of their own; `quiet` of all {n}, where none
    stands out; `rest` of the other {n} of {total}; `few` of {n} that are too few to judge. None:
    nothing is said.
    """

    more: Messages | None
    quiet: Messages
    rest: Messages
    few: Messages | None = None


def numbers(
    row: Any, *, metric: str, per: float, baseline: float, n: float | None = None
) -> dict[str, Any]:
    """The fields of a `Finding` that a row of comparison fills.

    Parameters
    ----------
    row : ``ratio``, ``low``, ``high``, ``p``, ``excess``; ``cases``; ``q``, ``cost`` and
        ``evidence`` where they are known
    per : from cases to the unit of the estimate
    baseline : what is compared with, in the unit of the estimate; without one (0) the interval of
        the ratio says nothing of the estimate
    n : the denominator; None for counts
    """
    cost = getattr(row, "cost", None)
    return {
        "metric": metric,
        "estimate": per * row.cases,
        "low": baseline * row.low if baseline else None,
        "high": baseline * row.high if baseline else None,
        "baseline": baseline,
        "ratio": row.ratio,
        "p": row.p,
        "q": getattr(row, "q", None),
        "n": n,
        "excess": None if pd.isna(row.excess) else row.excess,
        "cost": None if pd.isna(cost) else cost,
        "unit": METRICS[metric].unit,
        "evidence": getattr(row, "evidence", None),
    }


def in_words(row: Any) -> dict[str, str]:
    """The numbers of a row of comparison as sentences name them: ``count`` is of its cases."""
    shown = {name: times(getattr(row, name)) for name in ("ratio", "low", "high")}
    return shown | {"count": count(row.cases), "expected": cases(row.expected)}


def each_urgent(rows: pd.DataFrame, one: Callable[[Any], Finding]) -> list[Finding]:
    """The findings of the urgent rows, of each severity the first six."""
    standing = urgent(rows)
    parts = [standing[standing["severity"].eq(s)].head(SHOWN) for s in URGENT]
    return [one(row) for part in parts for row in part.itertuples()]


def told(
    rows: pd.DataFrame,
    one: Callable[[Any], Finding],
    *,
    metric: str,
    nouns: Nouns,
    between: Sequence[Finding] = (),
) -> list[Finding]:
    """What a table of judged rows says: its urgent rows, more of them, the rest, and too few.

    Parameters
    ----------
    rows : ``severity`` ("unknown" rows are too few to judge), the most urgent first
    one : the finding of one row, given as a named tuple
    between : findings that speak for rows too; each for its ``judged``
    """
    standing, found = urgent(rows), each_urgent(rows, one)
    more, few = len(standing) - len(found), int(rows["severity"].eq("unknown").sum())
    if more and nouns.more:
        found.append(counted("watch", nouns.more, more, metric=metric, kind="more"))
    found += between
    named = len(standing) + sum(f.judged for f in between)
    found += rest(len(rows) - few, named=named, metric=metric, nouns=nouns)
    if few and nouns.few:
        found.append(counted("unknown", nouns.few, few, metric=metric, kind="too_few"))
    return found


def rest(
    total: int,
    *,
    named: int,
    metric: str,
    nouns: Nouns,
    kind: str = "rest",
    fields: Mapping[str, Any] | None = None,
    **values: object,
) -> list[Finding]:
    """The finding for the judged rows that nothing was said of; none where all were named."""
    n = total - named
    if n <= 0:
        return []
    messages = nouns.quiet if named == 0 else nouns.rest
    values = {"total": count(total)} | values
    return [counted("ok", messages, n, metric=metric, kind=kind, fields=fields, **values)]


def counted(
    severity: Severity,
    messages: Messages,
    n: int,
    *,
    metric: str,
    kind: str,
    fields: Mapping[str, Any] | None = None,
    **values: object,
) -> Finding:
    """A sentence about `n` rows at once; `fields` are further ones of the finding."""
    known = {"metric": metric, "judged": n, "kind": kind}
    return Finding(severity, say_n(*messages, n, **values), **(known | dict(fields or {})))


def level_numbers(row: Any) -> dict[str, Any]:
    """Fields of a `Finding` about a level: ``metric``, its value with its interval, and ``n``."""
    info = METRICS[row.metric]
    return {
        "metric": row.metric,
        "estimate": getattr(row, info.value),
        "low": getattr(row, info.low),
        "high": getattr(row, info.high),
        "n": row.n,
        "unit": info.unit,
    }


def difference_numbers(row: Any) -> dict[str, Any]:
    """The same of a level compared with that of ``others``: ``ratio``, ``p``, ``q``, ``excess``."""
    compared = {name: getattr(row, name) for name in ("ratio", "p", "q", "excess")}
    known = {name: None if pd.isna(value) else value for name, value in compared.items()}
    return {**level_numbers(row), "baseline": row.others, **known, "evidence": "C"}
