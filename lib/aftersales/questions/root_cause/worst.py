"""How the units of the worst cause fail by age, and what is still to come of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aftersales.findings import Finding
from aftersales.questions.life.result import Life, life
from aftersales.stats.causes.search import Key
from aftersales.studies.scope import Scope
from aftersales.words import say

if TYPE_CHECKING:
    from aftersales.questions.root_cause.result import Answer, RootCause


def worst_life(scope: Scope, answers: Sequence[Answer]) -> Life | None:
    """The life of the units of the worst cause; None where no cause is one of units.

    A cause that acts in a single value of another attribute is looked at there; of one that acts
    outside some values all units are.
    """
    found = _worst(scope, answers)
    if found is None:
        return None
    answer, key = found
    where = dict([key])
    for part in answer.causes.parts.get(key, ()):
        if part.inside and len(part.values) == 1:
            where[part.attribute] = part.values[0]
    return life(scope, where=where)


def ahead(result: RootCause) -> list[Finding]:
    """What is to be expected of the worst cause, with the evidence of the cause itself."""
    found = _worst(result.scope, result.answers)
    if result.life is None or found is None:
        return []
    answer, key = found
    row = answer.causes.table.set_index(["attribute", "value"]).loc[key]
    numbers = {"p": row["p"], "q": row["q"], "evidence": answer.evidence(key)}
    return [dataclasses.replace(f, unit=say("faults"), **numbers) for f in result.life.findings()]


def _worst(scope: Scope, answers: Sequence[Answer]) -> tuple[Answer, Key] | None:
    """The cause with the largest excess among those of units that give reason to act or watch."""
    best: tuple[float, Answer, Key] | None = None
    for answer in answers:
        if "age" not in answer.study.cells:
            continue
        excess = answer.causes.table.set_index(["attribute", "value"])["excess"]
        for key in answer.causes.order:
            urgent = answer.severity(scope, key) in ("act", "watch")
            if urgent and (best is None or excess[key] > best[0]):
                best = (float(excess[key]), answer, key)
    return (best[1], best[2]) if best else None
