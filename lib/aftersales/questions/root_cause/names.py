"""What a cause is called: its value, and the part of it in which it acts."""

from __future__ import annotations

from collections.abc import Sequence

from aftersales import words
from aftersales.questions import naming
from aftersales.stats.causes.search import Key, Where
from aftersales.studies.scope import Scope
from aftersales.words import N_, say

_IN = {  # (is a region, acts inside) -> words
    (True, True): N_("{cause} in {where}"),
    (True, False): N_("{cause} outside {where}"),
    (False, True): N_("{cause} with {where}"),
    (False, False): N_("{cause} without {where}"),
}


def cause_name(scope: Scope, key: Key, wheres: Sequence[Where] = ()) -> str:
    """A cause in words, such as ``batch B2407 in region South China``."""
    name = naming.subject(scope, dict([key]))
    for where in wheres:
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
