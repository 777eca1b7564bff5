"""From judged rows to findings: those that stand out, how many more, the rest, and too few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aftersales.findings import Finding, Severity
from aftersales.metrics import METRICS
from aftersales.studies.verdict import URGENT, urgent
from aftersales.words import count, say_n

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
        "excess": row.excess,
        "cost": None if pd.isna(cost) else cost,
        "unit": METRICS[metric].unit,
        "evidence": getattr(row, "evidence", None),
    }


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
    standing = urgent(rows)
    parts = [standing[standing["severity"].eq(s)].head(SHOWN) for s in URGENT]
    found = [one(row) for part in parts for row in part.itertuples()]
    more, few = len(standing) - len(found), int(rows["severity"].eq("unknown").sum())
    if more and nouns.more:
        found.append(counted("watch", nouns.more, more, metric=metric, kind="more"))
    found += between
    named = len(standing) + sum(f.judged for f in between)
    found += rest(len(rows) - few, named=named, metric=metric, nouns=nouns)
    if few and nouns.few:
        found.append(counted("unknown", nouns.few, few, metric=metric, kind="too_few"))
    return found


def rest(total: int, *, named: int, metric: str, nouns: Nouns) -> list[Finding]:
    """The finding for the judged rows that nothing was said of; none where all were named."""
    n = total - named
    if n <= 0:
        return []
    if named == 0:
        return [counted("ok", nouns.quiet, total, metric=metric, kind="rest")]
    return [counted("ok", nouns.rest, n, metric=metric, kind="rest", total=count(total))]


def counted(
    severity: Severity, messages: Messages, n: int, *, metric: str, kind: str, **values: object
) -> Finding:
    """A sentence about `n` rows at once."""
    text = say_n(*messages, n, **values)
    return Finding(severity, text, metric=metric, judged=n, kind=kind)


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


def rise_numbers(row: Any, *, per: float) -> dict[str, Any]:
    """Fields of a `Finding` about a series above its past.

    Parameters
    ----------
    row : ``metric``, ``count``, ``expected``, ``ratio``, ``low``, ``high``, ``p``, ``q``, ``n``,
        ``excess``, ``rung``, and ``cost`` where it is known
    per : from cases to the unit of the estimate; counts have no n
    """
    info = METRICS[row.metric]
    cost = getattr(row, "cost", None)
    return {
        "metric": row.metric,
        "estimate": row.count * per,
        "low": row.low * row.expected * per,
        "high": row.high * row.expected * per,
        "baseline": row.expected * per,
        "ratio": row.ratio,
        "p": row.p,
        "q": row.q,
        "n": None if info.kind == "count" else row.n,
        "excess": row.excess,
        "cost": None if pd.isna(cost) else cost,
        "unit": info.unit,
        "evidence": "B" if row.rung == "season" else "C",
    }
