"""The sentences of the cleaning log: how counts and values fill its messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aftersales import words
from aftersales.data.store.messages import MESSAGES
from aftersales.words import N_

_KINDS = {  # what `masks` finds
    "email": N_("e-mail addresses"),
    "id": N_("identity numbers"),
    "vin": N_("vehicle numbers"),
    "card": N_("bank cards"),
    "phone": N_("phone numbers"),
    "plate": N_("licence plates"),
    "account": N_("names of accounts"),
    "name": N_("names of persons"),
    "address": N_("postal addresses"),
    "birthday": N_("birthdays"),
}


def sentence(key: str, *, n: int, values: Mapping[str, Any]) -> str:
    """The message of a log row in the reader's language, its numbers as readers write them.

    >>> sentence("past_missing", n=129,
    ...          values={"column": "opened_at", "limit": "2010-01-01", "low": "1919-01-01"})
    '129 dates in opened_at before 2010-01-01 set to missing (earliest 1919-01-01).'
    """
    if key == "note":
        return values["text"]  # the profile's own words
    one, many = MESSAGES[key]
    shown = {"example": "?"} | {name: _shown(name, value) for name, value in values.items()}
    return words.say(one if n == 1 else many, n=words.count(n), **shown)


def _shown(name: str, value: Any) -> Any:
    if name == "kind":
        return words.say(_KINDS.get(value, value))
    if name == "range" and " to " in value:
        low, high = value.split(" to ")
        return words.say("{low} to {high}", low=low, high=high)
    if name == "first" and ", line " in value:
        file, line = value.rsplit(", line ", 1)
        return words.say("{file}, line {line}", file=file, line=line)
    if not isinstance(value, int | float):
        return value
    return words.count(value) if float(value).is_integer() else words.number(value, digits=4)
