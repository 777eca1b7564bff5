"""What causes, cohorts and reported pairs are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aftersales import words
from aftersales.questions import naming
from aftersales.questions.root_cause.facts import Facts
from aftersales.stats.causes.search import Key, Where
from aftersales.studies.scope import Scope
from aftersales.words import N_, say

_IN = {  # (is a region, acts inside) -> words
    (True, True): N_("{cause} in {where}"),
    (True, False): N_("{cause} outside {where}"),
    (False, True): N_("{cause} with {where}"),
    (False, False): N_("{cause} without {where}"),
}


def cause_name(scope: Scope, key: Key, parts: Mapping[Key, Sequence[Where]]) -> str:
    """A cause in words, ``batch B2407 in region South China``; `parts` tell where it acts."""
    name = naming.subject(scope, dict([key]))
    for where in parts.get(key, ()):
        values = [naming.subject(scope, {where.attribute: value}) for value in where.values]
        message = _IN[where.attribute == "region", where.inside]
        name = say(message, cause=name, where=words.listing(values))
    return name


def cause_subject(key: Key, wheres: Sequence[Where] = ()) -> dict[str, str]:
    """A cause as attribute -> value; several values are joined by "+", exclusion is "not ...".

    >>> cause_subject(("model", "M1"), [Where("region", ("DE",), False, 0.1, 0.001)])
    {'model': 'M1', 'region': 'not DE'}
    """
    subject = dict([key])
    for where in wheres:
        values = "+".join(where.values)
        subject[where.attribute] = values if where.inside else f"not {values}"
    return subject


def cohort_name(facts: Facts, side: str = "own", group: str = "") -> str:
    """The units whose life is looked at, or a row of `studies.life.cohorts.cohort_table`."""
    if side == "own":
        return naming.subject(facts.scope, facts.life.where)
    if side == "others":
        return say("all others")
    return naming.label(facts.scope, "batch", group) if side == "batch" else group


def pair_name(facts: Facts, row: Any) -> str:
    """A pair in words: ``product P2, issue I4``."""
    return naming.subject(facts.scope, pair_subject(facts, row))


def pair_subject(facts: Facts, row: Any) -> dict[str, str]:
    """A pair as attribute -> value."""
    return {row.attribute: row.value, facts.reported.event: row.event}
